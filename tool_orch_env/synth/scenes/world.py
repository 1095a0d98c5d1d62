"""The recorded world, as scenarios look at it: replies by call, and the recorded calls of a tool to draw from."""

import json
from typing import Any

from ...jsonvalues.canonical import NotCanonical, canonical
from ...jsonvalues.memo import Memo
from ...language.expressions import Held, Unsuitable
from ...snapshot import Snapshot

MEMO_SIZE = 4096
"""Number of replies kept parsed."""


class World:
    """A snapshot as scenarios look at it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._replies: Memo[str, tuple[bool, Any]] = Memo(MEMO_SIZE)
        self._recorded: dict[str, list[dict[str, Any]]] = {}

    def written(self, tool: str, arguments: dict[str, Any]) -> str:
        """A call as canonical text. Raises `Unsuitable` if it has none."""
        try:
            return f"{tool} {canonical(arguments)}"
        except NotCanonical as error:
            raise Unsuitable(f"{tool}: {error}") from error

    def key(self, tool: str, arguments: dict[str, Any]) -> str:
        """The replay key of a call. Raises `Unsuitable` if it has none."""
        try:
            return self.snapshot.key(tool, arguments)
        except (KeyError, NotCanonical) as error:
            raise Unsuitable(f"{tool}: {error}") from error

    def reply(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The parsed reply, recorded or derived. Raises `Unsuitable` if there is none, or an error."""
        success, value = self._replies.remembered(
            self.key(tool, arguments), lambda: self._looked_up(tool, arguments)
        )
        if not success:
            raise Unsuitable(f"{tool}: no success is recorded for {json.dumps(arguments)[:80]}")
        return value

    def _looked_up(self, tool: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
        found = self.snapshot.lookup(tool, arguments)
        return (False, None) if found is None or not found.success else (True, json.loads(found.text))

    def recorded(self, tool: str) -> list[dict[str, Any]]:
        """The arguments of the recorded calls of a tool, sorted by their text."""
        if not self._recorded:
            found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in self.snapshot.catalog}
            for name, arguments in self.snapshot.calls():
                found[name][canonical(arguments)] = arguments
            self._recorded = {name: [calls[text] for text in sorted(calls)] for name, calls in found.items()}
        return self._recorded.get(tool, [])

    def drawn(self, tool: str, arguments: dict[str, Any]) -> Held:
        """A recorded call as the value of a slot. Raises `Unsuitable` for an error."""
        return Held({"arguments": arguments, "reply": self.reply(tool, arguments)})
