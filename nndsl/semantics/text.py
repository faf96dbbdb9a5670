"""A model as text: what `--emit model` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nndsl.semantics import model as m
from nndsl.types import space_text

_INFIX = {
    "add": ("+", 4),
    "subtract": ("-", 4),
    "multiply": ("*", 5),
    "divide": ("/", 5),
    "power": ("^", 7),
    "less": ("<", 3),
    "less_equal": ("<=", 3),
    "greater": (">", 3),
    "greater_equal": (">=", 3),
    "equal": ("==", 3),
    "not_equal": ("!=", 3),
    "and": ("and", 1),
    "or": ("or", 0),
}
_UNARY, _ATOM = 6, 9


def print_model(model: m.Model) -> str:
    """Each value with its type and definition, parameters with shape and start, stages, data."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: m.Model) -> Iterator[str]:
    settings = ", ".join(f"{name} = {_number(value)}" for name, value in model.settings.items())
    yield f"model {model.name}({settings})" if settings else f"model {model.name}"
    yield ""
    for value in (*model.inputs, *model.targets):
        yield f"{value.kind} {value.name} : {value.type}"
    for definition in model.definitions:
        yield from _definition(definition)
    for energy in model.energies:
        yield ""
        groups = ", ".join(f"{group.name.rpartition('.')[2]} : {group.type}" for group in energy.groups)
        yield f"energy {energy.name}({groups})"
        yield f"    = {text_of(energy.expression)}"
    if model.parameters:
        yield ""
        yield from map(_parameter, model.parameters)
    for stage in model.stages:
        yield ""
        yield from _alternate(stage) if isinstance(stage, m.Alternate) else _stage(stage, "")
    if model.dataset is not None:
        yield ""
        yield from _dataset(model.dataset)
    if model.generation is not None:
        yield ""
        yield _generation(model.generation)


def _definition(definition: m.Definition) -> Iterator[str]:
    value = definition.value
    stable = " until stable" if definition.until_stable else ""
    sign = "~" if isinstance(definition.expression, m.Sample) else "="
    yield f"{value.kind} {value.name} : {value.type}{stable}"
    yield f"    {sign} {text_of(definition.expression)}"
    if definition.start is not None:
        yield f"    start {text_of(definition.start)}"


def _parameter(parameter: m.Parameter) -> str:
    shape = ", ".join(f"{axis} {size}" for axis, size in zip(parameter.axes, parameter.shape, strict=True))
    marks = [word for word in ("symmetric", "no_self") if getattr(parameter, word)]
    marks += [] if parameter.learned else ["fixed"]
    attributes = f" {' '.join(marks)}" if marks else ""
    return f"{parameter.role} {parameter.name} : [{shape}]{attributes} ~ {initial_text(parameter.initial)}"


def initial_text(initial: m.Initial) -> str:
    """How a parameter starts: `he(fan_in = 64)`, `normal(0, 0.01)`."""
    match initial.method:
        case "he" | "orthogonal":
            return f"{initial.method}(fan_in = {initial.fan_in})"
        case "glorot":
            return f"glorot(fan_in = {initial.fan_in}, fan_out = {initial.fan_out})"
        case "given":
            return f"given {_nested(initial.values)}"
        case "examples":
            return "examples"
    return f"{initial.method}({', '.join(map(_number, initial.numbers))})"


def _nested(values: Any) -> str:
    if isinstance(values, tuple):
        return f"[{', '.join(map(_nested, values))}]"
    return _number(values)


# --- expressions ---------------------------------------------------------------------


def text_of(expression: m.Expression) -> str:
    """An expression as the language writes it, with every name resolved."""
    return _text(expression)[0]


