"""Mistakes in data: sets and files that are not found or broken, and columns that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic, Label, Severity
from nndsl.source import Span


def _listed(names: tuple[str, ...], most: int = 16) -> str:
    """Names as a reader wants them: quoted, and not too many."""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _closest(name: str, known: tuple[str, ...]) -> str | None:
    found = get_close_matches(name, known, n=1)
    return f"did you mean '{found[0]}'?" if found else None


def _bytes(count: int) -> str:
    gigabytes = count / 2**30
    return f"{gigabytes:,.1f} GB" if gigabytes >= 0.1 else f"{count / 2**20:,.1f} MB"


@dataclass(frozen=True, kw_only=True)
class Unfitting(Diagnostic):
    """Data that do not fit an input or a target, which is `declared` elsewhere."""

    name: str
    declared: Span | None = field(default=None)

    def labels(self) -> Sequence[Label]:
        return () if self.declared is None else (Label(self.declared, f"'{self.name}' is declared here"),)


@dataclass(frozen=True, kw_only=True)
class UnknownDataset(Diagnostic):
    """A `data` statement names a set that does not exist.

    A bare name is one of the named sets; a file of your own stands in quotes.

    Wrong:

        data digit { x = image }

    Right:

        data digits { x = image }
        data "digit.csv" { x = image }
    """

    code: ClassVar[str] = "E0601"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"there is no data set '{self.name}'"

    def help(self) -> str:
        close = _closest(self.name, self.known)
        return close or f"the sets are {_listed(self.known, 40)}; a file of your own stands in quotes"


@dataclass(frozen=True, kw_only=True)
class DataFileNotFound(Diagnostic):
    """A file of a data set was found in no directory of the data path.

    Named sets are looked for in the directories given with `--data`, in `data` where the command runs, and
    in nndsl's folder among the user's data. A file in quotes is looked for beside the spec first.

    Wrong:

        nndsl run lenet.nn                      # the files of MNIST lie in ~/datasets/mnist

    Right:

        nndsl run lenet.nn --data ~/datasets
    """

    code: ClassVar[str] = "E0602"
    name: str
    files: tuple[str, ...]
    directories: tuple[str, ...]
    close: tuple[str, ...] = ()

    def message(self) -> str:
        of = "" if self.files == (self.name,) else f" of the data set '{self.name}'"
        return f"expected {_listed(self.files)}{of}, found no such file in {_listed(self.directories)}"

    def help(self) -> str:
        if self.close:
            return f"did you mean {_listed(self.close)}?"
        return "put it into one of these directories, or name its directory with --data DIRECTORY"


@dataclass(frozen=True, kw_only=True)
class UnreadableDataFile(Diagnostic):
    """A data file is not what its name promises: damaged, cut short, or in another format.

    The formats are told by name: `.csv` and `.tsv` (a header line, then rows), `.npz` and `.npy` (arrays
    without pickled objects), `.txt` (UTF-8, a line an example), and idx (`…-ubyte`); all but `.npz` also
    compressed (`.gz`).

    Wrong:

        data "flowers.xlsx"

    Right:

        data "flowers.csv"                      # saved from the spreadsheet
    """

    code: ClassVar[str] = "E0603"
    path: str
    expected: str
    reason: str

    def message(self) -> str:
        return f"expected {self.expected} in '{self.path}', but {self.reason}"


@dataclass(frozen=True, kw_only=True)
class DataTooLarge(Diagnostic):
    """A data file would not fit into memory, and was refused before memory was taken.

    Wrong:

        data "everything.csv"                   # 400 GB

    Right:

        data "sample.csv"                       # a sample of its rows
    """

    code: ClassVar[str] = "E0604"
    path: str
    needed_bytes: int
    available_bytes: int

    def message(self) -> str:
        needed, available = _bytes(self.needed_bytes), _bytes(self.available_bytes)
        return (
            f"'{self.path}' would take about {needed} of memory, and at most {available} are meant for data"
        )

    def help(self) -> str:
        return "try a sample of its rows"


@dataclass(frozen=True, kw_only=True)
class UnknownColumn(Diagnostic):
    """A `data` statement uses a column that the data do not have.

    Wrong:

        data digits { x = pixels / 16 }

    Right:

        data digits { x = image / 16 }
    """

    code: ClassVar[str] = "E0605"
    column: str
    table: str
    columns: tuple[str, ...]

    def message(self) -> str:
        return f"'{self.table}' has no column '{self.column}'"

    def help(self) -> str:
        close = _closest(self.column, self.columns)
        return f"{close + ' ' if close else ''}its columns are {_listed(self.columns)}"


@dataclass(frozen=True, kw_only=True)
class NotANumber(Diagnostic):
    """A cell of a column that is used as numbers is text.

    Wrong:

        data "people.csv" { x = age / 100 }     # age: 34, 51, unknown

    Right:

        data "people.csv" { x = age / 100 }     # age: 34, 51, 47
    """

    code: ClassVar[str] = "E0606"
    column: str
    table: str
    row: int
    found: str

    def message(self) -> str:
        where = f"in row {self.row} of column '{self.column}' of {self.table}"
        return f"expected a number {where}, found '{self.found}'"

    def help(self) -> str:
        return "rows are counted from 1, without the header; remove the row or put a number there"


@dataclass(frozen=True, kw_only=True)
class NotFinite(Diagnostic):
    """A value is missing or not finite, and would make every weight so.

    Wrong:

        data "weather.csv" { x = log(rain) }    # rain: 0.2, 0, NA

    Right:

        data "weather.csv" { x = log(rain + 1) }  # rain: 0.2, 0, 1.3
    """

    code: ClassVar[str] = "E0607"
    name: str
    table: str
    row: int
    found: str

    def message(self) -> str:
        what = "a missing value" if self.found == "nan" else self.found
        return f"expected finite numbers for '{self.name}', found {what} in row {self.row} of {self.table}"

    def help(self) -> str:
        return "rows are counted from 1; remove the row, or fill the gap before"


@dataclass(frozen=True, kw_only=True)
class UnboundValue(Unfitting):
    """An input or a target gets nothing from the data.

    What `data` does not bind gets the column of its own name.

    Wrong:

        input x[64]
        data digits

    Right:

        input x[64]
        data digits { x = image / 16 }
    """

    code: ClassVar[str] = "E0608"
    kind: str
    table: str
    columns: tuple[str, ...]
    likely: str

    def message(self) -> str:
        bound = f"nothing is bound to the {self.kind} '{self.name}'"
        return f"{bound}, and '{self.table}' has no column of that name"

    def help(self) -> str:
        return f"try '{self.name} = {self.likely}' in the data statement; columns are {_listed(self.columns)}"


@dataclass(frozen=True, kw_only=True)
class WrongShape(Unfitting):
    """The values for an input or target have another size or arrangement than its type says.

    Sizes may be arranged anew (28x28 pixels for 784 units), but their number is the same.

    Wrong:

        input x[100]
        data digits { x = image / 16 }          # images of 8x8 pixels

    Right:

        input x[64]
        data digits { x = image / 16 }
    """

    code: ClassVar[str] = "E0609"
    type: str
    expected: tuple[int | None, ...]
    found: tuple[int, ...]
    alone: bool = False

    def message(self) -> str:
        return (
            f"expected {_shape(self.expected)} for each example of '{self.name}', which is {self.type}, "
            f"found {_shape(self.found)}"
        )

    def help(self) -> str | None:
        if self.alone:
            return f"a single example is a batch of one: try {self.name}=[…]"
        if sorted(self.found) == sorted(size or 0 for size in self.expected):
            return "arrange the axes: rows, the index sets in order, then units"
        count = _count(self.found)
        return f"try '{self.name}[{count}]'" if len(self.expected) == 1 and count else None


def _shape(sizes: tuple[int | None, ...]) -> str:
    if not sizes:
        return "a single value"
    if all(size is not None for size in sizes) and _count(sizes) == 1:
        return "a single value"
    text = " x ".join("any" if size is None else str(size) for size in sizes)
    return f"{text} values"


def _count(sizes: tuple[int | None, ...]) -> int:
    count = 1
    for size in sizes:
        count *= size or 0
    return count


@dataclass(frozen=True, kw_only=True)
class OutOfDomain(Unfitting):
    """A value lies outside what the domain of an input or target admits.

    `onehot` takes classes 0 to k-1 (or k different words), `binary` 0 to 1, `bipolar` -1 to 1.

    Wrong:

        target digit[9] onehot                  # labels 0 to 9
        input  x[64] binary
        data digits { x = image, digit = label }  # pixels 0 to 16

    Right:

        target digit[10] onehot
        input  x[64] binary
        data digits { x = image / 16, digit = label }
    """

    code: ClassVar[str] = "E0610"
    type: str
    admitted: str
    row: int
    found: str
    hint: str | None = None

    def message(self) -> str:
        return (
            f"expected {self.admitted} for '{self.name}', which is {self.type}, "
            f"found {self.found} in row {self.row}"
        )

    def help(self) -> str | None:
        return self.hint


@dataclass(frozen=True, kw_only=True)
class Bits(Unfitting):
    """Bits 0 and 1 are given for units that are -1 or +1.

    A bipolar 0 stands between the two states: it would count for nothing in what a network stores and
    recalls. A truth becomes -1 or +1 by itself.

    Wrong:

        input x[64] bipolar
        data "pixels.csv" { x = bit }

    Right:

        input x[64] bipolar
        data "pixels.csv" { x = bit > 0 }
    """

    code: ClassVar[str] = "E0650"
    column: str

    def message(self) -> str:
        return f"expected -1 and +1 for '{self.name}', which is bipolar, found nothing but 0 and 1"

    def help(self) -> str:
        return f"try `{self.column} > 0`, a truth, or `2 * {self.column} - 1`"


@dataclass(frozen=True, kw_only=True)
class TooManyClasses(Unfitting):
    """A column of words has more different words than the target has units.

    Wrong:

        target species[2] onehot                # setosa, versicolor, virginica

    Right:

        target species[3] onehot
    """

    code: ClassVar[str] = "E0611"
    size: int
    classes: tuple[str, ...]

    def message(self) -> str:
        return (
            f"expected at most {self.size} classes for '{self.name}', "
            f"found {len(self.classes)}: {_listed(self.classes, 8)}"
        )

    def help(self) -> str:
        return f"try '{self.name}[{len(self.classes)}] onehot'"


@dataclass(frozen=True, kw_only=True)
class DifferentLengths(Diagnostic):
    """Columns or arrays that belong together have different numbers of rows.

    Wrong:

        net.fit(x=images, digit=labels[:100])

    Right:

        net.fit(x=images, digit=labels)
    """

    code: ClassVar[str] = "E0612"
    counts: tuple[tuple[str, int], ...]

    def message(self) -> str:
        found = ", ".join(f"{count} of '{name}'" for name, count in self.counts)
        return f"expected one row an example in every column, found {found}"


@dataclass(frozen=True, kw_only=True)
class ShapesDisagree(Diagnostic):
    """An operation joins columns whose rows have different shapes.

    Wrong:

        data "pairs.npz" { x = image + thumbnail }  # 28x28 and 8x8 pixels

    Right:

        data "pairs.npz" { x = image + other }  # both 28x28 pixels
    """

    code: ClassVar[str] = "E0613"
    function: str
    shapes: tuple[tuple[int, ...], ...]

    def message(self) -> str:
        shapes = " and ".join(_shape(shape) for shape in self.shapes)
        return f"expected rows of one shape for '{self.function}', found {shapes}"


@dataclass(frozen=True, kw_only=True)
class WindowTooLong(Diagnostic):
    """A window or a step ahead is as long as the series, so that nothing is left to learn from.

    Wrong:

        data "sunspots.csv" { past = window(SUNACTIVITY, 500) }  # 309 rows

    Right:

        data "sunspots.csv" { past = window(SUNACTIVITY, 12) }
    """

    code: ClassVar[str] = "E0614"
    function: str
    length: int
    most: int
    rows: int

    def message(self) -> str:
        return (
            f"expected a length of 1 to {self.most} in '{self.function}', found {self.length}, "
            f"because there are {self.rows} rows"
        )


@dataclass(frozen=True, kw_only=True)
class UnknownArray(Diagnostic):
    """An array was given under a name that is neither an input nor a target of the network.

    Wrong:

        net.run(X=images)                       # input x[64]

    Right:

        net.run(x=images)
    """

    code: ClassVar[str] = "E0615"
    name: str
    known: tuple[str, ...]

    def message(self) -> str:
        return f"the network has no input or target '{self.name}'"

    def help(self) -> str:
        close = _closest(self.name, self.known)
        return f"{close + ' ' if close else ''}it takes {_listed(self.known)}"


@dataclass(frozen=True, kw_only=True)
class MissingArray(Diagnostic):
    """No array was given for an input, or for a target that the training needs.

    Wrong:

        net.fit(x=images)                       # target digit[10] onehot

    Right:

        net.fit(x=images, digit=labels)
    """

    code: ClassVar[str] = "E0616"
    kind: str
    name: str
    given: tuple[str, ...]

    def message(self) -> str:
        given = _listed(self.given) if self.given else "nothing"
        return f"expected an array for the {self.kind} '{self.name}', found {given}"

    def help(self) -> str:
        return f"try {self.name}=…"


@dataclass(frozen=True, kw_only=True)
class NoExamples(Diagnostic):
    """There is not a single example to work on.

    Wrong:

        data digits { split 0 : 0.5 : 0.5 }

    Right:

        data digits { split 0.8 : 0.1 : 0.1 }
    """

    code: ClassVar[str] = "E0617"
    table: str
    rows: int

    def message(self) -> str:
        return f"no example is left for training of the {self.rows} rows of '{self.table}'"


@dataclass(frozen=True, kw_only=True)
class VariableLength(Diagnostic):
    """Examples of different lengths stand where each example has one shape, or is a single value.

    Texts, sounds and other rows of unequal length go to an input over a sequence; `next` and `previous` stand
    outside of all other operations.

    Wrong:

        input x[27] onehot
        data names { x = text }

    Right:

        input x[27] onehot over t in T
        data names { x = text }
    """

    code: ClassVar[str] = "E0618"
    what: str

    def message(self) -> str:
        return f"expected examples of one shape, found {self.what}, whose examples differ in length"

    def help(self) -> str:
        return "values over a sequence take them: try 'over t in T'; 'next' and 'previous' stand outermost"


@dataclass(frozen=True, kw_only=True)
class SequencesDiffer(Unfitting):
    """Two values over one sequence have examples of different lengths.

    Values over `T` have the same `T` in each example; what differs in length is over sets of its own.

    Wrong:

        input  english[8000] onehot over t in T
        target chinese[8000] onehot over t in T

    Right:

        input  english[8000] onehot over s in S
        target chinese[8000] onehot over t in T
    """

    code: ClassVar[str] = "E0619"
    other: str
    sequence: str
    row: int
    length: int
    other_length: int

    def message(self) -> str:
        return (
            f"expected sequences of one length for '{self.name}' and '{self.other}', which are both over "
            f"{self.sequence}, found {self.length} and {self.other_length} places in row {self.row}"
        )

    def help(self) -> str:
        return "give one of them a set of its own, or bind columns of equal lengths"


@dataclass(frozen=True, kw_only=True)
class SequencesTooLong(Unfitting):
    """Sequences would not fit into memory once all are as long as the longest.

    Wrong:

        train { minimize cross_entropy(z, y) }  # one example of a million characters

    Right:

        train { minimize cross_entropy(z, y)  window 64 }
    """

    code: ClassVar[str] = "E0620"
    rows: int
    longest: int
    needed_bytes: int
    available_bytes: int

    def message(self) -> str:
        needed, available = _bytes(self.needed_bytes), _bytes(self.available_bytes)
        return (
            f"'{self.name}' would take about {needed} of memory, and at most {available} are meant for data: "
            f"{self.rows} examples as long as the longest, {self.longest} places"
        )

    def help(self) -> str:
        return "try 'window 64' in the training stage, which cuts long sequences into pieces"


@dataclass(frozen=True, kw_only=True)
class WindowCuts(Unfitting):
    """A stage cuts sequences into windows, but not every value of an example can be cut alike.

    All stages with a `window` have the same one, and all inputs and targets lie over the sequence.

    Wrong:

        target digit[10] onehot                 # one for the whole of each sequence
        train { minimize cross_entropy(z, digit)  window 64 }

    Right:

        train { minimize cross_entropy(z, digit) }
    """

    code: ClassVar[str] = "E0621"
    window: int
    reason: str

    def message(self) -> str:
        return f"expected values that 'window {self.window}' can cut, found '{self.name}', {self.reason}"


@dataclass(frozen=True, kw_only=True)
class UnknownSymbol(Unfitting):
    """A symbol occurs that the training part does not have, and no class is left to stand for it.

    With one unit more there is `<unk>`, which stands for all symbols that are not known.

    Wrong:

        input x[26] onehot over t in T          # a to z
        data "words.txt" { x = text }           # an é in the last line

    Right:

        input x[27] onehot over t in T
    """

    code: ClassVar[str] = "E0622"
    symbol: str
    known: int

    def message(self) -> str:
        known = f"one of the {self.known} symbols of the training part"
        return f"expected {known} for '{self.name}', found '{self.symbol}'"

    def help(self) -> str:
        return f"try '{self.name}[{self.known + 1}] onehot', which has room for a symbol for all others"


@dataclass(frozen=True, kw_only=True)
class TextExpected(Diagnostic):
    """Text stands where numbers are wanted, or the other way round.

    `tokens` takes a column of texts; an input over a sequence of symbols is `onehot`.

    Wrong:

        data digits { x = tokens(image) }

    Right:

        data names { x = tokens(text) }
    """

    code: ClassVar[str] = "E0623"
    found: str

    def message(self) -> str:
        return f"expected a column of texts, found '{self.found}'"


@dataclass(frozen=True, kw_only=True)
class RandomData(Diagnostic):
    """A network is trained without a data statement, on random numbers of its shape.

    This tries and times a network; there is nothing to learn.

    Wrong:

        network Net { input x[64]  train { … } }

    Right:

        network Net { input x[64]  train { … }  data digits { x = image / 16 } }
    """

    code: ClassVar[str] = "W0960"
    severity: ClassVar[Severity] = Severity.WARNING
    network: str

    def message(self) -> str:
        return f"'{self.network}' names no data, and learns from random numbers"

    def help(self) -> str:
        return "try 'data digits { … }', or 'data \"file.csv\" { … }'"
