"""The model: what a spec means, with every name resolved, every block expanded and every type known.

A model is a network as a set of values that are defined by typed expressions. Nothing in it
refers to the syntax any more but by spans. Two identities matter: a `Value` (a population of
units) and a `Parameter` stand for themselves and are compared by their unique `name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nndsl.source import Source, Span
from nndsl.types import Axis, IndexSet, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    span: Span = field(compare=False, repr=False)


# --- what is declared --------------------------------------------------------------


class ValueKind(StrEnum):
    INPUT = "input"
    TARGET = "target"
    LAYER = "layer"
    OUTPUT = "output"
    UNITS = "units"  # a unit group of an energy


@dataclass(frozen=True, slots=True)
class Value(_Placed):
    """A population of units: an input, a target, a layer or an output.

    Layers of an expanded block carry its path: `encoder_layer.2.attention.Q`. `scope` is that
    path without the last name (`()` for the network's own).
    """

    name: str
    kind: ValueKind = field(compare=False)
    type: Type = field(compare=False)
    scope: tuple[str, ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True)
class Parameter(_Placed):
    """Numbers that are learned, or given (`fixed`).

    `axes` names each axis of `shape`, in order: for the weights of a full connection
    `("unit", "source")`; for a local one `("unit", "source", "window0", "window1")`; for a
    bias `("unit",)`. Shapes with several unit axes keep them apart (`unit0`, `unit1`, …).
    An anonymous parameter is named after the layer that uses it: `h.weights`, `h.bias`.
    """

    name: str
    shape: tuple[int, ...] = field(compare=False)
    axes: tuple[str, ...] = field(compare=False)
    role: ParameterRole = field(compare=False)
    initial: Initial = field(compare=False)
    learned: bool = field(compare=False, default=True)
    symmetric: bool = field(compare=False, default=False)
    no_self: bool = field(compare=False, default=False)
    owner: str | None = field(compare=False, default=None)  # the layer it belongs to, if anonymous


class ParameterRole(StrEnum):
    WEIGHTS = "weights"
    BIAS = "bias"
    FREE = "free"  # nobody's connection weights: `param b` added or multiplied
    STATE = "state"  # not learned, but moved in training: running averages, persistent chains


@dataclass(frozen=True, slots=True)
class Initial:
    """How a parameter starts: a distribution's name with its numbers, or given numbers.

    `method` is one of: `he`, `glorot`, `orthogonal` (with `fan_in`, `fan_out`), `uniform` (low, high),
    `normal` (mean, standard deviation), `constant` (value), `given` (values, nested tuples),
    `examples` (rows of the training data, for rules such as k-means).
    """

    method: str
    numbers: tuple[float, ...] = ()
    values: tuple[Any, ...] | None = None
    fan_in: int = 0
    fan_out: int = 0


# --- typed expressions -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed(_Placed):
    type: Type = field(compare=False)


@dataclass(frozen=True, slots=True)
class Constant(_Typed):
    """A number; sizes and network parameters have become numbers here."""

    value: float


@dataclass(frozen=True, slots=True)
class Reference(_Typed):
    """A value, taken at the element(s) of the statement's own index space."""

    value: Value


@dataclass(frozen=True, slots=True)
class ParameterReference(_Typed):
    parameter: Parameter
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class ElementPosition(_Typed):
    """The element of an index set as a number, counted from zero: `j <= t`, `sinusoid(t)`.

    `axis` is the axis that it runs along, the only one of the type's space; in the rule of `wired`, where
    elements are unit numbers, it is None and the type has no space. At an edge, `end` tells which of its
    nodes is meant.
    """

    element: str
    axis: Axis | None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Apply(_Typed):
    """A function of the catalogue applied to values: `relu(x)`, `x + y`, `cross_entropy(y, digit)`.

    Operators are functions too: add subtract multiply divide power negate, less less_equal greater
    greater_equal equal not_equal, and or not. In an element-wise function a scalar stretches, and so do
    units that are the leading axes of the result: [8] times [8, 16] is [8, 16]. `options` are plain
    numbers, truths, strings or tuples, every option of the signature in its order, defaults filled in.
    `parameters` are those that the use owns (the gain and offset of a normalisation). `weights`, an
    argument of `l2` and the like, is an Apply of the function `weights` to the ParameterReferences that it
    stands for.
    """

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[Parameter, ...] = ()


class ConnectionKind(StrEnum):
    FULL = "full"
    LOCAL = "local"
    EACH = "each"
    SPARSE = "sparse"
    WIRED = "wired"
    DISTANCE2 = "distance2"


@dataclass(frozen=True, slots=True)
class Connect(_Typed):
    """A linear map with a topology, from `source` to the units of this expression's type.

    `transposed` for `W'` (full) and `local'`. Grid options (`local`): per side, in the order of the
    grid axes of the source. `rule` is the predicate of `wired`, over `ElementPosition`s named
    by `rule_elements` = (source, target).
    """

    kind: ConnectionKind
    source: Expression
    weights: Parameter
    transposed: bool = False
    along: str | None = None
    window: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    pad: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    groups: int = 1
    causal: bool = False
    unshared: bool = False
    density: float | None = None  # sparse: the share of connections present
    seed: int | None = None
    rule: Expression | None = None
    rule_elements: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """How one axis of a value is picked: at which element, with a shift.

    In the types of an expression an axis without an element name is at the statement's own element of
    its set; a named one (`j`) belongs to an enclosing `Reduce`, or to an axis of the statement's own value
    that bears that name. `element` is what stands in the type of the `At`: `h[t-1]` is
    Pick(axis=0, element=None, shift=-1), `K[j]` is Pick(0, "j"). For a node value taken at an end of the
    edge, `end` is `source` or `target`, and the picked node axis becomes the edge axis.
    """

    axis: int
    element: str | None = None
    shift: int = 0
    end: str | None = None


@dataclass(frozen=True, slots=True)
class At(_Typed):
    """A value picked along its index sets: `h[t-1]`, `K[j]`, `A[t, j]`, `h[i]`.

    `delay` is the shift along the one ordered set when it is not zero (negative looks back).
    """

    value: Expression
    picks: tuple[Pick, ...]

    @property
    def delay(self) -> int:
        return next((pick.shift for pick in self.picks if pick.shift), 0)


@dataclass(frozen=True, slots=True)
class Reduce(_Typed):
    """`operation` over axes of the body's space, over a window of a grid, or over all units.

    Operations: sum mean max min argmin argmax last softmax. Exactly one of these holds:
    `axes` are the reduced axes of `body.type.space` (all sides of a grid together; with `condition` a truth
    for each of their elements), one that the body lacks being the same all along it;
    `neighbours` says that `axes` is the one edge axis and the result is over its target nodes;
    `window` is the extents of a pooling window with `stride` and `pad`, along the last axes of that many
    sides of the grid or the sequence; or `axes` and `window` are both empty: over all units.
    `softmax` keeps its axes: in the type they are at the statement's own elements.
    """

    operation: str
    body: Expression
    axes: tuple[Axis, ...] = ()
    neighbours: bool = False
    condition: Expression | None = None
    window: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    pad: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample(_Typed):
    """`z ~ normal(mu, sigma)`, `~ bernoulli(p)`: a draw, as the definition of a layer."""

    distribution: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Infer(_Typed):
    """What an energy answers: `mean(h | E, v = x)`, `sample`, `mean_field`, `settle`, `energy_of`,
    `free_energy`, `log_partition`, and the measures and objectives of an energy.

    `unit` is the group asked for (None where it is the energy itself), `clamped` the groups that are given,
    `start` where a descent begins.
    """

    query: str
    energy: str
    unit: str | None
    clamped: tuple[tuple[str, Expression], ...] = ()
    start: tuple[tuple[str, Expression], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()


Expression = (
    Constant
    | Reference
    | ParameterReference
    | ElementPosition
    | Apply
    | Connect
    | At
    | Reduce
    | Sample
    | Infer
)


@dataclass(frozen=True, slots=True)
class Definition(_Placed):
    """What a layer or an output is. `start` is its value before the beginning of time."""

    value: Value
    expression: Expression
    start: Expression | None = None
    until_stable: bool = False


# --- energies ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class EnergyModel(_Placed):
    """`energy E(v[784] binary, h[500] binary) = …`; in `expression` the unit groups are References.

    It stands for itself: two are never equal.
    """

    name: str
    groups: tuple[Value, ...]
    expression: Expression

    __eq__ = object.__eq__
    __hash__ = object.__hash__


# --- training ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ramp:
    """A number that goes from `start` to `end` over a stage."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rate that changes step by step: `warmup(1e-3, 4000)`."""

    name: str
    numbers: tuple[float, ...]


Setting = float | int | bool | str | Ramp | Schedule | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Minimize(_Placed):
    """Backpropagation of `objective`, a scalar for each example."""

    objective: Expression


@dataclass(frozen=True, slots=True)
class Rule(_Placed):
    """A local learning rule: `by perceptron(y, digit, rate = 1.0)`, `kmeans(x)`, `hebb(…)`, `som(…)`, `oja`.

    `clamped` are the unit groups of `energy`, or the layers, that are held at a value: `hebb(E, v = x)`.
    """

    name: str
    arguments: tuple[Expression, ...]
    energy: str | None = None
    clamped: tuple[tuple[str, Expression], ...] = ()
    options: tuple[tuple[str, Setting], ...] = ()


EXACT = "exact"
"""The method of a likelihood that is maximized by its own gradient, `by` nothing."""


@dataclass(frozen=True, slots=True)
class Likelihood(_Placed):
    """`maximize likelihood(E, v = x) by contrastive_divergence(k = 1)`.

    `chains` are states of the unit groups that go on from step to step, one parameter a group.
    """

    objective: Infer
    method: str
    options: tuple[tuple[str, Setting], ...] = ()
    chains: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class OptimizerSettings(_Placed):
    """`optimizer sgd(rate = 0.1, momentum = 0.9)`, completed with the optimizer's defaults."""

    name: str
    options: tuple[tuple[str, Setting], ...]


@dataclass(frozen=True, slots=True)
class Measure(_Placed):
    """What `report` shows, with the text that names it: `accuracy(y, digit)`."""

    text: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Stage(_Placed):
    """One `train` stage. `learned` are the parameters that it changes."""

    name: str
    how: Minimize | Rule | Likelihood
    learned: tuple[Parameter, ...]
    optimizer: OptimizerSettings | None = None
    batch: int | None = None
    epochs: int = 1
    early_stop: int | None = None
    clip_norm: float | None = None
    window: int | None = None
    carry: bool = False
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternate(_Placed):
    """Stages whose steps are taken in turn, `epochs` times."""

    name: str
    stages: tuple[Stage, ...]
    epochs: int


# --- data --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column(_Placed):
    """A column of the source, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class Number(_Placed):
    value: float


@dataclass(frozen=True, slots=True)
class Transform(_Placed):
    """Arithmetic and the sequence functions on columns: `image / 16`, `window(SUNACTIVITY / 100, 12)`."""

    function: str
    arguments: tuple[ColumnExpression, ...]


ColumnExpression = Column | Number | Transform


@dataclass(frozen=True, slots=True)
class Bind(_Placed):
    """What an input or target gets from the data."""

    value: Value
    expression: ColumnExpression


@dataclass(frozen=True, slots=True)
class Fold:
    """`split fold 3 of 10`: which of so many equal parts is the test part."""

    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Dataset(_Placed):
    """`data SOURCE { … }`. `path` tells a file in quotes from a named set."""

    source: str
    path: bool
    bindings: tuple[Bind, ...]
    shares: tuple[float, float, float] | None = None
    in_order: bool = False
    fold: Fold | None = None


@dataclass(frozen=True, slots=True)
class Generation(_Placed):
    """`generate next from words into given by beam(4) until "</s>" at_most 60`.

    `along` is the set that grows.
    """

    target: Value
    logits: Value
    into: Value
    along: IndexSet
    search: str
    options: tuple[tuple[str, Setting], ...]
    until: str | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Model:
    """A whole network. In `definitions` every undelayed use comes after its definition."""

    name: str
    source: Source = field(repr=False)
    settings: Mapping[str, float | int | bool]  # network parameters, as used
    sets: tuple[IndexSet, ...]
    inputs: tuple[Value, ...]
    targets: tuple[Value, ...]
    definitions: tuple[Definition, ...]
    parameters: tuple[Parameter, ...]
    energies: tuple[EnergyModel, ...]
    stages: tuple[Stage | Alternate, ...]
    dataset: Dataset | None
    generation: Generation | None

    @property
    def outputs(self) -> tuple[Value, ...]:
        return tuple(d.value for d in self.definitions if d.value.kind is ValueKind.OUTPUT)
