"""Specs in tests, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.check import check
from nndsl.semantics.model import Definition, Model, Parameter, Value
from nndsl.source import Source
from nndsl.syntax.parser import parse

SPECS = Path(__file__).parents[2] / "specs"


def model_of(text: str, **settings: Any) -> Model:
    """The model of a spec's text, or of a file of the gallery."""
    source = Source("test.nn", text) if "{" in text else Source.from_path(SPECS / f"{text}.nn")
    return check(parse(source), settings).model


def codes(text: str, **settings: Any) -> list[str]:
    """The codes of what is wrong with a spec, in its order."""
    try:
        check(parse(Source("test.nn", text)), settings)
    except NNDSLError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


def value(model: Model, name: str) -> Value:
    values = [*model.inputs, *model.targets, *(d.value for d in model.definitions)]
    return next(value for value in values if value.name == name)


def parameter(model: Model, name: str) -> Parameter:
    return next(parameter for parameter in model.parameters if parameter.name == name)


def definition(model: Model, name: str) -> Definition:
    return next(d for d in model.definitions if d.value.name == name)
