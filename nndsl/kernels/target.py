"""The machine that code is made for."""

from __future__ import annotations

import os
from functools import cache

import llvmlite.binding as llvm

CPU_NAME, CPU_FEATURES = "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"
"""Numba's own settings of another processor than this one, such as `generic` with no features. They hold for
all code, so that kernels can be kept for machines of several kinds."""


@cache
def cpu() -> tuple[str, str]:
    """The processor's name and its features, as LLVM writes them."""
    name, features = os.environ.get(CPU_NAME), os.environ.get(CPU_FEATURES)
    own = llvm.get_host_cpu_features().flatten() if features is None else features
    return name or llvm.get_host_cpu_name(), own


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
