"""What went wrong -> what to print about it, and the exit code."""

from __future__ import annotations

import traceback

from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError

FINE = 0
MISTAKES = 1  # in the spec or the data
MISUSE = 2  # of the command line
INTERNAL = 3
INTERRUPTED = 130


def describe(error: Exception, colour: bool = False) -> tuple[str, int]:
    """The report of an error and the code to exit with."""
    if isinstance(error, NNDSLError):
        from nndsl.diagnostics.report import render

        return render(error.diagnostics, colour=colour), exit_code(error.diagnostics)
    return _internal(error), INTERNAL


def exit_code(diagnostics: tuple[Diagnostic, ...]) -> int:
    """MISUSE where only the command line is at fault: a setting, a code, or the name of a spec or network."""
    from nndsl.diagnostics.catalogue.codes import UnknownCode
    from nndsl.diagnostics.catalogue.command_line import Misuse
    from nndsl.diagnostics.catalogue.names import UnknownNetwork
    from nndsl.diagnostics.catalogue.syntax import Unreadable
    from nndsl.diagnostics.catalogue.training import UnknownSetting, WrongSettingValue

    of_the_command_line = (Misuse, UnknownCode, Unreadable, UnknownNetwork, UnknownSetting, WrongSettingValue)
    return MISUSE if all(isinstance(found, of_the_command_line) for found in diagnostics) else MISTAKES


def _internal(error: Exception) -> str:
    """What a reader can do about a defect of ours: where in their spec it was, and what to send us."""
    lines = [f"internal error: {type(error).__name__}: {error}"]
    lines += [f"  at {note}" for note in getattr(error, "__notes__", ())]
    last = traceback.extract_tb(error.__traceback__)[-1]
    lines += [
        f"  in {last.name}, line {last.lineno} of {_within_package(last.filename)}",
        "This is a defect of nndsl, not of your spec. Please report it, with the spec and what is printed",
        "when --traceback stands before the command: nndsl --traceback run …",
    ]
    return "\n".join(lines)


def _within_package(file: str) -> str:
    parts = file.replace("\\", "/").split("/")
    return "/".join(parts[parts.index("nndsl") :]) if "nndsl" in parts else parts[-1]
