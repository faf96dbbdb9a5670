"""Mistakes in types and sizes, and in the arguments and options of calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label
from nndsl.diagnostics.mistake import Mistake
from nndsl.diagnostics.wording import counted
from nndsl.source import Span


class ElementwiseMismatch(Mistake):
    """Two values of different sizes meet in an operation that goes unit by unit.

    `+`, `*`, a comparison and the like need the same units on both sides; only a scalar, `[1]`, stretches.

    Wrong:

        layer h[128] = relu(full(x) + bias)
        output y[10] = full(x) + h

    Right:

        layer h[128] = relu(full(x) + bias)
        output y[10] = full(x) + full(h)
    """

    code: ClassVar[str] = "E0301"
    operator: str
    left: str
    left_span: Span
    right: str
    right_span: Span

    def message(self) -> str:
        return f"'{self.operator}' needs the same units on both sides, found {self.left} and {self.right}"

    def labels(self) -> Sequence[Label]:
        return (
            Label(self.left_span, f"this is {self.left}"),
            Label(self.right_span, f"this is {self.right}"),
        )

    def help(self) -> str:
        return "a `full` connection takes any number of units to any other: `full(h)`"


class DefinitionMismatch(Mistake):
    """A layer is declared with one size and defined by an expression of another.

    Wrong:

        input  x[64]
        layer  h[32] = relu(x)

    Right:

        input  x[64]
        layer  h[32] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0302"
    name: str
    declared: str
    declared_span: Span
    found: str

    def message(self) -> str:
        return f"expected {self.declared} for '{self.name}', found {self.found}"

    def here(self) -> str:
        return f"this is {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared_span, f"declared as {self.declared}"),)


class WeightMismatch(Mistake):
    """The same weights are used between populations of different sizes.

    A parameter that is named may be used several times, which shares it; then every use must connect the
    same numbers of units. `W'` uses it the other way round.

    Wrong:

        param W
        layer a[32] = full(x, W)
        layer b[16] = full(x, W)

    Right:

        param W, V
        layer a[32] = full(x, W)
        layer b[16] = full(x, V)
    """

    code: ClassVar[str] = "E0303"
    name: str
    first: str
    first_span: Span
    second: str

    def message(self) -> str:
        if self.first_span == self.span:
            return f"the weights '{self.name}' are declared in another size than {self.first}"
        return f"the weights '{self.name}' connect {self.first} in one place and {self.second} in another"

    def here(self) -> str:
        return f"here {self.second}"

    def labels(self) -> Sequence[Label]:
        return () if self.first_span == self.span else (Label(self.first_span, f"here {self.first}"),)

    def help(self) -> str:
        return f"use a second parameter, or `{self.name}'` if the other direction was meant"


class WeightLayoutMismatch(Mistake):
    """The same weights are used by connections of different topologies.

    Wrong:

        param W
        layer a[8] = local(image, 3x3, W)
        layer b[8] = full(flatten(image), W)

    Right:

        param W, V
        layer a[8] = local(image, 3x3, W)
        layer b[8] = full(flatten(image), V)
    """

    code: ClassVar[str] = "E0304"
    name: str
    first: str
    first_span: Span

    def message(self) -> str:
        return f"the weights '{self.name}' cannot be laid out for both uses: one is `{self.first}`"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first_span, "the other use"),)

    def help(self) -> str:
        return "use a parameter for each kind of connection"


class ArgumentMismatch(Mistake):
    """An argument has other units than its function needs.

    Wrong:

        output y[10] = full(h) + bias
        train { minimize mse(y, x) }           # x has 64 units

    Right:

        output y[64] = full(h) + bias
        train { minimize mse(y, x) }
    """

    code: ClassVar[str] = "E0305"
    function: str
    signature: str
    name: str
    found: str
    others: tuple[tuple[str, Span], ...]

    def message(self) -> str:
        if not self.others:
            return f"expected other units for '{self.name}' in '{self.function}', found {self.found}"
        beside = " and ".join(text for text, _ in self.others)
        return f"the units {self.found} do not fit '{self.function}' beside {beside}"

    def here(self) -> str:
        return f"this is {self.found}"

    def labels(self) -> Sequence[Label]:
        return tuple(Label(span, f"this is {text}") for text, span in self.others)

    def help(self) -> str:
        units = re.findall(r"\w+(\[[^\]]*\])", self.signature.partition(";")[0].partition("->")[0])
        if len(units) > 1 and len(set(units)) == 1:
            return f"all values of '{self.function}' must have the same units"
        return f"it takes {self.signature}"


