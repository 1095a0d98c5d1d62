"""HTTP Archive, as browsers and proxies save it: `{"log": {"entries": [{"request", "response"}]}}`."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .documents import Document
from .exchange import Exchange, Exchanges


def recognises(value: Any) -> bool:
    log = value.get("log") if isinstance(value, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def exchanges(document: Document) -> Exchanges:
    """The exchanges of an archive, in order."""
    for number, entry in enumerate(document.value["log"]["entries"]):
        place = f"log.entries.{number}"
        try:
            yield _exchange(entry, place)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"{place}: not an entry: {type(error).__name__}: {error}"


def _exchange(entry: Any, place: str) -> Exchange:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    headers = _headers(response)
    if content.get("mimeType"):
        headers["content-type"] = str(content["mimeType"])
    headers.pop("content-encoding", None)  # an archive keeps bodies unpacked
    at = entry.get("startedDateTime")
    return Exchange(
        place,
        str(request["method"]).upper(),
        str(request["url"]),
        _headers(request),
        _posted(request.get("postData") or {}),
        int(response["status"]),
        headers,
        _body(content.get("text"), content.get("encoding")),
        at if isinstance(at, str) else "",
    )


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in message.get("headers") or ():
        name, value = str(one["name"]).lower(), str(one["value"])
        apart = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{apart}{value}" if name in found else value
    return found


def _body(text: Any, encoding: Any) -> bytes:
    if text is None:
        return b""
    return b64decode(text, validate=True) if encoding == "base64" else str(text).encode()


def _posted(data: Mapping[str, Any]) -> bytes:
    if data.get("text"):
        return str(data["text"]).encode()
    pairs = [(str(one["name"]), str(one.get("value", ""))) for one in data.get("params") or ()]
    return urlencode(pairs).encode()
