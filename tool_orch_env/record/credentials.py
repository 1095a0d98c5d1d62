"""Find credentials that are written into a spec. They belong in environment variables that the spec lists as secrets.

What carries a credential is known by its name, by the document's security schemes, or by its value (`Bearer ...`).
Texts shorter than the shortest secret are none.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from .schema import Server, SpecFile
from .scrub import SHORTEST

VARIABLE = re.compile(r"\$\{(\w+)\}")
_CREDENTIALS = (
    "authorization auth authentication key apikey token secret password passwd pwd passphrase credential cookie "
    "session sessionid sid signature sig jwt bearer pat"
)
_LAST = frozenset(_CREDENTIALS.split())
"""Last words of names that carry credentials; `id` after one of them does too."""
_GLUED = re.compile(r"(?<=.)(token|secret|password|apikey|accesskey|secretkey)$")
"""How words end that are several written as one: `accesstoken`."""
_OTHER_KEYS = "sort order group primary foreign partition row cache idempotency public page next prev sync"
_HARMLESS = frozenset(_OTHER_KEYS.split())
"""Words before `key` and `token` in names that carry none."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_VALUE = re.compile(r"(bearer|basic|token)\s+[\w+/=.~-]{6,}$", re.IGNORECASE)
_TODO = "write ${NAME} and list NAME in secrets"


def names_credential(name: str) -> bool:
    """Whether a header, parameter or variable of this name carries a credential: `X-Api-Key`, `accessToken`, `sid`."""
    words = [word.lower().removesuffix("s") for word in _WORD.findall(name)]
    words = words[:-1] if len(words) > 1 and words[-1] == "id" else words
    if words and (glued := _GLUED.search(words[-1])):
        return words[-1][: glued.start()] not in _HARMLESS
    return bool(words) and words[-1] in _LAST and (len(words) < 2 or words[-2] not in _HARMLESS)


def credentials(file: SpecFile, schemes: frozenset[tuple[str, str]] = frozenset()) -> Iterator[str]:
    """Credentials in `api` or a server's variables, or in the query of a URL. `schemes` are those of the document."""
    server = file.api.mcp or Server.model_construct()
    for field, at, given in (
        ("headers", "header", file.api.headers),
        ("query", "query", file.api.query),
        ("mcp.headers", "header", server.headers),
        ("mcp.env", "variable", server.env),
    ):
        for name, text in given.items():
            known = names_credential(name) or (at, name.lower()) in schemes or _VALUE.match(text)
            if known and _is_written(text, file):
                yield f"api.{field}.{name}: a credential must not be in the spec: {_TODO}"
    flag = ""
    for number, text in enumerate(server.command):
        name, mark, value = text.partition("=")
        for carrier, written in ((flag, text), (name if mark else "", value)):
            if names_credential(carrier) and _is_written(written, file) and not written.startswith("-"):
                yield f"api.mcp.command.{number}: a credential must not be in the spec: {_TODO}"
        flag = text if text.startswith("-") and not mark else ""
    if "@" in (file.api.proxy or "") and _is_written(file.api.proxy or "", file):
        yield f"api.proxy: a user and password must not be in the spec: {_TODO}"
    urls = {"api.base_url": file.api.base_url, "api.mcp.url": server.url or ""}
    urls |= {f"tools.{name}.url": entry.url for name, entry in file.tools.items() if entry.url is not None}
    for place, url in urls.items():
        for name, text in parse_qsl(url.partition("#")[0].partition("?")[2]):
            if names_credential(name) and len(text) >= SHORTEST:
                told = f"{place}: the credential {name!r} must not be in a URL"
                yield f"{told}: give it in a header or api.query, as ${{NAME}}"


def _is_written(text: str, file: SpecFile) -> bool:
    """Whether a text could be a credential and takes none from a secret."""
    return len(text) >= SHORTEST and not set(VARIABLE.findall(text)) & set(file.secrets)
