"""Blocks from elsewhere: `import "blocks.nn"`, and `use attention from std`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

from nndsl.diagnostics.catalogue.names import (
    DuplicateName,
    ImportCycle,
    ImportNotFound,
    NotInLibrary,
    UnknownLibrary,
)
from nndsl.diagnostics.diagnostic import Diagnostics
from nndsl.semantics.blocks import count_uses
from nndsl.source import Source
from nndsl.syntax import tree
from nndsl.syntax.parser import parse

FindImport = Callable[[str, Source], Source | None]


def beside(path: str, importing: Source) -> Source | None:
    """The file that an import names, relative to the file that it stands in; None where there is none."""
    try:
        return Source.from_path(Path(importing.name).parent / path)
    except (OSError, ValueError):
        return None


def all_blocks(spec: tree.Spec, find: FindImport, diagnostics: Diagnostics) -> dict[str, tree.Block]:
    """Every block that a file can use: its own, those it imports, and those of the standard library."""
    blocks: dict[str, tree.Block] = {}
    _add_blocks(spec, find, diagnostics, blocks, (spec.source.name,))
    return blocks


def _add_blocks(
    spec: tree.Spec,
    find: FindImport,
    diagnostics: Diagnostics,
    blocks: dict[str, tree.Block],
    path: tuple[str, ...],
) -> None:
    for item in spec.items:
        match item:
            case tree.Block():
                _add(item, item.name, blocks, diagnostics)
            case tree.Import():
                _import(item, spec, find, diagnostics, blocks, path)
            case tree.Use():
                _use(item, diagnostics, blocks)


def _add(block: tree.Block, name: tree.Name, blocks: dict[str, tree.Block], diagnostics: Diagnostics) -> None:
    known = blocks.get(name.name)
    if known is not None and known is not block:
        diagnostics.add(DuplicateName(name.name, known.name.span, span=name.span))
        return
    blocks[name.name] = block


def _import(
    item: tree.Import,
    spec: tree.Spec,
    find: FindImport,
    diagnostics: Diagnostics,
    blocks: dict[str, tree.Block],
    path: tuple[str, ...],
) -> None:
    source = find(item.path.value, spec.source)
    if source is None:
        diagnostics.add(ImportNotFound(item.path.value, span=item.path.span))
    elif source.name in path:
        diagnostics.add(ImportCycle((*path, source.name), span=item.path.span))
    else:
        _add_blocks(parse(source, library=True), find, diagnostics, blocks, (*path, source.name))


def _use(item: tree.Use, diagnostics: Diagnostics, blocks: dict[str, tree.Block]) -> None:
    if item.library.name != "std":
        diagnostics.add(UnknownLibrary(item.library.name, ("std",), span=item.library.span))
        return
    library = standard_library()
    for name in item.names:
        block = library.get(name.name)
        if block is None:
            diagnostics.add(NotInLibrary(name.name, tuple(library), span=name.span))
        else:
            _add(block, name, blocks, diagnostics)
            _with_dependencies(block, library, blocks)


def _with_dependencies(
    block: tree.Block, library: dict[str, tree.Block], blocks: dict[str, tree.Block]
) -> None:
    """A block of the library brings along the blocks that it uses."""
    for name in count_uses(block.body):
        if name in library and name not in blocks:
            blocks[name] = library[name]
            _with_dependencies(library[name], library, blocks)


@cache
def standard_library() -> dict[str, tree.Block]:
    """The blocks of `nndsl/std`, by name."""
    folder = files("nndsl") / "std"
    found: dict[str, tree.Block] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".nn"):
            source = Source(f"std/{file.name}", file.read_text(encoding="utf-8"))
            spec = parse(source, library=True)
            found.update({item.name.name: item for item in spec.items if isinstance(item, tree.Block)})
    return found
