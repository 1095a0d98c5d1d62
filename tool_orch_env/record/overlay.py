"""Answers that came in the course of play: a diskcache of text beside a snapshot that is never written.

Enters: answers by replay key, from several processes at once; of two answers to one call the first stays.
Leaves: `Recorded`, as a snapshot gives them, and records to merge into a new snapshot version.
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
    """A writable folder of answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache = text_cache(folder)

    def get(self, key: str) -> Recorded | None:
        """The answer kept under a replay key, `None` if there is none."""
        found = self._cache.get(_CALL + key)
        return None if found is None else _unpacked(found)[1]

    def add(self, key: str, tool: str, arguments: dict[str, Any], answer: Recorded) -> Recorded:
        """Keep an answer, unless there is one already; the answer that stays."""
        head = to_text({"tool": tool, "arguments": arguments, "status": answer.status})
        self._cache.add(_CALL + key, f"{head}\n{answer.text}", retry=True)
        return self.get(key) or answer

    def turn(self, spacing: float) -> float:
        """Seconds to wait before asking, so that all processes together ask once per `spacing` seconds."""
        with self._cache.transact(retry=True):
            now = time.time()
            mine = max(now, float(self._cache.get(_TURN) or 0.0))
            self._cache.set(_TURN, repr(mine + spacing))
        return mine - now

    def records(self) -> Iterator[Record]:
        """Every answer, sorted by key; raises `SnapshotError` where an entry is none."""
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
