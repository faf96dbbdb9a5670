"""A fused group -> Python source: one loop nest, ready for Numba, readable, and runnable un-jitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.codegen.group import Group
from nndsl.codegen.lanes import LaneWriter
from nndsl.codegen.writer import Writer
from nndsl.planning.plan import Precision


def source(group: Group, precision: Precision) -> str:
    """The module's text: a function `fused` of a group's sizes, operands, constants and results.

    Raises ValueError for a group that is no loop nest, such as an argmax over an outer axis.
    """
    writer = LaneWriter if group.lanes else Writer
    return writer(group, precision).text()


def function(group: Group, precision: Precision) -> Callable[..., None]:
    """The Python function that `source` defines. Its buffers are flat arrays."""
    return defined(source(group, precision))


def defined(text: str) -> Callable[..., None]:
    """The Python function that a text of `source` defines."""
    scope: dict[str, Any] = {}
    exec(compile(text, "<fused group>", "exec"), scope)
    made: Callable[..., None] = scope["fused"]
    return made
