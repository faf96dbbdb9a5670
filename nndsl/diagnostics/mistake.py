"""Diagnostics whose classes cost next to nothing to make.

A hundred of them are loaded at every start; `dataclass` would spend a tenth of a second on writing and
compiling their methods. Here one method serves them all.
"""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.source import Span


@dataclass_transform(frozen_default=True)
class Mistake(Diagnostic):
    """A frozen diagnostic: its fields are what the class body annotates, in order, and `span`."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = vars(cls).get("__annotations__", {})
        cls._fields = tuple(name for name, kind in own.items() if not str(kind).startswith("ClassVar"))

    def __init__(self, *values: Any, span: Span | None = None, **named: Any) -> None:
        """Raises TypeError where a field is missing: a defect of ours."""
        given = {**dict(zip(self._fields, values, strict=False)), **named}
        for name in self._fields:
            if name not in given and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")
            if name in given:
                object.__setattr__(self, name, given.pop(name))
        if given or len(values) > len(self._fields):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._fields)}")
        object.__setattr__(self, "span", span)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def _values(self) -> tuple[Any, ...]:
        return (*(getattr(self, name) for name in self._fields), self.span)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Mistake) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({shown})"
