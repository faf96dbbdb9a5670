"""Graphs as text, one node a line, and back: `print_graph` after `parse_graph` changes nothing.

h.full: real[batch=batch, unit=128] = contract(x, W, equation='bi,oi->bo') in h
h: real[batch=batch, unit=128] = relu(h.full) in h
output h = h

The body of a loop stands in braces after it, indented. `output *` makes every node an output.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.operator import Operator
from nndsl.operators.registry import operators
from nndsl.types import Extent


def print_graph(graph: Graph) -> str:
    """Every node as `name: type = operator(operands, constants) in layer`, then the outputs."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    for node in graph:
        if isinstance(node.operator, Loop):
            yield f"{print_node(node)} {{"
            yield from (f"  {line}" for line in _lines(node.operator.body))
            yield "}"
        else:
            yield print_node(node)
    every = len(graph) > 0 and all(graph.outputs.get(node.name) is node for node in graph)
    for name, node in graph.outputs.items():
        if not every or name != node.name:
            yield f"output {name} = {node.name}"
    if every:
        yield "output *"


def print_node(node: Node) -> str:
    """The line of a node; that of a loop is without the body."""
    arguments = [operand.name for operand in node.inputs] + _constants(node.operator)
    layer = f" in {node.layer}" if node.layer else ""
    return f"{node.name}: {node.type} = {node.operator.name}({', '.join(arguments)}){layer}"


def print_constants(operator: Operator) -> str:
    """The operator's fields: `axes=(0, 1)`. Left out are `type`, which is the node's, and a loop's body."""
    return ", ".join(_constants(operator))


def _constants(operator: Operator) -> list[str]:
    shown = {key: value for key, value in operator.constants().items() if key not in ("type", "body")}
    return [f"{key}={_print_value(value)}" for key, value in shown.items()]


def _print_value(value: Any) -> str:
    match value:
        case Element() | TensorType() | Dimension():
            return str(value)
        case Extent():
            return f"<{value}>"
        case Carry():
            return value.key(value.depth)
        case tuple():
            inside = ", ".join(map(_print_value, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case _:
            return repr(value)


def parse_graph(text: str) -> Graph:
    """The graph that `print_graph` wrote (spans are not written). Raises ValueError for other text."""
    return _parse_lines(iter(text.splitlines()))


def _parse_lines(lines: Iterator[str]) -> Graph:
    """A graph of all lines up to the brace that closes it."""
    nodes: dict[str, Node] = {}
    outputs: dict[str, Node] = {}
    for line in filter(None, map(str.strip, lines)):
        if line == "}":
            break
        if match := re.fullmatch(r"output (\S+) = (\S+)", line):
            outputs[match[1]] = nodes[match[2]]
        elif line == "output *":
            outputs |= nodes
        else:
            body = _parse_lines(lines) if line.endswith(" {") else None
            node = _parse_node(line.removesuffix(" {"), nodes, body)
            nodes[node.name] = node
    return Graph(tuple(nodes.values()), outputs)


def _parse_node(line: str, nodes: dict[str, Node], body: Graph | None) -> Node:
    match = re.fullmatch(r"(\S+): (\w+\[.*?\]) = (\w+)\((.*)\)(?: in (\S+))?", line)
    if match is None or match[3] not in operators():
        raise ValueError(f"not a node: {line}")
    cls, type = operators()[match[3]], _parse_value(match[2])
    parts = [part.partition("=") for part in _split(match[4])]
    operands = tuple(nodes[operand] for operand, equals, _ in parts if not equals)
    constants = {key: _parse_value(value) for key, equals, value in parts if equals}
    if "type" in cls.__dataclass_fields__:
        constants["type"] = type
    if body is not None:
        constants["body"] = body
    return Node(match[1], cls(**constants), operands, type, match[5])


def _parse_value(text: str) -> Any:
    if match := re.fullmatch(rf"({'|'.join(Element)})(?:\[(.*)\])?", text):
        element = Element(match[1])
        return element if match[2] is None else TensorType(_parse_values(match[2]), element)
    if text.startswith("("):
        return _parse_values(text[1:-1])
    if text.startswith("<"):
        return _parse_extent(text[1:-1])
    if text.lstrip("-") in ("inf", "nan"):
        return float(text)
    if text.startswith(("'", '"')):
        return ast.literal_eval(text)
    if match := re.fullmatch(r"(\S+)@(\d+)", text):
        return Carry(match[1], int(match[2]))
    if "=" in text:
        name, _, extent = text.partition("=")
        return Dimension(name, _parse_extent(extent))
    return ast.literal_eval(text)


def _parse_values(text: str) -> tuple[Any, ...]:
    return tuple(map(_parse_value, _split(text)))


def _parse_extent(text: str) -> Extent:
    """Takes the steps off the end: `(T + 3) / 2 - 1`."""
    if text.lstrip("-").isdigit():
        return Extent.of(int(text))
    if match := re.fullmatch(r"(.*) ([+-]) (\d+)", text):
        return _parse_extent(match[1]).then(int(match[2] + match[3]))
    if match := re.fullmatch(r"\((.*) ([+-]) (\d+)\) / (\d+)", text):
        return _parse_extent(match[1]).then(int(match[2] + match[3]), int(match[4]))
    if match := re.fullmatch(r"(.*) / (\d+)", text):
        return _parse_extent(match[1]).then(0, int(match[2]))
    return Extent(text)


def _split(text: str) -> Iterator[str]:
    """The parts between the commas that stand in no bracket and no quotes."""
    depth, start, quoted = 0, 0, False
    for place, letter in enumerate(text + ","):
        quoted ^= letter == "'"
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0 and not quoted:
            if part := text[start:place].strip():
                yield part
            start = place + 1
