"""`tool-orch bench`, its subcommands `rescore`, `compare` and `export`, and `tool-orch report`."""

import argparse
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, requires_extra
from ..executors import open_executor
from .arena import named_arena, recorded_arena, recorded_set
from .command import command, option
from .options import ANSWER_FORM, RECORDED_JUDGE, RUN, SPREAD, json_output, natural, number, share, whole
from .runs import leaderboard, verify

if TYPE_CHECKING:
    from ..bench.policies.base import Policy, Settings
    from ..bench.protocols import Arena
    from ..bench.run_log import RunLog

STOPPED = 130


@command(
    RUN,
    option("--snapshot", help="where the snapshot is now, if it was moved"),
    RECORDED_JUDGE,
    option("--out", type=Path, metavar="DIR", help="folder to write to (default: in place)"),
    json_output("the summary"),
    examples=("tool-orch bench rescore runs/m", "tool-orch bench rescore runs/m --out runs/m-again"),
)
def rescore(arguments: argparse.Namespace) -> int:
    """Score a run again from its recorded messages.

    Nothing is requested from the policy. Use it to score an old run with the
    installed version of the package.
    """
    from ..bench.run_log import read_run, rewrite
    from ..bench.runner import rescored
    from .terminal.console import line, warn

    about, tasks, records = read_run(arguments.run_folder)
    snapshot = recorded_set(about["source"], arguments.snapshot).snapshot
    arena, fresh = recorded_arena(about, tasks, snapshot, arguments.judge)
    after = [rescored(arena, record) for record in records]
    changed = sum(_changed(old["result"], new["result"]) for old, new in zip(records, after, strict=True))
    out = arguments.out or arguments.run_folder
    rewrite(out, fresh, tasks, after)
    say = warn if arguments.json else line
    say(f"Rescored {len(after)} episodes: {changed} results changed")
    return _show(out, arguments.json)


@command(
    option("first", type=Path, metavar="RUN_A", help="folder of the first run"),
    option("second", type=Path, metavar="RUN_B", help="folder of the second run"),
    option("--anyway", action="store_true", help="compare even if tasks, scorer or version differ"),
    json_output("the comparison"),
    examples=(
        "tool-orch bench compare runs/m runs/oracle",
        "tool-orch bench compare runs/m runs/old --anyway",
    ),
)
def compare(arguments: argparse.Namespace) -> int:
    """Compare two runs task by task, with confidence intervals."""
    from ..bench.compare import compare
    from ..bench.run_log import run_names
    from .terminal import runs

    found = compare(arguments.first, arguments.second, arguments.anyway)
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        runs.comparison(run_names([arguments.first, arguments.second]), found)
    return 0


@command(
    RUN,
    option("--format", choices=("openai-messages",), default="openai-messages", help="form of the lines"),
    option("--out", type=Path, required=True, metavar="FILE", help="JSON lines file to write"),
    option("--snapshot", help="where the snapshot is now, if it was moved"),
    RECORDED_JUDGE,
    examples=(
        "tool-orch bench export runs/m --out conversations.jsonl",
        "tool-orch import conversations.jsonl --out mine   # then",
    ),
)
def export(arguments: argparse.Namespace) -> int:
    """Write the episodes of a run as conversations.

    Each line has the messages that the policy saw and wrote, the tools and the
    score, for supervised fine-tuning or `tool-orch import`.
    """
    from ..bench.export import conversations
    from ..bench.run_log import read_run
    from ..jsonvalues.canonical import to_text
    from .terminal.console import line

    about, tasks, records = read_run(arguments.run_folder)
    snapshot = recorded_set(about["source"], arguments.snapshot).snapshot
    arena, _ = recorded_arena(about, tasks, snapshot, arguments.judge)
    rows = list(conversations(arena, records, arguments.format))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(to_text(row) + "\n" for row in rows)
    arguments.out.write_text(
        text, encoding="utf-8", errors="backslashreplace"
    )  # lone surrogates, as JSON has them
    line(f"{arguments.out}: {len(rows)} conversations")
    return 0


