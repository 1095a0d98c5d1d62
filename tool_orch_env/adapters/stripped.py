"""Calls whose markers a trainer has stripped: `skip_special_tokens=True` turns them into answers.

Kimi's `<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"a": 1}` arrives as `functions.f:0{"a": 1}`, which
the environment takes for the final answer. (Mistral's `f{"a": 1}` is read as a call where the tool is offered.) Nobody
can know then whether the text was a call. So it stays an answer, and the user is warned, once per process.
"""

import re
import warnings
from collections.abc import Iterable

from .session import Message

_GAP = r"""(?::\d+)?["']?\s*(?:<?json>?\s*|```json\s*)?[{(]"""
"""What is left between a tool's name and its arguments, over the families whose markers are special tokens."""

_warned: set[str] = set()


class StrippedMarkersWarning(UserWarning):
    """A final answer looks like a call without its markers."""


def warn_if_stripped(answer: str, tools: Iterable[Message], trainer: str) -> None:
    """Warn, once per process and trainer, if a final answer begins an argument list after the name of a tool."""
    if trainer in _warned or not isinstance(answer, str):
        return
    names = "|".join(re.escape(tool["function"]["name"]) for tool in tools)
    found = re.search(rf"(?<![\w`])(?:functions\.)?({names}){_GAP}", answer) if names else None
    if found:
        _warned.add(trainer)
        warnings.warn(
            f"a final answer holds {found.group()!r}, which looks like a call without its markers: {trainer} decodes "
            "with skip_special_tokens=True, and this model's markers seem to be special tokens. Decode with "
            "skip_special_tokens=False, or choose a model whose markers are plain text; see docs/trainers.md",
            StrippedMarkersWarning,
            stacklevel=3,
        )
