"""Where the time of a training went, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.table import Table

from nndsl.diagnostics.wording import counted
from nndsl.learning.profile import RUNTIME, UPDATE, Row, StageProfile

ROWS = 40
"""So many of the longest rows are shown; the others are added up."""

OTHERS = "other calls"
LAYERS = {UPDATE: "update", RUNTIME: "data and sums"}
"""What stands for a layer in rows of these parts."""


def profile_table(profile: StageProfile) -> Table:
    """The calls of a minibatch: layers by their time, and within one its calls by theirs."""
    head = f"{profile.stage}: {counted(profile.threads, 'thread')}, {profile.minibatches} minibatches"
    title = f"{head} of {_time(profile.seconds)}"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title=title, title_justify="left")
    for heading in ("layer", "line", "work", "calls", "time", "share", "of bound"):
        left = heading in ("layer", "work")
        table.add_column(heading, justify="left" if left else "right", no_wrap=heading != "work")
    longest = sorted(profile.rows, key=lambda row: -row.seconds)
    shown, rest = longest[:ROWS], longest[ROWS:]
    for rows in _by_layer(shown):
        for number, row in enumerate(rows):
            table.add_row(*_cells(row, profile, _layer(row) if number == 0 else ""))
    if rest:
        seconds = sum(row.seconds for row in rest)
        table.add_row(OTHERS, "", "", str(len(rest)), _time(seconds), _share(seconds, profile), "")
    for name, seconds in (
        ("waiting", profile.waiting_seconds),
        ("between", profile.between_seconds),
    ):
        table.add_row(name, "", "", "", _time(seconds), _share(seconds, profile), "")
    clock = _share(profile.clock_seconds, profile)
    table.caption = (
        "waiting: for other threads; between: two minibatches, with validation and news; "
        f"reading the clock took {clock} of it all"
    )
    table.caption_justify = "left"
    return table


def _by_layer(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each layer, the longest first, and the layers by their sums."""
    grouped = [list(group) for _, group in groupby(sorted(rows, key=_layer), key=_layer)]
    ordered = sorted(grouped, key=lambda group: -sum(row.seconds for row in group))
    return [sorted(group, key=lambda row: -row.seconds) for group in ordered]


def _layer(row: Row) -> str:
    return LAYERS.get(row.part, row.layer or "other operators")


def _cells(row: Row, profile: StageProfile, layer: str) -> tuple[str, ...]:
    return (
        layer,
        "" if row.line is None else str(row.line),
        _work(row),
        f"{row.calls:g}",
        _time(row.seconds),
        _share(row.seconds, profile),
        f"{100 * row.least_seconds / row.seconds:.0f} %" if row.least_seconds and row.seconds else "",
    )


def _work(row: Row) -> str:
    """`gemm`, or what a fused kernel does: `fused_3: add, relu`."""
    return f"{row.kernel}: {', '.join(row.operators)}" if len(row.operators) > 1 else row.kernel


def _share(seconds: float, profile: StageProfile) -> str:
    return f"{100 * seconds / profile.seconds:.1f} %"


def _time(seconds: float) -> str:
    """`48.3 µs`."""
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"
