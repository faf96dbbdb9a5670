"""Units of element-wise operations: equal sizes, where only what is known to be a scalar stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.semantics.draft import Draft
from nndsl.semantics.units import Constraint, Part, Solver, Units

Mismatch = Callable[[Draft | None, Draft], Diagnostic]


class Elementwise(Constraint):
    """The operands of an element-wise operation and its result.

    A scalar stretches to any units, and units that are the leading axes of the result stretch over the
    others (`A[heads] * V[heads, k]`); everything else is as large as the result.
    `mismatch(first, second)` says what is wrong with two operands, or with one (first is None) that the
    result cannot hold. With `open_result` scalars alone leave the result to its context, as a draw does.
    """

    def __init__(
        self,
        solver: Solver,
        result: Units,
        operands: Sequence[Draft],
        mismatch: Mismatch,
        open_result: bool = False,
    ) -> None:
        self._solver, self._result, self._mismatch = solver, result, mismatch
        self._open_result = open_result
        self._first: Draft | None = None  # the operand that gave the result its units
        for operand in operands:
            if operand.shapeless:
                self._agree(operand)
        self._pending = [operand for operand in operands if not operand.shapeless]
        self._all_scalar = len(self._pending) == len(operands)

    def variables(self) -> Iterable[Part]:
        return (self._result, *(operand.units for operand in self._pending))

    def advance(self) -> bool:
        if any(operand.units.is_wrong for operand in self._pending):
            self._result.blame()
            return True
        scalars = [operand for operand in self._pending if operand.units.is_scalar]
        self._pending = [operand for operand in self._pending if not operand.units.is_scalar]
        if self._result.sizes is not None or all(_is_large(operand.units) for operand in self._pending):
            self._settle()
        if self._pending:
            return False
        if self._all_scalar and not self._open_result and scalars:
            self._agree(scalars[0])
        return True

    def _settle(self) -> None:
        """Compares what is known with the result, the operand of the highest rank first."""
        known = [operand for operand in self._pending if _is_large(operand.units) or self._result.is_scalar]
        for operand in sorted(known, key=lambda operand: -len(operand.units.sizes or ())):
            self._agree(operand)
        self._all_scalar = self._all_scalar and not known
        self._pending = [operand for operand in self._pending if operand not in known]

    def _agree(self, operand: Draft) -> None:
        first = self._first
        sizes, whole = operand.units.sizes, self._result.sizes
        target = self._result
        if sizes is not None and whole is not None and len(sizes) < len(whole):
            target = Units(whole[: len(sizes)])
        self._solver.equal(target, operand.units, lambda: self._mismatch(first, operand))
        if operand.units.is_wrong:
            self._result.blame()
        if operand.units.sizes is not None:
            self._first = self._first or operand

    def force(self) -> bool:
        """What is still unknown has the units of the other side."""
        if not self._pending:
            return False
        self._all_scalar = False
        known = [operand for operand in self._pending if _is_large(operand.units)]
        chosen = max(known, key=lambda operand: len(operand.units.sizes or ()), default=self._pending[0])
        self._pending.remove(chosen)
        self._agree(chosen)
        return True


def _is_large(units: Units) -> bool:
    """Known to be no scalar."""
    sizes = units.sizes
    return sizes is not None and (len(sizes) != 1 or sizes[0].value not in (None, 1))
