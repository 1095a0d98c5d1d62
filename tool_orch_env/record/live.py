"""`on_miss="live"`: make a valid call that the snapshot lacks now, and keep its answer in an overlay.

Calls are made by the same source as in a recording: with the same limits, over HTTP only to hosts of the spec, and
without secrets in what is kept. The rate limit applies to all processes that share an overlay. Two processes that miss
the same call at the same moment may both make it; the first answer is used by both.

A call that the API forbids, or whose answer cannot be kept, has no answer, and the agent is given the reason. Where
the API itself fails (no connection, too late, a server error, missing credentials), `LiveError` makes the episode void.
"""

import time
from pathlib import Path
from typing import Any

from ..errors import LiveError, SpecError
from ..jsonvalues.canonical import canonical
from ..snapshot import Snapshot
from ..snapshot.store import Recorded, cache_folder, expanded
from .kept import Kept
from .overlay import Overlay
from .source import Answer, Unkept, run_apart
from .sources import opened
from .spec import Spec, read_spec


class LiveApi:
    """Answers calls that the snapshot lacks from the overlay, else from the API."""

    def __init__(self, spec: Spec, overlay: Overlay) -> None:
        self.spec = spec
        self.overlay = overlay
        self._kept: Kept | None = None

    def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
        """The answer to a valid call, or a sentence on why it has none. Blocks until the API has answered.

        Raises `LiveError` if the API fails, `SnapshotError` and what diskcache raises if the overlay cannot be used.
        """
        known = self.overlay.get(key)
        if known is not None:
            return known
        if tool not in self.spec.catalog:
            return "the recording spec does not have this tool"
        if not self.spec.is_safe(tool):
            return "not asked: the call may change something, and the recording spec does not list it as safe"
        if self.spec.file.limits.rate:
            time.sleep(self.overlay.turn(1 / self.spec.file.limits.rate))
        outcome = self._asked(tool, arguments)
        if isinstance(outcome, Unkept):
            if not outcome.lasting and not outcome.own:
                raise LiveError(f"{tool}: {outcome.why}")
            return outcome.why
        return self.overlay.add(key, tool, arguments, Recorded(outcome.status, outcome.text))

    def _asked(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
        """Ask an MCP server that is kept running, or anything else afresh."""
        if self.spec.server is None:
            return run_apart(_ask_once(self.spec, tool, arguments))
        if self._kept is None or not self._kept.mine:
            self._kept = Kept(opened(self.spec))
        return self._kept.ask(tool, arguments)

    def __deepcopy__(self, memo: dict[int, Any]) -> "LiveApi":
        return self  # gymnasium copies the arguments of `make`


def open_live(record: str | Path | Spec, snapshot: Snapshot, overlay: str | Path | None = None) -> LiveApi:
    """The live API of the spec `record`, a file or one that was read with functions, for a snapshot.

    `overlay` is a folder; by default one in the user's cache folder, named after snapshot and spec. Raises `SpecError`
    if spec and snapshot describe a tool differently.
    """
    spec, name = (
        (record, record.file.name) if isinstance(record, Spec) else (read_spec(record), Path(record).name)
    )
    differing = [
        f"{name}: tools.{tool_name}: parameters differ from those in snapshot {snapshot.name!r}"
        for tool_name, tool in spec.catalog.items()
        if tool_name in snapshot.catalog and _shape(tool.spec) != _shape(snapshot.catalog[tool_name].spec)
    ]
    if differing:
        raise SpecError(differing, "use the spec that the snapshot was recorded with")
    folder = expanded(overlay) if overlay else cache_folder() / f"live-{snapshot.name}-{spec.fingerprint}"
    return LiveApi(spec, Overlay(folder))


def _shape(spec: Any) -> str:
    """All that decides whether a call is valid and which key it has."""
    fold = {name: fold.model_dump(mode="json") for name, fold in spec.fold.items()}
    return canonical([spec.parameters, sorted(spec.set_like), sorted(spec.case_insensitive), fold])


async def _ask_once(spec: Spec, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
    async with opened(spec) as source:
        return await source.ask(tool, arguments)
