"""The training stages of a model, as `nndsl compile` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from nndsl.diagnostics.wording import counted
from nndsl.functions.catalogue import family
from nndsl.semantics.model import (
    Alternate,
    Likelihood,
    Minimize,
    Model,
    OptimizerSettings,
    Rule,
    Setting,
    Stage,
)
from nndsl.semantics.options import literal
from nndsl.view.words import setting_text


def stage_table(model: Model) -> Table:
    """Each stage: what it learns, how, and for how long."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("stage", "learns", "how", "steps"):
        made.add_column(heading)
    for stage in model.stages:
        if isinstance(stage, Alternate):
            made.add_row(stage.name, "", "in turn", counted(stage.epochs, "epoch"))
            for one in stage.stages:
                made.add_row(f"  {one.name}", learns(model, one), Text(how(one)), "\n".join(steps(one)))
        else:
            made.add_row(stage.name, learns(model, stage), Text(how(stage)), "\n".join(steps(stage)))
    return made


def learns(model: Model, stage: Stage) -> str:
    """The learned parameters, `all`, or `all except …`, whatever is shortest."""
    names = {parameter.name: None for parameter in stage.learned}
    rest = {p.name: None for p in model.parameters if p.learned and p.name not in names}
    if not rest:
        return "all"
    named, excepted = _owners(model, names), _owners(model, rest)
    return ", ".join(named) if len(named) <= len(excepted) else f"all except {', '.join(excepted)}"


def _owners(model: Model, names: Mapping[str, None]) -> list[str]:
    """Parameters by name; all that a layer owns by the name of the layer."""
    owned: dict[str, set[str]] = {}
    for parameter in model.parameters:
        if parameter.learned and parameter.owner is not None:
            owned.setdefault(parameter.owner, set()).add(parameter.name)
    whole = {name: owner for owner, parts in owned.items() if parts <= names.keys() for name in parts}
    return list(dict.fromkeys(whole.get(name, name) for name in names))


def how(stage: Stage) -> str:
    """The objective or the rule, the optimizer, and what is reported."""
    match stage.how:
        case Minimize(objective=objective):
            text = f"minimize {' '.join(objective.span.text.split())}"
        case Rule(name=name, options=options):
            text = f"by {name}{options_text(options)}"
        case Likelihood(method=method, options=options, objective=objective):
            text = f"maximize {' '.join(objective.span.text.split())}\nby {method}{options_text(options)}"
    if stage.optimizer is not None:
        text += f"\n{optimizer_text(stage.optimizer)}"
    if stage.measures:
        text += f"\nreport {', '.join(measure.text for measure in stage.measures)}"
    return text


def optimizer_text(optimizer: OptimizerSettings) -> str:
    """`adam(rate = 0.001)`: the rate, and what is not as the optimizer has it by itself."""
    usual = {option.name: option.default for option in family("optimizer")[optimizer.name].signature.options}
    said = tuple(
        (name, value)
        for name, value in optimizer.options
        if name == "rate" or setting_text(value) != setting_text(literal(usual[name] or ""))
    )
    return f"{optimizer.name}{options_text(said)}"


def options_text(options: tuple[tuple[str, Setting], ...]) -> str:
    """`(rate = 0.1, momentum = 0.9)`; nothing for none."""
    written = ", ".join(f"{name} = {setting_text(value)}" for name, value in options)
    return f"({written})" if written else ""


def steps(stage: Stage) -> Iterator[str]:
    """Batch, epochs and what ends or bounds them."""
    batch = f"batch {stage.batch}, " if stage.batch else ""
    yield f"{batch}{counted(stage.epochs, 'epoch')}"
    if stage.early_stop is not None:
        yield f"early stop after {stage.early_stop}"
    if stage.clip_norm is not None:
        yield f"clip norm {stage.clip_norm:g}"
    if stage.window is not None:
        yield f"window {stage.window}{', carried' if stage.carry else ''}"
