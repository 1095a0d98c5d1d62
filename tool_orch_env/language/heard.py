"""The recorded successes of a snapshot by number, with arguments and responses parsed when they are needed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from ..jsonvalues.canonical import to_text
from ..jsonvalues.memo import Memo
from ..snapshot import Snapshot
from ..snapshot.kept import Arrays, Texts
from ..snapshot.progress import shown
from ..snapshot.records import says_nothing
from ..snapshot.store import MEMORY_LIMIT, MEMORY_RESPONSES
from .usual import usual


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that a recorded success answers, and its parsed response."""

    calls: "Calls"
    number: int

    @property
    def tool(self) -> str:
        return self.calls.tool(self.number)

    @property
    def key(self) -> str:
        """The replay key."""
        return self.calls.key(self.number)

    @property
    def arguments(self) -> dict[str, Any]:
        return self.calls.arguments(self.number)

    @property
    def response(self) -> Any:
        return self.calls.response(self.number)


class Calls(Sequence[Heard]):
    """Every recorded success that is not empty and not limited to a task, in the order of the files, as a person would
    make the call (`usual`).

    Numbers, keys and arguments are in arrays, responses in the snapshot's store. The responses that were parsed last
    are remembered, at most as many and as much as a snapshot in memory has.
    """

    def __init__(self, snapshot: Snapshot, arrays: Arrays) -> None:
        """`arrays` are those that `arrays_of` makes of this snapshot."""
        self._snapshot = snapshot
        self.tools: tuple[str, ...] = tuple(Texts.of(arrays, "tools"))
        """Names of the tools that have calls, sorted."""
        self.tool_of = arrays["tool"]
        """`(calls,)` int32: the number of each call's tool in `tools`."""
        self._keys = arrays["key"]
        self._arguments = Texts.of(arrays, "arguments")
        self._given: Memo[int, dict[str, Any]] = Memo(MEMORY_RESPONSES)
        self._parsed: Memo[int, tuple[int, Any]] = Memo(MEMORY_LIMIT, lambda entry: entry[0])

    def __len__(self) -> int:
        return len(self.tool_of)

    @overload
    def __getitem__(self, number: int) -> Heard: ...
    @overload
    def __getitem__(self, number: slice) -> list[Heard]: ...
    def __getitem__(self, number: int | slice) -> Heard | list[Heard]:
        if isinstance(number, slice):
            return [Heard(self, one) for one in range(*number.indices(len(self)))]
        return Heard(self, range(len(self))[number])

    def first(self, most: int) -> list[Heard]:
        """The first calls of every tool, at most `most` of each, in order."""
        found = [np.flatnonzero(self.tool_of == tool)[:most] for tool in range(len(self.tools))]
        return [Heard(self, number) for number in sorted(np.concatenate([*found, []]).astype(int).tolist())]

    def tool(self, number: int) -> str:
        name: str = self.tools[self.tool_of[number]]
        return name

    def key(self, number: int) -> str:
        text: str = self._keys[number].tobytes().decode()
        return text

    def replay_keys(self) -> list[str]:
        """The replay keys of all calls, in order."""
        size = self._keys.shape[1]
        text = self._keys.tobytes().decode()
        return [text[at : at + size] for at in range(0, len(text), size)] if size else []

    def arguments(self, number: int) -> dict[str, Any]:
        return self._given.remembered(number, lambda: json.loads(self._arguments[number]))

    def response(self, number: int) -> Any:
        return self._parsed.remembered(number, lambda: self._read(number))[1]

    def numbers(self, what: str) -> Iterable[int]:
        """The numbers of all calls; if there are many, a bar named `what` shows how many were taken."""
        return shown(range(len(self)), len(self), f"{self._snapshot.name}: {what}")

    def parsed(self) -> Iterator[tuple[int, str, dict[str, Any], Any]]:
        """Number, tool, arguments and response of every call, none of them remembered."""
        for number in self.numbers("finding what feeds what"):
            yield number, self.tool(number), json.loads(self._arguments[number]), self._read(number)[1]

    def _read(self, number: int) -> tuple[int, Any]:
        key = self.key(number)
        found = self._snapshot.get(key) or self._snapshot.lookup(self.tool(number), self.arguments(number))
        assert found is not None  # only calls that the snapshot answers have a number
        return len(found.text), json.loads(found.text)


def arrays_of(snapshot: Snapshot) -> Arrays:
    """The arrays from which `Calls` are made."""
    heads = list(_heads(snapshot))
    tools = sorted({tool for tool, _, _ in heads})
    number = {tool: at for at, tool in enumerate(tools)}
    keys = "".join(key for _, key, _ in heads).encode()
    return {
        **Texts.arrays(tools, "tools"),
        "tool": np.array([number[tool] for tool, _, _ in heads], dtype=np.int32),
        "key": np.frombuffer(keys, dtype=np.uint8).reshape(len(heads), -1 if heads else 0),
        **Texts.arrays([text for _, _, text in heads], "arguments"),
    }


def _heads(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Tool, replay key and arguments of every call. Of records that are one call to a person, the first counts."""
    seen: set[str] = set()
    records = shown(snapshot.records(trusting=True), len(snapshot), f"{snapshot.name}: reading its calls")
    for record in records:
        if 200 <= record.status < 400 and not record.task and not says_nothing(record.text):
            call = usual(snapshot, record)
            if call.key not in seen:
                seen.add(call.key)
                yield call.tool, call.key, to_text(call.arguments)