_TASKS = (
    option(
        "--policy",
        help="oracle, random, junk or another scripted policy; openai:MODEL@URL; vllm:PATH; "
        "python:MODULE:FUNCTION (required)",
    ),
    option("--out", type=Path, metavar="DIR", help="folder of the run (required)"),
    option("--tasks", default="travel", help="NAME[:SPLIT], folder or file; the default split is test"),
    option("--snapshot", help="snapshot of a task file (default: the one it names)"),
    option("--limit", type=whole, metavar="N", help="play the first N tasks (default: all)"),
    option("--trials", type=whole, default=1, metavar="N", help="episodes per task"),
    option("--seed", type=int, default=0, help="seed of scripted policies, sent to models"),
)
_PROTOCOL = (
    option("--protocol", choices=("toolorch", "cfb-offline"), default="toolorch", help="how to score"),
    ANSWER_FORM,
    option("--strict", action="store_true", help="cfb-offline: close the original's loopholes"),
    option(
        "--deciding",
        type=Path,
        metavar="FILE",
        help="cfb-offline: JSON object from function to the parameters that decide a match",
    ),
    option(
        "--judge",
        metavar="python:MODULE:FUNCTION",
        help="cfb-offline: decides whether two calls match if no rule does (default: none)",
    ),
)
_MODEL = (
    option(
        "--tools", choices=("native", "prompt"), default="native", help="tools in the API or in the prompt"
    ),
    option(
        "--call-format",
        metavar="NAME",
        help="with --tools prompt: how tools, calls and results are written: hermes, qwen3_coder, glm45, llama3_json, "
        "pythonic, mistral_new, deepseek_v31, deepseek_v32, kimi_k2 (default: hermes)",
    ),
    option("--temperature", type=number(0), default=0.0, metavar="T", help="sampling temperature"),
    option("--max-tokens", type=whole, default=2048, metavar="N", help="tokens per message"),
    option("--timeout", type=number(0.001), default=120.0, metavar="SECONDS", help="time per request"),
    option(
        "--retries", type=natural, default=2, metavar="N", help="retries after lost connections, 429 and 5xx"
    ),
    option(
        "--tool-call-parser",
        metavar="NAME",
        help="vllm: the server's parser of tool calls, such as qwen3_coder or llama3_json (default: hermes)",
    ),
    option(
        "--reasoning-parser",
        metavar="NAME",
        help="vllm: the server's parser of reasoning, such as qwen3 or deepseek_r1 (default: none)",
    ),
    option("--vllm-args", default="", metavar="ARGS", help="vllm: more arguments for its server"),
)
_WORK = (
    option("--concurrency", type=whole, default=8, metavar="N", help="episodes at a time"),
    option(
        "--max-void",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="exit with status 1 if more of the episodes are void: broken by the environment, not by the policy",
    ),
    option("--retry-failed", action="store_true", help="play episodes again that ended with a policy error"),
    *SPREAD,
    json_output("the summary"),
)


@command(
    *_TASKS,
    *_PROTOCOL,
    *_MODEL,
    *_WORK,
    subcommands=(rescore, compare, export, verify, leaderboard),
    examples=(
        "tool-orch bench --policy oracle --out runs/oracle",
        "tool-orch bench --policy openai:MODEL@http://localhost:8000/v1 --out runs/m",
        "tool-orch bench --policy python:mine:policy --limit 20 --out runs/mine",
        "tool-orch bench compare runs/m runs/oracle",
    ),
)
def bench(arguments: argparse.Namespace) -> int:
    """Benchmark a policy on a set of tasks.

    Each episode is saved when it ends. Rerun the same command to resume, with
    a larger --limit or --trials to extend the run; void episodes are then
    played again. Exits with 1 if the policy failed in every episode, or if more
    episodes are void than --max-void allows.
    """
    from .terminal.console import line

    if not arguments.policy or not arguments.out:
        raise UsageError(
            "bench: expected --policy and --out, or one of rescore, compare, export, verify, leaderboard; "
            "for example: tool-orch bench --policy oracle --out runs/oracle"
        )
    try:
        _play(arguments)
    except KeyboardInterrupt:
        line("Stopped. Rerun the same command to resume.")
        return STOPPED
    return _show(arguments.out, arguments.json) or _unplayed(arguments.out, arguments.max_void)


