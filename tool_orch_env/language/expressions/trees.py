"""Rewriting and writing out syntax trees, without evaluating them."""

import ast
from functools import lru_cache

from .held import IT


def shown(node: ast.expr) -> str:
    """The beginning of an expression, for messages."""
    return repr(ast.unparse(node)[:60])


@lru_cache(maxsize=1024)
def listed(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    """A list and the condition on its elements, for `[x for x in list if condition]`."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and len(node.generators) == 1:
        one = node.generators[0]
        if (
            isinstance(node.elt, ast.Name)
            and isinstance(one.target, ast.Name)
            and node.elt.id == one.target.id
        ):
            condition = None
            for test in one.ifs:
                condition = both(condition, _Renamed(one.target.id).visit(copied(test)))
            return one.iter, condition
    return node, None


def both(one: ast.expr | None, other: ast.expr) -> ast.expr:
    """Two conditions joined by `and`."""
    return other if one is None else ast.BoolOp(ast.And(), [one, other])


def copied(node: ast.expr) -> ast.expr:
    """A copy that can be changed."""
    return ast.parse(ast.unparse(node), mode="eval").body


class _Renamed(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:  # ast's own name
        return ast.Name(IT, node.ctx) if node.id == self._name else node
