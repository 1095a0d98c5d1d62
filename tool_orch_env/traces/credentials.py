"""Credentials in requests: found by name, so that they become neither arguments nor part of an answer."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from ..record.scrub import SHORTEST
from .exchange import Exchange

_NAME = re.compile(
    r"authori[sz]ation|cookie|(^|[-_])(api|app|access|auth|secret|private|client|session|subscription)?[-_]?"
    r"(key|token|secret|appid|password|passwd|signature|sig|jwt)s?$|^appid$|^sid$",
    re.IGNORECASE,
)
_SPLIT_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_SECRETS = re.compile(
    r"(page|next|prev\w*|continuation|sync|cursor|sort|order|partition|public|idempotency)[-_]?(token|key)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[\s,;=]+")


def is_credential(name: str) -> bool:
    """Whether a header or a query parameter of this name carries a credential."""
    plain = _SPLIT_CAMEL.sub("_", name)
    return _NAME.search(plain) is not None and _NO_SECRETS.search(plain) is None


def secrets(exchange: Exchange) -> Iterator[str]:
    """The values of the credentials that a request carries and that its reply sets."""
    given: list[tuple[str, str]] = [*exchange.headers.items(), *exchange.reply_headers.items()]
    given += parse_qsl(_query(exchange.url))
    for name, value in given:
        if is_credential(name):
            yield from (
                part for part in (value, *_PARTS.split(value)) if len(part) >= SHORTEST and _telling(part)
            )


def _telling(part: str) -> bool:
    """Whether a part of a header can be a secret: it is neither a scheme nor an attribute of a cookie."""
    return part.lower() not in _WORDS and any(char.isdigit() for char in part)


_WORDS = frozenset(
    ("bearer", "basic", "digest", "httponly", "samesite", "secure", "expires", "max-age", "domain")
)


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def without_credentials(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if not is_credential(name)]


def given_anyway(places: Mapping[str, list[str]]) -> frozenset[tuple[str, str]]:
    """The credentials among parameters, by place, as (place, lower-case name)."""
    return frozenset(
        (at, name.lower()) for at, names in places.items() for name in names if is_credential(name)
    )
