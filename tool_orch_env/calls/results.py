"""Call -> `Reply`, under a miss policy. The third stage of the way of a call.

Enters: a call, the tools offered, a snapshot. Leaves: what the agent gets back, as recorded text or as a
typed explanation. A response is never made up: a miss says `not_recorded` and looks like nothing else.

The reply texts that are not recorded are JSON objects: `{"error": {"code", "message", ...}}`.
"""

from typing import Any, Protocol

from ..errors import NotRecordedError
from ..jsonvalues.canonical import to_text
from ..snapshot.store import Recorded
from .types import CallResult, ParseError, Status, ToolCall, Violation

MISS_POLICIES = ("error", "raise", "live")


class LiveApi(Protocol):
    """The API behind a snapshot, asked for what was not recorded (`tool_orch_env.record.live`)."""

    def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
        """The API's answer to a valid call, kept for the next time; a sentence where there is none to keep."""


def recorded(found: Recorded) -> CallResult:
    """The recorded response, as it is."""
    return CallResult(Status.OK if found.success else Status.API_ERROR, found.text)


def missed(call: ToolCall, policy: str, why: str = "this snapshot holds no response to it") -> CallResult:
    """A valid call without a recorded response; raises `NotRecordedError` under the policy `raise`."""
    if policy == "raise":
        raise NotRecordedError(
            f"{call.name} {to_text(call.arguments)}: valid, but not recorded in this snapshot; "
            'use on_miss="error", or record the call'
        )
    return _explained(Status.NOT_RECORDED, f"valid call, but {why}")


def invalid(violations: tuple[Violation, ...]) -> CallResult:
    """The call violates its schema: every violation is listed."""
    listed = [violation.as_dict() for violation in violations]
    message = "the arguments do not satisfy the tool's schema"
    text = _explained(Status.INVALID_ARGUMENTS, message, violations=listed).text
    return CallResult(Status.INVALID_ARGUMENTS, text, violations)


def unknown(name: str, close: list[str]) -> CallResult:
    """No such tool is offered."""
    return _explained(Status.UNKNOWN_TOOL, f"no tool {name[:128]!r} is offered", close_names=close)


def unparsable(failure: ParseError) -> CallResult:
    """The call could not be read."""
    return _explained(Status.UNPARSABLE, f"{failure.where}: {failure.why}")


def refused(code: Status, message: str) -> CallResult:
    """The call came too late: `episode_over` or `budget_spent`."""
    return _explained(code, message)


def _explained(code: Status, message: str, **more: Any) -> CallResult:
    return CallResult(
        code, to_text({"error": {"code": code, "message": message.encode(errors="replace").decode(), **more}})
    )
