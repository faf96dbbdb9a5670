"""Rewrites an operator's scalar formula as kernels want it: one precision, no branches."""

from __future__ import annotations

import ast

BUILTIN = {"abs", "real"}
"""What a generated kernel calls without importing it from `nndsl.kernels.vector_math`."""


def written(code: str, is_real: bool) -> tuple[str, set[str]]:
    """The formula's text, and the functions of `vector_math` that it calls.

    Where it works with reals, numbers are of the kernel's precision, called `real`: a plain 0.5 would make
    float32 loops compute in float64. `and` and `or` become `&` and `|`: branches would keep a loop from
    being vectorised.
    """
    rewriter = _Rewriter(is_real)
    tree = rewriter.visit(ast.parse(code, mode="eval"))
    return ast.unparse(tree), rewriter.functions


class _Rewriter(ast.NodeTransformer):
    def __init__(self, is_real: bool) -> None:
        self.is_real = is_real
        self.functions: set[str] = set()

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Call(ast.Name("real"), [node], []) if self.is_real else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if self.is_real and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return ast.Call(ast.Name("real"), [node], [])
        self.generic_visit(node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        joined = node.values[0]
        for value in node.values[1:]:
            joined = ast.BinOp(joined, operator, value)
        return joined

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name):
            if node.func.id == "float":
                node.func = ast.Name("real")
            if node.func.id not in BUILTIN:
                self.functions.add(node.func.id)
        return node
