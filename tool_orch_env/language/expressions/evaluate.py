"""Evaluating an expression by walking its syntax tree.

Scenario files and the `meta` of tasks come from anywhere, so work and results are bounded: the nodes that are visited,
the elements and the nesting of lists, the length of texts, and numbers, which stay within the range of a double.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Protocol

from .functions import FUNCTIONS
from .held import IT, Held, Unsuitable, items, plain, step
from .trees import both, copied, listed, shown

MAX_STEPS = 100_000
"""Maximum nodes that are visited to evaluate one expression; those of other named values are not counted."""
MAX_ELEMENTS = 10_000
"""Maximum elements of the lists and objects that an expression makes, nested ones included."""
MAX_NESTING = 32
MAX_TEXT = 10_000
"""Maximum characters of a text that an expression makes."""
MAX_NUMBER = 10**308
CHOOSES = {"only": "", "least": "min", "most": "max"}
"""The functions that choose an element, with the extreme that they choose by."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An element chosen by `only`, `least` or `most`. `choose` is `min`, `max` or "". `among` are the elements chosen
    from, before the condition."""

    chosen: Held
    among: tuple[Held, ...]
    choose: str
    _condition: ast.expr | None
    _key: ast.expr | None
    _scope: "Item"

    @property
    def condition(self) -> str:
        """The condition as an expression over `it`, with the values of all other names in place; "" if none."""
        return _closed(self._condition, self._scope)

    @property
    def key(self) -> str:
        """The key in the same form, "" if none."""
        return _closed(self._key, self._scope)


class Scope(Protocol):
    """The names of an expression."""

    def get(self, name: str) -> Held:
        """The value of a name. Raises `Unsuitable` if it has none."""

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        """The reply to a call in an expression. Raises `Unsuitable`."""

    def chose(self, choice: Choice) -> None:
        """Take note of a choice."""


class Item:
    """A scope in which `name` is one element; other names are those of `outer`. Counts the nodes that are visited."""

    def __init__(self, outer: Scope | None, held: Held, name: str = IT) -> None:
        self._outer, self._held, self._name = outer, held, name
        self._left: list[int] = outer._left if isinstance(outer, Item) else [MAX_STEPS]

    def visit(self) -> None:
        """Count a node. Raises `Unsuitable` if there were too many."""
        self._left[0] -= 1
        if self._left[0] < 0:
            raise Unsuitable(f"more than {MAX_STEPS} steps")

    def get(self, name: str) -> Held:
        if name == self._name:
            return self._held
        if self._outer is None:
            raise Unsuitable(f"no value for {name!r}")
        return self._outer.get(name)

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        if self._outer is None:
            raise Unsuitable(f"no call of {tool!r} here")
        return self._outer.ask(tool, arguments)

    def chose(self, choice: Choice) -> None:
        if self._outer is not None:
            self._outer.chose(choice)


def evaluated(tree: ast.expr, scope: Scope) -> Held:
    """The value of a syntax tree that `syntax` accepts. Raises `Unsuitable`, `RecursionError`."""
    return _value(tree, scope if isinstance(scope, Item) else Item(scope, Held(None), ""))


OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: _alike(a, b),
    ast.NotEq: lambda a, b: not _alike(a, b),
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def _value(node: ast.expr, scope: Item) -> Held:
    scope.visit()
    match node:
        case ast.Constant():
            return Held(node.value)
        case ast.Name():
            return scope.get(node.id)
        case ast.Attribute():
            return step(_value(node.value, scope), node.attr)
        case ast.Subscript():
            at, whole = _value(node.slice, scope), _value(node.value, scope)
            return step(whole, at.value).also(at, whole)
        case ast.Compare():
            return _compared(node, scope)
        case ast.BoolOp():
            return _logical(node, scope)
        case ast.UnaryOp():
            held = _value(node.operand, scope)
            if isinstance(node.op, ast.Not):
                return Held(not held.value, needs=held.needs)
            return _applied(lambda one: -one, node, held)
        case ast.BinOp():
            both = _value(node.left, scope), _value(node.right, scope)
            return _applied(_arithmetic(node.op), node, *both)
        case ast.IfExp():
            test = _value(node.test, scope)
            return _value(node.body if test.value else node.orelse, scope).also(test)
        case ast.List() | ast.Tuple():
            return _group([_value(one, scope) for one in node.elts])
        case ast.Dict():
            members = {
                key.value: _value(value, scope)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
            return Held(_bounded(members), needs=_needs(members.values()))
        case ast.ListComp() | ast.GeneratorExp():
            read: list[Held] = []
            found = _group(list(_each(node.generators, node.elt, scope, read)))
            return replace(found, needs=found.needs | _needs(read))
        case ast.Call(func=ast.Name(id=name)):
            return _called(node, name, scope)
    raise Unsuitable(f"cannot evaluate {shown(node)}")


def _group(held: list[Held]) -> Held:
    return Held(_bounded(held), needs=_needs(held))


def _needs(held: Iterable[Held]) -> frozenset[str]:
    return frozenset[str]().union(*(one.needs for one in held))


def _bounded(members: Any) -> Any:
    """A list or an object of `Held`. Raises `Unsuitable` if it is too large or nested too deeply."""
    _counted(members, MAX_ELEMENTS, 0)
    return members


def _counted(members: Any, left: int, depth: int) -> int:
    """How many of `left` elements are left."""
    held: Iterable[Any] = members.values() if isinstance(members, dict) else members
    for one in held:
        if not isinstance(one, Held):  # recorded values are as large as they are
            break
        left -= 1
        if left < 0 or depth > MAX_NESTING:
            raise Unsuitable(f"expected at most {MAX_ELEMENTS} elements, nested at most {MAX_NESTING} deep")
        if isinstance(one.value, (list, dict)):
            left = _counted(one.value, left, depth + 1)
    return left


def _applied(function: Callable[..., Any], node: ast.expr, *held: Held) -> Held:
    try:
        found = function(*map(plain, held))
        _check_size(found)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise Unsuitable(f"{shown(node)}: {error}", _needs(held)) from error
    return Held(found).also(*held)


def _check_size(found: Any) -> None:
    if isinstance(found, str) and len(found) > MAX_TEXT:
        raise ValueError(f"more than {MAX_TEXT} characters")
    if isinstance(found, (int, float)) and not (isfinite(found) and abs(found) <= MAX_NUMBER):
        raise ValueError("a number beyond the range of a double")


def _arithmetic(op: ast.operator) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        texts = isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str)
        if not texts and not all(_is_number(one) for one in (left, right)):
            raise TypeError("expected numbers")
        return OPERATORS[type(op)](left, right)

    return apply


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _alike(one: Any, other: Any) -> bool:
    """Equality; `True` is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _compared(node: ast.Compare, scope: Item) -> Held:
    left, read = _value(node.left, scope), []
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = _value(right_node, scope)
        read += [left, right]
        ordered = isinstance(op, _ORDER)
        if ordered and not _orderable([plain(left), plain(right)]):
            needs = left.needs | right.needs
            raise Unsuitable(f"cannot compare in {shown(node)}", needs)
        if not _applied(OPERATORS[type(op)], node, left, right).value:
            return Held(False).also(*read)
        left = right
    return Held(True).also(*read)


