"""The sixty tasks from scenarios: `tool_orch_env/language/scenarios/elements`, filled from what was recorded.

Enters: the recorded snapshot and the tasks written by hand. Leaves: the lines of `scenes.jsonl`, the split `test`.
"""

from collections.abc import Sequence

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.scenes.check import chosen
from tool_orch_env.synth.scenes.make import synthesise_scenes
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Task, dump_tasks

N, SEED = 60, 7
TARGETS = Targets(calls=weights("2-8"), distractors=weights("2-6"), closeness=0.9)


def text(snapshot: Snapshot, written: Sequence[Task]) -> bytes:
    """The task file's content; no task is too like another or one of `written`."""
    scenarios = chosen("elements", snapshot)
    made = synthesise_scenes(snapshot, scenarios, TARGETS, N, SEED, f"{snapshot.name}-test", unlike=written)
    return dump_tasks(list(made))
