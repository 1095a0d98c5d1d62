"""Choices made by bytes: what turns any bytes into numbers, text and JSON-like values.

Enters: bytes. Leaves: the same choices for the same bytes; spent bytes choose the first option.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

Option = TypeVar("Option")

DEPTHS = (1, 2, 63, 64, 65, 300, 900, 960, 990, 2000)
ODD = (
    0, 1, -1, 1.0, -0.0, 0.5, 1e-7, 5e-324, 1e16, 1e308, 2**53, 2**63, 10**308, 10**309, 10**400, 1e999, -1e999,
    math.nan, True, False, None, "", "\ud800", "\udcff", "\0", "a", "Oslo", "oslo", "OSLO", "ß", "İ", "é", "e\u0301",
    "metric", "2013-07-10", "2013-02-30", "NO", "NOK", 11, 11.0, 12, 99, "11", "a{99999999999999999999}", "(", "1e400",
    "a/b~c", "~", "/", "-", "*", "\u2028", "\x1c", "x" * 200, 200, 404, "ok", 7.51, -273, "32.5", 32.5,
)  # fmt: skip


class Source:
    """A reader of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def spent(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        value = 0 if self.spent else self._data[self._at]
        self._at += 1
        return value

    def below(self, count: int) -> int:
        """0 to `count` - 1, from one byte, or from two where one does not suffice."""
        value = self.byte() if count <= 256 else self.byte() << 8 | self.byte()
        return value % count

    def pick(self, options: Sequence[Option]) -> Option:
        return options[self.below(len(options))]

    def rest(self) -> bytes:
        value, self._at = self._data[self._at :], len(self._data)
        return value

    def raw(self) -> bytes:
        """Up to 63 bytes, as many as one byte says."""
        count = self.below(64)
        value = self._data[self._at : self._at + count]
        self._at += count
        return value

    def text(self) -> str:
        return as_text(self.raw())

    def value(self, names: Sequence[str], odd: Sequence[Any] = ODD, depth: int = 3) -> Any:
        """A value as an agent or a file may hold it; `names` are likely keys."""
        kind = self.below(10 if depth else 6)
        if kind < 3:
            return self.pick(odd)
        if kind == 3:
            return self.text()
        if kind == 4:
            return int.from_bytes(self.raw()[:9], "big", signed=True)
        if kind == 5:
            return nested(self.pick(DEPTHS), self.below(2) == 0)
        if kind < 8:
            return [self.value(names, odd, depth - 1) for _ in range(self.below(4))]
        return {
            self.pick(names) if self.below(4) else self.text(): self.value(names, odd, depth - 1)
            for _ in range(self.below(4))
        }


def as_text(raw: bytes) -> str:
    """Text of any bytes; what is not UTF-8 becomes lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def nested(depth: int, in_lists: bool = True) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value
