"""Asks the service before it is recorded, and writes down the calls for the recorder's plan.

It takes a spec, whose endpoints and schemas say how a call is asked, and calls that need no asking. It returns answers
to the code that explores, and writes one file of calls per tool. A call that its schema does not allow is refused.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.request import build
from tool_orch_env.record.spec import Spec
from tool_orch_env.snapshot import Snapshot, make_record

STATUSES = (200, 400, 404)


class Survey:
    """Asks each call once. `calls` are those to record, by replay key: tool and arguments.

    Calls that are asked are recorded, but for those of the tools in `planned`, of which only noted calls are. `known`
    has the answers of tools that are not asked: its catalog names them.
    """

    def __init__(
        self,
        spec: Spec,
        client: httpx.Client,
        planned: Collection[str] = (),
        known: Snapshot | None = None,
    ) -> None:
        self.calls: dict[str, tuple[str, dict[str, Any]]] = {}
        self._spec, self._client, self._planned, self._known = spec, client, planned, known
        self._answers: dict[str, tuple[int, Any]] = {}

    def __call__(self, tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and response; raises `UsageError` for an invalid call, `RuntimeError` for another status."""
        made = make_record(self._spec.catalog, tool, dict(arguments), 200, None)
        if made.key not in self._answers:
            self._answers[made.key] = self._answer(tool, made.arguments)
            if tool not in self._planned:
                self.calls[made.key] = tool, made.arguments
        return self._answers[made.key]

    def note(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Add a call that is recorded without being asked now; raises `UsageError` if it is invalid."""
        made = make_record(self._spec.catalog, tool, dict(arguments), 200, None)
        self.calls.setdefault(made.key, (tool, made.arguments))

    def write(self, folder: Path) -> None:
        """`TOOL.jsonl` for every tool of the spec: the arguments of its calls, one object per line."""
        folder.mkdir(parents=True, exist_ok=True)
        lines: dict[str, list[str]] = {name: [] for name in self._spec.catalog}
        for tool, arguments in self.calls.values():
            lines[tool].append(to_text(arguments) + "\n")
        for name, some in lines.items():
            (folder / f"{name}.jsonl").write_text("".join(some), encoding="utf-8")

    def _answer(self, tool: str, arguments: dict[str, Any]) -> tuple[int, Any]:
        if self._known is not None and tool in self._known.catalog:
            found = self._known.lookup(tool, arguments)
            if found is None:
                raise RuntimeError(f"{tool} {arguments}: not in the snapshot that answers for this tool")
            return found.status, json.loads(found.text)
        reply = self._client.send(build(self._spec.endpoints[tool], arguments))
        if reply.status_code not in STATUSES:
            raise RuntimeError(f"{tool} {arguments}: status {reply.status_code}: {reply.text[:200]}")
        return reply.status_code, json.loads(reply.content)