def _text(expression: m.Expression) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    match expression:
        case m.Constant(value=value):
            return _number(value), _ATOM if value >= 0 else _UNARY
        case m.Reference(value=value):
            return value.name, _ATOM
        case m.ParameterReference(parameter=parameter, transposed=transposed):
            return parameter.name + ("'" if transposed else ""), _ATOM
        case m.ElementPosition(element=element):
            return element, _ATOM
        case m.Apply():
            return _apply(expression)
        case m.Connect():
            return _connect(expression), _ATOM
        case m.At():
            return _at(expression), _ATOM
        case m.Reduce():
            return _reduce(expression), _ATOM
        case m.Sample(distribution=distribution, arguments=arguments):
            return f"{distribution}({', '.join(map(text_of, arguments))})", _ATOM
        case m.Infer():
            return _infer(expression), _ATOM


def _within(expression: m.Expression, least: int) -> str:
    text, binds = _text(expression)
    return text if binds >= least else f"({text})"


def _apply(apply: m.Apply) -> tuple[str, int]:
    if apply.function in _INFIX and len(apply.arguments) == 2:
        sign, binds = _INFIX[apply.function]
        left, right = apply.arguments
        return f"{_within(left, binds)} {sign} {_within(right, binds + 1)}", binds
    if apply.function in ("negate", "not"):
        sign = "-" if apply.function == "negate" else "not "
        return f"{sign}{_within(apply.arguments[0], _UNARY)}", _UNARY if sign == "-" else 2
    parts = [text_of(argument) for argument in apply.arguments]
    parts += [parameter.name for parameter in apply.parameters]
    parts += _options(apply.options)
    return f"{apply.function}({', '.join(parts)})", _ATOM


def _options(options: tuple[tuple[str, Any], ...]) -> list[str]:
    return [f"{name} = {_setting(value)}" for name, value in options]


def _connect(connection: m.Connect) -> str:
    weights = connection.weights.name
    local = connection.kind is m.ConnectionKind.LOCAL
    name = str(connection.kind) + ("'" if local and connection.transposed else "")
    parts = [text_of(connection.source)]
    if local:
        parts.append(_sides(connection.window))
    parts.append(f"{weights}'" if connection.transposed and not local else weights)
    parts += _connection_options(connection)
    units = ", ".join(map(str, connection.type.units))
    return f"{name}({', '.join([*parts, f'to [{units}]'])})"


def _connection_options(connection: m.Connect) -> list[str]:
    found = [f"along {connection.along}"] if connection.along else []
    for name, plain in (("stride", 1), ("pad", 0), ("dilation", 1)):
        sides = getattr(connection, name)
        if any(side != plain for side in sides):
            found.append(f"{name} = {_sides(sides)}")
    if connection.groups != 1:
        found.append(f"groups = {connection.groups}")
    found += [word for word in ("causal", "unshared") if getattr(connection, word)]
    if connection.density is not None:
        found += [f"p = {_number(connection.density)}", f"seed = {connection.seed}"]
    if connection.rule is not None and connection.rule_elements is not None:
        source, target = connection.rule_elements
        found.append(f"({source} -> {target}) where {text_of(connection.rule)}")
    return found


def _sides(sides: tuple[int, ...]) -> str:
    return "x".join(map(str, sides))


def _at(at: m.At) -> str:
    """The picks as the spec writes them; those that it leaves out by their element, or end of the edge."""
    inner, bracket, picks = at.span.text.rpartition("[")
    if not (bracket and inner and picks.endswith("]")):
        named = [pick.element or pick.end or "" for pick in at.picks]
        picks = f"{', '.join(named)}]"
    return f"{_within(at.value, _ATOM)}[{picks}"


def _reduce(reduce: m.Reduce) -> str:
    body = text_of(reduce.body)
    if reduce.window:
        over = f" over window {_sides(reduce.window)}, stride = {_sides(reduce.stride)}"
        over += f", pad = {_sides(reduce.pad)}" if any(reduce.pad) else ""
    elif reduce.axes:
        over = f" over {space_text(reduce.axes)}" + (" into nodes" if reduce.neighbours else "")
    else:
        over = ""
    where = f" where {text_of(reduce.condition)}" if reduce.condition is not None else ""
    return f"{reduce.operation}({body}{over}{where})"


