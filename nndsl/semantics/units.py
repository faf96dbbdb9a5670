"""Unit sizes that are not known yet, and the unification that finds them.

A `Size` is one number, a `Units` a tuple of sizes whose rank may be unknown too. Both are
union-find nodes: what has been found equal stands for one thing. A mistake makes `Units`
wrong, and what is wrong agrees with everything, so that one mistake is reported once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from nndsl.diagnostics.diagnostic import Diagnostic, Diagnostics


class Size:
    """One unit axis: a number, or not known yet."""

    __slots__ = ("_parent", "_value", "watchers", "wrong")

    def __init__(self, value: int | None = None) -> None:
        self._parent: Size | None = None
        self._value = value
        self.wrong = False
        self.watchers: list[Constraint] = []

    @classmethod
    def mistaken(cls) -> Size:
        """A size that is wrong already."""
        size = cls()
        size.wrong = True
        return size

    def root(self) -> Size:
        size = self
        while size._parent is not None:
            if size._parent._parent is not None:
                size._parent = size._parent._parent
            size = size._parent
        return size

    @property
    def value(self) -> int | None:
        return self.root()._value

    def become(self, other: Size) -> bool:
        """Makes both the same; false where both are known and differ."""
        one, two = self.root(), other.root()
        if one is two or one.wrong or two.wrong:
            return True
        if one._value is not None and two._value is not None:
            return one._value == two._value
        if one._value is not None:
            one, two = two, one
        one._parent = two
        _hand_over(one, two, two._value is not None)
        return True

    def __str__(self) -> str:
        value = self.value
        return "?" if value is None else str(value)


class Units:
    """The unit axes of a value, `None` where their number is not known."""

    __slots__ = ("_parent", "_sizes", "watchers", "wrong")

    def __init__(self, sizes: Sequence[Size] | None = None) -> None:
        self._parent: Units | None = None
        self._sizes = None if sizes is None else tuple(sizes)
        self.wrong = False
        self.watchers: list[Constraint] = []

    @classmethod
    def scalar(cls) -> Units:
        return cls((Size(1),))

    @classmethod
    def mistaken(cls) -> Units:
        """Units of an expression that is wrong already."""
        units = cls()
        units.wrong = True
        return units

    def root(self) -> Units:
        units = self
        while units._parent is not None:
            if units._parent._parent is not None:
                units._parent = units._parent._parent
            units = units._parent
        return units

    @property
    def sizes(self) -> tuple[Size, ...] | None:
        return self.root()._sizes

    @property
    def is_wrong(self) -> bool:
        root = self.root()
        return root.wrong or any(size.root().wrong for size in root._sizes or ())

    @property
    def known(self) -> tuple[int, ...] | None:
        """The numbers, once all of them are known."""
        sizes = self.sizes
        if sizes is None:
            return None
        values = tuple(size.value for size in sizes)
        return None if None in values else values  # type: ignore[return-value]

    @property
    def is_scalar(self) -> bool:
        return self.known == (1,)

    def blame(self) -> None:
        """Marks as wrong: from now on it agrees with everything."""
        root = self.root()
        root.wrong = True
        _wake(root)

    def become(self, other: Units) -> bool:
        """Makes both the same; false where they cannot be."""
        one, two = self.root(), other.root()
        if one is two:
            return True
        if one.is_wrong or two.is_wrong:
            one.blame()
            two.blame()
            return True
        if one._sizes is not None and two._sizes is not None:
            if len(one._sizes) != len(two._sizes):
                return False
            if not all(a.become(b) for a, b in zip(one._sizes, two._sizes, strict=True)):
                return False
        if one._sizes is not None:
            one, two = two, one
        one._parent = two
        _hand_over(one, two, two._sizes is not None)
        return True

    def __str__(self) -> str:
        sizes = self.sizes
        return "[?]" if sizes is None else f"[{', '.join(map(str, sizes))}]"


Part = Units | Size
Complaint = Callable[[], Diagnostic]


class Constraint:
    """Something that holds between units, found out when enough of them is known."""

    done = False
    queued = False
    solver: Solver

    def variables(self) -> Iterable[Part]:
        """What the constraint waits for."""
        raise NotImplementedError

    def advance(self) -> bool:
        """Draws what conclusions it can; true when there is nothing left to conclude."""
        raise NotImplementedError

    def force(self) -> bool:
        """Decides what stayed open, where the language has a rule for it; true if it did."""
        return False


def _hand_over(gone: Size | Units, stays: Size | Units, known: bool) -> None:
    """What waited for a variable waits for the one that it has become, or goes on where that is known."""
    if known:
        _wake(gone)
    elif len(gone.watchers) > len(stays.watchers):
        gone.watchers.extend(stays.watchers)
        stays.watchers = gone.watchers
    else:
        stays.watchers.extend(gone.watchers)
    gone.watchers = []


def _wake(variable: Size | Units) -> None:
    for constraint in variable.watchers:
        constraint.solver.wake(constraint)
    variable.watchers = []


class Solver:
    """Keeps the constraints that wait for sizes, and reports what cannot be."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self._waiting: list[Constraint] = []
        self._queue: deque[Constraint] = deque()

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.add(diagnostic)

    def equal(self, one: Units, two: Units, complaint: Complaint) -> None:
        """Makes two units the same, or complains; what is known stays what it is."""
        if not one.become(two):
            self.report(complaint())
            for units in (one, two):
                if units.known is None:
                    units.blame()

    def require(self, constraint: Constraint) -> None:
        """Adds a constraint, which concludes what it can at once."""
        constraint.solver = self
        self._advance(constraint)
        if not constraint.done:
            self._waiting.append(constraint)

    def wake(self, constraint: Constraint) -> None:
        if not (constraint.done or constraint.queued):
            constraint.queued = True
            self._queue.append(constraint)

    def solve(self) -> None:
        """Draws all conclusions; where none is left, forces the constraints that can be, in order."""
        forced = True
        while forced:
            self._settle()
            forced = False
            for constraint in self._waiting:
                if not constraint.done and constraint.force():
                    forced = True
                    self._advance(constraint)
                    self._settle()
            self._waiting = [constraint for constraint in self._waiting if not constraint.done]

    def _settle(self) -> None:
        while self._queue:
            constraint = self._queue.popleft()
            constraint.queued = False
            self._advance(constraint)

    def _advance(self, constraint: Constraint) -> None:
        constraint.done = constraint.done or constraint.advance()
        if not constraint.done:
            for variable in constraint.variables():
                self._watch(constraint, variable)

    def _watch(self, constraint: Constraint, variable: Part) -> None:
        root = variable.root()
        if isinstance(root, Units) and root.sizes is not None:
            for size in root.sizes:
                self._watch(constraint, size)
        elif isinstance(root, Units) or root.value is None:
            root.watchers.append(constraint)


