"""What goes wrong while a network runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class Diverged(Diagnostic):
    """The loss is no longer a number: it has grown beyond what a float holds, or something was undefined.

    Mostly the rate is too large. It may also be a logarithm or a root of a number below zero, a
    division by zero, or data on a scale far from one. `nndsl run --debug` finds the first value that is
    not finite.

    Wrong:

        optimizer sgd(rate = 100)

    Right:

        optimizer sgd(rate = 0.1)
    """

    code: ClassVar[str] = "E0851"
    stage: str
    epoch: int
    loss: float

    def message(self) -> str:
        return f"expected a finite loss, found {self.loss} in epoch {self.epoch} of stage '{self.stage}'"

    def here(self) -> str:
        return "what this learns has diverged"

    def help(self) -> str | None:
        return "try a smaller rate, `clip norm 1`, or `nndsl run --debug` to see where it begins"


@dataclass(frozen=True, kw_only=True)
class WeightsDiverged(Diagnostic):
    """What a rule learns is no longer a number: it has grown beyond what a float holds.

    Mostly the rate is too large for the scale of the data; with `oja`, rate times the squared length of an
    example should stay well below one, with `lvq` prototypes may also be driven away without end. Real
    units of an energy take rates ten to a hundred times smaller than binary ones.

    Wrong:

        learn W by oja(y, x, rate = 10)

    Right:

        learn W by oja(y, x, rate = 0.01)
    """

    code: ClassVar[str] = "E0856"
    rule: str
    weights: str
    epoch: int
    stage: str

    def message(self) -> str:
        found = f"numbers that are not, in epoch {self.epoch} of stage '{self.stage}'"
        return f"expected '{self.rule}' to learn finite '{self.weights}', found {found}"

    def here(self) -> str:
        return "what this learns has diverged"

    def help(self) -> str | None:
        return "try a smaller rate, or data on a smaller scale"


@dataclass(frozen=True, kw_only=True)
class NotFinite(Diagnostic):
    """The debug mode found a value that is infinite or not a number, and this is the first place of it.

    It looks at everything that each kernel has written, in the order of the computation.

    Wrong:

        layer y = log(x)

    Right:

        layer y = log(abs(x) + 1e-6)
    """

    code: ClassVar[str] = "E0852"
    node: str
    value: float
    count: int
    size: int
    turn: int

    def message(self) -> str:
        return (
            f"expected finite values, found {self.count} of {self.size} that are not (such as {self.value}) "
            f"in '{self.node}', at minibatch {self.turn}"
        )

    def here(self) -> str:
        return "computed here"

    def help(self) -> str | None:
        return "try a smaller rate, or keep arguments of log, sqrt and / away from zero"


@dataclass(frozen=True, kw_only=True)
class NotEnoughMemory(Diagnostic):
    """What is needed at once is more than this machine has. It was refused before memory was taken.

    Activations grow with the minibatch; parameters, their gradients and the optimizer's states with the
    network.

    Wrong:

        batch 100000

    Right:

        batch 64
    """

    code: ClassVar[str] = "E0853"
    needed_bytes: int
    available_bytes: int
    batch: int | None = None

    def message(self) -> str:
        needed, available = (size / 2**30 for size in (self.needed_bytes, self.available_bytes))
        return f"expected to fit into {available:.1f} GiB of memory, found a need of {needed:.1f} GiB"

    def help(self) -> str | None:
        if self.batch is None:
            return "try smaller layers, or fewer examples at once"
        return f"try a smaller minibatch (now {self.batch}), smaller layers, or fewer threads"


@dataclass(frozen=True, kw_only=True)
class NothingMinimized(Diagnostic):
    """Gradients were asked for of a network that minimises nothing.

    Wrong:

        train { learn C by kmeans(x) }

    Right:

        train { minimize mse(y, target)  optimizer adam(rate = 1e-3) }
    """

    code: ClassVar[str] = "E0854"
    network: str

    def message(self) -> str:
        return f"expected a stage that minimizes something, found none in network '{self.network}'"

    def help(self) -> str | None:
        return "try a `train` statement with `minimize` and an optimizer"


@dataclass(frozen=True, kw_only=True)
class NoOptimizer(Diagnostic):
    """A stage minimizes something and does not say how.

    Without an optimizer, gradients can be looked at only.

    Wrong:

        train { minimize mse(y, target) }

    Right:

        train { minimize mse(y, target)  optimizer adam(rate = 1e-3) }
    """

    code: ClassVar[str] = "E0855"
    stage: str

    def message(self) -> str:
        return f"expected an optimizer in stage '{self.stage}', found none"

    def here(self) -> str:
        return "this is minimized, and nothing says how"

    def help(self) -> str | None:
        return "try `optimizer adam(rate = 1e-3)`"
