"""verl: an agent loop that pays every turn at its last token.

The loop is registered by a YAML file that `actor_rollout_ref.rollout.agent.agent_loop_config_path` names:

    - name: tool_orch
      _target_: tool_orch_env.adapters.verl.ToolOrchAgentLoop
      snapshot: travel

and chosen by the dataset's column `agent_name` (`tool-orch export --format verl --out train.parquet`). Sampled tokens
are kept as they are and only appended to. What the learner sees depends on verl's path: the v1 trainer takes
token-level rewards, one per turn; the older worker puts the episode's score on the last token. `turn_scores` is there
in both.
"""

import json
from functools import cache
from typing import Any
from uuid import uuid4

from .extras import need
from .session import Message, Session, SessionFactory


@cache
def loop_class() -> type[Any]:
    """`ToolOrchAgentLoop`, on verl's `AgentLoopBase`."""
    loops = need("verl.experimental.agent_loop.agent_loop", "verl")

    class TurnRewards(loops.AgentLoopOutput):  # type: ignore[name-defined, misc]  # a class known only here
        """verl's output; its token-level form pays each turn at its last token that was kept."""

        def as_dict(self) -> dict[str, Any]:
            output: dict[str, Any] = super().as_dict()
            paid = output["rm_scores"].zero_()
            for end, reward in zip(
                self.extra_fields["turn_ends"], self.extra_fields["turn_scores"], strict=True
            ):
                paid[min(end, len(paid) - 1)] += reward
            return output

    class ToolOrchAgentLoop(loops.AgentLoopBase):  # type: ignore[name-defined, misc]  # a class known only here
        """One episode per rollout. `played` are the arguments of `SessionFactory`; all splits by default."""

        def __init__(self, *given: Any, tools: Any = None, **named: Any) -> None:
            played = {name: named.pop(name) for name in SessionFactory.__dataclass_fields__ if name in named}
            super().__init__(*given, **named)
            self._factory = configured(json.dumps(played))

        async def run(self, sampling_params: dict[str, Any], **row: Any) -> Any:
            session = self._factory().reset(row["extra_info"]["task_id"])
            messages, tools = list(row["raw_prompt"]), session.tools
            stream = Stream(self, await self.ct_build_initial_tokens(messages, tools=tools))
            ends, name, preempted = list[int](), uuid4().hex, 0
            while not session.done and stream.room:
                said = await self.server_manager.generate(
                    request_id=name, prompt_ids=stream.tokens, sampling_params=sampling_params
                )
                preempted += said.num_preempted or 0
                await stream.say(said.token_ids, said.log_probs)
                ends.append(len(stream.mask) - 1)
                text = self.tokenizer.decode(said.token_ids).removesuffix(self.tokenizer.eos_token or "")
                step = session.step(text)
                if not step.done and stream.room:
                    before = [*messages, {"role": "assistant", "content": text}]
                    messages = [*before, *step.messages]
                    await stream.hear(before, messages, tools)
            return TurnRewards(
                **stream.kept(),
                reward_score=session.episode_score,
                num_turns=2 * len(ends),
                metrics=loops.AgentLoopMetrics(num_preempted=preempted),
                extra_fields={
                    "turn_scores": list(session.rewards),
                    "turn_ends": ends,
                    "tool_rewards": [],
                    "reward_extra_info": _shared(session),
                },
            )

    # found by that name in this module, by Ray and Hydra
    ToolOrchAgentLoop.__qualname__ = "ToolOrchAgentLoop"
    return ToolOrchAgentLoop


class Stream:
    """The tokens of a rollout: prompt, then sampled ones (mask 1) and replies (mask 0), only ever appended to."""

    def __init__(self, loop: Any, prompt: list[int]) -> None:
        self._loop = loop
        self._prompt = len(prompt)
        self._length: int = loop.rollout_config.response_length
        self.tokens = prompt
        self.mask: list[int] = []
        self._logprobs: list[float] | None = None
        self.room = True
        """Whether more may be sampled within `response_length`."""

    async def say(self, sampled: list[int], logprobs: list[float] | None) -> None:
        """Append what the model sampled, as it is."""
        if logprobs and self._logprobs is None:
            self._logprobs = []
        merged, self.mask, self._logprobs = await self._loop.ct_merge_assistant_token(
            self.tokens, sampled, self.mask, self._logprobs, assistant_logprobs=logprobs or None
        )
        self.tokens = merged.token_ids
        self.room = len(self.mask) < self._length

    async def hear(self, before: list[Message], after: list[Message], tools: list[Message]) -> None:
        """Append the messages that `after` has beyond `before`, unless nothing could be sampled after them."""
        merged, mask, logprobs = await self._loop.ct_merge_context_msg(
            before, after, self.tokens, self.mask, self._logprobs, tools=tools
        )
        self.room = len(mask) < self._length
        if self.room:
            self.tokens, self.mask, self._logprobs = merged.token_ids, mask, logprobs

    def kept(self) -> dict[str, Any]:
        """The fields of verl's output, cut at `response_length`."""
        return {
            "prompt_ids": self.tokens[: self._prompt],
            "response_ids": self.tokens[self._prompt :][: self._length],
            "response_mask": self.mask[: self._length],
            "response_logprobs": self._logprobs[: self._length] if self._logprobs else None,
        }


def _shared(session: Session) -> dict[str, float]:
    """The components that every episode has: verl wants the same names in all rows of a batch."""
    return {name: value for name, value in session.components().items() if name != "answer"}


@cache
def configured(played: str) -> SessionFactory:
    """One factory per configuration and process, for verl makes a loop per rollout."""
    return SessionFactory(**{"split": None, **json.loads(played)})


def __getattr__(name: str) -> Any:
    if name == "ToolOrchAgentLoop":
        return loop_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