def _orderable(values: Sequence[Any]) -> bool:
    return all(map(_is_number, values)) or all(isinstance(value, str) for value in values)


def _logical(node: ast.BoolOp, scope: Item) -> Held:
    read: list[Held] = []
    for one in node.values:
        read.append(_value(one, scope))
        if bool(read[-1].value) != isinstance(node.op, ast.And):
            break
    return read[-1].also(*read)


def _each(
    generators: Sequence[ast.comprehension], element: ast.expr, scope: Item, read: list[Held]
) -> Iterator[Held]:
    first, rest = generators[0], generators[1:]
    listed = _value(first.iter, scope)
    read.append(listed)
    assert isinstance(first.target, ast.Name)
    for one in items(listed):
        inner = Item(scope, one, first.target.id)
        tests = []
        for condition in first.ifs:
            tests.append(_value(condition, inner))
            if not tests[-1].value:
                break
        read += tests
        if all(test.value for test in tests):
            if rest:
                yield from _each(rest, element, inner, read)
            else:
                yield _value(element, inner).also(*tests)


def _called(node: ast.Call, name: str, scope: Item) -> Held:
    if name in CHOOSES:
        return _chosen(node, CHOOSES[name], scope)
    if name in FUNCTIONS:
        return _applied(FUNCTIONS[name], node, *(_value(one, scope) for one in node.args))
    return scope.ask(name, {one.arg or "": _value(one.value, scope) for one in node.keywords})


def _chosen(node: ast.Call, choose: str, scope: Item) -> Held:
    """The element that `only`, `least` or `most` chooses."""
    lists, condition = listed(node.args[0])
    key = node.args[1] if choose else None
    if not choose and len(node.args) > 1:
        condition = both(condition, node.args[1])
    whole = _value(lists, scope)
    among, read = items(whole), [whole]
    fitting = []
    for one in among:
        test = Held(True) if condition is None else _value(condition, Item(scope, one))
        read.append(test)
        if test.value:
            fitting.append(one)
    needs = _needs(read)
    best = fitting
    if key is not None and fitting:
        keys = [_value(key, Item(scope, one)) for one in fitting]
        needs |= _needs(keys)
        values = [plain(one) for one in keys]
        if not _orderable(values):
            raise Unsuitable(f"cannot compare by {shown(key)}", needs)
        winner = (min if choose == "min" else max)(values)
        best = [one for one, value in zip(fitting, values, strict=True) if value == winner]
    if len(best) != 1:
        raise Unsuitable(f"{len(best)} elements fit {shown(node)}, not one", needs)
    chosen = best[0].after(needs)
    scope.chose(Choice(chosen, tuple(among), choose, condition, key, scope))
    return chosen


def _closed(node: ast.expr | None, scope: Item) -> str:
    """An expression over `it` as text, with the values of all other names in place."""
    if node is None:
        return ""
    return ast.unparse(ast.fix_missing_locations(_Closed(scope).visit(copied(node))))


class _Closed(ast.NodeTransformer):
    def __init__(self, scope: Item) -> None:
        self._scope = scope

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and not _has_it(node):
            try:
                return copied(ast.parse(repr(plain(_value(node, self._scope))), mode="eval").body)
            except Unsuitable:  # the variable of a comprehension
                return node
        if isinstance(node, ast.Call):
            node.args = [self.visit(one) for one in node.args]
            return node
        return super().generic_visit(node)


def _has_it(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Name) and one.id == IT for one in ast.walk(node))
