"""Functions of other libraries that kernels call by name: SciPy's BLAS, and the system's scheduler and clock.

BLAS is large, and few networks need it: its names stand for cells that hold a routine's address once it is
loaded. SciPy lists its BLAS routines' addresses in the extension module `scipy.linalg.cython_blas`. That one
module is loaded, and not `scipy.linalg` around it, which takes longer to import than a
small network takes to train.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType

import llvmlite.binding as llvm

PREFIX = "nndsl_blas_"
"""Names that begin so are cells for BLAS routines: `nndsl_blas_sgemm`."""

ROUTINES = ("sgemm", "dgemm")

YIELD = "nndsl_yield"
"""Gives the rest of a thread's time slice away."""


CLOCK = "nndsl_clock"
"""Writes seconds and nanoseconds: `timespec_get` of the C library."""


@cache
def _cython_blas() -> ModuleType:
    name = "scipy.linalg.cython_blas"
    if name in sys.modules:
        return sys.modules[name]
    import scipy

    spec = PathFinder.find_spec(name, [f"{path}/linalg" for path in scipy.__path__])
    if spec is None or spec.loader is None:
        raise ImportError(f"SciPy {scipy.__version__} has no {name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _cell(routine: str) -> ctypes.c_void_p:
    return ctypes.c_void_p()


@cache
def load_blas() -> None:
    """Fills the cells. Until then, kernels multiply the largest matrices themselves, which takes longer."""
    for routine in ROUTINES:
        _cell(routine).value = _blas_address(routine)


def _blas_address(routine: str) -> int:
    capsule = ctypes.py_object(_cython_blas().__pyx_capi__[routine])
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, name(capsule)))


def _yield_address() -> int:
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def _clock_address() -> int:
    if sys.platform == "win32":
        function = ctypes.cdll.ucrtbase._timespec64_get
    else:
        function = ctypes.CDLL(None).timespec_get
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


@cache
def provide(name: str) -> None:
    """Make a name known to code that is linked from now on, if it is one of ours."""
    if name.startswith(PREFIX):
        llvm.add_symbol(name, ctypes.addressof(_cell(name.removeprefix(PREFIX))))
    elif name == YIELD:
        llvm.add_symbol(name, _yield_address())
    elif name == CLOCK:
        llvm.add_symbol(name, _clock_address())
