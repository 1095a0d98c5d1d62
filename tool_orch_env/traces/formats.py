"""The formats of traces, and what other files look like: a wrong file is refused by its look.

`FORMATS` has a reader for each format. `LOOKS` names what else people pass by mistake, and what to do with it instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import ImporterError, UsageError
from ..importers import FORMATS as PUBLISHED
from . import har, openai_messages, otel_genai, vcr
from .documents import Document
from .exchange import Exchanges
from .operations import Operations
from .trace import Trace

Recognises = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """One format: what its files are called, how they are recognised, and how their traces are read."""

    name: str
    title: str
    recognises: Recognises
    traces: Callable[[Iterable[Document]], Iterator[Trace]] | None = None
    exchanges: Callable[[Document], Exchanges] | None = None

    def read(self, documents: Iterable[Document], operations: Operations | None) -> Iterator[Trace]:
        """The traces of some documents. HTTP exchanges need `operations`; a file of them is one trace."""
        if self.traces is not None:
            yield from self.traces(documents)
            return
        assert self.exchanges is not None and operations is not None
        for document in documents:
            yield operations.trace(document, self.exchanges(document))


FORMATS: Mapping[str, TraceFormat] = {
    form.name: form
    for form in (
        TraceFormat(
            "openai-messages", "a file of OpenAI messages", openai_messages.recognises, openai_messages.traces
        ),
        TraceFormat(
            "otel-genai", "a file of OpenTelemetry GenAI spans", otel_genai.recognises, otel_genai.traces
        ),
        TraceFormat("har", "an HTTP Archive", har.recognises, exchanges=har.exchanges),
        TraceFormat("vcr", "a VCR cassette", vcr.recognises, exchanges=vcr.exchanges),
    )
}


class Look(NamedTuple):
    """A kind of file that is no trace, and what to do with it."""

    title: str
    recognises: Recognises
    remedy: str


def _object_that(recognises: Callable[[dict[str, Any]], bool]) -> Recognises:
    return lambda value: isinstance(value, dict) and recognises(value)


def _object_with(*names: str) -> Recognises:
    return lambda value: isinstance(value, dict) and set(names) <= value.keys()


LOOKS = (
    *(
        Look(
            f"a file of the data set {form.name}", _object_that(form.recognises), f"use --format {form.name}"
        )
        for form in PUBLISHED.values()
    ),
    Look("a task file", _object_with("request", "golden"), "pass it to --tasks of `tool-orch bench`"),
    Look(
        "the log of a benchmark run",
        _object_with("task_id", "trial"),
        "run `tool-orch bench export RUN` first",
    ),
    Look("an OpenAPI document", _object_with("openapi"), "pass it to --openapi"),
    Look(
        "a Swagger 2.0 document", _object_with("swagger"), "convert it to OpenAPI 3, and pass it to --openapi"
    ),
    Look("a journal of recordings", _object_with("journal", "spec"), "finish the recording that wrote it"),
    Look(
        "a ShareGPT conversation",
        lambda value: isinstance(value, dict) and isinstance(value.get("conversations"), list),
        "convert it to OpenAI messages",
    ),
)


def look(value: Any) -> str | None:
    """The name of the trace format that a document has, `None` if it has none."""
    return next((form.name for form in FORMATS.values() if _is(form.recognises, value)), None)


def named(name: str) -> TraceFormat:
    """The format of this name. Raises `UsageError`."""
    if name not in FORMATS:
        raise UsageError(f"format: expected one of {', '.join(FORMATS)}, found {name!r}")
    return FORMATS[name]


def check(document: Document, form: TraceFormat) -> None:
    """Raises `ImporterError` unless the document has this format; it says what the document looks like."""
    if _is(form.recognises, document.value):
        return
    other = look(document.value)
    if other is not None:
        problem, remedy = FORMATS[other].title, f"use --format {other}"
    else:
        other_look = next((one for one in LOOKS if _is(one.recognises, document.value)), None)
        problem = other_look.title if other_look else _shape(document.value)
        remedy = other_look.remedy if other_look else "check the file and the format"
    raise ImporterError(f"{document.place}: expected {form.title}; this is {problem}", remedy)


def _is(recognises: Recognises, value: Any) -> bool:
    return isinstance(value, (dict, list)) and recognises(value)


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        keys = ", ".join(sorted(map(str, value))[:6])
        return f"an object with {keys[:120] or 'nothing in it'}"
    return f"a list of {len(value)}" if isinstance(value, list) else f"a {type(value).__name__}"
