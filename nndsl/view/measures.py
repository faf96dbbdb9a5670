"""How measures are written for readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VALIDATION = "validation."


def text(name: str, value: float) -> str:
    """`97.8 %` for what is a share, three or four digits for the rest."""
    if name.removeprefix(VALIDATION).startswith("accuracy"):
        return f"{100 * value:.1f} %"
    return f"{value:.4f}" if 0.01 <= abs(value) < 10 else f"{value:.4g}"


def short_names(names: Iterable[str]) -> Mapping[str, str]:
    """`accuracy` for `accuracy(y, digit)`, wherever no other measure has that short name."""
    full = list(names)
    short = [name.split("(")[0] for name in full]
    return {name: s if short.count(s) == 1 else name for name, s in zip(full, short, strict=True)}


def line(metrics: Mapping[str, float]) -> str:
    """`loss 0.0312  accuracy 99.1 %  validation loss 0.0913  accuracy 97.4 %`."""
    train = {name: value for name, value in metrics.items() if not name.startswith(VALIDATION)}
    validation = {
        name.removeprefix(VALIDATION): value for name, value in metrics.items() if name.startswith(VALIDATION)
    }
    words = _words(train)
    return f"{words}  validation {_words(validation)}" if validation else words


def brief(metrics: Mapping[str, float]) -> str:
    """`loss 0.0312  accuracy 99.1 %  (validation 97.4 %)`: of the validation part the last measure alone."""
    train = {name: value for name, value in metrics.items() if not name.startswith(VALIDATION)}
    validation = [text(name, value) for name, value in metrics.items() if name.startswith(VALIDATION)]
    return f"{_words(train)}  (validation {validation[-1]})" if validation else _words(train)


def _words(metrics: Mapping[str, float]) -> str:
    short = short_names(metrics)
    return "  ".join(f"{short[name]} {text(name, value)}" for name, value in metrics.items())


def duration(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `3 min 05 s`."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
