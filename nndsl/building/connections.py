"""Connect -> Term: linear maps with a topology, as contractions."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from nndsl.building.layout import Layout, unit_dimensions
from nndsl.building.term import Term
from nndsl.building.windowing import Windowing
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension
from nndsl.operators.broadcasting import Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.movement import Reshape
from nndsl.operators.windows import window_dimensions
from nndsl.semantics.model import Connect, ConnectionKind
from nndsl.semantics.walk import along_axis
from nndsl.types import Extent

PLACE_LETTERS, SOURCE_LETTERS, UNIT_LETTERS, WINDOW_LETTERS = "xyztsrq", "ijklmn", "opacde", "uvwh"
"""What the axes of a contraction are called, up to seven sets, six unit axes, four sides of a window."""


def connection(connect: Connect, source: Term, weights: Term) -> Term:
    """The net input that a connection brings. `weights` are as the parameter has them, masked if `wired`."""
    source = source.real() if source.units else source.real().with_units((1,))
    match connect.kind:
        case ConnectionKind.EACH:
            return source * weights
        case ConnectionKind.DISTANCE2:
            return distance2(connect, source, weights)
        case ConnectionKind.LOCAL if connect.transposed:
            return local_transposed(connect, source, weights)
        case ConnectionKind.LOCAL:
            return local(connect, source, weights)
        case _:
            return full(connect, source, weights)


def full(connect: Connect, source: Term, weights: Term) -> Term:
    """y_u = Σ_s w_us · x_s, and with `W'` y_u = Σ_s w_su · x_s, at every place of the index space.

    `along` one unit axis the map is of that axis alone, the same for all others.
    """
    places, units = _place_letters(source.layout), SOURCE_LETTERS[: len(source.units)]
    if connect.along is None:
        summed, made = units, UNIT_LETTERS[: len(connect.type.units)]
        result = made
    else:
        summed, made = units[along_axis(connect)], UNIT_LETTERS[0]
        result = units.replace(summed, made)
    table = summed + made if connect.transposed else made + summed
    layout = replace(source.layout, units=connect.type.units)
    return source.made(Contract.of(places + units, table, places + result), layout, weights)


def distance2(connect: Connect, source: Term, weights: Term) -> Term:
    """y_u = ‖x - w_u‖², for one vector as it stands, for many as ‖x‖² - 2 x·w_u + ‖w_u‖², one contraction.

    For the contraction both are first moved by the mean prototype, which changes no distance but keeps the
    digits that the difference of large squares would lose; what rounding leaves below zero is zero.
    """
    count = connect.type.unit_count
    x, w = source.unit_row(), weights.with_units((count, prod(source.units))).across("prototype")
    if source.layout.place_axes:
        centre = (w.reduced(Sum, (0,)) * (1 / count)).apply("stop_gradient")
        x, w = x - centre, w - centre
        places = replace(x.layout, space=(*x.layout.space, *w.layout.space), units=())
        squares = x.square().sum_units() - 2 * x.contract(w, (0,), places) + w.square().sum_units()
        distances = squares.apply("relu")
    else:
        distances = (x - w).square().sum_units()
    layout = replace(source.layout, units=(count,))
    return replace(distances, layout=layout).with_units(connect.type.units)


def local(connect: Connect, source: Term, weights: Term) -> Term:
    """y_u[p] = Σ_s Σ_k w_us[k] · x_s[p · stride + k · dilation - pad], a correlation.

    With `groups` units see only their own share of the source. `unshared` weights have the places
    in front.
    """
    build, windowing = source.build, Windowing.of(connect, source.layout)
    if any(windowing.after):
        source = within(source)
    windows = windowing.windows(build, source.unit_row().node)
    places = windows.type.dimensions[: len(source.layout.place_axes)]
    own = tuple(places[axis] for axis in windowing.axes) if connect.unshared else ()
    shape = _Shape(connect, prod(source.units), connect.type.unit_count)
    x = reshaped(build, windows, (*places, *shape.source, *shape.window))
    w = reshaped(build, weights.node, (*own, *shape.table))
    place, (table, pixel, result) = _place_letters(source.layout), shape.letters
    front = "".join(place[axis] for axis in windowing.axes) if own else ""
    y = build(Contract.of(place + pixel, front + table, place + result), x, w)
    return _read(connect, source, y)


def local_transposed(connect: Connect, source: Term, weights: Term) -> Term:
    """The transposed map, to a larger grid: y_s[p · stride + k · dilation - pad] += Σ_u w_us[k] · x_u[p]."""
    build, source = source.build, within(source)
    windowing = Windowing.of(connect, source.layout)
    shape = _Shape(connect, connect.type.unit_count, prod(source.units))
    layout = Layout(source.layout.batch, connect.type.space, connect.type.units)
    places = source.layout.without(source.layout.unit_axes).dimensions
    x = reshaped(build, source.node, (*places, *shape.unit))
    w = reshaped(build, weights.node, shape.table)
    place, (table, pixel, result) = _place_letters(source.layout), shape.letters
    windows = build(Contract.of(place + result, table, place + pixel), x, w)
    row = unit_dimensions((connect.type.unit_count,))
    windows = reshaped(build, windows, (*places, *row, *shape.window))
    grid = tuple(layout.dimensions[axis] for axis in windowing.axes)
    return _read(connect, source, windowing.fold(build, windows, grid))


def within(source: Term) -> Term:
    """A source that is zero beyond the end of each example's sequences, as it is beyond a border."""
    return source.where(source.valid(source.layout.space), 0.0)


def _read(connect: Connect, source: Term, node: Node) -> Term:
    """A node as the value of the connection's type."""
    layout = Layout(source.layout.batch, connect.type.space, connect.type.units)
    return replace(source, node=reshaped(source.build, node, layout.dimensions), layout=layout)


class _Shape:
    """The dimensions of a local map's weights, `unit` at the smaller grid and `source` at the larger."""

    def __init__(self, connect: Connect, source: int, unit: int) -> None:
        group = (Dimension("group", Extent.of(connect.groups)),) if connect.groups > 1 else ()
        self.source = (*group, Dimension("source", Extent.of(source // connect.groups)))
        self.unit = (*group, Dimension("unit", Extent.of(unit // connect.groups)))
        self.window = window_dimensions(connect.window)
        self.table = (*self.unit, self.source[-1], *self.window)

    @property
    def letters(self) -> tuple[str, str, str]:
        """Letters for the weights, and at one place for the larger and the smaller side."""
        group = "g"[: len(self.unit) - 1]
        window = WINDOW_LETTERS[: len(self.window)]
        return group + "oi" + window, group + "i" + window, group + "o"


def _place_letters(layout: Layout) -> str:
    return ("b" if layout.batch else "") + PLACE_LETTERS[: len(layout.space)]


def reshaped(build: Builder, node: Node, dimensions: tuple[Dimension, ...]) -> Node:
    """The same numbers along other dimensions; the node itself where these are its own."""
    if node.type.extents == tuple(dimension.extent for dimension in dimensions):
        return node
    return build(Reshape(dimensions), node)
