"""A table of what a network writes, beside what is right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from nndsl.generation.examples import Attempt


def attempts_table(attempts: Sequence[Attempt]) -> Table:
    """A row an example of the test part: what it reads, the right answer, the network's."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("given", "expected", "written"):
        table.add_column(heading, overflow="fold")
    for attempt in attempts:
        table.add_row(Text(attempt.given), Text(attempt.expected), Text(attempt.written))
    return table
