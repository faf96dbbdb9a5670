"""How diagnostics put names into words."""

from __future__ import annotations

from collections.abc import Sequence


def closest(name: str, known: Sequence[str]) -> str | None:
    """The known name that was probably meant."""
    from difflib import get_close_matches

    spelled = {other.lower(): other for other in reversed(known)}
    found = get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return spelled[found[0]] if found else None


def did_you_mean(name: str, known: Sequence[str]) -> str | None:
    found = closest(name, known)
    return None if found is None else f"did you mean '{found}'?"


def listed(names: Sequence[str], most: int = 16) -> str:
    """Names in quotes, and not too many: `'a', 'b' and 'c'`."""
    shown = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def counted(number: int, word: str) -> str:
    """`no value`, `1 value`, `3 values`."""
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
