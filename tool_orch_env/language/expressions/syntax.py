"""Parsing expressions: whatever is not of the language is refused when a file is read."""

import ast
from dataclasses import dataclass
from functools import lru_cache

from .evaluate import CHOOSES, MAX_NUMBER, OPERATORS, Scope, evaluated
from .functions import FUNCTIONS
from .held import IT, Held, Unsuitable
from .trees import shown

MAX_LENGTH = 2000
"""Maximum characters of an expression."""
MAX_DEPTH = 60
"""Maximum depth of a syntax tree."""
MAX_LOOPS = 2
"""Maximum `for` in an expression."""


class ExpressionError(ValueError):
    """A text is not an expression of this language."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression. `names` are the free names, `calls` the free names that are called."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    calls: frozenset[str]

    def value(self, scope: Scope) -> Held:
        """The value in a scope. Raises `Unsuitable`."""
        try:
            return evaluated(self.tree, scope)
        except RecursionError as error:
            raise Unsuitable(f"{self.text[:60]!r} is nested too deeply") from error


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse an expression, which may have line breaks. Raises `ExpressionError`."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"expected at most {MAX_LENGTH} characters, found {len(text)}")
    try:
        tree = ast.parse(f"({text.strip()}\n)", mode="eval").body
        if _depth(tree) > MAX_DEPTH:
            raise ExpressionError(f"nested too deeply: {text.strip()[:80]!r}")
        names, calls = set[str](), set[str]()
        _check(tree, names, calls, frozenset())
    except ExpressionError:
        raise
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(f"not an expression: {reason}: {text.strip()[:80]!r}") from error
    if sum(isinstance(node, ast.comprehension) for node in ast.walk(tree)) > MAX_LOOPS:
        raise ExpressionError(f"expected at most {MAX_LOOPS} `for`: {text.strip()[:80]!r}")
    return Expression(text, tree, frozenset(names), frozenset(calls))


_ALLOWED = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp),
    *(ast.IfExp, ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.GeneratorExp, ast.Call),
)


def _check(node: ast.expr, names: set[str], calls: set[str], bound: frozenset[str]) -> None:
    """Refuse what is not of the language; collect the free names."""
    if not isinstance(node, _ALLOWED):
        raise ExpressionError(f"not part of the language: {shown(node)}")
    if isinstance(node, ast.Constant) and not isinstance(node.value, (str, int, float, bool, type(None))):
        raise ExpressionError(f"expected a text, a number, True, False or None, found {shown(node)}")
    if isinstance(node, ast.Constant):
        _check_constant(node)
    if isinstance(node, ast.Dict) and not all(_is_text(key) for key in node.keys):
        raise ExpressionError(f"expected texts as names in {shown(node)}")
    if isinstance(node, ast.Name):
        if node.id not in bound:
            names.add(node.id)
        return
    if isinstance(node, (ast.BinOp, ast.UnaryOp)) and not isinstance(
        node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.Not)
    ):
        raise ExpressionError(f"unknown operator in {shown(node)}")
    if isinstance(node, ast.Compare) and not all(type(op) in OPERATORS for op in node.ops):
        raise ExpressionError(f"unknown comparison in {shown(node)}: use == and != for None")
    inner = list(ast.iter_child_nodes(node))
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        for one in node.generators:
            if not isinstance(one.target, ast.Name) or one.is_async:
                raise ExpressionError(f"expected one name after `for` in {shown(node)}")
            _check(one.iter, names, calls, bound)
            bound |= {one.target.id}
            for condition in one.ifs:
                _check(condition, names, calls, bound)
        _check(node.elt, names, calls, bound)
        return
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or any(keyword.arg is None for keyword in node.keywords):
            raise ExpressionError(f"expected a function's or a tool's name in {shown(node)}")
        _check_call(node, node.func.id, calls)
        inner = [*node.args, *(keyword.value for keyword in node.keywords)]
        if node.func.id in CHOOSES:
            _check(node.args[0], names, calls, bound)
            bound |= {IT}
            inner = list(node.args[1:])
    for child in inner:
        if isinstance(child, ast.expr):
            _check(child, names, calls, bound)


def _check_constant(node: ast.Constant) -> None:
    if isinstance(node.value, str):
        node.value.encode()  # raises a `ValueError` for a lone surrogate
    elif isinstance(node.value, (int, float)) and not node.value <= MAX_NUMBER:
        raise ExpressionError("a number beyond the range of a double")


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _depth(node: ast.AST) -> int:
    return 1 + max(map(_depth, ast.iter_child_nodes(node)), default=0)


def _check_call(node: ast.Call, name: str, calls: set[str]) -> None:
    if name in CHOOSES:
        least = 1 if name == "only" else 2
        if not least <= len(node.args) <= 2 or node.keywords:
            raise ExpressionError(f"expected a list and an expression over `it` in {shown(node)}")
    elif name in FUNCTIONS:
        if node.keywords:
            raise ExpressionError(f"{name} takes no named arguments: {shown(node)}")
    elif node.args:
        raise ExpressionError(f"unknown function {name!r}; a tool takes named arguments only: {shown(node)}")
    else:
        calls.add(name)
