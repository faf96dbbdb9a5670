"""The machine that code is made for."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm


@cache
def cpu() -> tuple[str, str]:
    """The processor's name and its features, as LLVM writes them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def target_machine() -> llvm.TargetMachine:
    """LLVM's view of this machine, for code that is linked into the running process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = cpu()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=name, features=features, opt=3, codemodel="jitdefault", jit=True)
