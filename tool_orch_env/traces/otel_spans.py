"""Read OpenTelemetry spans and log records: OTLP JSON, or spans as the Python SDK prints them, one by one.

All that is known of one span is put together: its attributes, its events, and the log records that name it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .documents import Document

OTLP = ("resourceSpans", "resource_spans", "resourceLogs", "resource_logs")
Attributes = dict[str, Any]


@dataclass(slots=True)
class Span:
    """What is known of a span. `events` are (time, name, content); times are nanoseconds, 0 if unknown."""

    document: Document
    trace: str
    start: int = 0
    attributes: Attributes = field(default_factory=dict)
    events: list[tuple[int, str, Attributes]] = field(default_factory=list)
    failed: bool = False

    @property
    def at(self) -> str:
        """The start in ISO 8601, "" if unknown."""
        if not 0 < self.start < 1 << 62:
            return ""
        return datetime.fromtimestamp(self.start // 1_000_000_000, UTC).isoformat()


def spans(documents: Iterable[Document], problems: list[str]) -> list[Span]:
    """The spans of some documents, by their start. What is no span becomes a problem."""
    found: dict[tuple[str, str], Span] = {}
    for document in documents:
        for one in document.value if isinstance(document.value, list) else [document.value]:
            try:
                for entry, is_log in _entries(one):
                    _add(found, document, entry, is_log)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                problems.append(f"a span is left out: {type(error).__name__}: {str(error)[:120]}")
    return sorted(found.values(), key=lambda span: span.start)


def _entries(value: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """The spans and log records in a value; the latter are marked."""
    if not any(name in value for name in OTLP):
        yield value, False
    for kind, is_log in (("Span", False), ("Log", True)):
        for resource in _list(value, f"resource{kind}s", f"resource_{kind.lower()}s"):
            for scope in _list(resource, f"scope{kind}s", f"scope_{kind.lower()}s"):
                names = ("logRecords", "log_records") if is_log else ("spans",)
                for entry in _list(scope, *names):
                    yield entry, is_log


def _list(value: Mapping[str, Any], *names: str) -> list[Any]:
    found = next((value[name] for name in names if name in value), None)
    return found if isinstance(found, list) else []


def _add(found: dict[tuple[str, str], Span], document: Document, entry: Any, is_log: bool) -> None:
    trace, identity = ids(entry)
    key = trace, identity or f"{len(found)} without id"
    span = found.setdefault(key, Span(document, trace))
    attributes = _attributes(entry.get("attributes"))
    if is_log:
        name = str(entry.get("eventName") or entry.get("event_name") or attributes.get("event.name", ""))
        body = _plain(entry.get("body"))
        content = {**attributes, **body} if isinstance(body, dict) else {**attributes, "content": body}
        time = _time(entry, "timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "timestamp")
        span.events.append((time, name, content))
        span.start = span.start or time
        return
    span.start = _time(entry, "startTimeUnixNano", "start_time_unix_nano", "start_time") or span.start
    span.attributes |= attributes
    status = entry.get("status")
    code = status.get("code", status.get("status_code")) if isinstance(status, Mapping) else None
    span.failed = code in (2, "2", "ERROR", "STATUS_CODE_ERROR") or "error.type" in attributes
    for event in _list(entry, "events"):
        time = _time(event, "timeUnixNano", "time_unix_nano", "timestamp")
        span.events.append((time, str(event.get("name", "")), _attributes(event.get("attributes"))))


def ids(entry: Any) -> tuple[str, str]:
    """Trace and span of an entry, "" for what it does not say."""
    context = entry.get("context")
    inner = context if isinstance(context, Mapping) else {}
    trace = next((entry[n] for n in ("traceId", "trace_id") if entry.get(n)), inner.get("trace_id"))
    span = next((entry[n] for n in ("spanId", "span_id") if entry.get(n)), inner.get("span_id"))
    return str(trace or "").removeprefix("0x"), str(span or "").removeprefix("0x")


def _time(entry: Mapping[str, Any], *names: str) -> int:
    given = next((entry[name] for name in names if entry.get(name)), 0)
    if isinstance(given, str) and not given.isdecimal():
        moment = datetime.fromisoformat(given)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1_000_000) * 1000
    return int(given)


def _attributes(given: Any) -> Attributes:
    """Attributes as an object, from OTLP's list of keys and values or from an object."""
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    pairs = given if isinstance(given, list) else []
    return {str(one["key"]): _plain(one.get("value")) for one in pairs}


def _plain(value: Any) -> Any:
    """The JSON value in one of OTLP's `AnyValue` objects; any other value is returned as it is."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    kind, inner = next(iter(value.items()))
    if kind == "intValue":
        return int(inner)
    if kind in ("stringValue", "boolValue", "doubleValue"):
        return inner
    if kind == "arrayValue":
        return [_plain(one) for one in inner.get("values", ())]
    if kind == "kvlistValue":
        return {str(one["key"]): _plain(one.get("value")) for one in inner.get("values", ())}
    return value
