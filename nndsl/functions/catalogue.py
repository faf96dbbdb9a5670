"""The catalogue of the language's functions: one decorated Python function is one entry.

    @function("cross_entropy", "(logits: real[*u], target: onehot[*u]; smoothing: number = 0) -> real[1]")
    def cross_entropy(logits: Term, target: Term, smoothing: float) -> Term: ...

The signature tells the checker what the function takes; the body tells the builder what it means,
as a formula over the `Term`s of nndsl.building.term; the docstring tells the reader (formula, source).

Signatures. Before the semicolon stand values, after it options. A value's type is `domain[units]`,
the domain one of real, binary, bipolar, onehot, index; units are variables (`k`), `*u` for any number
of axes, or numbers; the same variable is the same size; no units at all are one, `[1]`. Index spaces are
inherited and united. `real` takes every domain but index, and every parameter takes what has its units
and holds a mean (a real in [0, 1] for binary). Where several values and the result have the
same `[*u]`, the function is element-wise, and a scalar among the values stretches.

Other types of values: `position` is the element of an ordered set or a grid side as a number (`sinusoid(t)`);
`distribution[*u]` is a drawn layer or a call of the family `distribution`, as `Sample`; `energy` and `group`
belong to the family `query`, which the checker turns into `Infer`. Units that only the result has
(`sinusoid`, `flatten`) come from the context or are known to the checker.
An option's type is number, integer, truth, word(a|b), numbers (a tuple) or schedule (a number that may
be a ramp or a schedule; a positive_schedule begins above 0, a share_schedule is also at most 1), with its
default after `=`; without a default it must be given.
Options may be given by position after the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ValueParameter:
    name: str
    domain: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OptionParameter:
    name: str
    type: str
    words: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    text: str
    values: tuple[ValueParameter, ...]
    options: tuple[OptionParameter, ...]
    result: ValueParameter | None

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Raises ValueError where the text is no signature: a defect of the catalogue."""
        match = re.fullmatch(r"\((?P<values>[^;]*?)(;(?P<options>.*?))?\)\s*(->\s*(?P<result>.+))?", text)
        if match is None:
            raise ValueError(f"not a signature: {text}")
        values = tuple(_value(part) for part in _split(match["values"]))
        options = tuple(_option(part) for part in _split(match["options"] or ""))
        result = _value(f"result: {match['result']}") if match["result"] else None
        return cls(text, values, options, result)


@dataclass(frozen=True, slots=True)
class Function:
    """An entry. `parameters` are numbers that each use owns: name, units, initial value. They are learned,
    but for `states`, which follow the values from step to step of a training.

    `after` is done to the mean of a measure over all examples: a perplexity is the exponential of a mean.
    """

    name: str
    family: str
    signature: Signature
    doc: str
    lower: Callable[..., Any]
    parameters: tuple[tuple[str, tuple[str, ...], float], ...] = ()
    after: Callable[[float], float] | None = None
    states: tuple[str, ...] = ()

    def asks(self, name: str) -> bool:
        """Whether the body takes something beside what the signature says: `units`, `noise`, `training`."""
        code = self.lower.__code__
        return name in code.co_varnames[: code.co_argcount]


Lowering = Callable[..., Any]
_ENTRIES: dict[str, dict[str, Function]] = {}


def entry(
    family: str,
    name: str,
    signature: str,
    parameters: Mapping[str, tuple[str, float]] | None = None,
    after: Callable[[float], float] | None = None,
    states: tuple[str, ...] = (),
) -> Callable[[Lowering], Lowering]:
    """Puts the decorated function into a family: `function`, `measure`, `distribution`, `query`, `optimizer`,
    `rule` or `schedule`.

    `parameters` maps a name to its units, as in a signature, and its initial value; `after` and `states` see
    `Function`.
    """

    def add(lower: Lowering) -> Lowering:
        owned = tuple(
            (key, tuple(_split(units)), value) for key, (units, value) in (parameters or {}).items()
        )
        parsed = Signature.parse(signature)
        _add(Function(name, family, parsed, lower.__doc__ or "", lower, owned, after, states))
        return lower

    return add


def _add(function: Function) -> None:
    entries = _ENTRIES.setdefault(function.family, {})
    if function.name in entries:
        raise ValueError(f"{function.family} {function.name} is in the catalogue twice")
    entries[function.name] = function


def function(
    name: str, signature: str, states: tuple[str, ...] = (), **parameters: tuple[str, float]
) -> Callable[[Lowering], Lowering]:
    return entry("function", name, signature, parameters, states=states)


def family(name: str) -> Mapping[str, Function]:
    """All entries of a family, by name. Loads the catalogue's modules on first use."""
    from nndsl.functions import load

    load()
    return _ENTRIES.get(name, {})


def entries(name: str) -> tuple[Function, ...]:
    """The entries of this name in any family: several families may know one word."""
    family("function")
    return tuple(found[name] for found in _ENTRIES.values() if name in found)


def entry_of(name: str) -> Function:
    """What an `Apply` applies: a function, or a measure. Raises KeyError where there is none."""
    functions = family("function")
    return functions[name] if name in functions else family("measure")[name]


def _split(text: str) -> list[str]:
    """Splits at the commas that stand in no bracket."""
    parts = re.split(r",(?![^\[(]*[\])])", text)
    return [part.strip() for part in parts if part.strip()]


def _value(text: str) -> ValueParameter:
    match = re.fullmatch(r"(\w+):\s*(\w+)(\[(.*)\])?", text.strip())
    if match is None:
        raise ValueError(f"not a value parameter: {text}")
    units = tuple(_split(match[4])) if match[4] is not None else ()
    return ValueParameter(match[1], match[2], units)


def _option(text: str) -> OptionParameter:
    match = re.fullmatch(r"(\w+):\s*(\w+)(\(([^)]*)\))?\s*(=\s*(.+))?", text.strip())
    if match is None:
        raise ValueError(f"not an option: {text}")
    words = tuple(match[4].split("|")) if match[4] else ()
    return OptionParameter(match[1], match[2], words, match[6])
