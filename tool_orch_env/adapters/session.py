"""One episode behind a chat interface: the core of every adapter. It knows no trainer.

A `SessionFactory` says what to play. A `Session` takes a task id or a seed, then assistant messages of any form. It
returns chat messages and function tools at the start, and replies, reward and end at every step. The episode's score
and its components are available at any time. Rewards are differences of the score, so their sum is the score, in
[0, 1].

An episode that this side broke is void (`Session.void`). It ends, and no adapter hands it to its trainer as an episode
with reward 0; `Session.check` raises for trainers that drop or retry what raises.

A factory is picklable and can be shared between threads, event loops and processes. A `Session` plays one episode at a
time for one client; a lock serialises its steps. A step takes well under a millisecond and never waits, so coroutines
can call it directly.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

import numpy as np

from ..calls import render
from ..calls.types import Turn
from ..episode import Episode, EpisodeLimits
from ..errors import UsageError
from ..reward.config import Reward, Score
from ..snapshot import Snapshot
from ..task import Task
from ..taskset import TaskSet, open_task_set

Message: TypeAlias = dict[str, Any]
"""A chat message in OpenAI's format."""

ANSWER_TOOL = "submit_answer"
"""The tool that ends an episode for clients that can only call tools."""

ANSWER_PROMPT = render.PURPOSE + (
    f"When nothing is left to call, call {ANSWER_TOOL} with your answer to the user; that ends the episode. "
    f"{render.PLAINLY}"
)
NATIVE_PROMPT = render.PURPOSE + render.ENDING
"""`Session.native_prompt` where the final answer is text."""


def answer_tool() -> Message:
    """The function tool named `ANSWER_TOOL`, as a new dict."""
    parameters = {
        "type": "object",
        "properties": {"answer": {"type": "string", "description": "The answer to the user's request."}},
        "required": ["answer"],
    }
    text = "Submit the final answer to the user's request. This ends the episode."
    return {
        "type": "function",
        "function": {"name": ANSWER_TOOL, "description": text, "parameters": parameters},
    }


@dataclass(frozen=True, slots=True)
class SessionStep:
    """The result of one assistant message.

    `messages` are the replies as chat messages, `text` the same replies as one string; both are empty after a final
    answer in text. `reward` is in [-1, 1]. `calls` has one status per call: `ok` or another one listed in
    docs/environment.md. `void` is the cause if the episode is void: it has ended, and its score does not count.
    """

    messages: list[Message]
    text: str
    reward: float
    terminated: bool
    truncated: bool
    calls: tuple[str, ...]
    void: str | None = None

    @property
    def done(self) -> bool:
        return self.terminated or self.truncated