class Concatenation(Constraint):
    """`whole` is the `parts` one after the other; no part at all is `[1]`."""

    def __init__(self, solver: Solver, whole: Units, parts: Sequence[Part], complaint: Complaint) -> None:
        self._solver, self._whole, self._parts, self._complaint = solver, whole, tuple(parts), complaint

    def variables(self) -> Iterable[Part]:
        return (self._whole, *self._parts)

    def advance(self) -> bool:
        if any(isinstance(part, Units) and part.is_wrong for part in self._parts):
            self._whole.blame()
            return True
        if self._whole.is_wrong:
            self._spread_blame()
            return True
        joined = self._joined()
        if joined is not None:
            self._solver.equal(self._whole, Units(joined or (Size(1),)), self._complaint)
            return True
        return self._split()

    def force(self) -> bool:
        (part, *others) = self._parts
        if others or not isinstance(part, Units) or part.sizes is not None:
            return False
        self._solver.equal(self._whole, part, self._complaint)
        return True

    def _joined(self) -> tuple[Size, ...] | None:
        sizes: list[Size] = []
        for part in self._parts:
            if isinstance(part, Size):
                sizes.append(part)
            elif part.sizes is None:
                return None
            else:
                sizes.extend(part.sizes)
        return tuple(sizes)

    def _split(self) -> bool:
        """Where one part alone has an unknown rank, the whole gives it."""
        whole = self._whole.sizes
        open_parts = [part for part in self._parts if isinstance(part, Units) and part.sizes is None]
        if whole is None or len(open_parts) != 1 or (len(self._parts) == 1 and self._whole.is_scalar):
            return False  # a lone `[1]` may be no axis at all
        open_part = open_parts[0]
        known = sum(1 if isinstance(part, Size) else len(part.sizes or ()) for part in self._parts)
        rank = len(whole) - known
        if rank < 0:
            self._solver.report(self._complaint())
            self._spread_blame()
            return True
        before = sum(
            1 if isinstance(part, Size) else len(part.sizes or ())
            for part in self._parts[: self._parts.index(open_part)]
        )
        open_part.become(Units(whole[before : before + rank]))
        return self.advance()

    def _spread_blame(self) -> None:
        self._whole.blame()
        for part in self._parts:
            if isinstance(part, Units) and part.known is None:
                part.blame()
