"""A trace: what an agent was asked, the calls it made with their results, and what it answered.

Every format's reader yields traces. Nothing here is checked against a schema, and nothing is known of tasks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..calls.types import Status
from ..importers.draft import UNRECORDED
from ..importers.recordings import API_ERROR, SUCCESS
from ..importers.recordings import status as status_of_object

_FAILED = re.compile(r"\W{0,3}(?:\w*error|\w*exception|traceback|failed)\b", re.IGNORECASE)
_OURS = frozenset(status.value for status in Status) - {Status.OK, Status.API_ERROR}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a trace.

    `result` is any JSON value, `UNRECORDED` if the file has none. `status` is an HTTP status, from 400 on an error.
    `turn` counts from 0; calls of one turn were made before any of their results was seen. `at` is the time of
    capture in ISO 8601, "" if unknown.
    """

    tool: str
    arguments: dict[str, Any]
    result: Any = UNRECORDED
    status: int = SUCCESS
    turn: int = 0
    at: str = ""

    @property
    def succeeded(self) -> bool:
        return self.result is not UNRECORDED and self.status < API_ERROR


@dataclass(frozen=True, slots=True)
class Trace:
    """One conversation, or one file of HTTP exchanges.

    `request` is what the users said, "" if the file does not have it; `context` what the system message said. `answer`
    is the last text of the agent, "" without one. `functions` maps the names of the offered tools to their schemas, as
    they are in the file. `problems` say what of the trace could not be read.
    """

    place: str
    id: str
    calls: tuple[Call, ...]
    request: str = ""
    context: str = ""
    answer: str = ""
    functions: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of the trace's file."""
        return self.place.partition(":")[0]


def status_of(result: Any) -> int:
    """400 for a result that reports an error, by a field or by its first word; else 200."""
    if isinstance(result, str):
        return API_ERROR if _FAILED.match(result) else SUCCESS
    return status_of_object(result)


def not_of_the_api(result: Any) -> str:
    """Why a result is no answer of an API but this package's own, "" if it is one."""
    if not isinstance(result, dict):
        return ""
    if result.keys() == {"truncated", "response_text"}:
        return "its reply is cut"
    error = result.get("error")
    if result.keys() != {"error"} or not isinstance(error, dict) or "message" not in error:
        return ""
    code = error.get("code")
    return f"its reply is {code}" if isinstance(code, str) and code in _OURS else ""
