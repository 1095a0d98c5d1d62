"""Tinker: message environments for tinker-cookbook, with a reward at every step.

`dataset_builder(model_name_for_tokenizer=..., renderer_name=..., batch_size=..., group_size=...)` is the value for
`tinker_cookbook.rl.train.Config(dataset_builder=...)`. A batch has `batch_size` groups, each of `group_size` episodes
of one task. The renderer shows the tools and reads the calls in its model's own syntax; calls that it cannot read reach
the environment as text. A trajectory keeps each turn's reward. The cookbook's advantages are made of their sum. A void
episode raises `VoidError`: the cookbook's `rollout_error_tolerance` decides whether its group is retried or dropped.
"""

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from .export import text_messages
from .extras import need
from .session import Message, Session, SessionFactory


def dataset_builder(**given: Any) -> Any:
    """A `RLDatasetBuilder`: fields `model_name_for_tokenizer`, `renderer_name`, `batch_size`, `group_size`,
    `snapshot`, `split`, `eval_split`, `eval_tasks`, `reward`, `max_trajectory_tokens` and `seed`."""
    return classes().Builder(**given)


@cache
def classes() -> Any:
    """`Env`, `Group`, `Dataset` and `Builder`, derived from the cookbook's classes."""
    return SimpleNamespace(Env=_env(), Group=_group(), **_datasets())


def _env() -> type[Any]:
    message_env = need("tinker_cookbook.rl.message_env", "tinker")

    class Env(message_env.MessageEnv):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        """One episode. `history` has the messages as the renderer takes them."""

        def __init__(self, session: Session, renderer: Any) -> None:
            self._session = session
            self.example_id = session.task.id
            self.history, self._native = _opening(session, renderer)

        async def initial_observation(self) -> list[Any]:
            return self.history

        async def step(self, message: Any) -> Any:
            self.history.append(_as_said(message))
            step = self._session.step(action(message))
            self._session.check()
            replies = step.messages if self._native else [{"role": "user", "content": step.text}]
            self.history += [] if step.done else replies
            components = self._session.components() if step.done else {}
            return message_env.MessageStepResult(
                reward=step.reward,
                episode_done=step.done,
                next_messages=self.history,
                metrics={f"tool_orch/{name}": value for name, value in components.items()},
                logs={"codes": " ".join(step.calls)},
            )

    return Env


def _group() -> type[Any]:
    types = need("tinker_cookbook.rl.types", "tinker")
    wrap = need("tinker_cookbook.rl.message_env", "tinker").EnvFromMessageEnv

    class Group(types.EnvGroupBuilder):  # type: ignore[name-defined, misc]  # as above
        """`size` episodes of one task."""

        def __init__(
            self, factory: SessionFactory, task_id: str, size: int, renderer: Any, limit: int | None = None
        ) -> None:
            self.factory, self.task_id, self.size = factory, task_id, size
            self.renderer, self.limit = renderer, limit

        async def make_envs(self) -> Sequence[Any]:
            sessions = [self.factory().reset(self.task_id) for _ in range(self.size)]
            return [
                wrap(
                    self.renderer,
                    classes().Env(session, self.renderer),
                    failed_parse_reward=0.0,
                    context_overflow_reward=0.0,
                    max_trajectory_tokens=self.limit,
                )
                for session in sessions
            ]

        def logging_tags(self) -> list[str]:
            return ["tool_orch"]

    Group.__qualname__ = "Group"
    return Group


def _datasets() -> dict[str, type[Any]]:
    chz = need("chz", "tinker")
    types = need("tinker_cookbook.rl.types", "tinker")
    tokenizers = need("tinker_cookbook.tokenizer_utils", "tinker")
    renderers = need("tinker_cookbook.renderers", "tinker")

    class Dataset(types.RLDataset):  # type: ignore[name-defined, misc]  # as above
        """Groups in a fixed order, a batch at a time."""

        def __init__(self, groups: Sequence[Any], batch_size: int) -> None:
            self.groups, self.batch_size = groups, batch_size

        def get_batch(self, index: int) -> Sequence[Any]:
            return self.groups[index * self.batch_size : (index + 1) * self.batch_size]

        def __len__(self) -> int:
            return -(-len(self.groups) // self.batch_size)

    @chz.chz
    class Builder(types.RLDatasetBuilder):  # type: ignore[name-defined, misc]  # as above
        """Tasks of `split` in an order drawn with `seed`, and the first of `eval_split` once each."""

        model_name_for_tokenizer: str
        renderer_name: str
        batch_size: int
        group_size: int
        snapshot: str = "travel"
        split: str = "train"
        eval_split: str | None = "validation"
        eval_tasks: int = 64
        reward: str = "graduated"
        max_trajectory_tokens: int | None = None
        seed: int = 0

        async def __call__(self) -> tuple[Any, Any]:
            tokenizer = tokenizers.get_tokenizer(self.model_name_for_tokenizer)
            renderer = renderers.get_renderer(
                self.renderer_name, tokenizer, model_name=self.model_name_for_tokenizer
            )
            train = SessionFactory(self.snapshot, self.split, reward=self.reward)
            order = np.random.default_rng(self.seed).permutation(train.task_ids).tolist()
            limit = self.max_trajectory_tokens
            groups = [classes().Group(train, task, self.group_size, renderer, limit) for task in order]
            if self.eval_split is None:
                return Dataset(groups, self.batch_size), None
            held_out = SessionFactory(self.snapshot, self.eval_split)
            ids = held_out.task_ids[: self.eval_tasks]
            once = [classes().Group(held_out, task, 1, renderer, limit) for task in ids]
            return Dataset(groups, self.batch_size), Dataset(once, self.batch_size)

    return {"Dataset": Dataset, "Builder": Builder}


def action(message: Any) -> Message:
    """An assistant message of the renderer as an OpenAI message.

    Calls that the renderer could not read are text again, which the environment reads or answers as an error.
    """
    content = _as_said(message)["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    calls = [call.model_dump(exclude_none=True) for call in message.get("tool_calls") or ()]
    said: Message = {"role": "assistant", "content": text}
    return {**said, "tool_calls": calls} if calls else said


def _as_said(message: Any) -> Any:
    """The message with calls that the renderer could not read as text; renderers leave them out of the history."""
    broken = [call.raw_text for call in message.get("unparsed_tool_calls") or ()]
    if not broken:
        return message
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said = [*parts, *({"type": "text", "text": text} for text in broken)]
    return {**{k: v for k, v in message.items() if k != "unparsed_tool_calls"}, "content": said}


def _opening(session: Session, renderer: Any) -> tuple[list[Any], bool]:
    """The opening messages, and whether the renderer shows tools; if not, the system prompt does."""
    tools = [tool["function"] for tool in session.tools]
    try:
        prefix = renderer.create_conversation_prefix_with_tools(tools, session.native_prompt)
    except NotImplementedError:
        return text_messages(session), False
    return [*prefix, {"role": "user", "content": session.task.request}], True


def __getattr__(name: str) -> Any:
    if name == "Group":  # pickled to the workers of a rollout executor
        return classes().Group
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
