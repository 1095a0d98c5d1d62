"""Credentials in exchanges: found by name, so that they become neither arguments nor part of an answer."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..jsonvalues.decode import parse_json
from ..record.credentials import names_credential
from ..record.scrub import SHORTEST
from .exchange import Exchange

_NAME = re.compile(
    r"authori[sz]ation|cookie|^(app_?id|sid)$"
    r"|(^|[-_])(api|app|access|auth|secret|private|client|session|subscription)?[-_]?"
    r"(key|token|secret|password|passwd|signature|sig|jwt)s?$",
    re.IGNORECASE,
)
_NO_SECRETS = re.compile(
    r"(page|next|prev\w*|continuation|sync|cursor|sort|order|partition|public|idempotency)[-_]?(token|key)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(^|_)((access|refresh|id|auth|bearer|session|csrf|xsrf|api)_?token|(client|api|app|shared|webhook)_?secret"
    r"|(api|access|private|secret|session)_?key|password|passwd|passphrase|jwt)$|^(pwd|secret)$",
    re.IGNORECASE,
)
"""Names in a path or a body, where more is called a key or a token than credentials."""
_LONG = re.compile(r"(?=\S*\d)\S{12,}")
"""A value of such a field that cannot be an ordinary word: it may be masked wherever it is."""
_COOKIE = re.compile(r"(?:^|[,\n])\s*[^=;,\s]+=([^;,\s]*)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PLACEHOLDER = re.compile(
    r"<.*>|\W*(redacted|filtered|hidden|dummy|placeholder|anonymous|bearer|basic|token)\W*", re.IGNORECASE
)


def is_credential(name: str) -> bool:
    """Whether a header or a query parameter of this name carries a credential."""
    plain = _CAMEL.sub("_", name)
    known = _NAME.search(plain) is not None or names_credential(name)
    return known and _NO_SECRETS.search(plain) is None


def credential_in(value: Any, name: str = "") -> str:
    """The first name in a JSON value, itself called `name`, that has a credential; "" without one."""
    return next(_fields(value, name), ("", ""))[0]


def _fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and values of credentials in a JSON value."""
    waiting = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, item) for item in value]
        elif isinstance(value, str) and value and _FIELD.search(_CAMEL.sub("_", name).replace("-", "_")):
            yield name, value


def secrets(exchange: Exchange) -> Iterator[str]:
    """The values of the credentials that a request carries, cookies aside, and those in bodies."""
    given = [*exchange.headers.items(), *parse_qsl(_part(exchange.url, "query"))]
    given += parse_qsl(_part(exchange.url, "fragment"))
    for name, value in given:
        if is_credential(name) and "cookie" not in name.lower():
            yield from filter(_telling, {value, value.rpartition(" ")[2], _password(value)})
    yield from filter(_telling, [unquote(_part(exchange.url, "netloc").rpartition("@")[0].partition(":")[2])])
    for body in (exchange.body, exchange.reply):
        yield from (value for _, value in _fields(_parsed(body)) if _LONG.fullmatch(value))


def cookies(exchange: Exchange) -> Iterator[str]:
    """The values of the cookies that an exchange sends and sets."""
    sent = exchange.headers.get("cookie", "").split(";")
    values = [one.partition("=")[2].strip() for one in sent]
    yield from filter(_telling, values + _COOKIE.findall(exchange.reply_headers.get("set-cookie", "")))


def without_credentials(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The query parameters that carry no credential."""
    return [(name, value) for name, value in pairs if not is_credential(name)]


def _telling(value: str) -> bool:
    return len(value) >= SHORTEST and _PLACEHOLDER.fullmatch(value) is None


def _password(value: str) -> str:
    """The password of basic authentication, "" if it is none."""
    kind, _, coded = value.partition(" ")
    with suppress(Error, ValueError):
        return b64decode(coded, validate=True).decode().partition(":")[2] if kind.lower() == "basic" else ""
    return ""


def _parsed(body: bytes) -> Any:
    """The value of a body: JSON or a form, `None` if it is neither."""
    with suppress(ValueError, RecursionError):
        return parse_json(body)
    with suppress(ValueError):
        return dict(parse_qsl(body.decode()))
    return None


def _part(url: str, part: str) -> str:
    try:
        return str(getattr(urlsplit(url), part))
    except ValueError:
        return ""
