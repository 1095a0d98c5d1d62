"""Turn a call into an HTTP request: which argument goes where.

Arguments must already satisfy the tool's schema. Values that would reach a different endpoint are refused: an empty
path segment, `.` and `..`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

from .payload import JSON, Body, payload
from .styles import Style, Unsendable, expanded, pairs

Where = Literal["path", "query", "header", "body"]


class Place(BaseModel):
    """Where one parameter goes.

    `name` is its name there, by default the parameter's own; `""` in the body means the whole body. `style` is how
    arrays and objects are written in the query: `repeat` a=1&a=2 and objects as JSON, `form` the same with objects as
    x=1&y=2, `comma` a=1,2 (also `space`, `pipe`), `deep` a[x]=1, `json`. In a path or header they are separated by
    commas, except for `json` and, in a path, `label` and `matrix`; `explode` is OpenAPI's, for these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Where
    name: str | None = None
    style: Style = "repeat"
    explode: bool = False


QUERY = Place(at="query")
OF_CONNECTION = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect")
)
"""Headers that belong to the connection: no argument sets them."""
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""The name of a header, by RFC 9110."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one tool is called. `url` is absolute, with `{parameter}` in its path; the other fields are the spec's.

    `rest` is where arguments go that `places` does not have. `safe` is false if calls may change something and the spec
    does not say otherwise: they are not made.
    """

    tool: str
    method: str
    url: str
    places: Mapping[str, Place]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    wrap_text: bool = False
    server_errors: bool = False
    body: Body = JSON
    rest: Place = QUERY
    safe: bool = True


def build(endpoint: Endpoint, arguments: Mapping[str, Any]) -> httpx.Request:
    """The request for one call. An argument that is `null` is left out, except in the body. Raises `Unsendable`."""
    url, headers = endpoint.url, httpx.Headers(endpoint.headers)
    query = [(_quoted(name), _quoted(text)) for name, text in endpoint.query.items()]
    body: dict[str, Any] = {}
    for parameter, value in arguments.items():
        place = endpoint.places.get(parameter, endpoint.rest)
        name = parameter if place.name is None else place.name
        try:
            if place.at == "body":
                body[name] = value
            elif place.at == "path":
                url = url.replace(f"{{{parameter}}}", _segment(place, name, value))
            elif value is not None and place.at == "query":
                query += pairs(place.style, name, value, _quoted)
            elif value is not None and value != []:
                headers[name] = _header(place, name, value)
        except Unsendable as error:
            raise Unsendable(f"{parameter}: {error}") from error
    sent = payload(endpoint.body, body)
    if sent is not None:
        headers.setdefault("content-type", sent.media)
    return httpx.Request(
        endpoint.method, _with_query(url, query), headers=headers, content=sent and sent.content
    )


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _with_query(url: str, query: list[tuple[str, str]]) -> httpx.URL:
    """The URL with the query that it has, and these pairs after it."""
    plain, mark, own = url.partition("?")
    text = "&".join([*([own] if own else []), *(f"{name}={value}" for name, value in query)])
    return httpx.URL(f"{plain}?{text}" if text or mark else plain)


def _segment(place: Place, name: str, value: Any) -> str:
    text = "" if value is None else expanded(place.style, place.explode, name, value, _quoted)
    if text in ("", ".", ".."):
        raise Unsendable(f"{text!r} in a path would reach another endpoint")
    return text


def _header(place: Place, name: str, value: Any) -> str:
    if not TOKEN.fullmatch(name) or name.lower() in OF_CONNECTION:
        raise Unsendable(f"no argument can be the header {name!r:.80}")
    text = expanded(place.style, place.explode, name, value, str)
    if not (text.isascii() and text.isprintable()):
        raise Unsendable("a header can contain only printable ASCII")
    return text
