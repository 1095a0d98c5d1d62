"""Export the episodes of a run as conversations: `tool-orch bench export RUN --format openai-messages`.

Each episode is one line: `{"id", "messages", "tools", "score"}`. The messages are those that the policy saw and wrote,
in OpenAI's form. Calls that it wrote into its text are moved to `tool_calls`; what is no readable call stays text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..calls.parse import parse_message
from ..calls.types import ToolCall
from ..errors import UsageError
from .play import Play
from .protocols import Arena
from .run_log import Record
from .runner import void_of

FORMATS = ("openai-messages",)


def conversations(
    arena: Arena, records: Sequence[Record], form: str = FORMATS[0]
) -> Iterator[dict[str, Any]]:
    """The episodes of a run as conversations, without void ones. The id is that of the task, with `#` and the trial
    from the second on."""
    if form not in FORMATS:
        raise UsageError(f"format: expected one of {', '.join(FORMATS)}, found {form!r}")
    for record in records:
        if void_of(record):
            continue
        play = arena.play(record["task_id"])
        messages = list(play.messages)
        for action in record["actions"]:
            if play.stop_reason is not None:
                break
            messages += _turn(play, action)
        trial = f"#{record['trial']}" if record["trial"] else ""
        yield {
            "id": f"{record['task_id']}{trial}",
            "messages": messages,
            "tools": play.tools,
            "score": record["result"]["score"],
        }


def _turn(play: Play, action: Any) -> list[dict[str, Any]]:
    """Play one action; the messages that it adds."""
    start = len(play.messages)
    play.take(action)
    said, *replies = (dict(message) for message in play.messages[start:])
    if not replies or isinstance(said.get("tool_calls"), list):
        return [said, *replies]
    found = parse_message(said, play.episode.tools).calls
    made = [(call, reply) for call, reply in zip(found, replies, strict=False) if isinstance(call, ToolCall)]
    calls = [_entry(call, reply) for call, reply in made]
    return [{**said, "tool_calls": calls} if calls else said, *(reply for _, reply in made)]


def _entry(call: ToolCall, reply: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": reply["tool_call_id"], "type": "function", "function": function}
