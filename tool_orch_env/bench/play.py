"""One task being played under a protocol: the chat so far, and the result of each assistant message.

`Play` implements `toolorch`, the package's own protocol. Other protocols subclass it and decide replies, end and
success; the error diagnosis stays the same. Nothing here knows where assistant messages come from.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..answers.reader import LONGEST
from ..calls.chat import as_message, content_text
from ..calls.parse import parse_message
from ..calls.render import opening_messages, reply_content, shown_name
from ..calls.types import AnsweredCall, Turn
from ..calls.void import cause_of
from ..episode import Episode, EpisodeLimits, Step
from ..errors import SnapshotError
from ..taskset import CompiledTask
from .diagnose import diagnose
from .result import EpisodeResult

SHOWN = 1200
"""Maximum number of characters of a reply, an argument or a message in the log. A final answer is kept as far as it is
read."""


class Play:
    """One episode under `toolorch`. It is over when `stop_reason` is set."""

    limits = EpisodeLimits()

    def __init__(self, compiled: CompiledTask, answer_form: str = "text") -> None:
        self.compiled = compiled
        self.episode = Episode(compiled, limits=replace(self.limits, answer_form=answer_form))
        self.messages = self.opening()
        self.tools = compiled.function_tools(answer_form)
        self.stop_reason: str | None = None
        self.void: str | None = None
        """Why the episode is void, a text of `calls.void`; `None` unless it is."""
        self.turns = 0
        self._answered: list[tuple[AnsweredCall, ...]] = []
        self._log: list[dict[str, Any]] = []

    def opening(self) -> list[dict[str, Any]]:
        """The chat before the first assistant message."""
        return opening_messages(self.compiled.task, self.episode.submit_name)

    def take(self, action: Any) -> None:
        """Take one assistant message as the policy returned it. Never raises because of its content.

        If the snapshot's responses cannot be read, the episode is over and void.
        """
        message = as_message(action, self.turns)
        self.messages.append(message)
        turn = parse_message(message, self.episode.tools)
        step = self.episode.step(turn)
        _use_ids(message, step.ids)
        self.turns += 1
        self._answered.append(tuple([call for call in step.calls if not call.final]))
        replies = self._replies(step, turn)
        self.messages += [
            {"role": "tool", "tool_call_id": name, "name": _name(call), "content": text}
            for name, call, text in zip(step.ids, step.calls, replies, strict=True)
        ]
        self._log.append(_logged(message, step, turn, replies))

    def _replies(self, step: Step, turn: Turn) -> list[str]:
        """The replies of the protocol, or those of a void episode."""
        self.void = self.episode.void
        if self.void is None:
            try:
                return self.replies(step, turn)
            except (SnapshotError, OSError, sqlite3.Error) as error:
                self.void = cause_of(error)
        self.stop_reason = "void"
        return [call.result.text for call in step.calls]

    def replies(self, step: Step, turn: Turn) -> list[str]:
        """The replies to a turn's calls, in order. Sets `stop_reason` if the episode ends."""
        if step.terminated:
            self.stop_reason = "answered"
        elif step.truncated:
            self.stop_reason = "max_turns" if self.turns >= self.episode.max_turns else "max_calls"
        return [reply_content(call, self.limits.max_response_chars) for call in step.calls]

    def result(
        self, cause: str | None = None, trial: int = 0, tokens: dict[str, int] | None = None
    ) -> EpisodeResult:
        """The result so far. `cause` is the policy's error if it failed to answer, else `None`."""
        found = diagnose(self.compiled, self._answered)
        verdict = self.verdict(found.golden)
        return EpisodeResult(
            task_id=self.compiled.task.id,
            turns=self.turns,
            trial=trial,
            cause=cause,
            void=self.void,
            stop_reason="policy_error" if cause else self.stop_reason or "unfinished",
            components=self.episode.score.as_dict(),
            calls=sum(map(len, self._answered)),
            wasted_calls=found.wasted,
            errors=found.errors,
            golden=found.golden,
            tokens=tokens,
            facts=tuple(reading.as_dict() for reading in self.episode.readings),
            log=tuple(self._log),
            **{**verdict, "success": verdict["success"] and not cause and not self.void},
        )

    def verdict(self, golden: dict[str, str]) -> dict[str, Any]:
        """Success, score, and correct and golden calls and turns, from the state of every golden call."""
        states = [state for state in golden.values() if state != "optional"]
        layers = [[golden[call.id] for call in layer] for layer in self.compiled.task.layers]
        return {
            "success": self.episode.score.success,
            "score": self.episode.score.total,
            "correct_calls": sum(state in ("exact", "order") for state in states),
            "golden_calls": len(states),
            "correct_turns": sum(set(layer) <= {"exact", "optional"} for layer in layers),
            "golden_turns": len(layers),
        }


def _use_ids(message: dict[str, Any], ids: Sequence[str]) -> None:
    """Give the calls of an assistant message the ids that their results go back with: a model may repeat its own."""
    calls = message.get("tool_calls")
    if isinstance(
        calls, list
    ):  # calls beyond those that are read have no result, so no server would accept them
        message["tool_calls"] = [
            {**call, "id": fresh} if isinstance(call, dict) else call
            for call, fresh in zip(calls, ids, strict=False)
        ]


def _name(call: AnsweredCall) -> str:
    return shown_name(call.name or "")


def _logged(message: dict[str, Any], step: Step, turn: Turn, replies: list[str]) -> dict[str, Any]:
    return {
        "content": _short(content_text(message)),
        "answer": _answer(step, turn),
        "reward": round(step.reward, 6),
        "score": round(step.score.total, 6),
        "calls": [
            {
                "tool": _name(call),
                "arguments": _arguments(call),
                "code": call.result.status.value,
                "violations": [violation.as_dict() for violation in call.result.violations],
                "credited_to": golden,
                "reply": _short(reply),
            }
            for call, golden, reply in zip(step.calls, step.credited, replies, strict=True)
        ],
    }


def _answer(step: Step, turn: Turn) -> str | None:
    """The final answer as text, fields as JSON; `None` without one."""
    if turn.answer is not None:
        return _short(turn.answer, LONGEST)
    return next((_arguments(call) for call in step.calls if call.final), None)


def _arguments(call: AnsweredCall) -> str:
    return _short(json.dumps(call.call.arguments, ensure_ascii=False, default=str)) if call.call else ""


def _short(text: str, limit: int = SHOWN) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
