"""Find credentials that are written into a spec. They belong in environment variables that the spec lists as secrets.

What carries a credential is known by its name, by the document's security schemes, or by its value (`Bearer ...`).
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from .schema import SpecFile

VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAMES = frozenset(
    (
        "authorization",
        "auth",
        "authentication",
        "key",
        "apikey",
        "token",
        "accesstoken",
        "authtoken",
        "secret",
        "clientsecret",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "credential",
        "cookie",
        "session",
        "sessionid",
        "sid",
        "signature",
        "sig",
        "jwt",
        "bearer",
        "pat",
    )
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VALUE = re.compile(r"(bearer|basic|token|digest|apikey|negotiate)\s+\S", re.IGNORECASE)


def names_credential(name: str) -> bool:
    """Whether a header or query parameter of this name carries a credential: `X-Api-Key`, `accessToken`, `sid`."""
    parts = [part.lower() for part in _PART.findall(name)]
    return bool({*parts, "".join(parts), *(part.removesuffix("s") for part in parts)} & _NAMES)


def credentials(file: SpecFile, schemes: frozenset[tuple[str, str]] = frozenset()) -> Iterator[str]:
    """Credentials in `api`, or in the query of a URL. `schemes` are those of the document."""
    for field, at, given in (("headers", "header", file.api.headers), ("query", "query", file.api.query)):
        for name, text in given.items():
            known = names_credential(name) or (at, name.lower()) in schemes or bool(_VALUE.match(text))
            if known and not set(VARIABLE.findall(text)) & set(file.secrets):
                todo = "write ${NAME} and list NAME in secrets"
                yield f"api.{field}.{name}: a credential must not be in the spec: {todo}"
    for place, url in [("api.base_url", file.api.base_url)] + [
        (f"tools.{name}.url", entry.url or "") for name, entry in file.tools.items()
    ]:
        for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True):
            if names_credential(name):
                yield f"{place}: the credential {name!r} must not be in a URL: give it in api.query, as ${{NAME}}"
