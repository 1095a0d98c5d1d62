"""Call -> `Reply`, under a miss policy. The third stage of the way of a call.

Enters: a call, the tools offered, a snapshot. Leaves: what the agent gets back, as recorded text or as a
typed explanation. A response is never made up: a miss says `not_recorded` and looks like nothing else.

The reply texts that are not recorded are JSON objects: `{"error": {"code", "message", ...}}`.
"""

from typing import Any, Protocol

from ..errors import NotRecordedError
from ..jsonvalues.canonical import to_text
from ..snapshot.store import Recorded
from .types import Code, Failure, Reply, ToolCall, Violation

MISS_POLICIES = ("error", "raise", "live")


class Live(Protocol):
    """The API behind a snapshot, asked for what was not recorded (`tool_orch_env.record.live`)."""

    def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
        """The API's answer to a valid call, kept for the next time; a sentence where there is none to keep."""


def recorded(found: Recorded) -> Reply:
    """The recorded response, as it is."""
    return Reply(Code.OK if found.success else Code.API_ERROR, found.text)


def missed(call: ToolCall, policy: str, why: str = "this snapshot holds no response to it") -> Reply:
    """A valid call without a recorded response; raises `NotRecordedError` under the policy `raise`."""
    if policy == "raise":
        raise NotRecordedError(
            f"{call.name} {to_text(call.arguments)}: valid, but not recorded in this snapshot; "
            'use miss="error", or record the call'
        )
    return _explained(Code.NOT_RECORDED, f"valid call, but {why}")


def invalid(violations: tuple[Violation, ...]) -> Reply:
    """The call violates its schema: every violation is listed."""
    listed = [violation.as_dict() for violation in violations]
    message = "the arguments do not satisfy the tool's schema"
    text = _explained(Code.INVALID_ARGUMENTS, message, violations=listed).text
    return Reply(Code.INVALID_ARGUMENTS, text, violations)


def unknown(name: str, close: list[str]) -> Reply:
    """No such tool is offered."""
    return _explained(Code.UNKNOWN_TOOL, f"no tool {name[:128]!r} is offered", close_names=close)


def unparsable(failure: Failure) -> Reply:
    """The call could not be read."""
    return _explained(Code.UNPARSABLE, f"{failure.where}: {failure.why}")


def refused(code: Code, message: str) -> Reply:
    """The call came too late: `episode_over` or `budget_spent`."""
    return _explained(code, message)


def _explained(code: Code, message: str, **more: Any) -> Reply:
    return Reply(
        code, to_text({"error": {"code": code, "message": message.encode(errors="replace").decode(), **more}})
    )
