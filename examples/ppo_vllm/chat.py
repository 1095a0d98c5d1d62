"""The chat as tokens: ChatML, which SmolLM2 and Qwen were taught, and the demonstration's own tokenizer too.

Enters: observations of the environment and the token ids that a policy sampled. Leaves: token ids to append. What was
sampled is never encoded again, and history is never rewritten: an episode only grows.
"""

import json
from typing import Any

from tool_orch_env.calls.types import Turn

START, END = "<|im_start|>", "<|im_end|>"


class Chat:
    """Token ids of what is not sampled. `end` is the id that ends an assistant message."""

    def __init__(self, tokenizer: Any) -> None:
        """Raises `ValueError` if the tokenizer knows no ChatML."""
        self.tokenizer = tokenizer
        self.end: int = tokenizer.convert_tokens_to_ids(END)
        if self.end is None or self.end == tokenizer.unk_token_id:
            raise ValueError(f"the tokenizer has no token {END}: a model with ChatML is needed")

    def opening(self, observation: str) -> list[int]:
        """The prompt of the first turn, from what `reset` gave."""
        return self.encode(_user(observation))

    def reply(self, observation: str) -> list[int]:
        """What stands between a sampled message, which ends with `end`, and the next one."""
        return self.encode("\n" + _user(observation))

    def message(self, text: str) -> list[int]:
        """An assistant message as it would have been sampled; for demonstrations only."""
        return [*self.encode(text), self.end]

    def text(self, sampled: list[int]) -> str:
        """What the environment is told of a sampled message."""
        ids = sampled[:-1] if sampled and sampled[-1] == self.end else sampled
        return str(self.tokenizer.decode(ids, skip_special_tokens=False))

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))


def _user(observation: str) -> str:
    """One user message. What comes from a tool must not be read as a mark of the chat."""
    return f"{START}user\n{observation.replace('<|', '< |')}{END}\n{START}assistant\n"


def spoken(turn: Turn) -> str:
    """A ready-made turn as the text of an assistant message."""
    if turn.answer is not None:
        return turn.answer
    calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in turn.calls]
    return "\n".join(f"<tool_call>{json.dumps(call, ensure_ascii=False)}</tool_call>" for call in calls)
