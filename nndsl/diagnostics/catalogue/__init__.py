"""Every mistake that nndsl can tell, found by its code: a module beside this file an area.

E01 syntax, E02 names, E03 types and sizes, E04 topology and time, E05 training and learning rules,
E06 data, E07 the command line and run folders, E08 not executable yet, W09 warnings.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from nndsl.diagnostics.diagnostic import Diagnostic


@cache
def catalogue() -> dict[str, type[Diagnostic]]:
    """All diagnostics by code, in order. Raises ValueError where two share a code: a defect of ours."""
    found: dict[str, type[Diagnostic]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if _is_mistake(value) and value.__module__ == module.__name__:
                if value.code in found:
                    raise ValueError(
                        f"{value.code} is both {found[value.code].__name__} and {value.__name__}"
                    )
                found[value.code] = value
    return dict(sorted(found.items()))


def _is_mistake(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Diagnostic) and "code" in vars(value)
