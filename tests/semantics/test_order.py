"""Definitions stand in order, however the spec has them; the front end is about linear."""

from __future__ import annotations

import pytest

from nndsl.semantics.model import At, Model
from nndsl.semantics.walk import walk
from tests.semantics.checking import SPECS, codes, model_of

NAMES = sorted(path.stem for path in SPECS.glob("*.nn"))


def late(model: Model) -> list[str]:
    """Undelayed uses that come before their definition."""
    defined = {value.name for value in (*model.inputs, *model.targets)}
    found: list[str] = []
    for definition in model.definitions:
        delayed = {
            id(part.value) for part in walk(definition.expression) if isinstance(part, At) and part.delay
        }
        for part in walk(definition.expression):
            name = getattr(getattr(part, "value", None), "name", None)
            if isinstance(name, str) and name not in defined and id(part) not in delayed:
                found.append(name)
        defined.add(definition.value.name)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_uses_come_after_definitions(name: str) -> None:
    assert late(model_of(name)) == []


def test_the_order_of_declarations_means_nothing() -> None:
    forwards = "layer a[4] = full(x)  layer b[5] = relu(full(a))  output y[6] = full(b)"
    backwards = "output y[6] = full(b)  layer b[5] = relu(full(a))  layer a[4] = full(x)"
    one, other = (model_of(f"network N {{ input x[3] {text} }}") for text in (forwards, backwards))
    assert [d.value.name for d in one.definitions] == [d.value.name for d in other.definitions]
    assert {p.name: p.shape for p in one.parameters} == {p.name: p.shape for p in other.parameters}


def chain(count: int) -> str:
    layers = "\n".join(f"layer h{i}[8] = relu(full(h{i - 1}) + bias)" for i in range(count, 0, -1))
    return f"network N {{ input h0[8]\n{layers}\noutput y[2] = full(h{count}) }}"


def test_two_thousand_layers() -> None:
    assert len(model_of(chain(2000)).definitions) == 2001


def test_a_long_loop_is_found_without_recursion() -> None:
    layers = "\n".join(f"layer h{i}[8] = relu(full(h{(i + 1) % 3000}))" for i in range(3000))
    assert codes(f"network N {{ input x[8]\n{layers}\noutput y[8] = full(h0) }}") == ["E0401"]
