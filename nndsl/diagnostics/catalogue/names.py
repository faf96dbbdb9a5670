"""Mistakes in names: unknown, said twice, of the wrong kind, or never used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label, Severity
from nndsl.diagnostics.mistake import Mistake
from nndsl.diagnostics.wording import closest, did_you_mean, listed
from nndsl.source import Span


class UnknownName(Mistake):
    """A name stands where nothing of that name is known.

    Layers, inputs, parameters and network parameters must be declared in the network that uses them; the
    order of the declarations does not matter. A block sees its own inputs and constants only.

    Wrong:

        layer h[128] = relu(full(x) + bias)
        output y[10] = full(hiden) + bias

    Right:

        layer hidden[128] = relu(full(x) + bias)
        output y[10] = full(hidden) + bias
    """

    code: ClassVar[str] = "E0201"
    name: str
    kind: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown {self.kind} '{self.name}'"

    def help(self) -> str | None:
        return did_you_mean(self.name, self.known) or (
            f"known here: {listed(self.known)}" if self.known else None
        )


class DuplicateName(Mistake):
    """Two declarations give the same name.

    Inputs, targets, layers, outputs, parameters, energies and graphs of a network share one set of names.

    Wrong:

        layer h[128] = relu(full(x) + bias)
        layer h[64]  = relu(full(h) + bias)

    Right:

        layer h1[128] = relu(full(x) + bias)
        layer h2[64]  = relu(full(h1) + bias)
    """

    code: ClassVar[str] = "E0202"
    name: str
    first: Span

    def message(self) -> str:
        return f"the name '{self.name}' is declared twice"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "declared here first"),)

    def help(self) -> str:
        return "give one of them another name"


class UnknownFunction(Mistake):
    """A function, connection or block is called that does not exist.

    Wrong:

        layer h[64] = rellu(full(x) + bias)

    Right:

        layer h[64] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0203"
    name: str
    known: tuple[str, ...]
    measure: bool = False

    def message(self) -> str:
        if self.measure:
            return f"expected a function, found '{self.name}', which is a measure"
        return f"unknown function '{self.name}'"

    def help(self) -> str | None:
        if self.measure:
            return f"a measure stands alone, in `report`: `report {self.name}(…)`"
        few = f"expected here: {listed(self.known)}" if 0 < len(self.known) <= 12 else None
        return did_you_mean(self.name, self.known) or few


class UnknownOption(Mistake):
    """A call has an option that its function does not take.

    Wrong:

        layer c[6] = local(image, 5x5, padding = 2)

    Right:

        layer c[6] = local(image, 5x5, pad = 2)
    """

    code: ClassVar[str] = "E0204"
    function: str
    name: str
    legal: tuple[str, ...]

    def message(self) -> str:
        return f"'{self.function}' has no option '{self.name}'"

    def help(self) -> str:
        if not self.legal:
            return f"'{self.function}' takes no options"
        near = closest(self.name, self.legal)
        legal = (
            f"its options are {listed(self.legal)}"
            if len(self.legal) > 1
            else f"its option is '{self.legal[0]}'"
        )
        return f"did you mean '{near}'? {legal}" if near else legal


class UnknownSet(Mistake):
    """An index set is named that no input or target is over.

    A sequence such as T comes into being with the first input or target that is `over t in T`.

    Wrong:

        input x[8] over t in T
        output y[1] = sum(full(x) over S)

    Right:

        input x[8] over t in T
        output y[1] = sum(full(x) over T)
    """

    code: ClassVar[str] = "E0205"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown index set '{self.name}'"

    def help(self) -> str:
        if not self.known:
            return f"an input or target must be over it: `input x[8] over t in {self.name}`"
        near = closest(self.name, self.known)
        return f"did you mean '{near}'?" if near else f"the index sets are {listed(self.known)}"


class UnknownElement(Mistake):
    """An index names no element of an index set.

    Elements are named where a set is used: `over t in T`, `sum(... over j in N)`. A statement that has no
    `over` may use the name under which a set was first declared.

    Wrong:

        input x[8] over t in T
        layer h[16] = tanh(full(x) + full(h[s-1]) + bias)

    Right:

        input x[8] over t in T
        layer h[16] = tanh(full(x) + full(h[t-1]) + bias)
    """

    code: ClassVar[str] = "E0206"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"expected the name of an element, found '{self.name}', which no index set has here"

    def help(self) -> str:
        if self.known:
            return did_you_mean(self.name, self.known) or f"the elements known here: {listed(self.known)}"
        return "name the element where the set is declared: `over t in T`"


