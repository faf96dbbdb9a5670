"""Settings from outside the spec: network parameters (`hidden=64`) and training settings (`epochs=5`).

A training setting is `batch`, `epochs`, `early_stop`, `clip_norm`, `window`, or an option of the optimizer
or the rule (`rate`, `momentum`), with `STAGE.` before it for one stage and `optimizer.` for clarity:
`epochs=5`, `tune.epochs=5`, `optimizer.rate=0.01`, `tune.optimizer.rate=0.01`. An unnamed stage is `train`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics.catalogue.training import UnknownSetting
from nndsl.diagnostics.diagnostic import Diagnostics

CLAUSES = ("batch", "epochs", "early_stop", "clip_norm", "window")


@dataclass(eq=False, slots=True)
class Settings:
    """What was set, and which of it was used."""

    given: Mapping[str, Any]
    parameters: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def network_parameter(self, name: str, default: Any) -> Any:
        """The value of a network parameter, which goes before a training setting of the same name."""
        self.parameters.add(name)
        if name in self.given:
            self.used.add(name)
            return self.given[name]
        return default

    def training(self, stage: str, name: str, default: Any, option: bool = False) -> Any:
        """A training setting of a stage: the most particular one that was set."""
        names = [f"{stage}.{name}", name]
        if option:
            names = [f"{stage}.optimizer.{name}", names[0], f"optimizer.{name}", name]
        self.known.update(names)
        for key in names:
            if key in self.given and key not in self.parameters:
                self.used.add(key)
                return self.given[key]
        return default

    def report_unused(self, diagnostics: Diagnostics) -> None:
        """Names that nothing in the spec goes by."""
        known = tuple(sorted({*self.parameters, *self.known, "network"}))
        for key in self.given:
            if key not in self.used and key != "network":
                diagnostics.add(UnknownSetting(key, known))
