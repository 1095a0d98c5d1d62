"""Put a conversation together from what was said, called and returned, in order; the result is a `Trace`.

Results go to calls by id, or to the first call without a result if they have none. Whatever an agent wrote is data:
arguments that are not JSON, and results of no call, become problems of the trace.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..calls.chat import content_text
from ..importers.draft import UNRECORDED
from ..importers.recordings import API_ERROR
from ..jsonvalues.canonical import NotCanonical, canonical
from ..jsonvalues.decode import parse_json
from .trace import Call, Trace, not_of_the_api, status_of


@dataclass(slots=True)
class _Made:
    call: Call
    id: str
    answered: bool = False


class Conversation:
    """A conversation while it is read. `place` says where it is in its file."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.functions: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []
        self._asked: list[str] = []
        self._context: list[str] = []
        self._answer = ""
        self._made: list[_Made] = []
        self._turn = -1
        self._may_continue = False

    def say(self, role: str, text: str) -> None:
        """A text of `system`, `developer`, `user` or `assistant`; another role is a problem."""
        self._may_continue = self._may_continue and role == "assistant"
        if not text.strip():
            return
        if role == "user":
            self._asked.append(text.strip())
        elif role in ("system", "developer"):
            self._context.append(text.strip())
        elif role in ("assistant", "model"):
            self._answer = text.strip()
        else:
            self.problems.append(f"a message of {role[:40]!r} is left out")

    def call(self, name: Any, arguments: Any, identity: Any = None, at: str = "") -> None:
        """A call. Calls that no result or message separates belong to one turn."""
        if not self._may_continue:
            self._turn += 1
            self._may_continue = True
        self._answer = ""
        if not isinstance(name, str) or not name:
            self.problems.append("a call without a name is left out")
            return
        try:
            given = _object(arguments)
        except ValueError as error:
            self.problems.append(f"{name[:64]}: left out, its arguments are {error}")
            given = None
        made = Call(name, given or {}, turn=self._turn, at=at)
        self._made.append(_Made(made, identity if isinstance(identity, str) else "", given is None))
        if given is None:  # its result answers nothing that could be recorded
            self._made[-1].call = replace(made, tool="")

    def result(
        self,
        content: Any,
        identity: Any = None,
        name: Any = None,
        *,
        failed: bool = False,
        parsed: bool = False,
    ) -> None:
        """The result of a call, by its id, else by its tool's name. A text is read as JSON where it is JSON.

        `parsed`: the content is the JSON value itself, not a chat message's content.
        """
        self._may_continue = False
        made = self._waiting(identity, name)
        if made is None:
            if not self._is_of_bad_call(identity):
                self.problems.append(f"a result of no call is left out (id {str(identity)[:60]!r})")
            return
        made.answered = True
        value = content if parsed and not isinstance(content, str) else _value(content)
        why = _unusable(value)
        if why:
            self.problems.append(f"{made.call.tool}: not recorded, {why}")
            return
        status = max(status_of(value), API_ERROR if failed else 0)
        made.call = replace(made.call, result=value, status=status)

    def fail(self, identity: Any) -> None:
        """The call with this id failed, whatever its result says."""
        for made in self._made:
            if made.id == identity and made.call.result is not UNRECORDED:
                made.call = replace(made.call, status=max(made.call.status, API_ERROR))

    def offer(self, tools: Any) -> None:
        """Tools that the agent was offered, in any of the usual forms."""
        for tool in tools if isinstance(tools, list) else ():
            found = function_of(tool)
            if found is not None:
                self.functions.setdefault(found["name"], found)

    def trace(self, identity: str) -> Trace:
        """The conversation as a trace."""
        calls = tuple(made.call for made in self._made if made.call.tool)
        silent = [call.tool for call in calls if call.result is UNRECORDED]
        missing = [f"{name}: not recorded, it has no result" for name in dict.fromkeys(silent)]
        known = {problem.partition(":")[0] for problem in self.problems}
        return Trace(
            self.place,
            identity,
            calls,
            "\n\n".join(dict.fromkeys(self._asked)),
            "\n\n".join(dict.fromkeys(self._context)),
            self._answer,
            self.functions,
            (*self.problems, *(one for one in missing if one.partition(":")[0] not in known)),
        )

    def _waiting(self, identity: Any, name: Any) -> _Made | None:
        """The first call that a result can belong to."""
        waiting = [made for made in self._made if not made.answered]
        if isinstance(identity, str) and identity:
            found = [made for made in waiting if made.id == identity]
            # some agents give results ids of their own
            return found[0] if found else next((m for m in waiting if not m.id and m.call.tool == name), None)
        if isinstance(name, str) and name:
            return next((made for made in waiting if made.call.tool == name), None)
        return waiting[0] if waiting else None

    def _is_of_bad_call(self, identity: Any) -> bool:
        return any(made.id == identity and not made.call.tool for made in self._made)


def function_of(tool: Any) -> dict[str, Any] | None:
    """A tool as `{"name", "description", "parameters"}`, `None` if it is no function."""
    inner = tool.get("function", tool) if isinstance(tool, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str):
        return None
    keys = ("parameters", "input_schema", "inputSchema")
    parameters = next((inner[key] for key in keys if inner.get(key) is not None), None)
    description = inner.get("description")
    return {
        "name": inner["name"],
        "description": description if isinstance(description, str) else "",
        "parameters": parameters,
    }


def functions_of(tools: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """The function tools among some values, by name."""
    found = (function_of(tool) for tool in tools)
    return {function["name"]: function for function in found if function is not None}


def _object(arguments: Any) -> dict[str, Any]:
    """The arguments of a call. Raises `ValueError`."""
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments) if arguments.strip() else {}
        except ValueError as error:
            raise ValueError(f"not JSON: {error}") from error
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise ValueError(f"a {type(arguments).__name__}, not an object")
    try:
        canonical(arguments).encode()
    except ValueError as error:
        raise ValueError(f"not valid JSON: {error}") from error
    return arguments


def _value(content: Any) -> Any:
    """What a result says: the JSON in its text, else the text."""
    text = content if isinstance(content, str) else content_text({"content": content})
    if not isinstance(content, (str, list)) or (content and not text):
        return content  # not a chat message's content: the value itself
    try:
        return parse_json(text)
    except ValueError:
        return text


def _unusable(value: Any) -> str:
    """Why a result cannot be recorded; "" if it can."""
    try:
        canonical(value).encode()
    except (NotCanonical, UnicodeEncodeError) as error:
        return f"its result is not valid JSON: {error}"
    return not_of_the_api(value)