class UnknownGraph(Mistake):
    """A graph is used that is not declared.

    Wrong:

        input x[7] over i in G.nodes

    Right:

        graph G
        input x[7] over i in G.nodes
    """

    code: ClassVar[str] = "E0207"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown graph '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"declare it: `graph {self.name}`"


class UnknownUnitGroup(Mistake):
    """An energy is asked for units that it does not have.

    Wrong:

        energy E(v[784] binary, h[500] binary) = -dot(v, full(h, W))
        output code[500] = mean(hidden | E, v = x)

    Right:

        energy E(v[784] binary, h[500] binary) = -dot(v, full(h, W))
        output code[500] = mean(h | E, v = x)
    """

    code: ClassVar[str] = "E0208"
    name: str
    energy: str
    known: tuple[str, ...]
    declared: Span

    def message(self) -> str:
        return f"the energy '{self.energy}' has no units '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)

    def help(self) -> str:
        return f"its units are {listed(self.known)}"


class NotAParameter(Mistake):
    """A connection is given something as weights that is no parameter.

    Weights are declared with `param`; a layer cannot be the weights of a connection.

    Wrong:

        layer h[64] = full(x, z)

    Right:

        param W
        layer h[64] = full(x, W)
    """

    code: ClassVar[str] = "E0209"
    name: str
    declared: Span

    def message(self) -> str:
        return f"expected a parameter as weights, found '{self.name}', which is none"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)

    def help(self) -> str:
        return "declare the weights with `param`, or leave them out"


class NotAValue(Mistake):
    """The name of an energy, a graph or a shared block stands where a value is expected.

    Wrong:

        share decode = decoder()
        layer y[10] = full(decode)

    Right:

        share decode = decoder()
        layer y[10] = full(decode(z))
    """

    code: ClassVar[str] = "E0210"
    name: str
    kind: str
    declared: Span

    def message(self) -> str:
        return f"expected a value, found the {self.kind} '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)


class SetIsNoValue(Mistake):
    """The name of an index set stands where a value is expected.

    Wrong:

        input x[8] over t in T
        layer h[8] = x * T

    Right:

        input x[8] over t in T
        layer h[8] = x * t
    """

    code: ClassVar[str] = "E0211"
    name: str

    def message(self) -> str:
        return f"expected a value, found the index set '{self.name}'"

    def help(self) -> str:
        return "use the name of its element, or reduce over it: `sum(x over T)`"