class BlockInputMismatch(Mistake):
    """A block is given a value of other units than its input says.

    Wrong:

        block pair(x[2]) -> y { layer y[2] = relu(x) }
        layer h = pair(image)                  # image has 64 units

    Right:

        block same(x[d]) -> y { layer y[d] = relu(x) }
        layer h = same(image)
    """

    code: ClassVar[str] = "E0306"
    block: str
    declared: str
    expected: str
    found: str
    declared_span: Span

    def message(self) -> str:
        return f"the block '{self.block}' expects {self.declared}, found {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared_span, f"expects {self.expected}"),)


class StartMismatch(Mistake):
    """A layer starts with a value of other units than its own.

    Wrong:

        layer h[16] = tanh(full(x) + full(h[t-1]) + bias)
        start h = z                            # z has 8 units

    Right:

        start h = full(z)
    """

    code: ClassVar[str] = "E0307"
    name: str
    expected: str
    found: str
    declared: Span

    def message(self) -> str:
        return f"expected {self.expected} to start '{self.name}', found {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, f"declared as {self.expected}"),)


class UndeterminedUnits(Mistake):
    """Nothing says how many units there are.

    A connection leaves its size to its surroundings: to the layer that it defines, or to what it is added to.
    Where that says nothing either, the size must be written.

    Wrong:

        layer h    = relu(full(x) + bias)
        layer y[2] = full(relu(full(x)))

    Right:

        layer h[64] = relu(full(x) + bias)
        layer y[2]  = full(relu(full(x, to 64)))
    """

    code: ClassVar[str] = "E0308"
    text: str
    connection: bool

    def message(self) -> str:
        return f"nothing determines how many units '{self.text}' has"

    def help(self) -> str:
        if not self.connection:
            return f"say how many there are, for example `{self.text}[64]`"
        return f"say how many there are: `{self.text[:-1]}, to 64)`"


class UndeterminedParameter(Mistake):
    """Nothing says how large a parameter is.

    Wrong:

        param s
        output y = sum(s)

    Right:

        param s[16]
        output y = sum(s)
    """

    code: ClassVar[str] = "E0309"
    name: str

    def message(self) -> str:
        return f"nothing determines how large the parameter '{self.name}' is"

    def help(self) -> str:
        return f"say it where the parameter is declared: `param {self.name}[16]`"


class InexactDivision(Mistake):
    """A division of sizes leaves a rest.

    Sizes are whole numbers; the language does not round them.

    Wrong:

        layer Q[heads, d/heads] = full(x)      # with d = 100, heads = 8

    Right:

        layer Q[heads, d/heads] = full(x)      # with d = 104, heads = 8
    """

    code: ClassVar[str] = "E0310"
    dividend: int
    divisor: int

    def message(self) -> str:
        if not self.divisor:
            return f"expected a size, found {self.dividend} / 0"
        rest = self.dividend % self.divisor
        return f"a size must be a whole number, but {self.dividend} / {self.divisor} leaves a rest of {rest}"

    def help(self) -> str | None:
        if not self.divisor:
            return None
        below = self.dividend // self.divisor * self.divisor
        near = f"{below} or {below + self.divisor}" if below else str(self.divisor)
        return f"a multiple of {self.divisor} divides: {near}"


class SizeNotPositive(Mistake):
    """A number of units is zero, negative, or beyond all bounds.

    Wrong:

        layer h[0] = relu(full(x) + bias)

    Right:

        layer h[1] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0311"
    found: int
    least: int
    most: int | None = None

    def message(self) -> str:
        if self.most is not None and self.found > self.most:
            return f"expected a size of at most {self.most:,}, found {self.found:,}"
        return f"expected a number of at least {self.least}, found {self.found}"


class NotASize(Mistake):
    """A size is no whole number.

    Wrong:

        layer h[2.5] = relu(full(x) + bias)

    Right:

        layer h[3] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0312"
    found: str

    def message(self) -> str:
        return f"expected a whole number, found {self.found}"


