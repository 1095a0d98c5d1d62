"""Building call results: the recorded response, or a typed error.

Responses are never invented: a valid call that is not recorded has the status `not_recorded`. Every text that is not
recorded is a JSON object `{"error": {"code", "message", ...}}`.
"""

from typing import Any, Protocol

from ..errors import NotRecordedError
from ..jsonvalues.canonical import to_text
from ..snapshot.store import Recorded
from .types import CallResult, ParseError, Status, ToolCall, Violation

MISS_POLICIES = ("error", "raise", "live")


class LiveApi(Protocol):
    """The API behind a snapshot, called for what is not recorded (see `tool_orch_env.record.live`)."""

    def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
        """The API's response to a valid call, stored for the next time; or a sentence that says why there is none."""


def recorded(found: Recorded) -> CallResult:
    """The result `ok` or `api_error`, with the recorded text unchanged."""
    return CallResult(Status.OK if found.success else Status.API_ERROR, found.text)


def missed(call: ToolCall, policy: str, why: str = "this snapshot holds no response to it") -> CallResult:
    """The result `not_recorded` of a valid call. Raises `NotRecordedError` under the policy `raise`."""
    if policy == "raise":
        raise NotRecordedError(
            f"{call.name} {to_text(call.arguments)}: the call is valid, but not recorded in this snapshot; "
            'use on_miss="error", or record the call'
        )
    return _explained(Status.NOT_RECORDED, f"valid call, but {why}")


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
    """The result of a call that came too late: `episode_over` or `budget_spent`."""
    return _explained(status, message)


def _explained(status: Status, message: str, **more: Any) -> CallResult:
    readable = message.encode(errors="replace").decode()
    return CallResult(status, to_text({"error": {"code": status, "message": readable, **more}}))
