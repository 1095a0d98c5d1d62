"""Write the body of a request: JSON, a form, a multipart form, text or bytes.

Bytes are given as base64 in a string. The bytes of a body depend on the arguments only, those of a multipart body too.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, NamedTuple
from urllib.parse import quote_plus

import httpx

from ..jsonvalues.canonical import to_text
from .styles import Style, Unsendable, pairs, plain

BodyKind = Literal["json", "form", "multipart", "text", "binary"]


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an endpoint. `media` is its content type.

    A `required` body is sent even if no argument is in it. `styles` has the fields of a form that are not written by
    the default, which is arrays as repeated fields and objects as JSON. In a multipart form, `types` has the content
    types of parts, and parts in `files` are base64 of their bytes; the others are text, objects JSON.
    """

    kind: BodyKind = "json"
    media: str = "application/json"
    required: bool = False
    styles: Mapping[str, Style] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


JSON = Body()
"""The usual body."""


class Payload(NamedTuple):
    """The bytes of a body and their content type."""

    content: bytes
    media: str


def payload(body: Body, members: Mapping[str, Any]) -> Payload | None:
    """The body with these members, or the whole body as the member `""`; `None` if none is sent.

    Raises `Unsendable`.
    """
    if not members and not body.required:
        return None
    if not members and body.kind in ("text", "binary"):
        return Payload(b"", body.media)
    value = members.get("", members)
    if body.kind == "json":
        return Payload(to_text(value).encode(), body.media)
    if body.kind == "text":
        return Payload(plain(value).encode(), body.media)
    if body.kind == "binary":
        return Payload(_bytes("body", value), body.media)
    if not isinstance(value, Mapping):
        raise Unsendable(f"body: expected an object for {body.media}, found {plain(value)!r:.80}")
    return _form(body, value) if body.kind == "form" else _multipart(body, value)


def _form(body: Body, fields: Mapping[str, Any]) -> Payload:
    found = [
        pair
        for name, value in fields.items()
        if value is not None
        for pair in pairs(body.styles.get(name, "repeat"), name, value, quote_plus)
    ]
    return Payload("&".join(f"{name}={text}" for name, text in found).encode(), body.media)


def _multipart(body: Body, fields: Mapping[str, Any]) -> Payload:
    parts: list[tuple[str, tuple[str | None, bytes, str]]] = []
    for name, value in fields.items():
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            if name in body.files:
                kind = body.types.get(name, "application/octet-stream")
                parts.append((name, (name, _bytes(name, item), kind)))
            else:
                usual = "application/json" if isinstance(item, dict | list) else "text/plain"
                parts.append((name, (None, plain(item).encode(), body.types.get(name, usual))))
    boundary = "tool-orch-" + blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    media = f"multipart/form-data; boundary={boundary}"
    if not parts:
        return Payload(f"--{boundary}--\r\n".encode(), media)
    request = httpx.Request("POST", "http://localhost", files=parts, headers={"content-type": media})
    return Payload(request.read(), media)


def _bytes(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unsendable(f"{name}: expected the bytes as base64, found {plain(value)!r:.80}") from error
