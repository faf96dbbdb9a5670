"""What checks but cannot be run yet. Every other command still works on such a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class NotExecutable(Diagnostic):
    """The common voice of the mistakes of this file."""

    def help(self) -> str | None:
        return "try `nndsl check` and `nndsl compile`, which read, count and draw the whole language"


@dataclass(frozen=True, kw_only=True)
class DelayNotExecutable(NotExecutable):
    """A layer depends on itself at an earlier or a later step (`h[t-1]`, `b[t+1]`).

    Loops in time are understood, counted and drawn, but not yet run. What feeds forward runs: also a value of
    another layer at an earlier step, and local connections that see a window of earlier steps.

    Wrong:

        layer h[8] = tanh(full(x) + full(h[t-1]) + bias)

    Right:

        layer h[8] = tanh(local(x, 3, causal) + bias)
    """

    code: ClassVar[str] = "E0801"
    value: str
    delay: int

    def message(self) -> str:
        side = "earlier" if self.delay < 0 else "later"
        steps = "one step" if abs(self.delay) == 1 else f"{abs(self.delay)} steps"
        return f"expected a network without loops in time, found '{self.value}' taken {steps} {side}"

    def here(self) -> str:
        return "loops in time cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class ClockNotExecutable(NotExecutable):
    """A layer runs on a clock of its own (`over t in 1..50`).

    Such a layer is a loop in time, which cannot be run yet.

    Wrong:

        layer v[8] over t in 1..50 = tanh(full(v[t-1]) + full(x))

    Right:

        layer v1[8] = tanh(full(x))
        layer v2[8] = tanh(full(v1) + full(x))
    """

    code: ClassVar[str] = "E0802"
    value: str
    clock: str

    def message(self) -> str:
        clock = f"a clock of its own, {self.clock}"
        return f"expected a network without loops in time, found '{self.value}' on {clock}"

    def here(self) -> str:
        return "loops in time cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class DataGraphNotExecutable(NotExecutable):
    """A value lives on the nodes or edges of a data graph (`over i in G.nodes`, `neighbours(i)`).

    Such networks are understood, counted and drawn, but not yet run.

    Wrong:

        graph G
        input x[8] over i in G.nodes

    Right:

        input x[8]
    """

    code: ClassVar[str] = "E0803"
    value: str
    graph: str

    def message(self) -> str:
        return (
            f"expected vectors, grids or sequences, found '{self.value}' over the data graph '{self.graph}'"
        )

    def here(self) -> str:
        return "data graphs cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class EnergyNotExecutable(NotExecutable):
    """An energy is asked for something (`mean(h | E, v = x)`, `settle`, `sample`).

    Energies are understood, counted and drawn, but their conditionals are not yet derived.

    Wrong:

        output code[32] = mean(h | E, v = x)

    Right:

        output code[32] = sigmoid(full(x, W') + a)
    """

    code: ClassVar[str] = "E0804"
    query: str
    energy: str

    def message(self) -> str:
        return f"expected a feedforward definition, found '{self.query}' of the energy '{self.energy}'"

    def here(self) -> str:
        return "energies cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class DrawNotExecutable(NotExecutable):
    """A value is drawn at random (`layer z ~ normal(mu, s)`).

    Random layers are understood and counted, but not yet run.

    Wrong:

        layer z[20] ~ normal(mu, 1)

    Right:

        layer z[20] = mu
    """

    code: ClassVar[str] = "E0805"
    what: str

    def message(self) -> str:
        return f"expected a value that is computed, found one that is drawn by '{self.what}'"

    def here(self) -> str:
        return "random values cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class BatchStatisticsNotExecutable(NotExecutable):
    """`batch_norm` keeps running averages of what it has seen, which cannot be kept yet.

    `layer_norm` normalises over the units of each example instead, and runs.

    Wrong:

        layer h[32] = relu(batch_norm(full(x)))

    Right:

        layer h[32] = relu(layer_norm(full(x)))
    """

    code: ClassVar[str] = "E0806"

    def message(self) -> str:
        return "expected a function of one example, found 'batch_norm', which keeps statistics of all"

    def here(self) -> str:
        return "running averages cannot be kept yet"

    def help(self) -> str | None:
        return "try layer_norm(…), which normalises each example by itself"


@dataclass(frozen=True, kw_only=True)
class GenerationNotExecutable(NotExecutable):
    """`generate` feeds a network its own output step by step, which cannot be run yet.

    Training and prediction with the same network are not concerned.

    Wrong:

        generate next from words into given until "</s>"

    Right:

        report perplexity(words, next)
    """

    code: ClassVar[str] = "E0807"

    def message(self) -> str:
        return "expected training and prediction, found 'generate', which feeds the output back"

    def here(self) -> str:
        return "generation cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class LearningRuleNotExecutable(NotExecutable):
    """A stage learns by a rule that is checked but not yet carried out.

    Backpropagation (`minimize`), `perceptron` and `kmeans` run.

    Wrong:

        train { learn W by som(match, radius = 10 -> 1) }

    Right:

        train { learn W by kmeans(x) }
    """

    code: ClassVar[str] = "E0808"
    rule: str

    def message(self) -> str:
        return f"expected minimize, perceptron or kmeans, found the learning rule '{self.rule}'"

    def here(self) -> str:
        return "this rule cannot be run yet"


@dataclass(frozen=True, kw_only=True)
class ConstructNotExecutable(NotExecutable):
    """A construct of the language whose computation is not yet built.

    The message names it; networks without it run.

    Wrong:

        output y = sum(local'(x, 2x2, groups = 2) over (h, w))

    Right:

        output y = local'(x, 2x2)
    """

    code: ClassVar[str] = "E0809"
    construct: str

    def message(self) -> str:
        return f"expected something that can be run, found {self.construct}"

    def here(self) -> str:
        return "cannot be run yet"
