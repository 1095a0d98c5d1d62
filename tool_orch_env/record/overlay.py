"""Answers collected during play: a diskcache of text next to a snapshot that is never written.

Several processes can add answers by replay key; of two answers to one call, the first is kept. Answers come back as
`Recorded`, like a snapshot's, and as records to merge into a new snapshot version.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SnapshotError
from ..jsonvalues.canonical import to_text
from ..jsonvalues.decode import parse_json
from ..snapshot.records import Record
from ..snapshot.store import Recorded, text_cache

_CALL = "call:"
_TURN = "turn"


class Overlay:
    """A writable folder of answers, shared by several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache = text_cache(folder)

    def get(self, key: str) -> Recorded | None:
        """The answer with this replay key; `None` if there is none."""
        found = self._cache.get(_CALL + key)
        return None if found is None else _unpacked(found)[1]

    def add(self, key: str, tool: str, arguments: dict[str, Any], answer: Recorded) -> Recorded:
        """Store an answer unless there is one already, and return the stored one."""
        head = to_text({"tool": tool, "arguments": arguments, "status": answer.status})
        self._cache.add(_CALL + key, f"{head}\n{answer.text}", retry=True)
        return self.get(key) or answer

    def turn(self, spacing: float) -> float:
        """Seconds to wait before the next request. All processes together make one per `spacing` seconds."""
        with self._cache.transact(retry=True):
            now = time.time()
            mine = max(now, float(self._cache.get(_TURN) or 0.0))
            self._cache.set(_TURN, repr(mine + spacing))
        return mine - now

    def records(self) -> Iterator[Record]:
        """Every answer, sorted by key. Raises `SnapshotError` for an invalid entry."""
        for name in sorted(name for name in self._cache if isinstance(name, str) and name.startswith(_CALL)):
            key = name.removeprefix(_CALL)
            try:
                head, answer = _unpacked(self._cache.get(name))
                yield Record(
                    key, head["tool"], head["arguments"], answer.status, to_text(parse_json(answer.text))
                )
            except (ValueError, KeyError, TypeError) as error:
                raise SnapshotError(
                    f"{self.folder.name}: {key}: not an answer: {error}", "delete it"
                ) from error

    def __len__(self) -> int:
        return sum(1 for name in self._cache if isinstance(name, str) and name.startswith(_CALL))


def _unpacked(text: str) -> tuple[dict[str, Any], Recorded]:
    head, _, response = text.partition("\n")
    call = parse_json(head)
    return call, Recorded(call["status"], response)
