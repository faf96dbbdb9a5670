"""Numbers, types and settings as a reader wants to see them."""

from __future__ import annotations

from nndsl.semantics.model import Initial, Parameter, Ramp, Schedule, Setting
from nndsl.topology.count import Count


def count_text(count: Count | int) -> str:
    """`4,704`, `30·T`; nothing for none."""
    text = f"{count:,}" if isinstance(count, int) else str(count)
    return "" if text == "0" else text


def shape_text(shape: tuple[int, ...]) -> str:
    """`120x400`."""
    return "x".join(map(str, shape))


def bytes_text(size_bytes: int) -> str:
    """`241 KiB`, with three digits at least."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1000 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.3g} {unit}"


def operations_text(operations: int) -> str:
    """`1.7 MFLOP`."""
    size = float(operations)
    for unit in ("FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"):
        if size < 1000 or unit == "TFLOP":
            break
        size /= 1000
    return f"{size:.3g} {unit}"


def initial_text(parameter: Parameter) -> str:
    """How a parameter starts: `He, fan-in 64`, `normal(0, 0.01)`, `0`, `given`, `examples`."""
    initial = parameter.initial
    match initial:
        case Initial(method="constant", numbers=(value,)):
            return f"{value:g}"
        case Initial(method="he"):
            return f"He, fan-in {initial.fan_in}"
        case Initial(method="glorot"):
            return f"Glorot, fan {initial.fan_in} + {initial.fan_out}"
        case Initial(method="given" | "examples" | "orthogonal" as method):
            return method
        case _:
            return f"{initial.method}({', '.join(f'{number:g}' for number in initial.numbers)})"


def setting_text(setting: Setting) -> str:
    """An option's value as it is written in a spec."""
    match setting:
        case bool():
            return "yes" if setting else "no"
        case Ramp(start=start, end=end):
            return f"{start:g} -> {end:g}"
        case Schedule(name=name, numbers=numbers):
            return f"{name}({', '.join(f'{number:g}' for number in numbers)})"
        case tuple():
            return f"({', '.join(f'{number:g}' for number in setting)})"
        case float() | int():
            return f"{setting:g}"
        case _:
            return str(setting)
