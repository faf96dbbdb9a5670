"""Recall: what can be asked of the descent of an energy, that of a Hopfield network above all.

Signatures as in `nndsl.functions.queries`; a whole-number option in the units of a result is its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.energies.question import Question
    from nndsl.operators.sweeps import Order

DESCENT = "sweeps: integer = 100, order: word(random|sequential|synchronous) = random"


@entry("query", "settle", f"(given: energy; {DESCENT}) -> real[*u]")
def settle(question: Question, sweeps: int, order: Order) -> Term:
    """`settle(E, v from x)`: descends E from v = x until nothing changes, or for `sweeps` through all units.

    Each unit takes the state of lower energy; at zero net input it keeps its own. One by one, in a random
    order or as they are numbered, units never raise E; `order = synchronous` changes all of them at once,
    which may end in a cycle of two states. Source: Hopfield (1982).
    """
    return question.descent(order).after(sweeps)[question.unit]


@entry("query", "energy_trace", f"(given: energy; {DESCENT}) -> real[sweeps]")
def energy_trace(question: Question, sweeps: int, order: Order) -> Term:
    """`energy_trace(E, v from x, sweeps = 20)`: E after each sweep of `settle(E, v from x)`."""
    return question.descent(order).energies(sweeps)


@entry("query", "settled", f"(given: energy; {DESCENT}) -> real[1]")
def settled(question: Question, sweeps: int, order: Order) -> Term:
    """`settled(E, v from x)`: the share of examples that have come to rest after `sweeps`: a further sweep
    changes nothing."""
    descent = question.descent(order)
    last = descent.after(sweeps)
    return descent.same(last, descent.further(last, sweeps))


@entry("query", "cycles", f"(given: energy; {DESCENT}) -> real[1]")
def cycles(question: Question, sweeps: int, order: Order) -> Term:
    """`cycles(E, v from x, order = synchronous)`: the share of examples in a cycle of two after `sweeps`.

    With symmetric weights there are no longer ones, and none where units change one by one. Source: Goles,
    Fogelman and Pellegrin (1985).
    """
    descent = question.descent(order)
    last = descent.after(sweeps)
    once = descent.further(last, sweeps)
    twice = descent.further(once, sweeps + 1)
    return descent.same(last, twice) * (1 - descent.same(last, once))
