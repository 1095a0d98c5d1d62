"""`tool-orch bench verify` and `tool-orch bench leaderboard`: runs that others made."""

import argparse
import json
from pathlib import Path

from ..errors import UsageError
from .arena import named_tasks, recorded_arena
from .command import command, option
from .options import RUN, json_output


@command(
    RUN,
    option("--snapshot", help="where the snapshot is now, if it was moved"),
    option(
        "--judge",
        metavar="python:MODULE:FUNCTION",
        help="the judge that the run names: it is code, so it only runs if you name it too",
    ),
    json_output("the findings"),
    examples=("tool-orch bench verify runs/m", "tool-orch bench verify runs/m --json"),
)
def verify(arguments: argparse.Namespace) -> int:
    """Check that a run is what it says.

    Scores the recorded messages again and compares tasks, results, summary and
    fingerprint with the installed version. Exits with 1 if anything differs or
    an episode is missing.
    """
    from ..bench.manifest import played
    from ..bench.run_log import read_run
    from ..bench.verify import findings
    from .terminal.console import line

    folder = arguments.run_folder
    about, tasks, records = read_run(folder)
    if about["judge"] != arguments.judge:
        raise UsageError(
            f"{folder.name}: judged by {about['judge'] or 'no judge'}; --judge names {arguments.judge or 'none'}. "
            "A judge is code: read it, then pass its name"
        )
    arena, fresh = recorded_arena(about, tasks, arguments.snapshot)
    named = named_tasks(about["source"], arguments.snapshot)
    found = list(findings(folder, about, fresh, arena, named, records))
    if arguments.json:
        print(json.dumps([one._asdict() for one in found], indent=1))
    else:
        for one in found:
            line(f"{one.code}: {one.text}")
        part = about["fingerprint"]["benchmark"]
        verdict = "NOT verified" if found else "Verified"
        line(f"{verdict}: {len(records)} episodes of {len(tasks)} tasks, {part}, {played(about['source'])}")
    return 1 if found else 0


@command(
    option("folders", type=Path, nargs="+", metavar="DIR", help="a run, or a folder of runs"),
    option(
        "--price",
        action="append",
        default=[],
        metavar="POLICY=IN,OUT",
        help="money per million prompt and completion tokens of a policy; may be repeated",
    ),
    json_output("the table"),
    examples=(
        "tool-orch bench leaderboard runs",
        "tool-orch bench leaderboard runs --price openai:gpt-4o-mini=0.15,0.60",
    ),
)
def leaderboard(arguments: argparse.Namespace) -> int:
    """Show the runs of a folder as one table, best first.

    Runs that are not comparable get tables of their own.
    """
    from ..bench.leaderboard import leaderboard, read_price
    from .terminal import runs

    found = leaderboard(arguments.folders, dict(map(read_price, arguments.price)))
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        runs.leaderboard(found)
    return 0
