"""Comparisons -> tables, in a terminal and in `docs/performance.md`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from statistics import median

from benchmarks.comparison import DISTURBED_CPUS, Comparison
from benchmarks.suite import ONE_THREAD, OURS, PEAK, ROOT, Measurement, Suite

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- written by benchmarks.compare -->", "<!-- end -->"
PACKAGES = ("nndsl", "numpy", "scipy", "numba", "torch", "jax", "onnxruntime", "scikit-learn")

HEADINGS = (
    "workload",
    "nndsl",
    "of the bound",
    "best peer",
    "its time",
    "peer ÷ nndsl",
    "1 thread ÷ 2",
    "same loss",
    "memory, MB",
    "first step, s",
    "again, s",
)
DETAIL_HEADINGS = (
    "workload",
    "peer",
    "median",
    "quartiles",
    "CPUs",
    "CPUs of others",
    "MB",
    "first, s",
    "loss, first → last",
)


def row(comparison: Comparison, suite: Suite, limits: dict[str, float]) -> tuple[str, ...]:
    """One workload under `HEADINGS`; after its name only the reason, where nndsl has no numbers."""
    if comparison.error is not None:
        return (comparison.workload, comparison.error)
    ours, peer = comparison.seconds(OURS), comparison.best_peer
    bound, by = suite.bound(comparison.workload, limits) if limits else (None, "")
    return (
        comparison.workload,
        time_text(ours),
        f"{100 * bound / ours:.0f} % ({by.split()[0]})" if bound is not None else "",
        peer or "none runs",
        time_text(comparison.seconds(peer)) if peer else "",
        ratio_text(comparison),
        scaling_text(comparison),
        {True: "yes", False: "NO", None: ""}[comparison.same_work],
        _both(_memory(comparison, OURS), _memory(comparison, peer) if peer else ""),
        *(_firsts(comparison, peer, place) for place in (0, 1)),
    )


def ratio_text(comparison: Comparison) -> str:
    """The middle ratio and, in brackets, the least and the greatest; or why there is none."""
    if comparison.best_peer is None:
        return ""
    found = comparison.ratios(comparison.best_peer)
    if not found:
        return f"not judged: others took {comparison.disturbance:.1f} processors"
    spread = f" ({found[0]:.2f} … {found[-1]:.2f})" if len(found) > 1 else ""
    return f"{median(found):.2f}{spread}"


def _memory(comparison: Comparison, peer: str) -> str:
    megabytes = comparison.memory_mb(peer)
    return f"{megabytes:.0f}" if isfinite(megabytes) else ""


def scaling_text(comparison: Comparison) -> str:
    if ONE_THREAD not in comparison.rounds or comparison.rounds[ONE_THREAD][0].error:
        return ""
    return f"{comparison.seconds(ONE_THREAD) / comparison.seconds(OURS):.2f}"


def time_text(seconds: float) -> str:
    """`48.3 µs`."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _firsts(comparison: Comparison, peer: str | None, place: int) -> str:
    ours, theirs = comparison.first_seconds(OURS), comparison.first_seconds(peer) if peer else (None, None)
    return _both(*("" if found is None else f"{found:.1f}" for found in (ours[place], theirs[place])))


def _both(ours: str, theirs: str) -> str:
    return f"{ours} / {theirs}" if theirs else ours


def details(comparison: Comparison) -> Iterator[str]:
    """All measurements of a workload, a line each."""
    for peer, rounds in comparison.rounds.items():
        for found in rounds:
            yield f"| {comparison.workload} | {peer} | {_detail(found)} |"


def _detail(found: Measurement) -> str:
    if found.error is not None:
        return " | ".join((found.error.replace("|", "/"), *[""] * 6))
    losses = [f"{loss:.4g}" for loss in (found.loss_first, found.loss_last) if loss is not None]
    return " | ".join(
        (
            time_text(found.median_s),
            f"{time_text(found.q1_s)} … {time_text(found.q3_s)}",
            f"{found.own_cpus:.2f}",
            f"{found.other_cpus:.2f}",
            f"{found.rss_mb:.0f}" if isfinite(found.rss_mb) else "",
            f"{found.first_s:.2f}",
            " → ".join(losses),
        )
    )


def page(comparisons: Sequence[Comparison], suite: Suite, limits: dict[str, float]) -> str:
    """What stands in `docs/performance.md` between the marks."""
    lines = [
        BEGIN,
        "",
        *_circumstances(limits),
        "",
        *table_lines(HEADINGS, [_padded(row(found, suite, limits)) for found in comparisons]),
        "",
        "Every measurement:",
        "",
        _line(DETAIL_HEADINGS),
        "|---" * len(DETAIL_HEADINGS) + "|",
        *(line for found in comparisons for line in details(found)),
        "",
        END,
    ]
    return "\n".join(lines)


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as it stands in a page."""
    return [_line(headings), "|---" * len(headings) + "|", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _padded(cells: tuple[str, ...]) -> tuple[str, ...]:
    return (*cells, *[""] * (len(HEADINGS) - len(cells)))


def _circumstances(limits: dict[str, float]) -> Iterator[str]:
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()}, {_versions()},"
    yield f"on {processor()}."
    peak = limits.get(PEAK)
    if peak is not None:
        memory = limits["triad GB/s, DRAM 768MiB non-temporal, 2 thread(s)"]
        yield f"Two threads of it multiply and add {peak:.0f} GFLOP/s and move {memory:.0f} GB/s at most."
    yield f"Rounds in which others took more than {DISTURBED_CPUS} processors are not judged."


def _versions() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} absent")
    return ", ".join(found)


def processor() -> str:
    """The name that the processor goes by, and how many cores this process may use."""
    names = [
        line.partition(":")[2].strip()
        for line in _lines(Path("/proc/cpuinfo"))
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {len(names)} cores"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def write(path: Path, text: str, begin: str = BEGIN, end: str = END) -> None:
    """Puts text, which has the marks, between those of a page; the prose around them stays."""
    whole = path.read_text(encoding="utf-8")
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(before + text + after, encoding="utf-8")
