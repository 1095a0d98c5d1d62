"""The tools of an MCP server that a recording may use: those that it calls read-only, and those that are named."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import ValidationError

from ..errors import FileError, SpecError
from ..snapshot.catalog import Catalog, ToolSpec
from .drafts import Drafted
from .mcp import McpServer, Offer
from .schema import Limits, Server
from .scrub import Scrub
from .source import Failed, run_apart
from .stdio import printable

REMEDY = "start the server by hand to see what it says; docs/bring-your-own-mcp.md describes `api.mcp`"


def listed(
    server: Server,
    limits: Limits,
    folder: Path,
    secrets: Iterable[str],
    named: Collection[str],
    notes: list[str],
) -> dict[str, Drafted]:
    """The tools of a server to record: those with `readOnlyHint`, and those that are `named`.

    `notes` get a line about the others. Raises `SpecError` if the server cannot be asked, or no tool is left.
    """
    known = tuple(secrets)

    async def ask() -> Offer:
        async with McpServer(server, limits, folder, known) as source:
            return await source.offer()

    scrub = Scrub(known)
    try:
        tools = run_apart(ask()).tools
    except Failed as error:
        raise SpecError(scrub.text(error.why), REMEDY) from error
    found: dict[str, Drafted] = {}
    writing, unusable = [], []
    for tool in tools:
        hint = tool.annotations is not None and tool.annotations.read_only_hint is True
        if not hint and tool.name not in named:
            writing.append(tool.name)
            continue
        draft = Drafted("", "", scrub.json(tool.input_schema), {}, scrub.text(tool.description or ""))
        problem = _problem(tool.name, draft)
        if not problem or tool.name in named:  # a named one is a problem of the spec, with its place
            found[tool.name] = draft
        else:
            unusable.append(problem)
    if writing:
        notes.append(
            f"{len(writing)} of {len(tools)} tools are not marked as read-only and left out; to record one, name it "
            f"under `tools`: {_some(writing)}"
        )
    notes += [f"left out: {scrub.text(problem)}" for problem in unusable[:20]]
    if not found:
        raise SpecError(
            f"no tool is left of the {len(tools)} that the server lists; {' '.join(notes)}", REMEDY
        )
    return found


def _problem(name: str, draft: Drafted) -> str:
    """Why a tool cannot be one of a snapshot; "" if it can."""
    try:
        Catalog([ToolSpec(name=name, description=draft.description, parameters=dict(draft.parameters))])
    except ValidationError as error:
        return f"{name!r:.60}: {error.errors()[0]['msg']}"
    except FileError as error:
        return error.problems[0][:200]
    return ""


def _some(names: Collection[str]) -> str:
    shown = printable(", ".join(list(names)[:20]))
    return shown if len(names) <= 20 else f"{shown}, ..."
