"""Mistakes when a trained network is to generate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class NoBeginning(Diagnostic):
    """A network that was trained on running text is to generate without a beginning.

    Where each text is an example of its own, it begins with the mark `</s>`; running text has no such place.

    Wrong:

        nndsl generate runs/lstm-20260131-142530

    Right:

        nndsl generate runs/lstm-20260131-142530 "The "
    """

    code: ClassVar[str] = "E0730"
    into: str

    def message(self) -> str:
        return f"expected a beginning for '{self.into}', found none, because running text has no mark for it"

    def help(self) -> str | None:
        return "give the first symbols of the text"

    def here(self) -> str:
        return "fed back here"


@dataclass(frozen=True, kw_only=True)
class UnknownEnd(Diagnostic):
    """The symbol after `until` does not occur in the data, so that nothing would end there.

    Texts that are shifted, `next(x)` or `previous(x)`, have the mark `</s>` at both ends; running text has
    none.

    Wrong:

        generate y from z into x until "<end>"

    Right:

        generate y from z into x until "</s>"
    """

    code: ClassVar[str] = "E0731"
    name: str
    symbol: str

    def message(self) -> str:
        return f"expected a symbol of '{self.name}' after 'until', found '{self.symbol}', which is none"

    def help(self) -> str | None:
        return 'try `until "</s>"`, or `at_most 400` alone'


@dataclass(frozen=True, kw_only=True)
class NoOtherInput(Diagnostic):
    """Something is given to a network whose only input is the one that is fed back.

    Wrong:

        net.generate("The ", english=["I love you."])

    Right:

        net.generate("The ")
    """

    code: ClassVar[str] = "E0732"
    name: str
    into: str

    def message(self) -> str:
        return f"expected no input beside '{self.into}', which is fed back, found '{self.name}'"

    def help(self) -> str | None:
        return "give a beginning, and nothing else"


@dataclass(frozen=True, kw_only=True)
class PromptsDiffer(Diagnostic):
    """There are beginnings for another number of examples than are given.

    Wrong:

        net.generate(["a", "b"], english=["I love you.", "Go on.", "Why?"])

    Right:

        net.generate("a", english=["I love you.", "Go on.", "Why?"])
    """

    code: ClassVar[str] = "E0733"
    prompts: int
    examples: int

    def message(self) -> str:
        return f"expected a beginning for each of {self.examples} examples, found {self.prompts}"

    def help(self) -> str | None:
        return "one beginning stands for all"


@dataclass(frozen=True, kw_only=True)
class SearchOutOfRange(Diagnostic):
    """A number that says how symbols are chosen lies outside of what makes sense.

    Wrong:

        net.generate("The ", temperature=0)

    Right:

        net.generate("The ", temperature=0.8)
    """

    code: ClassVar[str] = "E0734"
    name: str
    expected: str
    found: float

    def message(self) -> str:
        return f"expected {self.expected} for '{self.name}', found {self.found:g}"

    def help(self) -> str | None:
        return "without a temperature and a beam, the most probable symbol is taken"


@dataclass(frozen=True, kw_only=True)
class NoTextGiven(Diagnostic):
    """A network that translates is given nothing to translate, or has several inputs to choose from.

    Wrong:

        nndsl generate runs/transformer-20260131-142530

    Right:

        nndsl generate runs/transformer-20260131-142530 "I love you."
    """

    code: ClassVar[str] = "E0735"
    inputs: tuple[str, ...]

    def message(self) -> str:
        names = " and ".join(f"'{name}'" for name in self.inputs)
        return f"expected texts for {names}, found none"

    def help(self) -> str | None:
        return "give them as arguments, or as the lines of a file with --lines"


@dataclass(frozen=True, kw_only=True)
class NothingGenerated(Diagnostic):
    """A sequence was asked for of a network that does not say how it generates one.

    Wrong:

        output z[65] = full(h) + bias

    Right:

        output z[65] = full(h) + bias
        generate y from z into x at_most 400
    """

    code: ClassVar[str] = "E0736"
    network: str

    def message(self) -> str:
        return f"expected a `generate` statement, found none in network '{self.network}'"

    def help(self) -> str | None:
        return "say what is fed back: `generate TARGET from OUTPUT into INPUT`"