def _infer(infer: m.Infer) -> str:
    asked = infer.energy if infer.unit is None else f"{infer.unit} | {infer.energy}"
    parts = [asked, *(f"{name} = {text_of(value)}" for name, value in infer.clamped)]
    parts += [f"{name} from {text_of(value)}" for name, value in infer.start]
    return f"{infer.query}({', '.join([*parts, *_options(infer.options)])})"


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _setting(value: Any) -> str:
    match value:
        case m.Ramp(start, end):
            return f"{_number(start)} -> {_number(end)}"
        case m.Schedule(name, numbers):
            return f"{name}({', '.join(map(_number, numbers))})"
        case tuple():
            return f"({', '.join(map(_number, value))})"
    return _number(value)


# --- training and data ---------------------------------------------------------------


def _alternate(alternate: m.Alternate) -> Iterator[str]:
    yield f"alternate {alternate.name}, epochs {alternate.epochs}"
    for stage in alternate.stages:
        yield from _stage(stage, "    ")


def _stage(stage: m.Stage, indent: str) -> Iterator[str]:
    yield f"{indent}stage {stage.name}"
    yield f"{indent}    learn {', '.join(parameter.name for parameter in stage.learned) or 'nothing'}"
    yield f"{indent}    {_how(stage.how)}"
    if stage.optimizer is not None:
        yield f"{indent}    optimizer {stage.optimizer.name}({', '.join(_options(stage.optimizer.options))})"
    for name in ("batch", "epochs", "early_stop", "clip_norm", "window"):
        value = getattr(stage, name)
        if value is not None:
            carry = " carry" if name == "window" and stage.carry else ""
            yield f"{indent}    {name} {_number(value)}{carry}"
    for measure in stage.measures:
        yield f"{indent}    report {measure.text} : {measure.expression.type}"


def _how(how: m.Minimize | m.Rule | m.Likelihood) -> str:
    match how:
        case m.Minimize(objective=objective):
            return f"minimize {text_of(objective)}"
        case m.Likelihood(objective=infer, method=method, options=options):
            return f"maximize {text_of(infer)} by {method}({', '.join(_options(options))})"
        case m.Rule():
            given = [how.energy] if how.energy else []
            clamped = [f"{name} = {text_of(value)}" for name, value in how.clamped]
            plain = [text_of(value) for value in how.arguments[len(how.clamped) :]]
            return f"by {how.name}({', '.join([*given, *plain, *clamped, *_options(how.options)])})"


def _dataset(dataset: m.Dataset) -> Iterator[str]:
    yield f'data "{dataset.source}"' if dataset.path else f"data {dataset.source}"
    for bind in dataset.bindings:
        yield f"    {bind.value.name} = {column_text(bind.expression)}"
    if dataset.shares is not None:
        shares = " : ".join(_number(share) for share in dataset.shares)
        yield f"    split {'in_order ' if dataset.in_order else ''}{shares}"
    if dataset.fold is not None:
        yield f"    split fold {dataset.fold.number} of {dataset.fold.count}"


def column_text(expression: m.ColumnExpression) -> str:
    """A column expression as the language writes it."""
    match expression:
        case m.Column(name=name):
            return name
        case m.Number(value=value):
            return _number(value)
        case m.Transform(function=function, arguments=arguments):
            parts = [column_text(argument) for argument in arguments]
            if function in _INFIX and len(parts) == 2:
                return f"({parts[0]} {_INFIX[function][0]} {parts[1]})"
            return f"{function}({', '.join(parts)})"


def _generation(generation: m.Generation) -> str:
    text = f"generate {generation.target.name} from {generation.logits.name} into {generation.into.name}"
    options = ", ".join(f"{name} = {value}" for name, value in generation.options)
    text += f" by {generation.search}" + (f"({options})" if options else "")
    text += f' until "{generation.until}"' if generation.until is not None else ""
    return text + (f" at_most {generation.at_most}" if generation.at_most is not None else "")
