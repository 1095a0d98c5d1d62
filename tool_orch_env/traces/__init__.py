"""Traces to environments: what agents logged becomes a snapshot with tasks.

    trace.py         a trace: request, calls, answer        conversation.py   puts a conversation together
    documents.py     JSON, JSON lines and YAML, bounded     cassette_yaml.py  the YAML of cassettes
    formats.py       the formats, and what others look like
    openai_messages.py, otel_genai.py, har.py, vcr.py       one reader per format
    exchange.py      an HTTP request with its response      credentials.py    finds credentials in requests
    operations.py    matches exchanges with OpenAPI         tools.py          the catalog of the tools
    build.py         makes recordings and tasks             pool.py           keeps conflicting answers apart
    facts.py, understood.py  what answers and requests state  write.py          all of it, through the recorder

Needs the extra `[record]`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .build import Report as Report
    from .write import import_traces as import_traces

__all__ = ["Report", "import_traces"]


def __getattr__(name: str) -> Any:
    if name == "import_traces":
        from .write import import_traces

        return import_traces
    if name == "Report":
        from .build import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
