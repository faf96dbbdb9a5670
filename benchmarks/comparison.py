"""Rounds of measurements of one workload, and what may be said from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose
from statistics import median

from benchmarks.suite import ONE_THREAD, OURS, Measurement

DISTURBED_CPUS = 0.15
"""A measurement during which others took more than this much of a processor is not judged."""

SAME_LOSS = 0.01


@dataclass
class Comparison:
    """`rounds` are the measurements of each peer, one a round, nndsl's among them."""

    workload: str
    rounds: dict[str, list[Measurement]] = field(default_factory=dict)

    def add(self, peer: str, measurement: Measurement) -> None:
        self.rounds.setdefault(peer, []).append(measurement)

    @property
    def error(self) -> str | None:
        """Why nndsl has no number."""
        return next((found.error for found in self.rounds.get(OURS, ()) if found.error), None)

    @property
    def failed(self) -> Mapping[str, str]:
        """Peers without a number, and why."""
        return {
            peer: found[0].error
            for peer, found in self.rounds.items()
            if peer not in (OURS, ONE_THREAD) and found[0].error
        }

    @property
    def best_peer(self) -> str | None:
        """The peer with the least median of all that ran."""
        peers = [p for p in self.rounds if p not in (OURS, ONE_THREAD, *self.failed)]
        return min(peers, key=self.seconds, default=None)

    def seconds(self, peer: str) -> float:
        """Seconds a unit of work: the median over the rounds."""
        return median(found.median_s for found in self.rounds[peer])

    def memory_mb(self, peer: str) -> float:
        return min(found.rss_mb for found in self.rounds[peer])

    def first_seconds(self, peer: str) -> tuple[float, float | None]:
        """To the end of the first unit in a fresh process: with all caches empty, and after that."""
        cold, *warm = self.rounds[peer]
        return cold.first_s, min((found.first_s for found in warm), default=None)

    def ratios(self, peer: str) -> list[float]:
        """The peer's time by nndsl's, round by round; those rounds are left out in which either was
        disturbed."""
        return sorted(
            theirs.median_s / ours.median_s
            for ours, theirs in zip(self.rounds[OURS], self.rounds[peer], strict=False)
            if max(ours.other_cpus, theirs.other_cpus) <= DISTURBED_CPUS
        )

    @property
    def disturbance(self) -> float:
        """The greatest number of processors that others had in any measurement."""
        return max(found.other_cpus for found in self._all())

    @property
    def same_work(self) -> bool | None:
        """Whether training begins with the same loss as that of a peer; None where none tells the loss of its
        first minibatch."""
        ours = self.rounds[OURS][0].loss_first
        for peer, found in self.rounds.items():
            theirs = found[0].loss_first
            if peer not in (OURS, ONE_THREAD) and found[0].first_units == 1 and None not in (ours, theirs):
                assert ours is not None and theirs is not None
                return isclose(ours, theirs, rel_tol=SAME_LOSS, abs_tol=SAME_LOSS)
        return None

    def _all(self) -> Iterator[Measurement]:
        for found in self.rounds.values():
            yield from (measurement for measurement in found if measurement.error is None)
