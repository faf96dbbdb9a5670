"""The machine that code is made for."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm


@cache
def cpu() -> tuple[str, str]:
    """The processor's name and its features, as LLVM writes them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def vector_bytes() -> int:
    """How wide a vector of this machine is."""
    features = cpu()[1].split(",")
    return 64 if "+avx512f" in features else 32 if "+avx" in features else 16


@cache
def vector_registers() -> int:
    """How many vectors its registers hold."""
    return 32 if vector_bytes() == 64 or llvm.get_process_triple().startswith(("aarch64", "arm64")) else 16


@cache
def target_machine() -> llvm.TargetMachine:
    """LLVM's view of this machine, for code that is linked into the running process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = cpu()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=name, features=features, opt=3, codemodel="jitdefault", jit=True)
