"""verl: an agent loop that rewards every turn at its last token.

The loop is registered by a YAML file, named in `actor_rollout_ref.rollout.agent.agent_loop_config_path`:

    - name: tool_orch
      _target_: tool_orch_env.adapters.verl.ToolOrchAgentLoop
      snapshot: travel

and selected by the dataset column `agent_name` (`tool-orch export --format verl --out train.parquet`). Sampled tokens
are never changed, only appended to. What the learner receives depends on verl's code path: the v1 trainer uses
token-level rewards, one per turn; the older worker puts the episode's score on the last token. `turn_scores` is
available in both.

A void episode is dropped from its group by the v1 trainer, which takes an exception in a rollout for that. The older
worker would end; for it, the response mask of a void episode is all 0, so that no token of it is trained on.
"""

import json
from functools import cache
from typing import Any
from uuid import uuid4

from .extras import need
from .session import Message, Session, SessionFactory


@cache
def loop_class() -> type[Any]:
    """The class `ToolOrchAgentLoop`, derived from verl's `AgentLoopBase`."""
    loops = need("verl.experimental.agent_loop.agent_loop", "verl")

    class TurnRewards(loops.AgentLoopOutput):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        """verl's output. Its token-level form puts each turn's reward on the turn's last kept token."""

        def as_dict(self) -> dict[str, Any]:
            output: dict[str, Any] = super().as_dict()
            rewards = output["rm_scores"].zero_()
            for end, reward in zip(
                self.extra_fields["turn_ends"], self.extra_fields["turn_scores"], strict=True
            ):
                rewards[min(end, len(rewards) - 1)] += reward
            return output

    class ToolOrchAgentLoop(loops.AgentLoopBase):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        """One episode per rollout. Accepts the arguments of `SessionFactory` as keywords; all splits by default."""

        def __init__(self, *given: Any, tools: Any = None, **named: Any) -> None:
            played = {name: named.pop(name) for name in SessionFactory.__dataclass_fields__ if name in named}
            super().__init__(*given, **named)
            self._factory = configured(json.dumps(played))
            self._drops = bool((self.config.get("transfer_queue") or {}).get("enable"))  # the v1 trainer

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
                if step.void and self._drops:
                    session.check()
                if not step.done and stream.room:
                    before = [*messages, {"role": "assistant", "content": text}]
                    messages = [*before, *step.messages]
                    await stream.hear(before, messages, tools)
            return TurnRewards(
                **stream.kept(masked=session.void is not None),
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

    # Ray and Hydra look it up in this module by this name
    ToolOrchAgentLoop.__qualname__ = "ToolOrchAgentLoop"
    return ToolOrchAgentLoop


class Stream:
    """The tokens of a rollout: the prompt, then sampled tokens (mask 1) and replies (mask 0). Append-only."""

    def __init__(self, loop: Any, prompt: list[int]) -> None:
        self._loop = loop
        self._prompt = len(prompt)
        self._length: int = loop.rollout_config.response_length
        self.tokens = prompt
        self.mask: list[int] = []
        self._logprobs: list[float] | None = None
        self.room = True
        """Whether more tokens can be sampled within `response_length`."""

    async def say(self, sampled: list[int], logprobs: list[float] | None) -> None:
        """Append the tokens that the model sampled, unchanged."""
        if logprobs and self._logprobs is None:
            self._logprobs = []
        merged, self.mask, self._logprobs = await self._loop.ct_merge_assistant_token(
            self.tokens, sampled, self.mask, self._logprobs, assistant_logprobs=logprobs or None
        )
        self.tokens = merged.token_ids
        self.room = len(self.mask) < self._length

    async def hear(self, before: list[Message], after: list[Message], tools: list[Message]) -> None:
        """Append the messages that `after` adds to `before`, unless that leaves no room for sampling."""
        merged, mask, logprobs = await self._loop.ct_merge_context_msg(
            before, after, self.tokens, self.mask, self._logprobs, tools=tools
        )
        self.room = len(mask) < self._length
        if self.room:
            self.tokens, self.mask, self._logprobs = merged.token_ids, mask, logprobs

    def kept(self, masked: bool = False) -> dict[str, Any]:
        """The fields of verl's output, truncated to `response_length`; no token counts if it is `masked`."""
        mask = [0] * len(self.mask) if masked else self.mask
        return {
            "prompt_ids": self.tokens[: self._prompt],
            "response_ids": self.tokens[self._prompt :][: self._length],
            "response_mask": mask[: self._length],
            "response_logprobs": self._logprobs[: self._length] if self._logprobs else None,
        }


def _shared(session: Session) -> dict[str, float]:
    """The components that every episode has, because verl needs the same names in all rows of a batch; and `void`."""
    shared = {name: value for name, value in session.components().items() if name != "answer"}
    return {**shared, "void": float(session.void is not None)}


@cache
def configured(played: str) -> SessionFactory:
    """One factory per configuration and process, because verl creates a loop for every rollout."""
    return SessionFactory(**{"split": None, **json.loads(played)})


def __getattr__(name: str) -> Any:
    if name == "ToolOrchAgentLoop":
        return loop_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
