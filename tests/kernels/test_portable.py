"""Processors of other kinds: code without any feature that this one has, or with vectors of another width.

Each is made in a process of its own, which Numba's settings tell the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NETWORKS = """use attention from std

network Image {
  input  x[1] over 9x9
  target y[3] onehot
  layer  c[5] = relu(local(x, 3x3) + bias)
  layer  s    = max(c over window 2x2)
  output z[3] = full(flatten(s)) + bias
  train { minimize cross_entropy(z, y)  optimizer adam(rate = 0.01)  batch 5  epochs 2 }
}

network Sequence {
  input  x[6] over t in T
  target y[3] onehot
  layer  h[21] = tanh(full(x) + full(h[t-1]) + bias)
  layer  g[6]  = attention(x, x, heads = 2, causal = yes)
  output z[3]  = full(last(h over T)) + full(mean(g over T)) + bias
  train { minimize cross_entropy(z, y)  optimizer sgd(rate = 0.1)  batch 5  epochs 2 }
}
"""

LEARN = """
import json, sys
import numpy as np
from nndsl.compiler import compile
from nndsl.graph.interpret import interpret
from nndsl.kernels.target import cpu
from nndsl.kernels.tiles import vector_bytes
from nndsl.source import Source

random, source, found = np.random.default_rng(0), Source("<test>", sys.stdin.read()), {}
for name, shape, sizes in ("Image", (5, 9, 9, 1), {}), ("Sequence", (5, 7, 6), {"T": 7}):
    network = compile(source, network=name)
    network.initialise()
    arrays = {"x": random.normal(size=shape), "y": random.integers(0, 3, 5).astype(np.int32)}
    lengths = {"T.length": np.full(5, 7, np.int32)} if sizes else {}
    feeds = {**network.parameters, **arrays, **lengths}
    meant = interpret(network.gradient_graph, feeds, {"batch": 5} | sizes)
    for key, gradient in network.grad(**arrays).items():
        expected = meant[key if key == "loss" else f"gradient.{key}"]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * scale, err_msg=key)
        found[f"{name} {key}"] = float(scale)
network.fit(**arrays, threads=2, validation=0.0)
print(json.dumps({"cpu": cpu(), "vector_bytes": vector_bytes(), "gradients": found}))
"""

EMIT = """
import json
from llvmlite import ir
from nndsl.kernels.compile import library_function, llvm_ir, object_code
from nndsl.planning.plan import Precision

kernel = library_function("packed_gemm")
code, _ = object_code(kernel, Precision.FLOAT32, "kernel")
print(json.dumps({"bytes": len(code), "wide": "<16 x float>" in llvm_ir(kernel, Precision.FLOAT32)}))
"""


def said(code: str, folder: Path, features: str) -> Any:
    """What a process says at its end that makes code for a processor with such features."""
    settings = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features}
    known = {**os.environ, "XDG_CACHE_HOME": str(folder), **settings}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=known, input=NETWORKS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_code_without_any_feature_of_this_processor_computes_the_same(tmp_path: Path) -> None:
    """Gradients are the interpreter's, and two threads meet."""
    found = said(LEARN, tmp_path, "")
    assert found["cpu"] == ["generic", ""]
    assert found["vector_bytes"] == 16
    assert [p.name[:8] for p in (tmp_path / "nndsl" / "kernels").iterdir()] == ["generic-"]
    assert len(found["gradients"]) == (1 + 4) + (1 + 10)
    assert all(scale > 0 for scale in found["gradients"].values())


def test_vectors_of_512_bits_are_made_on_any_processor(tmp_path: Path) -> None:
    made = said(EMIT, tmp_path, "+avx512f")
    assert made["wide"]
    assert made["bytes"] > 0
