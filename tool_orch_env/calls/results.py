"""Building call results: the response of the API, or a typed error.

Responses are never invented: a valid call whose response is not recorded, and does not follow from recorded ones, has
the status `not_recorded`. Every other text is a JSON object `{"error": {"code", "message", ...}}`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from ..errors import NotRecordedError
from ..jsonvalues.canonical import to_text
from ..snapshot.store import Recorded
from .types import CallResult, ParseError, Status, ToolCall, Violation

MISS_POLICIES = ("error", "raise", "live")


class LiveApi(Protocol):
    """The API behind a snapshot, called for what is not recorded (see `tool_orch_env.record.live`)."""

    def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
        """The API's response to a valid call, stored for the next time; or a sentence that says why it has none.

        Where the API itself fails, it raises `LiveError`, or anything else: the episode is then void.
        """


def recorded(found: Recorded) -> CallResult:
    """The result `ok` or `api_error`, with the text of the API's response."""
    return CallResult(Status.OK if found.success else Status.API_ERROR, found.text, derived=found.derived)


def accepted() -> CallResult:
    """The result of a final answer that is a call: it says nothing of right and wrong."""
    return CallResult(Status.OK, to_text({"accepted": True}))


def missed(
    call: ToolCall,
    policy: str,
    why: str = "this snapshot holds no response to it",
    outside: Sequence[Violation] = (),
) -> CallResult:
    """The result `not_recorded` of a valid call. Raises `NotRecordedError` under the policy `raise`.

    `outside` lists the arguments outside the tool's declared domain (see `Tool.outside`). Recorded calls are not named.
    """
    if policy == "raise":
        raise NotRecordedError(
            f"{call.name} {to_text(call.arguments)}: the call is valid, but not recorded in this snapshot; "
            'use on_miss="error", or record the call'
        )
    if not outside:
        return _explained(Status.NOT_RECORDED, f"valid call, but {why}")
    held = "; ".join(f"{one.pointer[1:]}: {one.expected}" for one in outside)
    listed = [one.as_dict() for one in outside]
    return _explained(
        Status.NOT_RECORDED, f"valid call, but {why}: responses are held for {held}", outside=listed
    )


def invalid(violations: tuple[Violation, ...]) -> CallResult:
    """The result `invalid_arguments`; its text lists every violation."""
    listed = [violation.as_dict() for violation in violations]
    message = "the arguments do not satisfy the tool's schema"
    text = _explained(Status.INVALID_ARGUMENTS, message, violations=listed).text
    return CallResult(Status.INVALID_ARGUMENTS, text, violations)


def unknown(name: str, close: list[str]) -> CallResult:
    """The result `unknown_tool`; its text lists the close names."""
    return _explained(Status.UNKNOWN_TOOL, f"no tool {name[:128]!r} is offered", close_names=close)


def unparsable(error: ParseError) -> CallResult:
    """The result `unparsable` of a parse error."""
    return _explained(Status.UNPARSABLE, f"{error.where}: {error.why}")


def refused(status: Status, message: str) -> CallResult:
    """The result of a call that gets no answer: `episode_over`, `budget_spent` or `void`."""
    return _explained(status, message)


def _explained(status: Status, message: str, **more: Any) -> CallResult:
    readable = message.encode(errors="replace").decode()
    return CallResult(status, to_text({"error": {"code": status, "message": readable, **more}}))