class Session:
    """Plays one episode at a time. Created by a `SessionFactory`; call `reset` first."""

    def __init__(self, task_set: TaskSet, reward: Reward, limits: EpisodeLimits) -> None:
        self._task_set = task_set
        self._reward = reward
        self._limits = limits
        self._lock = RLock()
        self._rng = np.random.default_rng()
        self._episode: Episode | None = None
        self.rewards: list[float] = []
        """One reward per assistant message so far."""
        self.codes: list[str] = []
        """One status per call so far, as listed in docs/environment.md."""

    def reset(self, task_id: str | None = None, seed: int | None = None) -> "Session":
        """Begin an episode and return this session.

        Plays the task `task_id`, else the task that `ToolOrch-v0` draws for `seed`, else the next random one. An
        unfinished episode is discarded. Raises `UsageError` if there is no such task.
        """
        with self._lock:
            if seed is not None:
                self._rng = np.random.default_rng(seed)
            if task_id is None:
                task_id = self._task_set.ids[int(self._rng.integers(len(self._task_set.ids)))]
            self._episode = Episode(self._task_set.compiled(task_id), self._reward, self._limits)
            self.rewards, self.codes = [], []
        return self

    def step(self, message: Any) -> SessionStep:
        """Take one assistant message of any form. Its content never raises; raises `UsageError` before `reset`."""
        with self._lock:
            episode = self._playing()
            late = episode.over
            step = episode.step(message)
            if not late:
                self.rewards.append(step.reward)
            text = "" if step.terminated and not step.calls else step.text
            codes = tuple(call.result.status.value for call in step.calls)
            self.codes += codes
            return SessionStep(
                episode.messages(step),
                text,
                step.reward,
                step.terminated,
                step.truncated,
                codes,
                episode.void,
            )

    def call(self, name: str, arguments: Any) -> str:
        """Make one call as a separate assistant message and return its reply.

        A call of `ANSWER_TOOL`, or of the task's submit tool, is the final answer. Its reply contains the score,
        because a client that only calls tools sees it nowhere else.
        """
        with self._lock:
            if name == ANSWER_TOOL and self.submit_name is None:
                return self.answer(arguments.get("answer", "") if isinstance(arguments, dict) else arguments)
            late = self.done
            step = self.step({"name": name, "arguments": arguments})
            if name == self.submit_name and step.terminated and not late:
                return self._scored()
            return str(step.messages[0]["content"])

    def answer(self, answer: Any) -> str:
        """Take the final answer; calls in it are not made.

        The reply contains the score, or an error if the episode was already over or is void.
        """
        with self._lock:
            if self.done:
                return str(self.step({"content": ""}).messages[0]["content"])
            text = answer if isinstance(answer, str) else json.dumps(answer, default=str)
            step = self.step(Turn(answer=text))
            return self._scored() if step.void is None else str(step.messages[0]["content"])

    def _scored(self) -> str:
        return json.dumps({"episode_score": self.episode_score, "components": self.components()})

    @property
    def begun(self) -> bool:
        """Whether `reset` has been called. Before that, there is no task and no score."""
        return self._episode is not None

    @property
    def task(self) -> Task:
        return self._playing().task

    @property
    def tools(self) -> list[Message]:
        """The OpenAI function tools of the task, fixed for the episode. The caller may modify the list."""
        return self._playing().compiled.function_tools(self._limits.answer_form)

    @property
    def submit_name(self) -> str | None:
        """The name of the tool that takes the final answer; `None` where that is text."""
        return self._playing().submit_name

    @property
    def native_prompt(self) -> str:
        """System prompt for models whose chat template or API has its own syntax for tool calls."""
        return render.PURPOSE + render.ending(self.submit_name)

    @property
    def answer_prompt(self) -> str:
        """System prompt for clients that can only call tools."""
        return self.native_prompt if self.submit_name else ANSWER_PROMPT

    def messages(self, prompt: str | None = None) -> list[Message]:
        """The opening messages: `prompt` as the system message (by default the environment's), and the request."""
        if prompt is None:
            prompt = render.system_prompt(self.submit_name)
        return [{"role": "system", "content": prompt}, {"role": "user", "content": self.task.request}]

    @property
    def text(self) -> str:
        """The opening as one text including the tools: what `ToolOrch-v0` returns as observation from `reset`."""
        return self._playing().compiled.opening_text(self._limits.tool_docs, self._limits.answer_form)

    @property
    def done(self) -> bool:
        return self._playing().over

    @property
    def void(self) -> str | None:
        """Why the episode is void, as `CODE: detail`; `None` unless it is."""
        return self._playing().void

    def check(self) -> None:
        """Raise `VoidError` if the episode is void."""
        self._playing().check()

    @property
    def score(self) -> Score:
        """The score so far, with its components."""
        return self._playing().score

    @property
    def episode_score(self) -> float:
        """The sum of the rewards so far, in [0, 1]."""
        return self.score.total

    def components(self) -> dict[str, float]:
        """The components of the score by name; without `answer` if the task has no facts."""
        return {name: value for name, value in self.score.as_dict().items() if value is not None}

    def _playing(self) -> Episode:
        if self._episode is None:
            raise UsageError("no episode has begun: call reset first")
        return self._episode


@dataclass(frozen=True)
class SessionFactory:
    """What to play and how. Calling the factory returns a new `Session`.

    The arguments are those of `gym.make("ToolOrch-v0")`; `split=None` means all splits. Sessions of one factory share
    the open snapshot and the compiled tasks. A pickled factory contains names and paths, and reopens them where it is
    unpickled. A snapshot that is only in memory cannot be pickled: `UsageError`.
    """

    snapshot: str | Path | Snapshot = "travel"
    split: str | None = "train"
    tasks: str | Path | Sequence[Task] | None = None
    reward: Reward = "graduated"
    max_turns: int | None = None
    max_calls: int | None = None
    max_response_chars: int = 16384
    answer_form: str = "text"

    def __call__(self) -> Session:
        """A new session; call its `reset` first."""
        limits = EpisodeLimits(
            "error", self.max_turns, self.max_calls, self.max_response_chars, answer_form=self.answer_form
        )
        return Session(self.task_set, self.reward, limits)

    @cached_property
    def task_set(self) -> TaskSet:
        """The task set, opened on first use. Raises `UsageError`, `SnapshotError` or `TaskError`."""
        return open_task_set(self.snapshot, self.split, self.tasks, self.reward)

    @property
    def task_ids(self) -> tuple[str, ...]:
        return self.task_set.ids

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name != "task_set"}
        if isinstance(self.snapshot, Snapshot):
            if self.snapshot.path is None:
                raise UsageError(
                    f"snapshot {self.snapshot.name!r} is only in memory: write it to a folder to pickle its factory"
                )
            state["snapshot"] = self.snapshot.path
        return state
