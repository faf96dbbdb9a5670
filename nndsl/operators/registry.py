"""Finds every operator: the `Operator` classes with a name in the modules of this package."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TypeGuard

import nndsl.operators
from nndsl.operators.operator import Operator


@cache
def operators() -> Mapping[str, type[Operator]]:
    """Every operator class by its name, in alphabetical order."""
    found: dict[str, type[Operator]] = {}
    for module in pkgutil.iter_modules(nndsl.operators.__path__):
        for cls in vars(import_module(f"nndsl.operators.{module.name}")).values():
            if _concrete(cls) and found.setdefault(cls.name, cls) is not cls:
                raise ValueError(f"two operators are named {cls.name}")
    return MappingProxyType(dict(sorted(found.items())))


def _concrete(value: object) -> TypeGuard[type[Operator]]:
    return inspect.isclass(value) and issubclass(value, Operator) and hasattr(value, "name")