class SizesDiffer(Mistake):
    """A size that is calculated is not the one that its surroundings ask for.

    Wrong:

        block halves(x[d]) -> y { layer y[d/2] = x }

    Right:

        block halves(x[d]) -> y { layer y[d/2] = full(x) }
    """

    code: ClassVar[str] = "E0313"
    expected: str
    found: str

    def message(self) -> str:
        return f"expected the size {self.expected}, found {self.found}"


class UnknownHere(Mistake):
    """A size of a block's input is needed before it is known.

    Counts and options must be known when the block is expanded; the size of an input may be found later.

    Wrong:

        block deep(x[d]) -> y { layer y[d] = layer_of(x) repeated d }

    Right:

        block deep(x[d], depth) -> y { layer y[d] = layer_of(x) repeated depth }
    """

    code: ClassVar[str] = "E0314"
    name: str

    def message(self) -> str:
        return f"the size '{self.name}' is not known yet where it is needed here"

    def help(self) -> str:
        return "pass it to the block as a constant, or give the input's layer its size in brackets"


class TooLarge(Mistake):
    """A layer or its weights would not fit into any memory.

    nndsl refuses it before memory is asked for. Often a `full` connection stands where a `local` one is
    meant, or a zero is too many.

    Wrong:

        input image[3] over 4000x4000
        layer h[1000] = full(flatten(image)) + bias

    Right:

        input image[3] over 4000x4000
        layer h[16] = local(image, 5x5, stride = 4) + bias
    """

    code: ClassVar[str] = "E0315"
    name: str
    shape: str
    size_gib: float
    most_gib: float

    def message(self) -> str:
        size, most = f"{self.size_gib:,.1f} GiB", f"{self.most_gib:,.0f} GiB"
        return f"'{self.name}' has {self.shape} numbers, which take {size}; the most is {most}"

    def help(self) -> str:
        return "make it smaller, or connect it locally"


class GivenShapeMismatch(Mistake):
    """The numbers given for a parameter have another shape than its use needs.

    Weights are given by target unit, then source unit; a window alone stands for one map to one map.

    Wrong:

        param K fixed = [[1, 2, 1], [0, 0, 0]]
        output edges[1] = local(image, 3x3, K)

    Right:

        param K fixed = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
        output edges[1] = local(image, 3x3, K)
    """

    code: ClassVar[str] = "E0316"
    name: str
    given: tuple[int, ...]
    needed: tuple[int, ...]

    def message(self) -> str:
        given, needed = ("x".join(map(str, shape)) for shape in (self.given, self.needed))
        return f"expected {needed} numbers for '{self.name}', found {given}"


class RaggedNumbers(Mistake):
    """The rows of given numbers are not equally long.

    Wrong:

        param K fixed = [[1, 2], [3]]

    Right:

        param K fixed = [[1, 2], [3, 4]]
    """

    code: ClassVar[str] = "E0317"

    def message(self) -> str:
        return "expected rows of equal length"


class NotANumber(Mistake):
    """A parameter starts with something that is no number.

    Wrong:

        param b = yes

    Right:

        param b = 1
    """

    code: ClassVar[str] = "E0318"
    text: str

    def message(self) -> str:
        return f"expected a number, found {self.text}"


class NotAnExpression(Mistake):
    """Something stands where a value is expected that has none by itself.

    Window sizes, texts, lists of numbers, `W'`, `h | E` and `v from x` mean something only in their own
    places.

    Wrong:

        layer h[8] = relu(5x5)

    Right:

        layer h[8] = relu(local(image, 5x5) + bias)
    """

    code: ClassVar[str] = "E0319"
    text: str

    def message(self) -> str:
        return f"expected a value, found '{self.text}'"


