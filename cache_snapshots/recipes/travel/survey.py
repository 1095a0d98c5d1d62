"""Asks the service before it is recorded: which calls exist, so that the plan can name them.

Enters: a spec, whose endpoints and schemas say how a call is asked. Leaves: answers to whoever explores, and one file
of calls per tool, which is what the recorder's plan reads. Refuses a call that its schema does not allow.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.request import build
from tool_orch_env.record.spec import Spec
from tool_orch_env.snapshot import make_record

STATUSES = (200, 400, 404)


class Survey:
    """Asks each call once. `calls` are the calls so far by replay key: tool and arguments."""

    def __init__(self, spec: Spec, client: httpx.Client) -> None:
        self.calls: dict[str, tuple[str, dict[str, Any]]] = {}
        self._spec, self._client = spec, client
        self._answers: dict[str, tuple[int, Any]] = {}

    def __call__(self, tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and response; raises `UsageError` for an invalid call, `RuntimeError` for another status."""
        made = make_record(self._spec.catalog, tool, dict(arguments), 200, None)
        if made.key not in self._answers:
            reply = self._client.send(build(self._spec.endpoints[tool], made.arguments))
            if reply.status_code not in STATUSES:
                raise RuntimeError(f"{tool} {arguments}: status {reply.status_code}: {reply.text[:200]}")
            self._answers[made.key] = reply.status_code, json.loads(reply.content)
            self.calls[made.key] = tool, made.arguments
        return self._answers[made.key]

    def write(self, folder: Path) -> None:
        """`TOOL.jsonl` for every tool of the spec: the arguments of its calls, one object per line."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self._spec.catalog:
            lines = [to_text(arguments) + "\n" for tool, arguments in self.calls.values() if tool == name]
            (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
