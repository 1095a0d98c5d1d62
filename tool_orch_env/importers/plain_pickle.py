"""Read plain data from a pickle without unpickling it.

A pickle is a program for a small stack machine, and Python's own can import and call anything. This reader handles
protocols 0 to 5, but only the opcodes that push, collect and memoise plain data: dicts, lists, strings, numbers,
booleans and `None`. Tuples become lists. Classes, calls, persistent ids, extension codes, buffers, bytes and sets are
not in its table, so a file cannot run anything. An unsupported opcode raises `ImporterError` with its byte position.
"""

import pickletools
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import ImporterError

REMEDY = (
    "convert the file to JSON lines (one row per line) on a machine that trusts it, and import the result"
)
NEWEST_PROTOCOL = 5

_CODE = [
    "GLOBAL",
    "STACK_GLOBAL",
    "INST",
    "OBJ",
    "NEWOBJ",
    "NEWOBJ_EX",
    "REDUCE",
    "BUILD",
    "EXT1",
    "EXT2",
    "EXT4",
]
_WHY_REFUSED = {
    **dict.fromkeys(_CODE, "it names or calls code, and nothing in a file is executed"),
    **dict.fromkeys(("PERSID", "BINPERSID"), "a persistent id points outside the file"),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), "Python 2 byte strings are not JSON"),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), "bytes are not JSON"),
    **dict.fromkeys(("EMPTY_SET", "ADDITEMS", "FROZENSET"), "sets are not JSON"),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), "a buffer lies outside the file"),
}
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_TEXTS = ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_MARK = object()


class _Machine:
    """A stack, a memo, and nothing else."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        """Remove and return the top value. Raises `ValueError` if it is a mark or the stack is empty."""
        if self.top() is _MARK:
            raise ValueError("expected a value, found a mark")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise ValueError("expected a value, found an empty stack")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        """Remove the topmost mark and return the values above it."""
        items: list[Any] = []
        while self.top() is not _MARK:
            items.append(self.stack.pop())
        self.stack.pop()
        return items[::-1]

    def target(self, kind: type) -> Any:
        """The top value. Raises `ValueError` if it is not of type `kind`."""
        if type(self.top()) is not kind:
            raise ValueError(f"expected a {kind.__name__}, found {type(self.top()).__name__}")
        return self.top()

    def extend(self, items: list[Any]) -> None:
        self.target(list).extend(items)

    def update(self, items: list[Any]) -> None:
        self.target(dict).update(_pairs(items))

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise ValueError(f"memo {index} is not set")
        self.push(self.memo[index])

    def remember(self, index: int) -> None:
        if self.top() is _MARK:
            raise ValueError("a mark cannot be memoised")
        self.memo[index] = self.top()


def _pairs(items: list[Any]) -> Iterator[tuple[str, Any]]:
    if len(items) % 2:
        raise ValueError("a key without a value")
    for name, value in zip(items[::2], items[1::2], strict=True):
        if type(name) is not str:
            raise ValueError(f"object key: expected a string, found {type(name).__name__}")
        yield name, value


def _last(machine: _Machine, count: int) -> list[Any]:
    return [machine.pop() for _ in range(count)][::-1]


def _proto(_: _Machine, protocol: int) -> None:
    if protocol > NEWEST_PROTOCOL:
        raise ValueError(f"pickle protocol: expected at most {NEWEST_PROTOCOL}, found {protocol}")


_Operation = Callable[[_Machine, Any], Any]

_OPERATIONS: Mapping[str, _Operation] = {
    "PROTO": _proto,
    "FRAME": lambda machine, length: None,
    **dict.fromkeys((*_NUMBERS, *_TEXTS), _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "TUPLE": lambda machine, _: machine.push(machine.since_mark()),
    "DICT": lambda machine, _: machine.push(dict(_pairs(machine.since_mark()))),
    "TUPLE1": lambda machine, _: machine.push(_last(machine, 1)),
    "TUPLE2": lambda machine, _: machine.push(_last(machine, 2)),
    "TUPLE3": lambda machine, _: machine.push(_last(machine, 3)),
    "APPEND": lambda machine, _: machine.extend(_last(machine, 1)),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.update(_last(machine, 2)),
    "SETITEMS": lambda machine, _: machine.update(machine.since_mark()),
    "MARK": lambda machine, _: machine.push(_MARK),
    "POP": lambda machine, _: machine.top() and machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.push(machine.top()),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.remember),
    "MEMOIZE": lambda machine, _: machine.remember(len(machine.memo)),
}


def read_plain(data: bytes, name: str) -> Any:
    """The plain value in a pickle. Raises `ImporterError` with the byte position of the first thing that is not plain.

    Containers shared in the pickle are shared in the result. Expanded, the result may therefore be far larger than the
    file, or even contain itself; `reading.py` bounds that.
    """
    machine, position = _Machine(), 0
    try:
        for opcode, argument, at in pickletools.genops(data):
            position = at or 0
            if opcode.name == "STOP":
                return _result(machine, data, position)
            operation = _OPERATIONS.get(opcode.name)
            if operation is None:
                why = _WHY_REFUSED.get(opcode.name, "it is not plain data")
                raise ImporterError(
                    f"{name}: byte {position}: expected plain data, found {opcode.name}: {why}", REMEDY
                )
            operation(machine, argument)
    except (ValueError, OverflowError, struct.error) as error:
        if isinstance(error, ImporterError):
            raise
        raise _damaged(name, position, str(error)) from error
    raise _damaged(name, len(data), "it ends before its STOP")


def _result(machine: _Machine, data: bytes, position: int) -> Any:
    value = machine.pop()
    if machine.stack:
        raise ValueError("values remain on the stack at the end")
    if position + 1 < len(data):
        raise ValueError(f"{len(data) - position - 1} bytes follow the end")
    return value


def _damaged(name: str, position: int, why: str) -> ImporterError:
    return ImporterError(f"{name}: near byte {position}: not a whole pickle: {why}", "fetch the file again")
