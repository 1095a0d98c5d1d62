"""Credentials in requests: found by name, so that they become neither arguments nor part of an answer."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

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
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PLACEHOLDER = re.compile(
    r"<.*>|\W*(redacted|filtered|hidden|dummy|placeholder|anonymous|bearer|basic|token)\W*", re.IGNORECASE
)


def is_credential(name: str) -> bool:
    """Whether a header or a query parameter of this name carries a credential."""
    plain = _CAMEL.sub("_", name)
    return _NAME.search(plain) is not None and _NO_SECRETS.search(plain) is None


def secrets(exchange: Exchange) -> Iterator[str]:
    """The values of the credentials that a request carries, cookies aside."""
    given = [*exchange.headers.items(), *parse_qsl(_query(exchange.url))]
    for name, value in given:
        if is_credential(name) and "cookie" not in name.lower():
            yield from filter(_telling, {value, value.rpartition(" ")[2]})


def cookies(exchange: Exchange) -> Iterator[str]:
    """The values of the cookies that an exchange sends and sets."""
    sent = exchange.headers.get("cookie", "").split(";")
    for one in (*sent, exchange.reply_headers.get("set-cookie", "").partition(";")[0]):
        value = one.partition("=")[2].strip()
        if _telling(value):
            yield value


def without_credentials(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The query parameters that carry no credential."""
    return [(name, value) for name, value in pairs if not is_credential(name)]


def _telling(value: str) -> bool:
    return len(value) >= SHORTEST and _PLACEHOLDER.fullmatch(value) is None


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
