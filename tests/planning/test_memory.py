"""Buffers that live at the same time never overlap, and the arena is no larger than it must be for a
chain.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nndsl.planning.memory import Lifetime, aligned, place

spans = st.tuples(st.integers(0, 30), st.integers(0, 10), st.integers(0, 500))


@given(st.lists(spans, max_size=40))
def test_buffers_alive_together_are_apart(drawn: list[tuple[int, int, int]]) -> None:
    lives = {f"b{i}": Lifetime(size, first, first + more) for i, (first, more, size) in enumerate(drawn)}
    offsets, end = place(lives)
    for a, one in lives.items():
        assert offsets[a] % 64 == 0
        assert offsets[a] + one.size_bytes <= end
        for b, other in lives.items():
            together = one.first <= other.last and other.first <= one.last
            if a < b and together and one.size_bytes and other.size_bytes:
                before = offsets[a] + one.size_bytes <= offsets[b]
                after = offsets[b] + other.size_bytes <= offsets[a]
                assert before or after, (a, b)


def test_a_chain_needs_two_buffers() -> None:
    lives = {f"b{i}": Lifetime(1000, i, i + 1) for i in range(100)}
    assert place(lives)[1] == 2 * aligned(1000)


def test_a_heir_takes_the_place_of_its_operand() -> None:
    lives = {"x": Lifetime(100, 0, 1), "y": Lifetime(100, 1, 2, reuses="x"), "z": Lifetime(100, 3, 4)}
    offsets, end = place(lives)
    assert offsets == {"x": 0, "y": 0, "z": 0}
    assert end == aligned(100)