def _unplayed(folder: Path, max_void: float) -> int:
    """1 if the policy failed in every episode of a run, or too many of them are void."""
    from ..bench.run_log import read_run
    from .terminal.console import warn

    _, _, records = read_run(folder)
    if records and all(record["fault"] for record in records):  # void episodes have no fault
        warn("No episode could be played: the policy failed in every one.")
        return 1
    void = json.loads((folder / "summary.json").read_bytes())["void"]["share"]
    if void > max_void:
        warn(f"{void:.1%} of the episodes are void, more than --max-void {max_void:g} allows.")
        return 1
    return 0


def _play(arguments: argparse.Namespace) -> None:
    """Play the episodes that the run still lacks."""
    from ..bench.manifest import manifest
    from ..bench.policies import parse_policy
    from ..bench.policies.base import Settings
    from ..bench.run_log import RunLog

    settings = Settings(**{name: getattr(arguments, name) for name in Settings.__dataclass_fields__})
    policy = parse_policy(arguments.policy, settings)
    source = {name: getattr(arguments, name) for name in ("tasks", "snapshot", "limit")}
    arena = named_arena(source, arguments)
    if arguments.policy.startswith("vllm:") and not _in_process(arguments):
        raise UsageError("vllm: works in one process; start a server and use openai:MODEL@URL")
    about = manifest(arena, source, policy.name, settings, arguments.trials)
    with closing(RunLog(arguments.out, about, arena.tasks)) as log:
        _play_missing(arguments, arena, policy, settings, log)
        log.seal()


def _play_missing(
    arguments: argparse.Namespace, arena: "Arena", policy: "Policy", settings: "Settings", log: "RunLog"
) -> None:
    import asyncio

    from ..bench.runner import jobs, play_all, play_spread
    from .terminal.console import line, warn
    from .terminal.runs import RunBar

    missing = jobs(arena, arguments.trials, log, arguments.retry_failed)
    finished = [record for key, record in log.records.items() if key not in set(missing)]
    if finished:
        total = arguments.trials * len(arena.tasks)
        say = warn if arguments.json else line
        say(f"Resuming {arguments.out}: {len(finished)} of {total} episodes were played before.")
    with RunBar(arguments.trials * len(arena.tasks), finished) as bar:
        if _in_process(arguments):
            asyncio.run(play_all(arena, policy, log, missing, arguments.concurrency, bar.done))
            return
        with open_executor(arguments.executor, arguments.workers) as executor:
            named = (arguments.policy, settings)
            play_spread(executor, arena, named, log, missing, arguments.concurrency, bar.done)


def _in_process(arguments: argparse.Namespace) -> bool:
    return bool(arguments.executor == "local" and arguments.workers == 1)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a result changed in something that it has already: older versions kept less."""
    return any(new.get(name) != value for name, value in old.items())


def _show(folder: Path, as_json: bool) -> int:
    """Write the summary of a run to its folder and print it."""
    from ..bench.metrics import summary
    from ..bench.result import EpisodeResult
    from ..bench.run_log import read_run, replace_file
    from .terminal import runs

    about, tasks, records = read_run(folder)
    found = summary([EpisodeResult.from_dict(record["result"]) for record in records], tasks)
    text = json.dumps(found, indent=1)
    replace_file(folder / "summary.json", f"{text}\n".encode())
    if as_json:
        print(text)
    else:
        runs.summary(about, found)
        runs.policy_errors(records)
    return 0


@command(
    RUN,
    option("--out", type=Path, metavar="FILE", help="page to write (default: report.html in RUN)"),
    examples=("tool-orch report runs/m", "tool-orch report runs/m --out m.html"),
)
def report(arguments: argparse.Namespace) -> int:
    """Write a run as one web page that works offline.

    Needs the extra [bench-models].
    """
    from .terminal.console import line

    with requires_extra("report", "bench-models"):
        from ..bench.report import page
    from ..bench.run_log import replace_file

    text = page(arguments.run_folder)
    out = arguments.out or arguments.run_folder / "report.html"
    if arguments.out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    else:
        replace_file(out, text.encode())
    line(f"Wrote {out} ({out.stat().st_size / 1024:.0f} KB). Open it in a browser.")
    return 0
