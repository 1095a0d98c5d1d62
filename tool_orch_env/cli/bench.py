"""`tool-orch bench`, `bench rescore`, `bench compare` and `report`.

Enters: parsed arguments. Leaves: a run's folder, tables, a page; the exit status.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..bench import show
from ..bench.cfb import CfbOptions
from ..bench.cfb_match import Judge
from ..bench.compare import compare
from ..bench.manifest import manifest
from ..bench.metrics import summary
from ..bench.policies import load_function, parse_policy
from ..bench.policies.base import Settings
from ..bench.protocols import Arena
from ..bench.result import EpisodeResult
from ..bench.run_log import Record, RunLog, read_run, rewrite
from ..bench.runner import jobs, play_all, play_spread, rescored
from ..bench.taskset import load_task_set
from ..errors import UsageError
from ..executors import open_executor

STOPPED = 130


def run(arguments: argparse.Namespace) -> int:
    """Play what is still to be played of a run, then show its summary; 130 if interrupted."""
    if not arguments.policy or not arguments.out:
        raise UsageError(
            "bench: expected --policy and --out, or one of rescore, compare; "
            "for example: tool-orch bench --policy oracle --out runs/oracle"
        )
    settings = Settings(**{name: getattr(arguments, name) for name in Settings.__dataclass_fields__})
    policy = parse_policy(arguments.policy, settings)
    source = {
        "tasks": arguments.tasks,
        "snapshot": arguments.snapshot,
        "limit": arguments.limit,
    }
    judge = _judge(arguments.judge)
    arena = _arena(source, arguments.protocol, arguments.strict, arguments.deciding, judge)
    about = manifest(arena, source, policy.name, settings, arguments.trials)
    here = arguments.executor == "local" and arguments.workers == 1
    if not here and arguments.policy.startswith("vllm:"):
        raise UsageError("vllm: serves this process only; start a server yourself and give openai:MODEL@URL")
    ledger = RunLog(arguments.out, about, arena.tasks)
    try:
        todo = jobs(arena, arguments.trials, ledger, arguments.retry_failed)
        total = arguments.trials * len(arena.tasks)
        again = {(name, trial) for name, trial in todo}
        before = {key: record for key, record in ledger.records.items() if key not in again}
        with show.RunBar(total, before) as bar:
            if here:
                asyncio.run(play_all(arena, policy, ledger, todo, arguments.concurrency, bar.done))
            else:
                with open_executor(arguments.executor, arguments.workers) as executor:
                    named = (arguments.policy, settings)
                    play_spread(executor, arena, named, ledger, todo, arguments.concurrency, bar.done)
        ledger.seal()
    except KeyboardInterrupt:
        show.line("stopped; the same command goes on from here")
        return STOPPED
    finally:
        ledger.close()
    return _show(arguments.out, arguments.json)


def rescore(arguments: argparse.Namespace) -> int:
    """Score a run anew from the recorded messages, offline, with this version of the package."""
    about, tasks, records = read_run(arguments.run_folder)
    options = CfbOptions(about["strict"], about["deciding"], _judge(about["judge"]))
    source = {**about["source"], **({"snapshot": arguments.snapshot} if arguments.snapshot else {})}
    opened = load_task_set(source["tasks"], source["snapshot"]).snapshot
    arena = Arena(tasks, opened, about["protocol"], options)
    settings = Settings(**about["settings"])
    fresh = manifest(arena, about["source"], about["policy"], settings, about["trials"])
    before = [record["result"] for record in records]
    after = [rescored(arena, record) for record in records]
    changed = sum(old != new["result"] for old, new in zip(before, after, strict=True))
    rewrite(arguments.out or arguments.run_folder, fresh, tasks, after)
    show.line(f"{len(after)} episodes scored again, {changed} with another result")
    return _show(arguments.out or arguments.run_folder, arguments.json)


def compare_runs(arguments: argparse.Namespace) -> int:
    """Paired differences between two runs."""
    found = compare(arguments.first, arguments.second, arguments.anyway)
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        show.comparison(arguments.first.name, arguments.second.name, found)
    return 0


def results(records: Sequence[Record]) -> list[EpisodeResult]:
    return [EpisodeResult.from_dict(record["result"]) for record in records]


def _show(folder: Path, as_json: bool) -> int:
    about, tasks, records = read_run(folder)
    found = summary(results(records), tasks)
    (folder / "summary.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        show.summary(about, found)
        show.policy_faults(records)
    return 0


def _judge(name: str | None) -> Judge | None:
    """The function that `python:MODULE:FUNCTION` names; raises `UsageError`."""
    if name is None:
        return None
    kind, _, place = name.partition(":")
    if kind != "python":
        raise UsageError(f"judge {name!r}: expected python:MODULE:FUNCTION")
    return load_function(place)


def _arena(
    source: Mapping[str, Any], protocol: str, strict: bool, deciding: Path | None, judge: Judge | None
) -> Arena:
    loaded = load_task_set(source["tasks"], source["snapshot"], deciding)
    if loaded.verified is False:
        show.warn("not the published file, byte by byte: figures are of these rows only")
    tasks = loaded.tasks[: source["limit"]]
    if not tasks:
        raise UsageError(f"{source['tasks']}: no tasks")
    known = loaded.deciding if protocol == "cfb-offline" else {}
    return Arena(tasks, loaded.snapshot, protocol, CfbOptions(strict, known, judge))
