"""The order of imports, who may touch which library, and what a command does not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nndsl"

# From the lowest to the highest, as ARCHITECTURE.md has it: a module imports its own row and those above it.
# Operators and graphs are made of each other; a group and a plan are what planning hands on; the catalogue of
# functions finds its entries, which are formulas over operators, by their files; an energy is built of
# expressions, and is asked in expressions.
ROWS = (
    ("source", "types", "collection"),
    ("diagnostics", "functions", "functions.catalogue"),
    ("syntax",),
    ("semantics",),
    ("graph", "operators"),
    ("decoding", "differentiation", "functions.*", "passes"),
    ("building", "energies"),
    ("analyses", "topology"),
    ("codegen.group", "planning.plan"),
    ("planning", "kernels"),
    ("codegen",),
    ("data", "runtime"),
    ("generation", "learning"),
    ("view",),
    ("network",),
    ("compiler", ""),
    ("cli",),
    ("__main__",),
)
ROW = {f"nndsl.{part}".rstrip("."): number for number, row in enumerate(ROWS) for part in row}

OWNERS = {
    "networkx": ("energies", "graph", "topology"),
    "numba": ("codegen", "kernels", "runtime"),
    "llvmlite": ("codegen", "kernels", "runtime"),
}
HEAVY = {"llvmlite", "networkx", "numba", "numpy", "pandas", "scipy", "sklearn"}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> Iterator[str]:
    """What a module imports when it runs, anywhere in it; what only types need is left out."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        match pending.pop():
            case ast.If(test=ast.Name("TYPE_CHECKING"), orelse=otherwise):
                pending.extend(otherwise)
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                inner = [f"{module}.{alias.name}" for alias in names]
                yield from (name if name in modules() else module for name in inner)
            case node:
                pending.extend(ast.iter_child_nodes(node))


def row(module: str) -> int:
    if module in ROW:
        return ROW[module]
    parent = module.rpartition(".")[0]
    return ROW[f"{parent}.*"] if f"{parent}.*" in ROW else row(parent)


@pytest.mark.parametrize("module", modules())
def test_imports_run_one_way(module: str) -> None:
    own = {name for name in imports(modules()[module]) if name.split(".")[0] == "nndsl"}
    assert [name for name in sorted(own) if row(name) > row(module)] == []


@pytest.mark.parametrize("library", OWNERS)
def test_libraries_stay_where_they_belong(library: str) -> None:
    users = {
        module.split(".")[1]
        for module, path in modules().items()
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= set(OWNERS[library])


def test_every_package_has_its_row() -> None:
    packages = {module.split(".")[1] for module in modules() if "." in module}
    assert {f"nndsl.{name}" for name in packages} <= ROW.keys()


@pytest.mark.parametrize(
    "command", ["", "check specs/mlp.nn specs/lstm.nn", "explain E0201", "fmt --diff specs/mlp.nn"]
)
def test_what_needs_no_numbers_loads_none(command: str) -> None:
    """`import nndsl`, and the commands that only read."""
    run = f"""
import sys, nndsl
sys.argv = {["nndsl", *command.split()]}
try:
    if sys.argv[1:]:
        __import__("nndsl.cli").cli.main()
except SystemExit as end:
    assert not end.code
print("loaded", *sorted({HEAVY} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1].split() == ["loaded"]
