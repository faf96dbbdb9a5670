"""Mistakes in topology and time: index sets, windows, graphs, delays and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label, Severity
from nndsl.diagnostics.mistake import Mistake
from nndsl.diagnostics.wording import listed
from nndsl.source import Span


class UndelayedCycle(Mistake):
    """Layers depend on each other in a circle, at the same time step.

    A layer may depend on itself only through a delay: on its own value one step before.

    Wrong:

        layer h[16] = tanh(full(x) + full(h) + bias)

    Right:

        layer h[16] = tanh(full(x) + full(h[t-1]) + bias)
    """

    code: ClassVar[str] = "E0401"
    names: tuple[str, ...]
    places: tuple[Span, ...]

    def message(self) -> str:
        if len(self.names) == 1:
            return f"'{self.names[0]}' depends on itself without a delay"
        circle = " -> ".join((*self.names, self.names[0]))
        return f"layers depend on each other without a delay: {circle}"

    def here(self) -> str:
        return f"'{self.names[0]}' depends on '{self.names[1]}'" if len(self.names) > 1 else ""

    def labels(self) -> Sequence[Label]:
        after = (*self.names[2:], self.names[0])
        return tuple(
            Label(span, f"which depends on '{name}'") for span, name in zip(self.places, after, strict=False)
        )

    def help(self) -> str:
        return f"somewhere in the circle take the value one step before: `{self.names[0]}[t-1]`"


class DelayAlongUnordered(Mistake):
    """A delay runs along an index set that has no order.

    Sequences and clocks are ordered; nodes, edges and the sides of a grid have no before and after.

    Wrong:

        input x[7] over i in G.nodes
        layer h[16] = tanh(full(x) + full(h[i-1]))

    Right:

        input x[7] over t in T
        layer h[16] = tanh(full(x) + full(h[t-1]))
    """

    code: ClassVar[str] = "E0402"
    set: str
    text: str

    def message(self) -> str:
        return f"`{self.text}` needs an ordered index set, but '{self.set}' has no before and after"

    def help(self) -> str:
        return "delays run along a sequence (`over t in T`) or a clock (`over t in 1..50`)"


class LoopDirections(Mistake):
    """The delays of one feedback loop run in different directions, or along different index sets.

    A loop is unrolled step by step, so all of its delays must go one way along one ordered set.

    Wrong:

        layer h[8] = tanh(full(x) + full(b[t-1]))
        layer b[8] = tanh(full(h) + full(b[t+1]))

    Right:

        layer h[8] = tanh(full(x) + full(h[t-1]))
        layer b[8] = tanh(full(x) + full(b[t+1]))
    """

    code: ClassVar[str] = "E0403"
    names: tuple[str, ...]
    first: Span

    def message(self) -> str:
        return f"the loop through {listed(self.names)} has delays of different directions or index sets"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "the other delay"),)

    def help(self) -> str:
        return "split it into loops that each run one way"


class SetMismatch(Mistake):
    """A value is picked or reduced along an index set that it is not over.

    Wrong:

        input  x[8] over t in T
        layer  h[8] = full(sum(x over T))
        output y[1] = sum(full(h) over T)

    Right:

        input  x[8] over t in T
        layer  h[8] = full(x)
        output y[1] = sum(full(h) over T)
    """

    code: ClassVar[str] = "E0404"
    text: str
    space: str
    element: str
    sets: tuple[str, ...]
    instead: str = ""
    declared: Span | None = None

    def message(self) -> str:
        if self.instead == self.text:
            return f"'{self.element}' is one end of an edge, and `{self.text}` belongs to the edge itself"
        wanted = f"{' or '.join(self.sets)}, to take it at '{self.element}'" if self.sets else self.element
        return f"expected a value over {wanted}; `{self.text}` is over {self.space}"

    def labels(self) -> Sequence[Label]:
        return () if self.declared is None else (Label(self.declared, f"over {self.space}"),)

    def help(self) -> str | None:
        return f"write `{self.instead}`" if self.instead else None


class ExtentsDiffer(Mistake):
    """Two values are over grids, or parts of a sequence, of different sizes.

    A window or a local connection without `pad` makes a grid smaller.

    Wrong:

        layer c[8] = local(image, 3x3) + full(image)

    Right:

        layer c[8] = local(image, 3x3, pad = 1) + full(image)
    """

    code: ClassVar[str] = "E0405"
    left: str
    left_span: Span
    right: str
    right_span: Span

    def message(self) -> str:
        return f"expected the same index space on both sides, found {self.left} and {self.right}"

    def labels(self) -> Sequence[Label]:
        return (
            Label(self.left_span, f"this is over {self.left}"),
            Label(self.right_span, f"this is over {self.right}"),
        )

    def help(self) -> str:
        return "`pad` keeps the size of a grid: half of the window, such as `pad = 1` for 3x3"


class SpaceNotDeclared(Mistake):
    """A layer says what it is over, and its definition is over something else.

    Wrong:

        input x[8] over t in T
        layer h[8] over 1..5 = full(x)

    Right:

        input x[8] over t in T
        layer h[8] over t in T = full(x)
    """

    code: ClassVar[str] = "E0406"
    name: str
    declared: str
    declared_span: Span
    found: str

    def message(self) -> str:
        return f"'{self.name}' is declared over {self.declared}, but its definition is over {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared_span, f"declared over {self.declared}"),)

    def help(self) -> str:
        return "leave `over` out to inherit the index space, or reduce over what is too much"


class NodeValueAtEdge(Mistake):
    """A value of the nodes is used at an edge, without saying at which of its ends.

    Wrong:

        layer m[16] over (j -> i) in G.edges = relu(full(h) + bias)

    Right:

        layer m[16] over (j -> i) in G.edges = relu(full(h[j]) + full(h[i]) + bias)
    """

    code: ClassVar[str] = "E0407"
    text: str

    def message(self) -> str:
        return f"`{self.text}` belongs to nodes, and an edge has two of them"

    def help(self) -> str:
        return (
            f"say which is meant: `{self.text}[j]` at the source, `{self.text}[i]` at the target of (j -> i)"
        )


class EdgeValueAtNode(Mistake):
    """A value of the edges is used at a node, which may have any number of edges.

    Wrong:

        layer h2[16] = relu(full(h) + full(e))             # e is over G.edges

    Right:

        layer h2[16] = relu(full(h) + sum(full(e) over j in neighbours(i)))
    """

    code: ClassVar[str] = "E0408"
    text: str
    beside: Span

    def message(self) -> str:
        return f"`{self.text}` belongs to edges, and a node has any number of them"

    def labels(self) -> Sequence[Label]:
        return (Label(self.beside, "beside a value of the nodes"),)

    def help(self) -> str:
        return f"reduce over the edges into the node: `sum({self.text} over j in neighbours(i))`"


class AmbiguousElement(Mistake):
    """A statement names two elements of one set, and a value over it does not say which it is taken at.

    Wrong:

        layer A[1] over (t in T, j in T) = dot(Q, K)

    Right:

        layer A[1] over (t in T, j in T) = dot(Q[t], K[j])
    """

    code: ClassVar[str] = "E0409"
    text: str
    set: str

    def message(self) -> str:
        return f"`{self.text}` does not say at which element of '{self.set}' it is taken"

    def help(self) -> str:
        return f"name the element: `{self.text}[t]`"


class BadIndex(Mistake):
    """An index is something else than an element, or an element with a whole number added.

    Wrong:

        layer h[8] = tanh(full(x) + full(h[2 * t]))

    Right:

        layer h[8] = tanh(full(x) + full(h[t-1]))
    """

    code: ClassVar[str] = "E0410"
    text: str

    def message(self) -> str:
        return f"expected an element such as `t`, `t-1` or `j`, found `{self.text}`"


class WindowRank(Mistake):
    """A window has another number of sides than what it slides over.

    Wrong:

        input image[1] over 28x28
        layer c[6] = local(image, 5)

    Right:

        input image[1] over 28x28
        layer c[6] = local(image, 5x5)
    """

    code: ClassVar[str] = "E0411"
    rank: int
    space: str

    def message(self) -> str:
        sides = "1 side" if self.rank == 1 else f"{self.rank} sides"
        return f"a window of {sides} cannot slide over {self.space}"

    def help(self) -> str:
        if self.space == "no index set":
            return "a window needs a value that is over a grid or a sequence: `input image[1] over 28x28`"
        return "a window has one number for each side of the grid, such as 5x5, or one for a sequence"


class WindowTooLarge(Mistake):
    """A window is larger than the grid that it slides over.

    Wrong:

        input image[1] over 4x4
        layer c[6] = local(image, 5x5)

    Right:

        input image[1] over 4x4
        layer c[6] = local(image, 3x3)
    """

    code: ClassVar[str] = "E0412"
    window: int
    extent: int
    pad: int
    dilation: int = 1

    def message(self) -> str:
        padded = f" padded by {self.pad} on each side" if self.pad else ""
        apart = f", its places {self.dilation} apart," if self.dilation > 1 else ""
        return f"a window of {self.window}{apart} does not fit into a grid side of {self.extent}{padded}"

    def help(self) -> str:
        least = -(-(self.window - self.extent) // 2)
        return f"make the window smaller, or pad the grid: `pad = {least}`"


class GridMismatch(Mistake):
    """A reduction or a transposed connection names a grid that its value is not over.

    Wrong:

        layer d[8] = mean(c over 8x8)          # c is over 7x7

    Right:

        layer d[8] = mean(c over 7x7)
    """

    code: ClassVar[str] = "E0413"
    found: str
    expected: str

    def message(self) -> str:
        return f"expected a value over {self.expected}, found one over {self.found}"


class FlattenUnknownExtent(Mistake):
    """`flatten` needs a grid whose size is written in the spec.

    The number of units must be known before data arrive.

    Wrong:

        input image[1] over (rows, columns)
        layer h[64] = full(flatten(image))

    Right:

        input image[1] over 28x28
        layer h[64] = full(flatten(image))
    """

    code: ClassVar[str] = "E0414"
    space: str

    def message(self) -> str:
        return f"the number of units of a flattened {self.space} is not known before data arrive"

    def help(self) -> str:
        return "write the size of the grid (`over 28x28`), or reduce over it: `mean(x over (rows, columns))`"


class UnsharedUnknownExtent(Mistake):
    """Unshared local weights need a grid whose size is written in the spec.

    Each position has weights of its own, so the number of positions must be known.

    Wrong:

        input x[8] over t in T
        layer h[4] = local(x, 3, unshared)

    Right:

        input x[8] over 100
        layer h[4] = local(x, 3, unshared)
    """

    code: ClassVar[str] = "E0415"
    space: str

    def message(self) -> str:
        return f"unshared weights need to know how many positions there are, and {self.space} comes with data"


class InputSpaceMismatch(Mistake):
    """A block is given a value over another index space than its input says.

    Wrong:

        block attention(q[d] over t in M) -> y { ... }
        layer y = attention(x)                 # x is over nothing

    Right:

        input x[8] over t in T
        layer y = attention(x)
    """

    code: ClassVar[str] = "E0416"
    block: str
    expected: str
    found: str
    declared: Span

    def message(self) -> str:
        return f"the block '{self.block}' expects a value over {self.expected}, found one over {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, f"expects {self.expected}"),)


class TargetUsed(Mistake):
    """A layer reads a target.

    Targets are known in training only; they belong into losses and measures.

    Wrong:

        target digit[10] onehot
        output y[10] = full(digit)

    Right:

        target digit[10] onehot
        output y[10] = full(x)
        train { minimize cross_entropy(y, digit) }
    """

    code: ClassVar[str] = "E0417"
    name: str
    layer: str
    declared: Span

    def message(self) -> str:
        return f"'{self.layer}' reads the target '{self.name}', which is known in training only"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared as a target"),)

    def help(self) -> str:
        return f"use it in a loss or a measure, or declare it as `input {self.name}`"


class RecursiveBlock(Mistake):
    """A block uses itself, so that it would never end.

    Wrong:

        block deep(x[d]) -> y { layer y[d] = deep(relu(full(x))) }

    Right:

        block step(x[d]) -> y { layer y[d] = relu(full(x)) }
        layer h[64] = step(x) repeated 5
    """

    code: ClassVar[str] = "E0418"
    path: tuple[str, ...]

    def message(self) -> str:
        return f"a block cannot use itself: {' -> '.join(self.path)}"

    def help(self) -> str:
        return "`block(x) repeated 5` makes a chain"


class BlockInReduction(Mistake):
    """A block is used inside a reduction over an index set.

    A block makes layers, and a layer stands by itself: use the block first, and reduce its result.

    Wrong:

        layer h[8] = sum(encode(x[j]) over j in N)

    Right:

        layer z[8] = encode(x)
        layer h[8] = sum(z[j] over j in N)
    """

    code: ClassVar[str] = "E0419"
    name: str

    def message(self) -> str:
        return f"the block '{self.name}' cannot be used inside a reduction, because it makes layers"

    def help(self) -> str:
        return "give its result a layer of its own, and reduce that"


class NotAnEdgeSet(Mistake):
    """Edges or neighbours are asked of something that is no graph.

    Wrong:

        input x[7] over t in T
        layer h[7] = sum(x[j] over j in neighbours(t))

    Right:

        graph G
        input x[7] over i in G.nodes
        layer h[7] = sum(x[j] over j in neighbours(i))
    """

    code: ClassVar[str] = "E0420"
    text: str

    def message(self) -> str:
        return f"expected the edges of a graph, or the neighbours of one of its nodes, found `{self.text}`"


class SetNotHere(Mistake):
    """Something stands after `over` that is no index set there.

    `neighbours(i)` and windows are what a reduction runs over; `last` needs a set to be the last of.

    Wrong:

        layer h[8] over neighbours(i) = full(x)

    Right:

        layer h[8] = sum(full(x[j]) over j in neighbours(i))
    """

    code: ClassVar[str] = "E0421"
    text: str
    known: tuple[str, ...] = ()

    def message(self) -> str:
        if self.known:
            return f"`{self.text}` does not say what it runs over"
        return f"expected an index set, found `{self.text}`"

    def help(self) -> str | None:
        return "name the set: `last(h over T)`" if self.known else None


class SeveralSetsReduced(Mistake):
    """A reduction runs over several index sets at once.

    Wrong:

        output y = sum(x over (i in G.nodes, t in T))

    Right:

        output y = sum(sum(x over t in T) over i in G.nodes)
    """

    code: ClassVar[str] = "E0422"
    name: str

    def message(self) -> str:
        return f"'{self.name}' runs over one index set at a time"

    def help(self) -> str:
        return f"nest it: `{self.name}({self.name}(x over t in T) over i in G.nodes)`"


class GridPosition(Mistake):
    """The element of a grid is used as a number.

    An element of a sequence counts from zero; one of a grid has several sides, and neither comes first.

    Wrong:

        layer h[8] = sum(x[j] over j in N where j <= t)      # N is a grid here

    Right:

        layer h[8] = sum(x[j] over j in N)
    """

    code: ClassVar[str] = "E0423"
    name: str
    set: str

    def message(self) -> str:
        return f"'{self.name}' is no number, because '{self.set}' is a grid and has no order"


class DilatedNotCausal(Mistake):
    """A dilated window on a sequence sees what comes after, and shortens the sequence.

    Dilation on time is mostly meant for predicting what comes next, from what came before: then the window
    must be causal, which also keeps the length.

    Wrong:

        layer h[16] = relu(local(x, 2, dilation = 4) + bias)

    Right:

        layer h[16] = relu(local(x, 2, causal, dilation = 4) + bias)
    """

    code: ClassVar[str] = "W0903"
    severity: ClassVar[Severity] = Severity.WARNING
    set: str

    def message(self) -> str:
        return f"a dilated window along '{self.set}' that is not causal sees what comes after"

    def help(self) -> str:
        return "add `causal` if it is to see only what came before"


class StartOverTime(Mistake):
    """A layer starts with a value that runs along the layer's own time.

    The start is what the layer was before the first step, so it is one value and not one for each step.

    Wrong:

        input x[8] over t in T
        layer h[8] = tanh(full(x) + full(h[t-1]))
        start h = x

    Right:

        start h = mean(x over T)
    """

    code: ClassVar[str] = "E0424"
    name: str
    set: str

    def message(self) -> str:
        return (
            f"'{self.name}' starts before the first step of '{self.set}', but its start is over '{self.set}'"
        )

    def help(self) -> str:
        return f"reduce it to one value: `mean(... over {self.set})`"


class TooManyLayers(Mistake):
    """Blocks expand into more layers than any machine could run.

    Each use of a block makes its layers anew; blocks that use blocks multiply.

    Wrong:

        layer y = step(x) repeated 1000000

    Right:

        layer y = step(x) repeated 100
    """

    code: ClassVar[str] = "E0425"
    block: str
    most: int

    def message(self) -> str:
        return f"using the block '{self.block}' makes more than {self.most:,} layers"

    def help(self) -> str:
        return "repeat it less often"
