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
from .session import Session, SessionFactory

TOOLS_KEY = "tool_orch"
"""Where a row's `tools_kwargs` has the task's id."""


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
            messages, tools, length = (
                list(row["raw_prompt"]),
                session.tools,
                self.rollout_config.response_length,
            )
            tokens = await self.ct_build_initial_tokens(messages, tools=tools)
            prompt, mask, ends = len(tokens), list[int](), list[int]()
            logprobs: list[float] | None = None
            name, preempted = uuid4().hex, 0
            while True:
                said = await self.server_manager.generate(
                    request_id=name, prompt_ids=tokens, sampling_params=sampling_params
                )
                preempted += said.num_preempted or 0
                if said.log_probs and logprobs is None:
                    logprobs = []
                merged, mask, logprobs = await self.ct_merge_assistant_token(
                    tokens, said.token_ids, mask, logprobs, assistant_logprobs=said.log_probs or None
                )
                tokens = merged.token_ids
                ends.append(len(mask) - 1)
                text = self.tokenizer.decode(said.token_ids)
                text = text.removesuffix(self.tokenizer.eos_token or "")
                step = session.step(text)
                if step.done or len(mask) >= length:
                    break
                before = [*messages, {"role": "assistant", "content": text}]
                messages = [*before, *step.messages]
                merged, grown, logprobs = await self.ct_merge_context_msg(
                    before, messages, tokens, mask, logprobs, tools=tools
                )
                if len(grown) >= length:
                    break
                tokens, mask = merged.token_ids, grown
            return TurnRewards(
                prompt_ids=tokens[:prompt],
                response_ids=tokens[prompt:][:length],
                response_mask=mask[:length],
                response_logprobs=logprobs[:length] if logprobs else None,
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

    ToolOrchAgentLoop.__qualname__ = (
        "ToolOrchAgentLoop"  # found by that name in this module, by Ray and Hydra
    )
    return ToolOrchAgentLoop


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
