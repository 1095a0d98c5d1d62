"""OpenTelemetry spans and events with the GenAI semantic conventions.

Spans are grouped by conversation, or by trace where they name none. A model's span has what it was sent and what it
wrote: in `gen_ai.input.messages` and `gen_ai.output.messages`, or in older events (`gen_ai.user.message`,
`gen_ai.choice`) of spans or logs. Every span repeats the conversation so far, so what is known already is skipped.
Spans of executed tools add arguments and results that the messages lack, and say which calls failed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..jsonvalues.canonical import NotCanonical, canonical
from ..jsonvalues.decode import parse_json
from .conversation import Conversation
from .documents import Document
from .otel_spans import OTLP, Span, ids, spans
from .trace import Trace

_ROLES: Mapping[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
"""The older events, with the role of their message."""
_AGENTS = ("invoke_agent", "create_agent", "invoke_workflow")


class _Message(NamedTuple):
    """One message. `calls` are (id, name, arguments), `results` (id, value)."""

    role: str
    text: str
    calls: tuple[tuple[Any, Any, Any], ...] = ()
    results: tuple[tuple[Any, Any], ...] = ()


def recognises(value: Any) -> bool:
    """Whether a value is OTLP JSON, a span, or a list of them."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict) and recognises(value[0])
    if any(isinstance(value.get(name), list) for name in OTLP):
        return True
    return ("attributes" in value or "events" in value) and "name" in value and ids(value)[0] != ""


def traces(documents: Iterable[Document]) -> Iterator[Trace]:
    """The conversations in the spans of all documents, by their start."""
    problems: list[str] = []
    found = spans(documents, problems)
    conversations = {
        span.trace: str(name) for span in found if (name := span.attributes.get("gen_ai.conversation.id"))
    }
    groups: dict[str, list[Span]] = {}
    for span in found:
        groups.setdefault(conversations.get(span.trace, span.trace), []).append(span)
    for name, some in groups.items():
        trace = _trace(name, some)
        if trace is not None:
            yield trace
    if problems:
        yield Trace("spans", "spans", (), problems=tuple(problems))


def _trace(name: str, some: list[Span]) -> Trace | None:
    """The conversation of some spans, `None` if they are of something else."""
    talk = Conversation(some[0].document.place)
    said = {id(span): _messages(span, talk.problems) for span in some}
    # an agent's span repeats what the spans of its model say, its last words before its first call
    if any(said[id(span)] for span in some if _operation(span) not in _AGENTS):
        some = [span for span in some if _operation(span) not in _AGENTS]
    reader = _Reader(talk)
    for span in some:
        talk.offer(_json(span.attributes.get("gen_ai.tool.definitions")))
        if _is_tool(span):
            reader.execute(span)
        else:
            reader.read(said[id(span)], span.at)
    trace = talk.trace(name or some[0].document.stem)
    return trace if trace.calls or trace.request or trace.problems else None


class _Reader:
    """Reads the messages of spans, skipping those that an earlier span had."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._seen: Counter[str] = Counter()
        self._calls: set[Any] = set()
        self._results: set[Any] = set()

    def read(self, messages: Iterable[_Message], at: str) -> None:
        here: Counter[str] = Counter()
        for message in messages:
            key = _key(message)
            here[key] += 1
            if here[key] <= self._seen[key]:
                continue
            self._seen[key] += 1
            for identity, value in message.results:
                if not self._known(identity, self._results):
                    self._talk.result(value, identity)
            if message.role != "tool":
                self._talk.say(message.role, message.text)
            for identity, name, arguments in message.calls:
                if not self._known(identity, self._calls):
                    self._talk.call(name, arguments, identity, at)

    def execute(self, span: Span) -> None:
        """A tool was executed. Its result is the span's, unless the span does not have it."""
        given = span.attributes
        identity, name = given.get("gen_ai.tool.call.id"), given.get("gen_ai.tool.name")
        if not isinstance(identity, str) or not identity:
            return  # which call it is cannot be told
        if not self._known(identity, self._calls):
            self._talk.call(name, given.get("gen_ai.tool.call.arguments"), identity, span.at)
        if "gen_ai.tool.call.result" in given and not self._known(identity, self._results):
            self._talk.result(given["gen_ai.tool.call.result"], identity, failed=span.failed)
        elif span.failed:
            self._talk.fail(identity)

    @staticmethod
    def _known(identity: Any, known: set[Any]) -> bool:
        """Whether a call or result with this id was read, which from now on it is."""
        if not isinstance(identity, str) or not identity:
            return False
        before = identity in known
        known.add(identity)
        return before


def _operation(span: Span) -> str:
    return str(span.attributes.get("gen_ai.operation.name", ""))


def _is_tool(span: Span) -> bool:
    return _operation(span) == "execute_tool" or (
        "gen_ai.tool.name" in span.attributes and "gen_ai.input.messages" not in span.attributes
    )


def _messages(span: Span, problems: list[str]) -> list[_Message]:
    """The messages that a span was sent and wrote."""
    found: list[_Message] = []
    sources = [span.attributes, *(content for _, _, content in sorted(span.events, key=lambda one: one[0]))]
    for source in sources:
        system = _json(source.get("gen_ai.system_instructions"))
        if isinstance(system, list):
            found.append(_of_parts({"role": "system", "parts": system}))
        for name in ("gen_ai.input.messages", "gen_ai.output.messages"):
            listed = _json(source.get(name))
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, dict):
                    found.append(_of_parts(one))
                else:
                    problems.append(f"{name}: a message that is not an object is left out")
    for _, event, content in sorted(span.events, key=lambda one: one[0]):
        if event in _ROLES:
            found.append(_of_event(_ROLES[event], content))
    return found


def _of_parts(message: Mapping[str, Any]) -> _Message:
    """A message with parts, or with its content as a text."""
    parts = message.get("parts")
    if not isinstance(parts, list):
        return _of_event(str(message.get("role", "")), message)
    texts, calls, results = [], [], []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("content"), str):
            texts.append(part["content"])
        elif kind == "tool_call":
            calls.append((part.get("id"), part.get("name"), part.get("arguments")))
        elif kind == "tool_call_response":
            results.append((part.get("id"), part.get("response", part.get("result"))))
    return _Message(str(message.get("role", "")), "\n".join(texts), tuple(calls), tuple(results))


def _of_event(role: str, content: Mapping[str, Any]) -> _Message:
    """A message of the older events: its content, and its calls as Chat Completions has them."""
    inner = _json(content.get("gen_ai.event.content"))
    content = inner if isinstance(inner, dict) else content
    choice = _json(content.get("message"))
    content = choice if isinstance(choice, dict) else content
    said, identity = content.get("content"), content.get("id", content.get("tool_call_id"))
    if role == "tool":
        return _Message("tool", "", results=((identity, said),))
    calls = []
    listed = _json(content.get("tool_calls"))
    for call in listed if isinstance(listed, list) else ():
        function = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(function, dict):
            calls.append((call.get("id"), function.get("name"), function.get("arguments")))
    return _Message(role, said if isinstance(said, str) else "", tuple(calls))


def _json(value: Any) -> Any:
    """An attribute that is JSON in a text, as SDKs without structured attributes write it."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except ValueError:
        return None


def _key(message: _Message) -> str:
    """A text that is equal for messages that say the same, however their arguments are written."""
    calls = [(identity, name, _json(given) or given) for identity, name, given in message.calls]
    try:
        return canonical(
            [message.role, message.text, list(map(list, calls)), list(map(list, message.results))]
        )
    except NotCanonical:
        return repr(message)
