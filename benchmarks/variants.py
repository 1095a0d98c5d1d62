"""The environment and two baselines, each as a function from message to reply.

B      the obvious first implementation: json.loads, a pydantic model of the call, one cached jsonschema
       validator, diskcache of pickled dicts, json.dumps
J      the floor: orjson and a dict of bytes, jsonschema-rs only on a miss; scores nothing, explains nothing
env    `gym.make("ToolOrch-v0")`: parsed, validated, replayed, scored with `graduated`, with infos

B and J compute a trivial reward and strip the tags by their length.
"""

import json
import random
from collections.abc import Callable
from typing import Any, Literal

import diskcache
import gymnasium as gym
import jsonschema
import jsonschema_rs
import orjson
import pydantic
from work import CALLS, CLOSE, OPEN, PARAMETERS, TOOL, arguments, response, snapshot, task

from tool_orch_env.snapshot import Snapshot

Step = Callable[[str], object]
ENDLESS: dict[str, Any] = {"max_turns": 1 << 40, "max_calls": 1 << 40, "max_response_chars": 1 << 20}
"""Settings for one long episode without truncated responses."""
_INSIDE = slice(len(OPEN), -len(CLOSE))


def baseline_b(kilobytes: int, folder: str) -> Step:
    cache = diskcache.Cache(folder)
    for i in range(CALLS):
        cache[TOOL + json.dumps(arguments(i), sort_keys=True)] = response(i, kilobytes)
    validator = jsonschema.Draft202012Validator(
        PARAMETERS, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    class Call(pydantic.BaseModel):
        name: str
        arguments: dict[str, object]

    def step(message: str) -> object:
        call = Call.model_validate(json.loads(message[_INSIDE]))
        errors = [error.message for error in validator.iter_errors(call.arguments)]
        if errors:
            return json.dumps({"error": errors}), 0.0
        found = cache.get(call.name + json.dumps(call.arguments, sort_keys=True))
        return json.dumps(found), float(found is not None)

    return step


def floor_j(kilobytes: int) -> Step:
    sort = orjson.OPT_SORT_KEYS
    store = {
        TOOL.encode() + orjson.dumps(arguments(i), option=sort): json.dumps(response(i, kilobytes)).encode()
        for i in range(CALLS)
    }
    validator = jsonschema_rs.validator_for(PARAMETERS)

    def step(message: str) -> object:
        call = orjson.loads(message[_INSIDE])
        found = store.get(call["name"].encode() + orjson.dumps(call["arguments"], option=sort))
        if found is not None:
            return found.decode(), 1.0
        return str([error.message for error in validator.iter_errors(call["arguments"])]), 0.0

    return step


def environment(kilobytes: int) -> Step:
    """One long episode whose golden calls are the first four recorded calls."""
    env = gym.make("ToolOrch-v0", snapshot=snapshot(kilobytes), tasks=[task()], **ENDLESS)
    env.reset(seed=0)
    return env.step


def recorded(where: Literal["memory", "disk"], calls: int = 1024) -> tuple[Step, list[str]]:
    """One long episode over `travel`, in memory or in its store, and messages of so many different recorded calls."""
    opened = Snapshot.open("travel", where=where)
    first = opened.tasks("test")[0].model_copy(update={"tools": tuple(opened.catalog)})
    env = gym.make("ToolOrch-v0", snapshot=opened, tasks=[first], **ENDLESS)
    env.reset(seed=0)
    sample = random.Random(1).sample(sorted(opened.calls(), key=str), calls)
    return env.step, [OPEN + json.dumps({"name": tool, "arguments": given}) + CLOSE for tool, given in sample]
