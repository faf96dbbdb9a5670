"""What checks but cannot be run yet. Every other command still works on such a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class NotExecutable(Diagnostic):
    """The common voice of the mistakes of this file."""

    def help(self) -> str | None:
        return "try `nndsl check` and `nndsl compile`, which read, count and draw the whole language"


@dataclass(frozen=True, kw_only=True)
class GenerationNotExecutable(NotExecutable):
    """`generate` computes one place after another, which this network has no way to do.

    What runs along the sequence is computed for its current place alone; the message names what cannot be.

    Wrong:

        layer  c[32] = relu(local(x, 4, stride = 2))
        layer  u[32] = local'(c, 4, stride = 2)
        output y[65] = full(u)
        generate next from y into x

    Right:

        layer  c[32] = relu(local(x, 4, causal))
        output y[65] = full(c)
        generate next from y into x
    """

    code: ClassVar[str] = "E0815"
    layer: str
    reason: str

    def message(self) -> str:
        return f"expected layers that can be computed place by place, found {self.reason} in '{self.layer}'"

    def help(self) -> str:
        return "without `generate`, the network is trained and used for prediction all the same"

    def here(self) -> str:
        return "cannot be generated from yet"


@dataclass(frozen=True, kw_only=True)
class ConstructNotExecutable(NotExecutable):
    """A construct of the language whose computation is not yet built.

    The message names it; networks without it run.

    Wrong:

        output y = sum(local'(x, 2x2, groups = 2) over (h, w))

    Right:

        output y = local'(x, 2x2)
    """

    code: ClassVar[str] = "E0809"
    construct: str

    def message(self) -> str:
        return f"expected something that can be run, found {self.construct}"

    def here(self) -> str:
        return "cannot be run yet"
