"""nndsl: a declarative language for neural networks, its compiler, and a native executor for CPUs.

net = nndsl.compile("mlp.nn", hidden=64)
net.fit()
net.run(x=images)["y"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.compiler import compile_spec as compile
    from nndsl.compiler import load
    from nndsl.diagnostics.diagnostic import NNDSLError
    from nndsl.network import Network

__all__ = ["NNDSLError", "Network", "compile", "load"]

_PLACES = {
    "NNDSLError": ("nndsl.diagnostics.diagnostic", "NNDSLError"),
    "Network": ("nndsl.network", "Network"),
    "compile": ("nndsl.compiler", "compile_spec"),
    "load": ("nndsl.compiler", "load"),
}


def __getattr__(name: str) -> Any:
    """Imports a name when it is first used: `import nndsl` itself costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'nndsl' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
