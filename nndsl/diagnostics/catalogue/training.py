"""Mistakes in training: stages, objectives, learning rules, settings, and what data are bound to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label
from nndsl.diagnostics.mistake import Mistake
from nndsl.diagnostics.wording import closest, did_you_mean, listed
from nndsl.source import Span


class NoObjective(Mistake):
    """A training stage does not say how it learns.

    Wrong:

        train { optimizer adam(rate = 1e-3)  epochs 10 }

    Right:

        train { minimize mse(y, next)  optimizer adam(rate = 1e-3)  epochs 10 }
    """

    code: ClassVar[str] = "E0501"
    stage: str

    def message(self) -> str:
        return f"the stage '{self.stage}' does not say what to learn by: it has no loss and no rule"

    def help(self) -> str:
        return "add `minimize cross_entropy(y, target)`, or `learn W by kmeans(x)`"


class NotScalar(Mistake):
    """What is minimised is not one number for each example.

    Wrong:

        minimize (y - target) ^ 2

    Right:

        minimize mse(y, target)
    """

    code: ClassVar[str] = "E0502"
    found: str

    def message(self) -> str:
        return f"expected one number for each example to minimise, found {self.found}"

    def help(self) -> str:
        return "a loss such as `mse(y, target)` gives one; `sum(...)` and `mean(...)` run over the units"


class UnknownOptimizer(Mistake):
    """A stage names an optimizer that does not exist.

    Wrong:

        optimizer adm(rate = 1e-3)

    Right:

        optimizer adam(rate = 1e-3)
    """

    code: ClassVar[str] = "E0503"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown optimizer '{self.name}'"

    def help(self) -> str:
        near = closest(self.name, self.known)
        return f"did you mean '{near}'?" if near else f"the optimizers are {listed(self.known)}"


class UnknownRule(Mistake):
    """A stage names a learning rule that does not exist.

    Wrong:

        learn C by k_means(x)

    Right:

        learn C by kmeans(x)
    """

    code: ClassVar[str] = "E0504"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown learning rule '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"the rules are {listed(self.known)}"


class UnknownSchedule(Mistake):
    """A rate follows a schedule that does not exist.

    Wrong:

        optimizer adam(rate = warm_up(1e-3, 4000))

    Right:

        optimizer adam(rate = warmup(1e-3, 4000))
    """

    code: ClassVar[str] = "E0505"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown schedule '{self.name}'"

    def help(self) -> str:
        return did_you_mean(self.name, self.known) or f"the schedules are {listed(self.known)}"


class UnknownClause(Mistake):
    """A clause of a stage has a word that does not belong to it.

    Wrong:

        early_stop at 5

    Right:

        early_stop after 5
    """

    code: ClassVar[str] = "E0506"
    clause: str
    found: str
    legal: tuple[str, ...]

    def message(self) -> str:
        return f"expected '{' '.join(self.legal)}' with '{self.clause}', found '{self.found}'"


class ClauseTwice(Mistake):
    """A stage has the same clause twice.

    Wrong:

        train { minimize mse(y, a)  minimize mse(y, b) }

    Right:

        train { minimize mse(y, a) + mse(y, b) }
    """

    code: ClassVar[str] = "E0507"
    clause: str
    first: Span

    def message(self) -> str:
        return f"the stage says '{self.clause}' twice"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "the first is here"),)


class NestedStages(Mistake):
    """Stages stand in each other, or clauses beside them, where they cannot.

    Only `train alternate { ... }` contains stages, and besides them nothing but `epochs`.

    Wrong:

        train alternate { minimize mse(y, x)  train a { minimize mse(y, x) } }

    Right:

        train alternate { train a { minimize mse(y, x) }  train b { minimize mse(z, x) }  epochs 5 }
    """

    code: ClassVar[str] = "E0508"
    text: str

    def message(self) -> str:
        return (
            f"'{self.text}' cannot stand here: `train alternate` holds stages and `epochs`, and nothing else"
        )


class NotLearnable(Mistake):
    """`learn` names something that has nothing to learn.

    Wrong:

        learn x

    Right:

        learn h            # the layer's own weights and bias
    """

    code: ClassVar[str] = "E0509"
    name: str
    declared: Span

    def message(self) -> str:
        return f"expected a parameter, or a layer or block that has some, found '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "this has no parameters to learn"),)


class LearnFixed(Mistake):
    """`learn` names a parameter that is declared as fixed.

    Wrong:

        param K fixed = [[1, 2], [3, 4]]
        train { learn K  minimize mse(y, x) }

    Right:

        param K = [[1, 2], [3, 4]]
        train { learn K  minimize mse(y, x) }
    """

    code: ClassVar[str] = "E0510"
    name: str
    declared: Span

    def message(self) -> str:
        return f"'{self.name}' is fixed and cannot be learned"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared as fixed"),)


class UnreachedParameter(Mistake):
    """A stage is told to learn a parameter on which its objective does not depend.

    Wrong:

        train { learn V  minimize mse(y, x) }      # y is made with W alone

    Right:

        train { learn W  minimize mse(y, x) }
    """

    code: ClassVar[str] = "E0511"
    name: str
    stage: str
    stage_span: Span

    def message(self) -> str:
        return f"the objective of the stage '{self.stage}' does not depend on '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.stage_span, "learned here"),)


class LearnsNothing(Mistake):
    """An objective depends on no parameter that could be learned.

    Wrong:

        output y[64] = relu(x)
        train { minimize mse(y, x) }

    Right:

        output y[64] = relu(full(x) + bias)
        train { minimize mse(y, x) }
    """

    code: ClassVar[str] = "E0512"
    stage: str

    def message(self) -> str:
        return f"the objective of the stage '{self.stage}' depends on no parameter that could be learned"


class NotAnInfer(Mistake):
    """`maximize ... by` is given something else than a likelihood.

    Wrong:

        maximize energy_of(E, v = x) by contrastive_divergence(k = 1)

    Right:

        maximize likelihood(E, v = x) by contrastive_divergence(k = 1)
    """

    code: ClassVar[str] = "E0513"
    text: str

    def message(self) -> str:
        return f"expected a likelihood such as `likelihood(E, v = x)`, found `{self.text}`"


class RuleTopology(Mistake):
    """A learning rule is used on a topology that it does not work on.

    Each local rule asks for one: `perceptron` for threshold units over a full connection, `kmeans`,
    `competitive`, `lvq`, `som` and `batch_som` for the weights of a `distance2` (the last two with units on a
    sheet), `hebb` and `pseudo_inverse` for symmetric weights without self-connection (`hebb` also for weights
    between two groups of units), `oja` for a full connection without bias.

    Wrong:

        layer match[400] = distance2(x, W)
        train { learn W by som(match) }

    Right:

        layer match[20, 20] = distance2(x, W)
        train { learn W by som(match) }
    """

    code: ClassVar[str] = "E0514"
    rule: str
    found: str
    needed: str
    rule_span: Span

    def message(self) -> str:
        return f"the rule '{self.rule}' cannot learn on '{self.found}': it needs {self.needed}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.rule_span, "the rule is used here"),)


class LearnsOneMatrix(Mistake):
    """A rule that learns one parameter is given none or several.

    Wrong:

        learn all by kmeans(x)

    Right:

        learn C by kmeans(x)
    """

    code: ClassVar[str] = "E0515"
    rule: str
    found: tuple[str, ...]

    def message(self) -> str:
        return f"the rule '{self.rule}' learns one parameter, found {listed(self.found) or 'none'}"


class OddTorus(Mistake):
    """A hexagonal sheet with an odd number of rows is to be closed to a torus.

    Every second row is moved to the right by half a unit, so that the last row must be one that is moved: the
    first one follows it.

    Wrong:

        layer match[5, 6] = distance2(x, W)
        train { learn W by som(match, grid = hexagonal, torus = yes) }

    Right:

        layer match[6, 5] = distance2(x, W)
        train { learn W by som(match, grid = hexagonal, torus = yes) }
    """

    code: ClassVar[str] = "E0533"
    rows: int

    def message(self) -> str:
        return (
            f"expected an even number of rows, found {self.rows}, because a hexagonal sheet is closed to a "
            "torus, and every second row is moved by half a unit"
        )


class IdleClause(Mistake):
    """A stage has a clause that it would not go by.

    A local rule changes the weights itself: it has no gradient for an optimizer to follow or to be clipped,
    and no loss for an early stop to watch. Nor is a likelihood computed when it is followed. The stages of an
    alternation take turns for as many epochs as the alternation says.

    Wrong:

        train { learn C by kmeans(x)  optimizer adam }

    Right:

        train { learn C by kmeans(x)  epochs 10 }
    """

    code: ClassVar[str] = "E0534"
    clause: str
    stage: str
    reason: str

    def message(self) -> str:
        return f"'{self.clause}' has no place in the stage '{self.stage}', because {self.reason}"

    def help(self) -> str:
        return f"leave `{self.clause}` out"


class OneExampleAtATime(Mistake):
    """A batch is given to a rule that changes the weights with each example, before it looks at the next.

    Wrong:

        train { learn W by som(match)  batch 32 }

    Right:

        train { learn W by som(match) }
        train { learn W by batch_som(match) }      # once an epoch
    """

    code: ClassVar[str] = "E0532"
    rule: str
    batch: int

    def message(self) -> str:
        return f"the rule '{self.rule}' learns from one example at a time, found a batch of {self.batch}"

    def help(self) -> str:
        return "leave `batch` out"


class UnknownSetting(Mistake):
    """A setting is given that nothing in the spec goes by.

    Network parameters are set by name, training settings as `epochs`, `STAGE.epochs`, `optimizer.rate`.

    Wrong:

        nndsl run mlp.nn --set hiden=64

    Right:

        nndsl run mlp.nn --set hidden=64
    """

    code: ClassVar[str] = "E0516"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"unknown setting '{self.name}'"

    def help(self) -> str | None:
        near = did_you_mean(self.name, self.known)
        short = tuple(name for name in self.known if "." not in name)
        return near or (f"the settings are {listed(short, 24)}" if short else None)


class WrongSettingValue(Mistake):
    """A network parameter is set to something of another kind than its default.

    Wrong:

        nndsl run mlp.nn --set hidden=many

    Right:

        nndsl run mlp.nn --set hidden=64
    """

    code: ClassVar[str] = "E0517"
    name: str
    found: str
    default: str

    def message(self) -> str:
        return f"expected a value like {self.default} for '{self.name}', found {self.found}"


class MissingParameterValue(Mistake):
    """A network parameter without a default is not set.

    Wrong:

        network Net(hidden) { ... }            # nndsl run net.nn

    Right:

        network Net(hidden) { ... }            # nndsl run net.nn --set hidden=64
    """

    code: ClassVar[str] = "E0518"
    name: str

    def message(self) -> str:
        return f"the network parameter '{self.name}' has no value"

    def help(self) -> str:
        return f"give it a default (`{self.name} = 64`), or set it: `--set {self.name}=64`"


class NotAPort(Mistake):
    """A name is bound to data, or generated, that the network does not have.

    Wrong:

        input x[64]
        data digits { X = image }

    Right:

        input x[64]
        data digits { x = image }
    """

    code: ClassVar[str] = "E0519"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"the network has no '{self.name}' to go here"

    def help(self) -> str | None:
        return did_you_mean(self.name, self.known) or (f"it has {listed(self.known)}" if self.known else None)


class WrongPort(Mistake):
    """Something that is neither input nor target is bound to data, or a wrong value is generated.

    Wrong:

        data digits { h = image }              # h is a layer

    Right:

        data digits { x = image }
    """

    code: ClassVar[str] = "E0520"
    name: str
    kind: str
    wanted: str
    declared: Span

    def message(self) -> str:
        return f"expected an {self.wanted} here, found the {self.kind} '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)


class BoundTwice(Mistake):
    """An input or target is bound to data twice.

    Wrong:

        data digits { x = image, x = label }

    Right:

        data digits { x = image, digit = label }
    """

    code: ClassVar[str] = "E0521"
    name: str
    first: Span

    def message(self) -> str:
        return f"'{self.name}' is bound to data twice"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "bound here first"),)


class NotAColumnExpression(Mistake):
    """A data binding is something else than arithmetic on columns.

    Wrong:

        data digits { x = image over T }

    Right:

        data digits { x = image / 16 }
    """

    code: ClassVar[str] = "E0522"
    text: str

    def message(self) -> str:
        return f"expected a column, or arithmetic on columns, found `{self.text}`"


class SplitShares(Mistake):
    """A split has another number of shares than two or three, or shares that are no shares.

    Wrong:

        split 0.5 : 0.2 : 0.2 : 0.1

    Right:

        split 0.7 : 0.1 : 0.2                  # training, validation, test
    """

    code: ClassVar[str] = "E0523"
    found: int

    def message(self) -> str:
        return "expected the shares of training, validation and test, such as 0.7 : 0.1 : 0.2"


class NoSuchFold(Mistake):
    """The folds of a split are counted from zero, and there are at least two.

    Wrong:

        split fold 10 of 10

    Right:

        split fold 9 of 10                     # the last one; the other nine are for training
    """

    code: ClassVar[str] = "E0525"
    number: str
    count: str

    def message(self) -> str:
        return f"expected a fold, counted from zero, of at least two; found {self.number} of {self.count}"

    def help(self) -> str | None:
        if self.count.isdigit() and int(self.count) > 1:
            return f"folds are numbered 0 to {int(self.count) - 1}"
        return "write split fold 0 of 10"


class GenerateNotOrdered(Mistake):
    """`generate` needs sequences along one ordered set, and is given something else.

    Wrong:

        input  x[64]
        output y[10] = full(x)
        generate digit from y into x

    Right:

        input  given[8000] onehot over t in M
        generate next from words into given until "</s>" at_most 60
    """

    code: ClassVar[str] = "E0524"
    name: str
    declared: Span

    def message(self) -> str:
        return f"`generate` goes step by step along one sequence, but '{self.name}' is not over it"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)


class CarryBackwards(Mistake):
    """`carry` takes the state of feedback loops on from window to window, and something needs later steps.

    Windows of a sequence are learned one after the other, so that what comes after a window is not known in
    it. Without `carry`, each window is a sequence of its own.

    Wrong:

        layer back[8] = tanh(full(x) + full(back[t+1]))
        train { minimize mse(y, z)  optimizer adam  window 64 carry }

    Right:

        train { minimize mse(y, z)  optimizer adam }
    """

    code: ClassVar[str] = "E0535"
    stage: Span

    def message(self) -> str:
        return "expected earlier steps alone, where windows carry the state on, found a later one"

    def labels(self) -> Sequence[Label]:
        return (Label(self.stage, "the stage whose windows carry the state on"),)

    def help(self) -> str:
        return "leave out `carry`, or `window` as a whole, to learn from sequences as they are"


class CarriesNothing(Mistake):
    """`carry` takes the state of feedback loops on from window to window, and there is no state.

    A state is what is delayed along a sequence: `h[t-1]`.

    Wrong:

        output y[2] = full(x)
        train { minimize mse(y, z)  optimizer adam  window 64 carry }

    Right:

        train { minimize mse(y, z)  optimizer adam  window 64 }
    """

    code: ClassVar[str] = "E0536"
    stage: str

    def message(self) -> str:
        return f"'{self.stage}' has nothing to carry, because no value that it rests on is delayed"

    def help(self) -> str:
        return "leave out `carry`"


class GenerateNotSymbols(Mistake):
    """`generate` chooses one of the symbols that the logits weigh: target and input are onehot, and as wide.

    Wrong:

        input  given[1] over t in M
        generate next from words into given

    Right:

        input  given[8000] onehot over t in M
        generate next from words into given
    """

    code: ClassVar[str] = "E0540"
    name: str
    found: str
    logits: str
    expected: str
    declared: Span

    def message(self) -> str:
        return (
            f"expected '{self.name}' to hold the symbols that '{self.logits}' weighs, one-hot, found "
            f"{self.found}, because '{self.logits}' is {self.expected}"
        )

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)


class GenerateNotShifted(Mistake):
    """What `generate` chooses as the target at t is fed in at t + 1: so the data must have it, too.

    Wrong:

        generate next from words into given
        data tatoeba { source = tokens(english), given = tokens(chinese), next = tokens(chinese) }

    Right:

        generate next from words into given
        data tatoeba { source = tokens(english), given = previous(tokens(chinese)), next = tokens(chinese) }
    """

    code: ClassVar[str] = "E0541"
    target: str
    into: str
    statement: Span

    def message(self) -> str:
        return f"expected '{self.into}' to be what '{self.target}' was one place before"

    def help(self) -> str:
        into, target = self.into, self.target
        return f"bind `{into} = previous(x), {target} = x`, or `{into} = x, {target} = next(x)`"

    def labels(self) -> Sequence[Label]:
        return (Label(self.statement, "fed back here"),)


class UnknownSearch(Mistake):
    """`generate … by` names no way to choose symbols.

    Wrong:

        generate next from words into given by beams(4)

    Right:

        generate next from words into given by beam(4)
    """

    code: ClassVar[str] = "E0542"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"expected a way to choose symbols after 'by', found '{self.name}'"

    def help(self) -> str:
        near = closest(self.name, self.known)
        return f"did you mean '{near}'?" if near else f"the ways are {listed(self.known)}"


class GenerateReadsAhead(Mistake):
    """`generate` needs the output at each place to depend on no symbol after it: those are not there yet.

    Wrong:

        layer y[d] = x + attention(x, x)
        output words[8000] = full(y)
        generate next from words into given

    Right:

        layer y[d] = x + attention(x, x, causal = yes)
        output words[8000] = full(y)
        generate next from words into given
    """

    code: ClassVar[str] = "E0543"
    layer: str
    path: tuple[str, ...]
    statement: Span

    def message(self) -> str:
        return (
            f"expected what `generate` feeds back to depend on no later symbol, but '{self.layer}' looks "
            f"ahead: {' -> '.join(self.path)}"
        )

    def labels(self) -> Sequence[Label]:
        return (Label(self.statement, "fed back here"),)

    def help(self) -> str:
        return (
            "take earlier places alone: `where j <= t`, `attention(…, causal = yes)`, `local(…, causal)`, "
            "`h[t-1]`"
        )
