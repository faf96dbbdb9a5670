"""The peers' suite in its folder: its workloads and how each peer of one, or nndsl, is measured.

The suite is imported from there, never copied. Its README says how it measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
OURS = "nndsl"
ONE_THREAD = "nndsl, 1 thread"
LONGEST_SECONDS = 300

FASTEST = {
    "w01_mlp_small": ("jax scan epoch", "numba by hand"),
    "w02_mlp_large": ("jax.jit", "torch"),
    "w03_lenet": ("torch channels_last", "jax.jit"),
    "w04_convnet": ("torch.compile channels_last", "torch channels_last"),
    "w05_elman": ("jax scan epoch", "jax.jit"),
    "w06_lstm_char": ("torch", "jax.jit"),
    "w07_transformer_large": ("torch", "jax.jit"),
    "w07_transformer_small": ("torch", "jax.jit"),
    "w08_seq2seq": ("torch", "torch.compile"),
    "w09_gcn_cora": ("jax.jit sparse x", "torch sparse csr"),
    "w09_gnn_large": ("torch sparse csr", "jax.jit"),
    "w09_mpnn": ("torch factored", "torch factored csr"),
    "w10_dbn": ("jax scan epoch", "torch"),
    "w10_rbm": ("jax scan epoch", "numpy by hand"),
    "w11_hopfield_async": ("numba by hand", "jax.jit"),
    "w11_hopfield_sync": ("numpy by hand", "torch"),
    "w12_boltzmann": ("numba by hand, 2 threads", "jax.jit"),
    "w13_som_batch": ("jax scan epoch", "numpy by hand"),
    "w13_som_online": ("numba by hand", "jax scan epoch"),
    "w14_autoencoder": ("jax.jit", "jax scan epoch"),
    "w14_vae": ("jax scan epoch", "jax.jit"),
    "w15_rbf": ("jax scan epoch", "jax.jit"),
    "w15_rbf_centres": ("scikit-learn", "jax.jit"),
}
"""Two peers that were the fastest, or as fast, where all were measured; for inference see `Suite.rivals`."""


PEAK = "FMA peak GFLOP/s, 2 thread(s)"

OWN_PEAK = """
from nndsl.planning.plan import Precision
from nndsl.runtime.limits import measured_limits
print(2e-9 * measured_limits(2, Precision.FLOAT32).operations_a_second)
"""


@dataclass(frozen=True)
class Measurement:
    """One process: seconds a unit of work (median and quartiles), to the end of the first unit since it was
    started, its greatest memory, and how many processors others had meanwhile.

    `error` tells why there are no numbers.
    """

    median_s: float = float("inf")
    q1_s: float = float("inf")
    q3_s: float = float("inf")
    first_s: float = float("inf")
    first_units: int = 1
    rss_mb: float = float("inf")
    own_cpus: float = 0.0
    other_cpus: float = 0.0
    loss_first: float | None = None
    loss_last: float | None = None
    error: str | None = None

    @classmethod
    def of(cls, found: dict[str, Any]) -> Measurement:
        return cls(**{name: found[name] for name in cls.__dataclass_fields__ if name in found})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Suite:
    """The peers' suite. `cache` is a folder of this comparison's own, for data and for what peers compile."""

    def __init__(self, folder: Path, cache: Path, seconds: float) -> None:
        self.folder, self.cache, self.seconds = folder.resolve(), cache, seconds
        os.environ["PEER_CACHE"] = str(cache / "data")
        sys.path.insert(0, str(self.folder))
        self.run = import_module("run")
        self.worker = import_module("worker")
        self.inference = import_module("inference")
        self._alone("import common; common.digits()")

    def workloads(self, wanted: list[str]) -> list[str]:
        """Those whose names contain one of the words, all without any."""
        return [name for name in self.run.names() if not wanted or any(word in name for word in wanted)]

    def definition(self, workload: str) -> ModuleType:
        found: ModuleType = self.worker.load(workload)
        return found

    def rivals(self, workload: str) -> tuple[str, ...]:
        return FASTEST.get(workload, ("onnxruntime", "torch"))

    def limits(self) -> dict[str, float]:
        """What this machine can do at most: multiplications and bytes a second.

        The suite multiplies vectors of eight entries. Where wider ones are faster, our own product shows it.
        """
        said = self._alone("import json, limits; print(json.dumps(limits.raw_limits()))")
        found: dict[str, float] = json.loads(said)
        return found | {PEAK: max(found[PEAK], float(self._alone(OWN_PEAK)))}

    def _alone(self, code: str) -> str:
        """What a process says that runs some code in the folder.

        What needs memory is not done here: the greatest memory that a process is said to have taken is at
        least that of the one that has started it.
        """
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def bound(self, workload: str, limits: dict[str, float]) -> tuple[float, str]:
        """The least seconds that a unit can take on two threads, and what says so."""
        it = self.definition(workload)
        sizes = {"flops": it.FLOPS, "bytes": it.BYTES, "workset": it.WORKSET}
        found: tuple[float, str] = import_module("report").bound(sizes, limits)
        return found

    def measure(self, workload: str, peer: str) -> Measurement:
        """One peer on one workload in a fresh process. What is compiled stays for the next one."""
        if peer == "onnxruntime":
            try:
                self._export(workload)
            except subprocess.CalledProcessError as error:
                return Measurement(error=f"no file for it could be made: {error.stderr.splitlines()[-1]}")
        cache = self.cache / workload / peer.replace(" ", "_")
        command = [str(self.folder / "worker.py"), workload, peer]
        environment: dict[str, str] = self.run.environment(str(cache), "2")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have their byte code
        if peer in (OURS, ONE_THREAD):
            command = [
                "-m",
                "benchmarks.worker",
                workload,
                *(["--threads", "1"] if peer == ONE_THREAD else []),
            ]
            environment["PYTHONPATH"] += os.pathsep + str(ROOT)
            environment["XDG_CACHE_HOME"] = str(cache)
        command += ["--seconds", str(self.seconds)]
        try:
            done = subprocess.run(
                [sys.executable, *command],
                env=environment,
                cwd=self.cache,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Measurement(error=f"longer than {LONGEST_SECONDS} s")
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            return Measurement(error=f"ended with {done.returncode}: {done.stderr[-300:]}")
        return Measurement.of(json.loads(lines[-1]))

    def _export(self, workload: str) -> None:
        """Writes the file that ONNX Runtime reads, which is made with torch."""
        model, batch = self.inference.WORKLOADS[workload]
        if not self.inference.onnx_path(model, batch).exists():
            self._alone(f"import inference; inference.export({model!r}, {batch})")
