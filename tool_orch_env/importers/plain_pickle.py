"""Read plain data from a pickle without unpickling it.

Enters: the bytes of a pickle, protocols 0 to 5. Leaves: dicts, lists, strings, numbers, truth values and `None`;
tuples become lists. A pickle is a program for a small stack machine, and the standard one can import and call
anything. This one knows only the opcodes that push, collect and remember plain data: classes, calls,
persistent ids, extension codes, buffers, bytes and sets have no entry in its table, so there is nothing that
a file could run. What is refused is named with its byte.
"""

import pickletools
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import ImporterError

REMEDY = "convert the file to JSON lines (one row per line) on a machine that trusts it, and import that"
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
        """The topmost value; raises `ValueError` if a mark or nothing is there."""
        if self.top() is _MARK:
            raise ValueError("a value was expected, found a mark")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise ValueError("a value was expected, found an empty stack")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        """The values above the topmost mark, which goes too."""
        items: list[Any] = []
        while self.top() is not _MARK:
            items.append(self.stack.pop())
        self.stack.pop()
        return items[::-1]

    def target(self, kind: type) -> Any:
        """The topmost value, which has to be a container of this kind."""
        if type(self.top()) is not kind:
            raise ValueError(f"a {kind.__name__} was expected, found {type(self.top()).__name__}")
        return self.top()

    def extend(self, items: list[Any]) -> None:
        self.target(list).extend(items)

    def update(self, items: list[Any]) -> None:
        self.target(dict).update(_pairs(items))

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise ValueError(f"nothing was remembered under {index}")
        self.push(self.memo[index])

    def remember(self, index: int) -> None:
        if self.top() is _MARK:
            raise ValueError("a mark cannot be remembered")
        self.memo[index] = self.top()


def _pairs(items: list[Any]) -> Iterator[tuple[str, Any]]:
    if len(items) % 2:
        raise ValueError("a key without a value")
    for name, value in zip(items[::2], items[1::2], strict=True):
        if type(name) is not str:
            raise ValueError(f"an object key of type {type(name).__name__}, expected a string")
        yield name, value


def _last(machine: _Machine, count: int) -> list[Any]:
    return [machine.pop() for _ in range(count)][::-1]


def _proto(_: _Machine, protocol: int) -> None:
    if protocol > NEWEST_PROTOCOL:
        raise ValueError(f"pickle protocol {protocol}, expected at most {NEWEST_PROTOCOL}")


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
    """The plain value in a pickle; raises `ImportFault` with the byte of the first thing that is not plain.

    Containers that the pickle shares are shared in the result, which may so be far larger than the file, or
    hold itself: the reader of rows bounds that.
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
        raise ValueError("values are left on the stack")
    if position + 1 < len(data):
        raise ValueError(f"{len(data) - position - 1} bytes follow the end")
    return value


def _damaged(name: str, position: int, why: str) -> ImporterError:
    return ImporterError(f"{name}: near byte {position}: not a whole pickle: {why}", "fetch the file again")
