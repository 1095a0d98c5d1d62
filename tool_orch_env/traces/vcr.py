"""Cassettes of vcrpy (`interactions`) and of VCR for Ruby (`http_interactions`), in YAML or JSON."""

from base64 import b64decode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .documents import Document
from .exchange import Exchange, Exchanges, unpacked

_LISTS = ("interactions", "http_interactions")


def recognises(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(name), list) for name in _LISTS)


def exchanges(document: Document) -> Exchanges:
    """The interactions of a cassette, in order."""
    name = next(name for name in _LISTS if isinstance(document.value.get(name), list))
    for number, one in enumerate(document.value[name]):
        place = f"{name}.{number}"
        try:
            yield _exchange(one, place)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"{place}: not an interaction: {type(error).__name__}: {error}"


def _exchange(one: Any, place: str) -> Exchange:
    request, response = one["request"], one["response"]
    status = response.get("status", response.get("status_code"))
    headers = _headers(response)
    body = unpacked(_body(response), headers.pop("content-encoding", ""))
    return Exchange(
        place,
        str(request["method"]).upper(),
        str(request.get("uri") or request["url"]),
        _headers(request),
        _body(request),
        int(status["code"] if isinstance(status, Mapping) else status),
        headers,
        body,
        _moment(one.get("recorded_at")),
    )


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    found = message.get("headers") or {}
    pairs = found.items() if isinstance(found, Mapping) else found
    return {str(name).lower(): _joined(value) for name, value in pairs}


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_joined, value))
    if isinstance(value, Mapping):
        return b64decode(value["base64_string"]).decode("latin-1")
    return str(value)


def _body(message: Mapping[str, Any]) -> bytes:
    """The body, which recorders keep under several names, as text or in base64."""
    found = message.get("body", message.get("content"))
    for key in ("string", "base64_string"):
        if isinstance(found, Mapping) and key in found:
            inner = found[key]
            return (
                b64decode(inner)
                if key == "base64_string" and isinstance(inner, str)
                else _body({"body": inner})
            )
    if found is None:
        return b""
    if isinstance(found, str):
        return found.encode()
    raise ValueError(f"body: expected a text, found {type(found).__name__}")


def _moment(text: Any) -> str:
    """The time of recording, which Ruby writes as in HTTP headers; "" if it is unknown."""
    if not isinstance(text, str):
        return ""
    try:
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return text
