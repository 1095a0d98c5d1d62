"""Python call syntax: `[f(a=1), g(b="x")]`, or calls one after another.

Calls and arguments are split by their brackets; only a single value is given to `ast.parse`, as an expression that must
be a literal. `true`, `false` and `null` are read as JSON means them, and an argument may be named like a keyword.
"""

import ast
import re
import warnings
from threading import Lock
from typing import Any

from ..types import ParseError, ToolCall
from .scan import MAX_CALLS, Read, Scan, Wrapper, quoted, shown, skip_space

_NAME_OPEN = re.compile(r"([A-Za-z_][\w.\-]{0,255})\s*\(").match
_STRING = (
    r"'''(?:[^\\]|\\.)*?(?:'''|\Z)|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)"
    r"|'[^'\\]*(?:\\.[^'\\]*)*(?:'|\Z)|\"[^\"\\]*(?:\\.[^\"\\]*)*(?:\"|\Z)"
)
_TOKEN = re.compile(rf"{_STRING}|[()\[\]{{}},]", re.DOTALL)
_KEY = re.compile(r"\s*([A-Za-z_][\w\-]{0,255})\s*=(?!=)").match
_PLAIN = re.compile(
    r"'([^'\\\n\0\ud800-\udfff]*)'|\"([^\"\\\n\0\ud800-\udfff]*)\"|(-?[1-9][0-9]{0,17}|0)"
).fullmatch
_CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_MAX_DEPTH = 80
_MAX_VALUE = 1 << 18
"""Characters of one argument that are read."""
_WARNINGS = Lock()
"""`catch_warnings` sets the filters of all threads, and two that overlap restore the wrong ones."""
_STOP = ("<|", "</s>", "<eos>", "<end_of_turn>")
"""How the special tokens begin that may follow the last call."""
_LIST = "not a list of calls"
_CUT = "cut off: a bracket is not closed"


def read(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """Calls in a list, or one after another up to the wrapper's closer."""
    text = scan.text
    at = skip_space(text, at)
    in_list = text[at : at + 1] == "["
    first, printed, at = len(scan.found), 0, at + in_list
    while len(scan.found) <= MAX_CALLS:
        at = _after_separators(text, at)
        if in_list and text[at : at + 1] == "]":
            return _closed(text, at + 1, wrapper.closer)
        if not in_list and (at == len(text) or (wrapper.closer and text.startswith(wrapper.closer, at))):
            break
        if not in_list and len(scan.found) > first and text.startswith(_STOP, at):
            break
        opened = _NAME_OPEN(text, at)
        if not opened:
            scan.fail(wrapper, f"{_LIST}: expected a call such as f(a=1), found {shown(text, at)}")
            return scan.after_error(at, wrapper)
        if opened.group(1) == "print" and _NAME_OPEN(text, opened.end()):
            printed, at = printed + 1, opened.end()  # Gemma prints what a call returns
            continue
        pieces, end = ([_CUT], -1) if scan.exhausted else split(text, opened.end())
        if end < 0:
            scan.spent += len(text) - opened.end()
            scan.fail(wrapper, f"{_LIST}: {pieces[0]}", opened.group(1))
            return scan.after_error(opened.end(), wrapper)
        scan.found.append(_call(opened.group(1), pieces, scan.where(wrapper)))
        at = skip_space(text, end)
        while printed and text[at : at + 1] == ")":
            printed, at = printed - 1, skip_space(text, at + 1)
    if len(scan.found) == first:
        scan.fail(wrapper, f"{_LIST}: expected a call such as f(a=1), found {shown(text, at)}")
    return _closed(text, at, wrapper.closer)


def _after_separators(text: str, at: int) -> int:
    at = skip_space(text, at)
    while text[at : at + 1] in (",", ";") and at < len(text):
        at = skip_space(text, at + 1)
    return at


def _closed(text: str, at: int, closer: str) -> int:
    after = skip_space(text, at)
    return after + len(closer) if closer and text.startswith(closer, after) else at


def split(text: str, at: int) -> tuple[list[str], int]:
    """The pieces between commas up to the bracket that closes the one before `at`, and where that ends.

    -1 in place of the end, and the reason in place of the pieces, where there is no such bracket.
    """
    depth, begin, pieces = 0, at, []
    for token in _TOKEN.finditer(text, at):
        char = token.group()
        if char == ",":
            if depth == 0:
                pieces.append(text[begin : token.start()])
                begin = token.end()
                if len(pieces) > MAX_CALLS:
                    return [f"more than {MAX_CALLS} arguments"], -1
        elif char in "([{":
            depth += 1
            if depth > _MAX_DEPTH:
                return ["nested too deep"], -1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                return [*pieces, text[begin : token.start()]], token.end() if char == ")" else -1
    return [_CUT], -1


def list_end(text: str, at: int) -> int:
    """Where the list that begins at a bracket ends, -1 if it is cut off or nested too deep."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        char = token.group()
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return token.end()
        if depth > _MAX_DEPTH:
            break
    return -1


def _call(name: str, pieces: list[str], where: str) -> Read:
    arguments: dict[str, Any] = {}
    if not pieces[-1].strip():
        pieces = pieces[:-1]
    for piece in pieces:
        key = _KEY(piece)
        if not key:
            return ParseError(
                where, f"expected keyword arguments only, found {shown(piece.strip(), 0)}", None, name
            )
        if key.group(1) in arguments:
            return ParseError(where, f"an argument is given twice: {quoted(key.group(1))}", None, name)
        try:
            arguments[key.group(1)] = literal(piece[key.end() :])
        except ValueError as error:
            return ParseError(f"{where}: {key.group(1)[:64]}", str(error), None, name)
    return ToolCall(name, arguments)


def literal(source: str) -> Any:
    """The value of a Python literal; `ValueError` says what else the text is."""
    source = source.strip()
    plain = _PLAIN(source)
    if plain:
        one, two, digits = plain.groups()
        return int(digits) if digits is not None else one if one is not None else two
    if source in _CONSTANTS:
        return _CONSTANTS[source]
    if not source or len(source) > _MAX_VALUE:
        raise ValueError(f"{_LIST}: {'no value' if not source else 'a value that is too long'}")
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the agent's strings
            return _value(ast.parse(f"({source}\n)", mode="eval").body)
    except _NotLiteral as error:
        raise ValueError(f"an argument is not a literal: {error}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{_LIST}: {type(error).__name__}") from None


class _NotLiteral(Exception):
    """An expression that has to be evaluated."""


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple([_value(item) for item in items])
        case ast.Dict(keys=keys, values=values):
            return {_key(key): _value(value) for key, value in zip(keys, values, strict=True)}
        case ast.UnaryOp(
            op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as number)
        ):
            return -number if isinstance(sign, ast.USub) else number
    raise _NotLiteral(type(node).__name__)


def _key(node: ast.expr | None) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None):
        return node.value
    raise _NotLiteral("a key that is no constant")
