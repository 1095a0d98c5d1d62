"""Turn a call into an HTTP request: which argument goes where.

Arguments must already satisfy the tool's schema. Values that would reach a different endpoint are refused: an empty
path segment, `.` and `..`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

from ..jsonvalues.canonical import to_text

Where = Literal["path", "query", "header", "body"]
Style = Literal["repeat", "comma", "space", "pipe", "deep", "json"]


class Place(BaseModel):
    """Where one parameter goes.

    `name` is its name there, by default the parameter's own; `""` in the body means the whole body. `style` is how
    arrays and objects are written in the query: `repeat` a=1&a=2, `comma` a=1,2 (also `space`, `pipe`), `deep` a[x]=1,
    `json`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Where
    name: str | None = None
    style: Style = "repeat"


class Unsendable(ValueError):
    """An argument cannot be sent to its endpoint. The message says which one and why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one tool is called. `url` is absolute, with `{parameter}` in its path; the other fields are the spec's."""

    tool: str
    method: str
    url: str
    places: Mapping[str, Place]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    wrap_text: bool = False
    server_errors: bool = False


def build(endpoint: Endpoint, arguments: Mapping[str, Any]) -> httpx.Request:
    """The request for one call. An argument that is `null` is left out, except in the body. Raises `Unsendable`."""
    url, headers = endpoint.url, dict(endpoint.headers)
    query: list[tuple[str, str]] = list(endpoint.query.items())
    body: dict[str, Any] = {}
    for parameter, value in arguments.items():
        place = endpoint.places[parameter]
        name = parameter if place.name is None else place.name
        if place.at == "body":
            body[name] = value
        elif place.at == "path":
            url = url.replace(f"{{{parameter}}}", _segment(parameter, value))
        elif value is not None and place.at == "query":
            query += _STYLES[place.style](name, value)
        elif value is not None:
            headers[name] = _header(parameter, value)
    whole = {"json": body.get("", body)} if body else {}
    return httpx.Request(endpoint.method, httpx.URL(url, params=query or None), headers=headers, **whole)


def _segment(parameter: str, value: Any) -> str:
    text = _plain(value)
    if text in ("", ".", "..") or value is None:
        raise Unsendable(f"{parameter}: {text!r} in a path would reach another endpoint")
    return quote(text, safe="")


def _header(parameter: str, value: Any) -> str:
    text = _plain(value)
    if not (text.isascii() and text.isprintable()):
        raise Unsendable(f"{parameter}: a header can contain only printable ASCII")
    return text


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else to_text(value)


def _repeat(name: str, value: Any) -> list[tuple[str, str]]:
    return [(name, _plain(item)) for item in (value if isinstance(value, list) else [value])]


def _joined(by: str) -> Callable[[str, Any], list[tuple[str, str]]]:
    def write(name: str, value: Any) -> list[tuple[str, str]]:
        return [(name, by.join(map(_plain, value)) if isinstance(value, list) else _plain(value))]

    return write


def _deep(name: str, value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return _repeat(name, value)
    return [pair for key, item in value.items() for pair in _deep(f"{name}[{key}]", item)]


_STYLES: Mapping[Style, Callable[[str, Any], list[tuple[str, str]]]] = {
    "repeat": _repeat,
    "comma": _joined(","),
    "space": _joined(" "),
    "pipe": _joined("|"),
    "deep": _deep,
    "json": lambda name, value: [(name, to_text(value))],
}
