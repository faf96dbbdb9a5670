"""Mistakes in the writing of a spec, before any meaning is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic, Label
from nndsl.source import Span


@dataclass(frozen=True)
class Unexpected(Diagnostic):
    """Something stands where the grammar has no place for it.

    The message says what could have followed. The rest of the file is checked all the
    same, from the next statement on.

    Wrong:  layer h[8] = relu(full(x) bias)
    Right:  layer h[8] = relu(full(x) + bias)
    """

    code: ClassVar[str] = "E0101"
    expected: str
    found: str
    hint: str | None = None

    def message(self) -> str:
        return f"expected {self.expected}, found {self.found}"

    def help(self) -> str | None:
        return self.hint


@dataclass(frozen=True)
class StrayCharacter(Diagnostic):
    """A character that no word of the language contains.

    Text copied from a document often holds signs that only look like those of a keyboard:
    a multiplication sign for `*`, a typographic quotation mark for `"`, a long dash for `-`.
    Names are made of the letters a to z, digits and `_`.

    Wrong:  layer h = 2 × x
    Right:  layer h = 2 * x
    """

    code: ClassVar[str] = "E0102"
    character: str
    name: str
    instead: str | None

    def message(self) -> str:
        shown = f"'{self.character}' ({self.name})" if self.character.isprintable() else self.name
        return f"expected a sign of the language, found the character {shown}"

    def help(self) -> str | None:
        if self.character == ";":
            return "remove it: every statement begins with a keyword, and needs no sign at its end"
        if self.instead is None:
            return "remove it; names are made of the letters a to z, digits and '_'"
        return f"write '{self.instead}' instead"


@dataclass(frozen=True)
class UnterminatedString(Diagnostic):
    """A string that begins with `"` and has no second `"` on its line.

    Wrong:  data "iris.csv { x = width }
    Right:  data "iris.csv" { x = width }
    """

    code: ClassVar[str] = "E0103"

    def message(self) -> str:
        return "expected '\"' at the end of the string, found the end of the line"

    def here(self) -> str:
        return "the string begins here"

    def help(self) -> str:
        return "end it with '\"' on the same line; write '\\n' for a line break in it"


@dataclass(frozen=True)
class UnclosedBracket(Diagnostic):
    """A `(` or `[` whose partner is missing.

    Wrong:  layer h[8 = tanh(full(x) + bias)
    Right:  layer h[8] = tanh(full(x) + bias)
    """

    code: ClassVar[str] = "E0104"
    closing: str
    found: str
    opened: Span

    def message(self) -> str:
        return f"expected '{self.closing}', found {self.found}, because '{self.opened.text}' is still open"

    def labels(self) -> Sequence[Label]:
        return (Label(self.opened, "opened here"),)

    def help(self) -> str:
        return f"add the missing '{self.closing}'"


@dataclass(frozen=True)
class UnclosedBrace(Diagnostic):
    """A `{` whose `}` is missing: its network, block, stage or data never ends.

    Wrong:  train { minimize mse(y, x)
            data digits
    Right:  train { minimize mse(y, x) }
            data digits
    """

    code: ClassVar[str] = "E0105"
    owner: str
    found: str
    opened: Span

    def message(self) -> str:
        return f"expected '}}' at the end of '{self.owner}', found {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.opened, f"the '{{' of '{self.owner}' is never closed"),)

    def help(self) -> str:
        return "add the missing '}'"


@dataclass(frozen=True)
class UnmatchedClosing(Diagnostic):
    """A `}`, `)` or `]` that closes nothing.

    Wrong:  layer h = relu(full(x)))
    Right:  layer h = relu(full(x))
    """

    code: ClassVar[str] = "E0106"
    bracket: str
    opening: str

    def message(self) -> str:
        return f"expected no '{self.bracket}' here, because no '{self.opening}' is open"

    def help(self) -> str:
        return f"remove it, or add '{self.opening}' where it should begin"


@dataclass(frozen=True)
class KeywordAsName(Diagnostic):
    """A word of the language used as a name. Keywords are reserved everywhere.

    Wrong:  layer output[10] = full(x)
    Right:  layer scores[10] = full(x)
    """

    code: ClassVar[str] = "E0107"
    keyword: str

    def message(self) -> str:
        return f"expected a name, found '{self.keyword}', because it is a keyword of the language"

    def help(self) -> str:
        return f"try another name, such as 'my_{self.keyword}'"


@dataclass(frozen=True)
class EqualsForComparison(Diagnostic):
    """`=` where two values are compared.

    `=` gives a name its value (a layer, an option of a function); `==` asks whether two values are equal.

    Wrong:  layer s = sum(x over j in T where j = t)
    Right:  layer s = sum(x over j in T where j == t)
    """

    code: ClassVar[str] = "E0108"

    def message(self) -> str:
        return "expected an operator, found '=', because '=' only gives a name its value"

    def help(self) -> str:
        return "write '==' to compare two values"


@dataclass(frozen=True)
class MissingArrow(Diagnostic):
    """The head of a block that does not say what the block gives back.

    Wrong:  block dense(x[d], n) { layer y[n] = full(x) }
    Right:  block dense(x[d], n) -> y { layer y[n] = full(x) }
    """

    code: ClassVar[str] = "E0109"
    block: str
    found: str

    def message(self) -> str:
        return f"expected '->' and the results of block '{self.block}', found {self.found}"

    def help(self) -> str:
        return "name the layers that the block gives back: '-> y' or '-> (y, z)'"


@dataclass(frozen=True)
class MissingDefinition(Diagnostic):
    """A layer or another declaration without `=` and what it is.

    An input or a target gets its value from data; everything else says how it is computed.

    Wrong:  layer h[8] tanh(full(x))
    Right:  layer h[8] = tanh(full(x))
    """

    code: ClassVar[str] = "E0110"
    kind: str
    found: str
    random: bool

    def message(self) -> str:
        sign = "'=' or '~'" if self.random else "'='"
        return f"expected {sign} and a definition of this {self.kind}, found {self.found}"

    def help(self) -> str:
        return f"write {self.kind} NAME = …" + (", or NAME ~ … for a random one" if self.random else "")


@dataclass(frozen=True)
class MissingOver(Diagnostic):
    """An index set that is named without `over`.

    Wrong:  input x[8] t in T
    Right:  input x[8] over t in T
    """

    code: ClassVar[str] = "E0111"
    found: str

    def message(self) -> str:
        return f"expected 'over' before an index set, found {self.found}"

    def help(self) -> str:
        return "write 'over' before the index set: x[8] over t in T, sum(x over t in T)"


@dataclass(frozen=True)
class MissingName(Diagnostic):
    """A keyword that must be followed by a name, and is not.

    Wrong:  output = full(h)
    Right:  output y = full(h)
    """

    code: ClassVar[str] = "E0112"
    keyword: str
    found: str

    def message(self) -> str:
        return f"expected a name after '{self.keyword}', found {self.found}"

    def help(self) -> str:
        return f"say what it is called: {self.keyword} NAME …"


@dataclass(frozen=True)
class ForeignWord(Diagnostic):
    """A word or sign of another language, such as Python.

    A spec has no functions, colons, loops or semicolons: statements begin with a keyword, bodies stand
    in braces, and `where`, `over` and index sets say what loops and conditions say elsewhere.

    Wrong:  def dense(x): return relu(x)
    Right:  block dense(x[d]) -> y { layer y[d] = relu(full(x)) }
    """

    code: ClassVar[str] = "E0113"
    expected: str
    found: str
    instead: str

    def message(self) -> str:
        return f"expected {self.expected}, found '{self.found}', which is not of this language"

    def help(self) -> str:
        return self.instead


@dataclass(frozen=True)
class EmptySpec(Diagnostic):
    """A file that says nothing: it is empty, or holds comments alone.

    Wrong:  # my first network
    Right:  network First { input x[4]  output y[1] = full(x) + bias }
    """

    code: ClassVar[str] = "E0114"

    def message(self) -> str:
        return "expected a network, found an empty file"

    def help(self) -> str:
        return "a small one: network First { input x[4]  output y[1] = full(x) + bias }"


@dataclass(frozen=True)
class NoNetwork(Diagnostic):
    """A file of blocks or imports that has no network to compile.

    Such a file can be imported by another (`import "blocks.nn"`), but not run.

    Wrong:  block double(x[d]) -> y { layer y[d] = 2 * x }
    Right:  block double(x[d]) -> y { layer y[d] = 2 * x }
            network N { input x[4]  output y = double(x) }
    """

    code: ClassVar[str] = "E0115"

    def message(self) -> str:
        return "expected a network, found none in this file"

    def help(self) -> str:
        return "add 'network NAME { … }', or import this file from one that has a network"


@dataclass(frozen=True)
class NestedTooDeep(Diagnostic):
    """An expression with more levels than a reader, or the compiler, can follow.

    Each function, operator and bracket inside another is a level; a chain of a hundred
    additions is a hundred levels, because each adds to the sum before it.

    Wrong:  layer h = x + x + x + …   # hundreds of terms
    Right:  layer a = x + x + …       # some of them
            layer h = a + x + …       # the others
    """

    code: ClassVar[str] = "E0116"
    limit: int

    def message(self) -> str:
        return f"expected at most {self.limit} levels of an expression, found more"

    def help(self) -> str:
        return "give parts of it a name, as layers of their own"


@dataclass(frozen=True)
class SecondSplit(Diagnostic):
    """A `data` with two splits.

    Wrong:  data digits { split 0.8 : 0.1 : 0.1  split in_order 0.7 : 0.1 : 0.2 }
    Right:  data digits { split in_order 0.7 : 0.1 : 0.2 }
    """

    code: ClassVar[str] = "E0117"
    first: Span

    def message(self) -> str:
        return "expected one split of the data, found a second"

    def labels(self) -> Sequence[Label]:
        return (Label(self.first, "the first is here"),)

    def help(self) -> str:
        return "keep one of them"


@dataclass(frozen=True)
class UnknownEscape(Diagnostic):
    r"""A backslash in a string with a character after it that means nothing there.

    Known are `\n` (line break), `\t` (tab), `\"` and `\\`.

    Wrong:  data "C:\data\iris.csv"
    Right:  data "C:/data/iris.csv"
    """

    code: ClassVar[str] = "E0118"
    escape: str

    def message(self) -> str:
        return rf"expected \n, \t, \" or \\ in a string, found {self.escape}"

    def help(self) -> str:
        return r"write \\ for a backslash, and / in paths"


@dataclass(frozen=True)
class Misplaced(Diagnostic):
    """A statement in a place where it has no meaning.

    Declarations stand in a network or a block; `learn`, `minimize`, `optimizer`, `batch`, `epochs`
    and the like stand in `train { … }`; networks, blocks and imports stand by themselves.

    Wrong:  network N { … batch 32 }
    Right:  network N { … train { … batch 32 } }
    """

    code: ClassVar[str] = "E0119"
    keyword: str
    belongs: str
    place: str
    ended: Span | None = None

    def message(self) -> str:
        return f"expected '{self.keyword}' in {self.belongs}, found it {self.place}"

    def labels(self) -> Sequence[Label]:
        return () if self.ended is None else (Label(self.ended, "what came before ended here"),)

    def help(self) -> str:
        return f"move it into {self.belongs}"


@dataclass(frozen=True)
class MisspelledKeyword(Diagnostic):
    """A word where a keyword belongs, and nearly one.

    Wrong:  layr h = relu(full(x))
    Right:  layer h = relu(full(x))
    """

    code: ClassVar[str] = "E0120"
    found: str
    keyword: str

    def message(self) -> str:
        return f"expected a keyword, found '{self.found}'"

    def help(self) -> str:
        return f"did you mean '{self.keyword}'?"


@dataclass(frozen=True)
class NotText(Diagnostic):
    """A file that is not text in UTF-8, so that it cannot be a spec.

    Old editors save other encodings; a file of data or a picture is no text at all.

    Wrong:  nndsl check digits.npz
    Right:  nndsl check digits.nn
    """

    code: ClassVar[str] = "E0121"
    path: str
    line: int

    def message(self) -> str:
        return f"expected text in UTF-8 in {self.path}, found other bytes in line {self.line}"

    def help(self) -> str:
        return "save the file as UTF-8"


@dataclass(frozen=True)
class Unreadable(Diagnostic):
    """A spec that cannot be read: there is no such file, or it may not be opened.

    Wrong:  nndsl check mpl.nn
    Right:  nndsl check mlp.nn
    """

    code: ClassVar[str] = "E0122"
    path: str
    reason: str
    similar: tuple[str, ...] = ()

    def message(self) -> str:
        return f"expected a spec at {self.path}, but it cannot be read: {self.reason}"

    def help(self) -> str | None:
        return f"did you mean {' or '.join(self.similar)}?" if self.similar else None


@dataclass(frozen=True)
class MissingOperator(Diagnostic):
    """Two values side by side, with nothing that says how they are joined.

    A product is written with `*`; arguments are parted by commas.

    Wrong:  layer h[2d] = full(x W)
    Right:  layer h[2 * d] = full(x, W)
    """

    code: ClassVar[str] = "E0123"
    before: str
    found: str
    listed: bool

    def message(self) -> str:
        sign = "a comma or an operator" if self.listed else "an operator"
        return f"expected {sign} between '{self.before}' and '{self.found}', found nothing"

    def help(self) -> str:
        return f"write '{self.before}{',' if self.listed else ' *'} {self.found}'"


@dataclass(frozen=True)
class MalformedNumber(Diagnostic):
    """A number without digits on one side of its point.

    Wrong:  optimizer sgd(rate = .1)
    Right:  optimizer sgd(rate = 0.1)
    """

    code: ClassVar[str] = "E0124"
    found: str
    instead: str

    def message(self) -> str:
        return f"expected digits before and after the point of a number, found '{self.found}'"

    def help(self) -> str:
        return f"write {self.instead}"


@dataclass(frozen=True)
class TrailingComma(Diagnostic):
    """A comma with nothing after it.

    Wrong:  layer h = relu(full(x, W,))
    Right:  layer h = relu(full(x, W))
    """

    code: ClassVar[str] = "E0125"
    found: str

    def message(self) -> str:
        return f"expected something after ',', found {self.found}"

    def help(self) -> str:
        return "remove the comma"
