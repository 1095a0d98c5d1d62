"""`tool-orch demo` and `play`: scores of policies, an annotated episode, an episode played by hand."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.panel import Panel

from ...answers.oracle import oracle_turns
from ...bench.scripted import POLICIES
from ...calls.types import AnsweredCall
from ...env import ToolOrchEnv
from ...episode import Episode, Step, score_turns
from ...jsonvalues.canonical import to_text
from ...reward.config import Score
from ...snapshot import Snapshot
from ...task import Task
from ...taskset import TaskSet
from .console import console, escape, line, shortened, table

FACTS_WIDTH = 80
"""Maximum width of the table of facts, in columns."""
COLOURS = {"ok": "green", "api_error": "yellow", "not_recorded": "yellow"}
CALL_PROMPT = """
Write a call, such as %s or {"name": ..., "arguments": {...}}."""
ANSWER_PROMPT = "Anything else is your final answer. Press Ctrl-D to leave."
SUBMIT_PROMPT = "Your final answer is a call of %s; text ends the episode without one. Press Ctrl-D to leave."


def scores(snapshot: Snapshot, tasks: Sequence[Task], split: str, policies: Sequence[str], seed: int) -> None:
    """Mean score and components of scripted policies over the tasks."""
    columns = ("policy", ">score", ">atomic", ">orchestration", ">answer", ">waste", ">success")
    shown = table(f"{snapshot.name}, {split}: means over {len(tasks)} tasks", *columns)
    for name in policies:
        rng = np.random.default_rng(seed)
        found = [score_turns(task, POLICIES[name](task, snapshot, rng), snapshot) for task in tasks]
        shown.add_row(name, *_means(found), f"{np.mean([score.success for score in found]):.0%}")
    console.print(shown)


def _means(found: Sequence[Score]) -> list[str]:
    columns = (
        [score.total for score in found],
        [score.atomic for score in found],
        [score.orchestration for score in found],
        [score.answer for score in found if score.answer is not None],
        [score.waste for score in found],
    )
    return [f"{np.mean(column):.3f}" if column else "-" for column in columns]


def episode(task: Task, snapshot: Snapshot) -> None:
    """The golden trace of a task: each call with its result, each step with its reward."""
    played = Episode(TaskSet(snapshot, [task]).compiled(task.id))
    console.print(Panel(escape(task.request), title=escape(task.id), title_align="left"))
    for number, turn in enumerate(oracle_turns(task), 1):
        step = played.step(turn)
        played.check()
        console.print(f"[bold]turn {number}[/]")
        _show_calls(step)
        if turn.answer is not None:
            console.print(f"  [cyan]answer[/] {escape(turn.answer)}")
        console.print(f"  reward [bold]{step.reward:+.3f}[/], score so far {step.score.total:.3f}")


def _show_calls(step: Step) -> None:
    for answered, golden in zip(step.calls, step.credited, strict=True):
        status = answered.result.status
        console.print(f"  [magenta]{escape(_call(answered))}[/]", soft_wrap=True)
        matches = f" [dim]matches {golden}[/]" if golden else ""
        shown = f"    [{COLOURS.get(status, 'red')}]{status}[/]{matches} {escape(answered.result.text[:500])}"
        console.print(shown, no_wrap=True, overflow="ellipsis")


def _call(answered: AnsweredCall) -> str:
    if answered.call is None:
        return "(unreadable)"
    given = answered.call.arguments.items()
    parts = ", ".join(f"{name}={shortened(to_text(value), 60)}" for name, value in given)
    return f"{answered.call.name}({parts})"


def play(
    snapshot: Snapshot, split: str, task_id: str | None, seed: int | None, answer_form: str = "text"
) -> None:
    """Play one episode: each line typed is a call or the final answer."""
    env = ToolOrchEnv(snapshot=snapshot, split=split, tool_docs="short", answer_form=answer_form)
    text, info = env.reset(seed=seed, options={"task_id": task_id} if task_id else None)
    line(text)
    submit = env.submit_name
    line(CALL_PROMPT % _example(info["tools"][0]["function"]))
    line(SUBMIT_PROMPT % submit if submit else ANSWER_PROMPT)
    over = terminated = False
    while not over:
        try:
            typed = console.input("[bold]> [/]")
        except EOFError:
            line("Left before the end.")
            return
        _, reward, terminated, truncated, info = env.step(_as_message(typed))
        over = terminated or truncated
        _show_replies(info, float(reward))
    if "void" in info:
        line(f"The episode is void: {info['void']}")
        return
    ended = "Answered" if terminated else "Out of turns or calls"
    if "answer_error" in info:
        line(info["answer_error"])
    line(f"{ended}: score {info['episode_score']:.3f} {to_text(info['score'])}")
    if info["facts"]:
        _show_facts(info["facts"])


def _show_facts(facts: Sequence[dict[str, Any]]) -> None:
    """What was read of each fact of the answer, how much it counts, and why not in full."""
    shown = table("Facts of the answer", "fact", ">counts", "read", "why not")
    for fact in facts:
        quote = shortened(" ".join(fact["quote"].split()), 60) or "-"
        cells = (fact["name"], f"{fact['share']:.2g}", quote, shortened(fact["why"], 160))
        shown.add_row(*map(escape, cells))
    console.print(shown, width=FACTS_WIDTH)


def _example(tool: dict[str, Any]) -> str:
    """How a call of a tool is typed: `get_city(geoname_id=...)`."""
    names = tool["parameters"].get("required") or [*tool["parameters"].get("properties", {})][:1]
    return f"{tool['name']}({', '.join(f'{name}=...' for name in names)})"


def _as_message(typed: str) -> str:
    """A line as an assistant message: a Python-style call goes into a list."""
    return f"[{typed}]" if typed.rstrip().endswith(")") and "(" in typed else typed


def _show_replies(info: dict[str, Any], reward: float) -> None:
    for message in info["messages"]:
        line(json.dumps(json.loads(message["content"]), indent=1, ensure_ascii=False))
    line(f"reward {reward:+.3f}")
