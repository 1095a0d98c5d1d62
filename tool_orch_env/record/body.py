"""Turn the bytes of an answer into the JSON text that is kept: compact, secrets masked, volatile fields dropped.

Anything that is not JSON raises `NotJson`. Nothing is guessed.
"""

from email.message import Message
from typing import Any

from ..jsonvalues.canonical import MAX_DEPTH, to_text
from ..jsonvalues.decode import depth, parse_json
from .pattern import removed
from .request import Endpoint
from .scrub import Scrub


class NotJson(ValueError):
    """The body is not JSON. `lasting` is true if asking again would return the same."""

    def __init__(self, why: str, lasting: bool) -> None:
        self.lasting = lasting
        super().__init__(why)


def kept(data: bytes, content_type: str, status: int, endpoint: Endpoint, scrub: Scrub) -> str:
    """The text to keep. Raises `NotJson`.

    An empty body is `null` if that is a whole answer: with status 204 or 205, to another method than GET, or where
    nothing says that it is JSON.
    """
    value = scrub.json(_value(data, content_type, status, endpoint))
    for pattern in endpoint.drop:
        removed(value, pattern)
    return to_text(value)


def _value(data: bytes, content_type: str, status: int, endpoint: Endpoint) -> Any:
    kind, charset = _kind(content_type)
    says_json = kind == "application/json" or kind.endswith("+json")
    if not data and (status in (204, 205) or (status < 500 and not (says_json and endpoint.method == "GET"))):
        return None
    if endpoint.wrap_text and not says_json:
        return {"text": _decoded(data, charset)}
    try:
        value = parse_json(data.removeprefix(b"\xef\xbb\xbf"))
        to_text(value).encode()  # raises where a lone surrogate is in it
    except (ValueError, RecursionError) as error:
        raise NotJson(_why(data, kind, error), lasting=not says_json and bool(kind)) from error
    if depth(value) > MAX_DEPTH:
        raise NotJson(f"nested deeper than {MAX_DEPTH}", lasting=True)
    return value


def _why(data: bytes, kind: str, error: Exception) -> str:
    if not data:
        return "an empty body, not JSON"
    return f"{kind or 'a body without content type'}, {len(data)} bytes, not JSON: {error}"


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError) as error:
        raise NotJson(f"text that is not {charset}", lasting=True) from error


def _kind(content_type: str) -> tuple[str, str]:
    """Media type in lower case and charset; UTF-8 where none is said."""
    header = Message()
    header["content-type"] = content_type
    return (header.get_content_type() if content_type else ""), header.get_content_charset("utf-8")
