"""Two scripted episodes of one toy task, what the bare environment pays for them, and where tests say what they saw.

`oracle` is the golden trace. `partly` begins with a call that its schema refuses, leaves the last golden call out and
answers rightly. Every turn makes one call, so that trainers that make calls one by one play the same episode.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gymnasium as gym
import toy as toys

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import ToolCall, Turn

TASK = "toy-1"
SEEN = Path(__file__).parent.parent.parent / "build" / "trainers_seen"
ORACLE = oracle_turns(toys.tasks()[1])
PARTLY = [
    Turn(calls=(ToolCall("get_city", {"city_id": "Turku"}),)),
    Turn(calls=(ToolCall("search_city", {"name": "Turku"}),)),
    Turn(calls=(ToolCall("get_city", {"city_id": 21}),)),
    Turn(calls=(ToolCall("get_country", {"code": "FI"}),)),
    Turn(answer="They pay with EUR."),
]
SCRIPTS = {"oracle": ORACLE, "partly": PARTLY}


def text(turn: Turn) -> str:
    """A turn as a model writes it."""
    if turn.answer is not None:
        return turn.answer
    calls = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
    return "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls)


TEXTS = {name: [text(turn) for turn in turns] for name, turns in SCRIPTS.items()}


def folder(path: Path) -> Path:
    """The toy snapshot as a folder; toy-1 has facts."""
    return toys.folder(path, train=toys.tasks())


def bare(snapshot: Path, script: str) -> dict[str, Any]:
    """What `ToolOrch-v0` pays: `rewards`, `score`, `components`."""
    env = gym.make("ToolOrch-v0", snapshot=str(snapshot), split="train")
    env.reset(options={"task_id": TASK})
    rewards, info, ended = [], {}, False
    for turn in SCRIPTS[script]:
        assert not ended
        _, reward, terminated, truncated, info = env.step(turn)
        rewards.append(reward)
        ended = terminated or truncated
    assert ended
    components = {name: value for name, value in info["score"].items() if value is not None}
    return {"rewards": rewards, "score": info["episode_score"], "components": components}


def saw(
    trainer: str,
    package: str,
    steps: list[float] | None,
    total: float,
    components: list[str] | None,
    place: str,
) -> None:
    """One row of the table: what reached the learner in the episode `partly`, where, from the real package."""
    SEEN.mkdir(parents=True, exist_ok=True)
    row = {
        "trainer": trainer,
        "package": f"{package} {version(package)}",
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "steps": None if steps is None else [round(step, 4) for step in steps],
        "sum": round(total, 4),
        "components": components,
        "place": place,
    }
    name = "".join(c if c.isalnum() else "_" for c in trainer.lower())
    (SEEN / f"{name}.json").write_text(json.dumps(row) + "\n")
