"""A `wired` connection of a known structure -> Term, without the pairs of units that it does not join."""

from __future__ import annotations

from dataclasses import replace

from nndsl.building.connections import PLACE_LETTERS, connection, reshaped
from nndsl.building.term import Term
from nndsl.building.wiring import Structure
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension
from nndsl.operators.broadcasting import Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.movement import Pad, Reshape, Slice, Transpose
from nndsl.operators.windows import Windows
from nndsl.semantics.model import Connect
from nndsl.types import Extent


def structured(connect: Connect, source: Term, weights: Term, shape: Structure) -> Term:
    """y_gp = Σ_k w_gpk · x_(g·stride - before + k), for unit p of each group g. Of the weights, which lie
    as those of a full connection, only those of joined pairs are read."""
    if shape.name == "full":
        return connection(connect, source, weights)
    source = source.real()
    here, there = connect.type.unit_count, connect.source.type.unit_count
    sides = (there, here) if connect.transposed else (here, there)
    table = weights.with_units(sides)
    if connect.transposed:
        table = table.transposed()
    build, layout = source.build, replace(source.layout, units=connect.type.units)
    count = here // shape.units
    stretches = _stretches(build, source.with_units((there,)).node, shape, count)
    joined = _joined(build, table, shape, count)
    if shape.units == 1:
        product = _read(source, stretches, count, shape.window) * _read(table, joined, count, shape.window)
        summed = product.reduced(Sum, product.layout.unit_axes[1:]) if shape.window > 1 else product
        return summed.with_units(connect.type.units)
    places = ("b" if layout.batch else "") + PLACE_LETTERS[: len(layout.space)]
    y = build(Contract.of(f"{places}gk", "gkp", f"{places}gp"), stretches, joined)
    return replace(source, node=build(Reshape(layout.dimensions), y), layout=layout)


def _read(term: Term, node: Node, *units: int) -> Term:
    """A node that lies as a term does, but for its units."""
    layout = replace(term.layout, units=units)
    return replace(term, node=reshaped(term.build, node, layout.dimensions), layout=layout)


def _stretches(build: Builder, x: Node, shape: Structure, count: int) -> Node:
    """The stretch of the source that each group sees; beyond its ends there are zeros."""
    axis = x.type.rank - 1
    if shape.plain:
        return build(Reshape((*x.type.dimensions[:-1], *_dimensions(group=count, window=shape.window))), x)
    x = _fitted(build, x, shape.before, (count - 1) * shape.stride + shape.window)
    return build(Windows((axis,), (shape.window,), (shape.stride,), (1,)), x)


def _joined(build: Builder, table: Term, shape: Structure, count: int) -> Node:
    """The weights of joined pairs `[group, window, unit]`.

    Rows as long as a step more than they are move each group's stretch to the beginning of its row.
    """
    units, sources = shape.units, table.units[1]
    rows = build(Reshape(_dimensions(group=count, unit=units, source=sources)), table.node)
    rows = build(Transpose((0, 2, 1)), rows)
    rows = build(Reshape(_dimensions(group=count, entry=sources * units)), rows)
    needed = ((count - 1) * shape.stride + shape.window) * units
    rows = _fitted(build, rows, shape.before * units, needed)
    line = build(Reshape(_dimensions(entry=count * needed)), rows)
    moved = needed + shape.stride * units
    line = build(Pad(0, 0, count * shape.stride * units), line)
    rows = build(Reshape(_dimensions(group=count, entry=moved)), line)
    rows = build(Slice(1, 0, moved - shape.window * units), rows)
    return build(Reshape(_dimensions(group=count, window=shape.window, unit=units)), rows)


def _fitted(build: Builder, x: Node, before: int, size: int) -> Node:
    """The last axis with zeros before it, and zeros behind it or its end cut off, to be of a size."""
    axis, extent = x.type.rank - 1, x.type.extents[-1].known
    assert extent is not None
    start, after = max(-before, 0), size - before - extent
    if before > 0 or after > 0:
        x = build(Pad(axis, max(before, 0), max(after, 0)), x)
    if start or after < 0:
        x = build(Slice(axis, start, max(-after, 0)), x)
    return x


def _dimensions(**sizes: int) -> tuple[Dimension, ...]:
    return tuple(Dimension(name, Extent.of(size)) for name, size in sizes.items())