class WrongArgumentCount(Mistake):
    """A call has too few or too many arguments.

    Wrong:

        minimize cross_entropy(y)

    Right:

        minimize cross_entropy(y, digit)
    """

    code: ClassVar[str] = "E0320"
    function: str
    names: tuple[str, ...]
    found: int

    def message(self) -> str:
        wanted = f" ({', '.join(self.names)})" if self.names else ""
        expected = counted(len(self.names), "value")
        return f"'{self.function}' takes {expected}{wanted}, found {self.found}"


class MissingOption(Mistake):
    """An option without a default is not given.

    Wrong:

        layer h[64] = dropout(relu(full(x) + bias))

    Right:

        layer h[64] = dropout(relu(full(x) + bias), 0.5)
    """

    code: ClassVar[str] = "E0321"
    function: str
    name: str
    kind: str

    def message(self) -> str:
        return f"'{self.function}' needs '{self.name}': {self.kind}"


class WrongOptionValue(Mistake):
    """An option has a value of the wrong kind.

    Wrong:

        optimizer sgd(rate = yes)

    Right:

        optimizer sgd(rate = 0.1)
    """

    code: ClassVar[str] = "E0322"
    function: str
    name: str
    expected: str
    found: str

    def message(self) -> str:
        return f"expected {self.expected} for '{self.name}' of '{self.function}', found {self.found}"


class OptionGivenTwice(Mistake):
    """An option is given twice, by name or by position.

    Wrong:

        layer h[64] = dropout(x, 0.5, p = 0.3)

    Right:

        layer h[64] = dropout(x, p = 0.3)
    """

    code: ClassVar[str] = "E0323"
    function: str
    name: str
    first: Span

    def message(self) -> str:
        return f"'{self.name}' of '{self.function}' is given twice"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "given here first"),)


class WindowRankMismatch(Mistake):
    """An option of a window has another number of sides than the window.

    Wrong:

        layer c[6] = local(image, 5x5, stride = 2x2x2)

    Right:

        layer c[6] = local(image, 5x5, stride = 2)
    """

    code: ClassVar[str] = "E0324"
    found: int
    expected: int

    def message(self) -> str:
        return (
            f"expected one number, or one for each of the window's {self.expected} sides, found {self.found}"
        )


class NotADistribution(Mistake):
    """A function that compares distributions is given a plain value.

    A distribution is a layer that is drawn (`layer z[20] ~ normal(mu, s)`), or a call such as `normal(0, 1)`.

    Wrong:

        minimize kl(mu, normal(0, 1))

    Right:

        layer z[20] ~ normal(mu, s)
        train { minimize kl(z, normal(0, 1)) }
    """

    code: ClassVar[str] = "E0325"
    text: str

    def message(self) -> str:
        return f"expected a distribution, found '{self.text}', which is not drawn from one"

    def help(self) -> str:
        return "a distribution is a layer `z ~ normal(mu, s)`, or a call such as `normal(0, 1)`"


class NotAPosition(Mistake):
    """A function of the place in a sequence is given something else.

    Wrong:

        layer h[64] = full(x) + sinusoid(x)

    Right:

        layer h[64] = full(x) + sinusoid(t)
    """

    code: ClassVar[str] = "E0326"
    text: str

    def message(self) -> str:
        return f"expected the element of an index set, such as 't' of `over t in T`, found '{self.text}'"


class WrongResultCount(Mistake):
    """A block has another number of results than are taken from it.

    Wrong:

        layer h = message_passing(h0, e0)      # it has two results

    Right:

        layer h, e = message_passing(h0, e0)
    """

    code: ClassVar[str] = "E0327"
    name: str
    found: int
    expected: int

    def message(self) -> str:
        return f"expected {counted(self.expected, 'result')} of '{self.name}', found {self.found}"


class MissingBlockConstant(Mistake):
    """A block is used without one of its inputs, or without a constant that has no default.

    Wrong:

        block head(x[d], n) -> y { layer y[n] = full(x) }
        output y = head(h)

    Right:

        output y = head(h, 10)
    """

    code: ClassVar[str] = "E0328"
    block: str
    name: str
    kind: str
    declared: Span

    def message(self) -> str:
        return f"the block '{self.block}' needs the {self.kind} '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)


