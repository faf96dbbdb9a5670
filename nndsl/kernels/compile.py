"""Makes a Python function of the library, or a generated one, native: object code that stands alone.

The code refers to nothing of Python or Numba: it can be kept on disk and linked by a
process that never imports Numba. Its one global symbol is the name that it was given.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import llvmlite.binding as llvm
from numba import types
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

import nndsl.kernels
from nndsl.kernels import native
from nndsl.kernels.kernel import KERNELS
from nndsl.kernels.target import target_machine
from nndsl.planning.plan import Precision

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": native.MATHEMATICS}
ARGUMENTS = types.CPointer(types.int64)


class NotStandalone(Exception):
    """A kernel's code refers to Python or to Numba's run-time: a defect of the kernel."""


def real_type(precision: Precision) -> Any:
    return types.float32 if precision is Precision.FLOAT32 else types.float64


def readers(precision: Precision) -> dict[str, Any]:
    """What a kernel's annotations mean: functions from an argument's number to its value."""
    real = real_type(precision)
    return {
        "Reals": native.pointer(real),
        "Doubles": native.pointer(types.float64),
        "Indices": native.pointer(types.int32),
        "Truths": native.pointer(types.uint8),
        "Integers": native.pointer(types.int64),
        "Real": native.from_bits(real),
    }


def entry(function: Callable[..., None], precision: Precision) -> Callable[[Any], None]:
    """The function of one argument list that calls a library kernel."""
    reads = []
    for place, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            reads.append(f"rest(arguments, {place})")
        elif parameter.annotation == "int":
            reads.append(f"arguments[{place}]")
        else:
            reads.append(f"{parameter.annotation}(arguments[{place}])")
    _let_be_called(function)
    scope = readers(precision) | {"rest": native.rest, "function": function}
    exec(f"def entry(arguments):\n    function({', '.join(reads)})", scope)
    made: Callable[[Any], None] = scope["entry"]
    return made


@cache
def _let_be_called(function: Callable[..., None]) -> None:
    native.subroutine(function, lambda _: function, "types.none")


def library_function(name: str) -> Callable[..., None]:
    """A kernel by name. Raises KeyError where the library has none."""
    for module in iter_modules(nndsl.kernels.__path__):
        import_module(f"nndsl.kernels.{module.name}")
    return KERNELS[name]


def object_code(
    function: Callable[..., None], precision: Precision, symbol: str
) -> tuple[bytes, tuple[str, ...]]:
    """The machine code of a kernel, for this machine, and the names that it expects of other libraries.

    Raises NotStandalone where the function may raise an exception or makes a Python object.
    """
    text, name = _compiled(function, precision)
    module = llvm.parse_assembly(text)
    _keep_only(module, name)
    needs = tuple(undefined(module))
    for needed in needs:
        if needed.startswith(("Py", "_Py", "numba_", "NRT_")):
            raise NotStandalone(f"{symbol} refers to {needed}")
    module.get_function(name).name = symbol
    return bytes(target_machine().emit_object(module)), needs


def llvm_ir(function: Callable[..., None], precision: Precision) -> str:
    """What LLVM has made of a kernel, as text."""
    return _compiled(function, precision)[0]


def _compiled(function: Callable[..., None], precision: Precision) -> tuple[str, str]:
    """What LLVM has made of a kernel, and the name that it has there."""
    typing, flags = cpu_target.typing_context, Flags()
    cpu_target.options.parse_as_flags(flags, OPTIONS)
    flags.no_cpython_wrapper, flags.no_compile = True, True
    typing.refresh()
    made = compile_extra(typing, _context(), entry(function, precision), (ARGUMENTS,), types.void, flags, {})
    with global_compiler_lock:
        made.library.finalize()
    return made.library.get_llvm_str(), made.fndesc.llvm_cfunc_wrapper_name


class _Library(JITCodeLibrary):
    """A kernel on its way, of which Numba is to make no machine code: we do, of that part which is kept."""

    def _finalize_specific(self) -> None:
        pass


class _Codegen(JITCPUCodegen):
    _library_class = _Library


@cache
def _context() -> Any:
    """Numba's view of this machine, for code that it does not run itself."""
    own = cpu_target.target_context.subtarget(_internal_codegen=_Codegen("nndsl"))
    own.refresh()
    return own


def _keep_only(module: llvm.ModuleRef, name: str) -> None:
    """Drop what a function does not need: the report of an exception that it cannot raise, above all."""
    for defined in [*module.functions, *module.global_variables]:
        if not defined.is_declaration and defined.name != name:
            defined.linkage = llvm.Linkage.internal
    builder = llvm.create_pass_builder(target_machine(), llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_module_pass_manager()
    passes.add_ipsccp_pass()
    passes.add_simplify_cfg_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, builder)


def undefined(module: llvm.ModuleRef) -> list[str]:
    """The names that a module expects of others, LLVM's own left out."""
    defined = [*module.functions, *module.global_variables]
    return [d.name for d in defined if d.is_declaration and not d.name.startswith("llvm.")]
