"""One HTTP request with its response, as archives and cassettes keep it."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_BODY = 64 << 20
"""Maximum size of a body after decompression, in bytes."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response. Names of headers are in lower case; `at` is ISO 8601, "" if unknown.

    `place` says where the exchange is in its file.
    """

    place: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    reply_headers: Mapping[str, str]
    reply: bytes
    at: str = ""


Exchanges = Iterator[Exchange | str]
"""Exchanges in order; in place of one that cannot be read, a sentence that says why."""


def unpacked(body: bytes, encoding: str) -> bytes:
    """A body without its content encoding. Raises `ValueError` if that is not gzip or deflate, or it is too large.

    Some recorders keep the header of what they have unpacked already: a body that is not packed is returned as it is.
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    for name in reversed(names):
        if name == "identity":
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            if _is_text(body):
                continue
            raise ValueError(f"packed with {name[:20]}; only gzip and deflate are read")
        if name == "deflate" or body[:2] == b"\x1f\x8b":
            body = _inflated(body, name)
    return body


def _inflated(body: bytes, name: str) -> bytes:
    if name == "deflate" and _is_text(body):
        return body
    windows = (31,) if name != "deflate" else (15, -15)
    for window in windows:
        unpacker = zlib.decompressobj(window)
        try:
            found = unpacker.decompress(body, MOST_BODY + 1)
        except zlib.error:
            continue
        if len(found) > MOST_BODY:
            raise ValueError(f"unpacks to more than {MOST_BODY >> 20} MiB")
        return found
    raise ValueError(f"damaged {name}")


def _is_text(body: bytes) -> bool:
    return body[:1] in (b"{", b"[", b'"', b"<", b"")