class NotAConstant(Mistake):
    """Something that is only known when the network runs stands where a number must be known before.

    Sizes, options and counts are made of numbers and network parameters.

    Wrong:

        layer h[x] = relu(full(x) + bias)

    Right:

        network Net(hidden = 64) {
          layer h[hidden] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0212"
    text: str
    declared: Span | None = None

    def message(self) -> str:
        return f"expected a number or a network parameter, found '{self.text}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),) if self.declared else ()

    def help(self) -> str:
        return "sizes, options and counts must be known before the network runs"


class UnknownDomain(Mistake):
    """A declaration names a domain of units that does not exist.

    Wrong:

        target digit[10] one_hot

    Right:

        target digit[10] onehot
    """

    code: ClassVar[str] = "E0213"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown domain '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"the domains are {listed(self.known)}"


class UnknownAttribute(Mistake):
    """A parameter has an attribute that does not exist.

    Wrong:

        param W symetric

    Right:

        param W symmetric
    """

    code: ClassVar[str] = "E0214"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown attribute '{self.name}' of a parameter"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"the attributes are {listed(self.known)}"


class UnknownDistribution(Mistake):
    """A layer is drawn, or a parameter starts, from a distribution that does not exist.

    Wrong:

        layer z[20] ~ gaussian(mu, 1)

    Right:

        layer z[20] ~ normal(mu, 1)
    """

    code: ClassVar[str] = "E0215"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown distribution '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"known here: {listed(self.known)}"


class UnknownColumnFunction(Mistake):
    """A data binding uses a function that columns do not have.

    Wrong:

        data names { x = text, y = following(text) }

    Right:

        data names { x = text, y = next(text) }
    """

    code: ClassVar[str] = "E0216"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown function '{self.name}' of columns"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or (
            f"besides arithmetic, columns have {listed(self.known)}"
        )


class StartOfNoLayer(Mistake):
    """`start` gives a first value to something that is no layer.

    Wrong:

        start x = 0

    Right:

        layer h[16] = tanh(full(x) + full(h[t-1]) + bias)
        start h = 0
    """

    code: ClassVar[str] = "E0217"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"expected a layer after 'start', found '{self.name}'"

    def help(self) -> str | None:
        return did_you_mean(self.name, self.known) or (
            f"the layers are {listed(self.known)}" if self.known else None
        )


class NotInABlock(Mistake):
    """A block contains a statement that only a network can have.

    A block is a piece of a network: inputs, targets, training and data belong to the network that uses it.

    Wrong:

        block encoder(x[d]) -> h {
          target y[10] onehot
          layer h[64] = relu(full(x) + bias)
        }

    Right:

        block encoder(x[d]) -> h {
          layer h[64] = relu(full(x) + bias)
        }
    """

    code: ClassVar[str] = "E0218"
    word: str

    def message(self) -> str:
        return f"expected layers and parameters in a block, found '{self.word}', which belongs to a network"

    def help(self) -> str:
        return "move it to the network that uses the block"


class UnknownNetwork(Mistake):
    """A network is asked for that the file does not contain.

    Wrong:  a file with `network Encoder`, compiled with network = "Encodr"
    Right:  the same with network = "Encoder"
    """

    code: ClassVar[str] = "E0220"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"the file contains no network '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"its networks are {listed(self.known)}"


class SeveralStatements(Mistake):
    """A statement that a network has once stands in it twice.

    Wrong:

        data digits { x = image }
        data mnist  { x = image }

    Right:

        data digits { x = image }
    """

    code: ClassVar[str] = "E0221"
    word: str
    first: Span

    def message(self) -> str:
        return f"expected one '{self.word}' statement, found a second"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "the first is here"),)


class ImportNotFound(Mistake):
    """An imported file is not where the import says.

    Paths are relative to the file that imports.

    Wrong:

        import "block.nn"       # the file beside this one is blocks.nn

    Right:

        import "blocks.nn"
    """

    code: ClassVar[str] = "E0222"
    path: str

    def message(self) -> str:
        return f"cannot read the file '{self.path}'"

    def help(self) -> str:
        return "paths are relative to the file that imports"


class ImportCycle(Mistake):
    """Files import each other in a circle.

    Wrong:

        import "b.nn"           # in a.nn, while b.nn imports "a.nn"

    Right:

        import "common.nn"      # in both
    """

    code: ClassVar[str] = "E0223"
    path: tuple[str, ...]

    def message(self) -> str:
        return f"files import each other in a circle: {' -> '.join(self.path)}"

    def help(self) -> str:
        return "move what both need to a file of its own"


class UnknownLibrary(Mistake):
    """`use` names a library that does not exist: the standard library is called `std`.

    Wrong:

        use attention from lib

    Right:

        use attention from std
    """

    code: ClassVar[str] = "E0224"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown library '{self.name}'"

    def help(self) -> str:
        return 'the standard library is `std`; for a file of your own write `import "blocks.nn"`'


class NotInLibrary(Mistake):
    """The standard library has no block of that name.

    Wrong:

        use atention from std

    Right:

        use attention from std
    """

    code: ClassVar[str] = "E0225"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"the standard library has no block '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"it has {listed(self.known)}"


class ReservedName(Mistake):
    """A declaration takes a name that the language uses itself.

    `bias` is the bias of the layer where it stands, `weights` all weights that a stage learns.

    Wrong:

        param bias
        layer h[64] = relu(full(x) + bias)

    Right:

        param b
        layer h[64] = relu(full(x) + b)
    """

    code: ClassVar[str] = "E0226"
    name: str

    def message(self) -> str:
        return f"the name '{self.name}' belongs to the language"

    def help(self) -> str:
        return f"give it another name, such as 'my_{self.name}'"


class UnusedLayer(Mistake):
    """A layer that nothing uses: no other layer, no loss, no measure reads it.

    It is computed for nothing, and often its name was misspelt where it should have been used. What the
    network is for is declared with `output`.

    Wrong:

        layer h1[64] = relu(full(x) + bias)
        layer h2[64] = relu(full(h1) + bias)
        output y[10] = full(h1) + bias

    Right:

        layer h1[64] = relu(full(x) + bias)
        layer h2[64] = relu(full(h1) + bias)
        output y[10] = full(h2) + bias
    """

    code: ClassVar[str] = "W0901"
    severity: ClassVar[Severity] = Severity.WARNING
    name: str

    def message(self) -> str:
        return f"nothing uses the layer '{self.name}'"

    def help(self) -> str:
        return "use it, remove it, or declare it as an `output`"


class UnusedParameter(Mistake):
    """A parameter that nothing uses.

    Wrong:

        param W, V
        layer h[64] = relu(full(x, W) + bias)

    Right:

        param W
        layer h[64] = relu(full(x, W) + bias)
    """

    code: ClassVar[str] = "W0902"
    severity: ClassVar[Severity] = Severity.WARNING
    name: str
    kind: str

    def message(self) -> str:
        return f"nothing uses the {self.kind} '{self.name}'"

    def help(self) -> str:
        return "use it or remove it"