class RepeatedResults(Mistake):
    """A block cannot be chained, because its results do not replace its leading inputs.

    `block(x, ...) repeated n` feeds the results of each use into the first inputs of the next.

    Wrong:

        block split(x[d]) -> (a, b) { layer a[d] = full(x)  layer b[d] = full(x) }
        layer y = split(x) repeated 3

    Right:

        block twice(a[d], b[d]) -> (c, e) { layer c[d] = full(a)  layer e[d] = full(b) }
        layer c, e = twice(x, x) repeated 3
    """

    code: ClassVar[str] = "E0329"
    block: str
    results: int
    inputs: int

    def message(self) -> str:
        results, inputs = counted(self.results, "result"), counted(self.inputs, "input")
        return f"the block '{self.block}' cannot be repeated: it has {results} to replace its {inputs}"


class UnitGroupNotGiven(Mistake):
    """The energy of a state is asked for, and not all units of the state are given.

    Wrong:

        output e = energy_of(E, v = x)         # E has h, too

    Right:

        output e = energy_of(E, v = x, h = code)
    """

    code: ClassVar[str] = "E0330"
    name: str
    energy: str
    declared: Span

    def message(self) -> str:
        return f"the energy of a state needs all units, but '{self.name}' of '{self.energy}' is not given"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)

    def help(self) -> str:
        return "give it, or ask for `free_energy`, which sums over it"


class EnergyNotScalar(Mistake):
    """An energy is not one number.

    Wrong:

        energy E(v[64] binary) = -v * full(v, W)

    Right:

        energy E(v[64] binary) = -dot(v, full(v, W)) / 2
    """

    code: ClassVar[str] = "E0331"
    name: str
    found: str

    def message(self) -> str:
        return f"expected one number for the energy '{self.name}', found {self.found}"

    def help(self) -> str:
        return "`dot(a, b)` multiplies and sums over the units; `sum(a)` sums over them"


class DomainMismatch(Mistake):
    """A layer is declared with a domain that its definition does not have.

    Wrong:

        layer v[64] onehot = sign(full(x, W))

    Right:

        layer v[64] bipolar = sign(full(x, W))
    """

    code: ClassVar[str] = "E0332"
    name: str
    declared: str
    declared_span: Span
    found: str

    def message(self) -> str:
        return f"expected {self.declared} units for '{self.name}', found {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared_span, f"declared as {self.declared}"),)


class WeightsNotSquare(Mistake):
    """Symmetric weights connect two populations of different sizes.

    `symmetric` makes the weight from i to j that from j to i, and `no_self` leaves out that from i to i: both
    need the same units on both sides.

    Wrong:

        param W symmetric
        layer h[16] = full(x, W)               # x has 64 units

    Right:

        param W symmetric
        layer h[64] = full(x, W)
    """

    code: ClassVar[str] = "E0333"
    name: str
    found: str
    declared: Span

    def message(self) -> str:
        return f"the weights '{self.name}' need the same units on both sides, but connect {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared as symmetric or without self-connection"),)


class WrongQuestion(Mistake):
    """An energy is asked in the wrong form.

    Questions about units name them: `mean(h | E, v = x)`. Questions about the energy itself do not:
    `free_energy(E, v = x)`.

    Wrong:

        output code[500] = mean_field(E, v = x)

    Right:

        output code[500] = mean_field(h | E, v = x)
    """

    code: ClassVar[str] = "E0334"
    query: str
    expected: str
    found: str

    def message(self) -> str:
        return f"expected `{self.query}({self.expected}, ...)`, found `{self.found}`"


class DifferentDistributions(Mistake):
    """Distributions of different kinds are compared.

    The divergence of two distributions of one kind is known exactly; of different kinds it is not.

    Wrong:

        layer z[20] ~ normal(mu, s)
        train { minimize kl(z, uniform(-1, 1)) }

    Right:

        layer z[20] ~ normal(mu, s)
        train { minimize kl(z, normal(0, 1)) }
    """

    code: ClassVar[str] = "E0335"
    first: str
    second: str

    def message(self) -> str:
        return f"expected two distributions of one kind, found '{self.first}' and '{self.second}'"

    def help(self) -> str:
        return f"compare it with '{self.first}(…)'"
