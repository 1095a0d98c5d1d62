"""`tool-orch import`: published data sets and agents' traces become snapshots."""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, requires_extra
from .command import command, option
from .options import NEW_FOLDER, json_output

if TYPE_CHECKING:
    from ..traces import Report

PUBLISHED = ("complexfuncbench", "orchestration_traces")
TRACES = ("openai-messages", "otel-genai", "har", "vcr")


@command(
    option("path", type=Path, metavar="PATH", help="file, or a folder of files"),
    NEW_FOLDER,
    option(
        "--format",
        choices=(*PUBLISHED, *TRACES),
        metavar="FORMAT",
        help=f"{', '.join((*TRACES, *PUBLISHED))} (default: detected)",
    ),
    option("--openapi", type=Path, metavar="DOC", help="OpenAPI document; required for har and vcr"),
    option("--server", action="append", metavar="URL", help="further URL of the API in DOC"),
    option("--tools", type=Path, metavar="FILE", help="JSON file of function tools, if the traces have none"),
    option("--name", help="name of the snapshot (default: the folder's)"),
    option("--licence", default="not stated", help="licence of the answers"),
    option("--split", default="test", help="split of the tasks"),
    option(
        "--secret",
        action="append",
        metavar="NAME",
        help="environment variable whose value is masked in everything that is kept",
    ),
    json_output("what became of the traces"),
    name="import",
    examples=(
        "tool-orch import conversations.jsonl --format openai-messages --out mine",
        "tool-orch import cassettes --format vcr --openapi openapi.yaml --out mine",
        "tool-orch import ComplexFuncBench.jsonl --out cfb",
        "tool-orch bench --policy oracle --tasks ./mine --out runs/mine    # then",
    ),
)
def import_(arguments: argparse.Namespace) -> int:
    """Convert agents' traces or a published data set to a snapshot.

    Conversations (openai-messages, otel-genai) become recordings and, where
    every argument can be traced to its source, tasks; the others are listed
    with what is missing. HTTP archives and cassettes (har, vcr) become
    recordings. See docs/bring-your-own-traces.md.
    """
    if arguments.format in PUBLISHED or (arguments.format is None and not _is_trace(arguments.path)):
        return _published(arguments)
    return _traces(arguments)


def _is_trace(path: Path) -> bool:
    """Whether the first document that can be read is a trace. Files that cannot be read are left to the importers."""
    from ..errors import ImporterError

    try:
        with requires_extra("importing traces", "record"):
            from ..traces.documents import documents
            from ..traces.formats import look
        return look(next(documents(path)).value) is not None
    except (ImporterError, UsageError, StopIteration):
        return path.suffix in (".har", ".yaml", ".yml")  # no published data set has such files


def _published(arguments: argparse.Namespace) -> int:
    from .. import importers
    from .terminal.console import line

    opened, tasks = importers.load(arguments.path, arguments.format)
    importers.save(opened, arguments.out)
    line(f"{arguments.out}: {len(opened.catalog)} tools, {len(opened)} responses, {len(tasks)} tasks")
    return 0


def _traces(arguments: argparse.Namespace) -> int:
    with requires_extra("importing traces", "record"):
        from ..traces import import_traces
    names = arguments.secret or ()
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise UsageError(f"--secret: the environment variable {missing[0]} is not set")
    report = import_traces(
        arguments.path,
        arguments.out,
        arguments.format,
        openapi=arguments.openapi,
        tools=arguments.tools,
        servers=arguments.server or (),
        name=arguments.name,
        licence=arguments.licence,
        secrets=[os.environ[name] for name in names],
        split=arguments.split,
    )
    if arguments.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    else:
        _show(arguments.out, report)
    return 0


def _show(out: Path, report: "Report") -> None:
    from .terminal import imported

    imported.report(str(out), report)
