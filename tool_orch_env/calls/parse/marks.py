"""The marks in text other than those of calls, and the pattern that finds every mark."""

import re

from .wrappers import WRAPPERS

REASONING = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<ifm|think>", "</ifm|think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel>thought", "<channel|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|content_thinking|>", "<|end_message|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
    ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>"),
)
"""What opens and closes reasoning. A closer alone ends reasoning that began in the prompt."""
NOISE = (
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|return|>", "<|call|>", "<|endoftext|>", "<|end_of_text|>",
    "<end_of_turn>", "<turn|>", "<｜end▁of▁sentence｜>", "<|eom|>", "<|message_sep|>", "<|message_model|>",
    "<|content_text|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>", "<|observation|>",
    "<|user|>", "<|end_of_turn|>", "<|end_message|>", "<|open|>response<|sep|>", "<|close|>response<|sep|>",
    "<|close|>message<|sep|>", "<channel|>", "[/TOOL_CALLS]", "<|eot|>", "<|assistant_end|>", "<|END_OF_TURN_TOKEN|>",
    "<|start_header_id|>assistant<|end_header_id|>", "<|im_start|>assistant", "<start_of_turn>model",
    "<|start_of_role|>assistant<|end_of_role|>", "<seed:eos>", "[e~[",
)  # fmt: skip
"""Special tokens around text, which are no part of an answer."""
HEADERS = ("<|channel|>", "<|start|>")
BY_OPENER = {row.opener: row for row in WRAPPERS}
CLOSER_OF = dict(REASONING)


def _alternation(words: list[str]) -> str:
    """A pattern for any of the words that shares their beginnings, which is several times faster than a list."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(word[:1], []).append(word[1:])
    parts = []
    for head, tails in groups.items():
        rest = [tail for tail in tails if tail]
        inner = _alternation(rest) if rest else ""
        parts.append(re.escape(head) + (f"(?:{inner}|)" if rest and len(rest) < len(tails) else inner))
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


_BARE_RECIPIENT = "to=functions."
WORDS = list(
    dict.fromkeys(
        [
            *(opener for opener in BY_OPENER if opener not in (_BARE_RECIPIENT, "functools[")),
            *CLOSER_OF,
            *CLOSER_OF.values(),
            *NOISE,
            *HEADERS,
        ]
    )
)
TOKEN = re.compile(
    rf"{_alternation(WORDS)}|`+|~~~+|(?<![^\s>\]])\{{(?=\s*\")|(?<![^\s>\]])\[(?=\s*(?:[{{\"\d-]|[A-Za-z_][\w.\-]*\s*\())"
    r"|functools\[(?=\s*(?:\{|\Z))"
    r"|to=functions\.(?=[\w.\-]{1,256}\s*(?:json|code)?\s*\{)|>>>(?=[A-Za-z_][\w.\-]*\n\s*\{)"
).search
"""Finds the next mark."""
STRAY_CLOSERS = frozenset(CLOSER_OF.values()) - {"<|end_message|>", "<channel|>"}
"""Closers that end reasoning which began in the prompt."""
