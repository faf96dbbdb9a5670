"""docs/functions.md, written from the catalogue: `pytest tests/docs --update-golden` writes it anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from nndsl.functions.catalogue import Function, family

HEAD = """# Functions

Written from the catalogue in `nndsl/functions/` by `pytest tests/docs --update-golden`; do not edit.

A signature names values before the semicolon and options, with their defaults, after it. `real[*u]` is any
units; the same letter is the same size; no brackets are one unit. Where several values and the result are
`[*u]`, the function goes unit by unit, and a scalar stretches. Index spaces are inherited and united. `real`
takes every domain but `index`. An option of the type schedule is a number, a ramp (`10 -> 1`) or a schedule;
a `positive_schedule` begins above 0, a `share_schedule` is also at most 1.
"""

FAMILIES = {
    "function": ("Functions", "Operators are functions under a name of their own: `x + y` is `add(x, y)`."),
    "measure": ("Measures", "For `report`; losses and queries may stand there too."),
    "distribution": ("Distributions", "For `layer z ~ …`, for how a parameter starts, and in `kl`."),
    "optimizer": ("Optimizers", "For `optimizer …`. w is a parameter, g its gradient."),
    "schedule": ("Schedules", "For a rate that changes from step to step: `rate = cosine(0.1)`."),
    "rule": ("Learning rules", "For `learn … by …` and `maximize likelihood(…) by …`."),
    "search": ("Searches", "For `generate … by …`: how symbols are chosen."),
    "query": ("Queries", "What an energy can be asked."),
}


def functions_page() -> str:
    sections = (
        f"\n## {title}\n\n{about}\n\n| signature | meaning |\n|---|---|\n" + "".join(_rows(name))
        for name, (title, about) in FAMILIES.items()
    )
    return HEAD + "".join(sections)


def _rows(name: str) -> Iterator[str]:
    for _, entry in sorted(family(name).items()):
        yield f"| `{entry.name}{_cell(_signature(entry))}` | {_cell(_meaning(entry))} |\n"


def _signature(entry: Function) -> str:
    return re.sub(r"\(; ", "(", entry.signature.text)


def _meaning(entry: Function) -> str:
    return " ".join(inspect.cleandoc(entry.doc).split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
