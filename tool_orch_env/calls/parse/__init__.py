"""Turn an assistant message into calls or an answer.

`parse_message` accepts every form in which an agent's message arrives: text in the formats of `wrappers`, chat
messages, SDK objects and ready-made calls. It is a pure function and never raises for anything an agent can emit:
a call that cannot be read is a `ParseError` at its place among the calls.
"""

from .message import parse_message
from .scan import MAX_CALLS, MAX_TEXT

__all__ = ["MAX_CALLS", "MAX_TEXT", "parse_message"]
