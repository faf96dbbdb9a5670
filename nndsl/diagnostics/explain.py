"""`nndsl explain CODE`: a diagnostic at length, from the docstring of its class."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import cleandoc

from nndsl.diagnostics.catalogue import catalogue
from nndsl.diagnostics.catalogue.codes import UnknownCode
from nndsl.diagnostics.diagnostic import NNDSLError


def explain(code: str) -> str:
    """What the code means, with a wrong and a right example. Raises NNDSLError on an unknown code."""
    wanted = code.strip().upper()
    mistakes = catalogue()
    if wanted not in mistakes:
        raise NNDSLError([UnknownCode(code, tuple(get_close_matches(wanted, mistakes, n=3)))])
    return f"{wanted}: {cleandoc(mistakes[wanted].__doc__ or '')}\n"
