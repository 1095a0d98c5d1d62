"""JSON Pointer (RFC 6901), and pointer patterns as used by declared edges.

A pattern is a pointer in which the token `*` matches any array index: `/results/*/geoname_id` matches
`/results/0/geoname_id`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_LONE_TILDE = re.compile(r"~(?![01])")


def tokens(pointer: str) -> list[str]:
    """The unescaped reference tokens of a pointer. Raises `ValueError` if `pointer` is not a JSON Pointer."""
    if pointer == "":
        return []
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is not a JSON Pointer: it must be empty or begin with '/'")
    if _LONE_TILDE.search(pointer):
        raise ValueError(f"{pointer!r} is not a JSON Pointer: '~' must be followed by 0 or 1")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def join(*parts: str | int) -> str:
    """The pointer made of these tokens."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def step(value: Any, token: str) -> Any:
    """The member or element of `value` named by `token`. Raises `LookupError` if there is none."""
    if isinstance(value, dict):
        return value[token]
    if isinstance(value, list) and _INDEX.fullmatch(token):
        return value[int(token)]
    raise LookupError(token)


def resolve(value: Any, pointer: str) -> Any:
    """The value at `pointer`. Raises `LookupError` naming the token that matches nothing."""
    for depth, token in enumerate(tokens(pointer)):
        try:
            value = step(value, token)
        except LookupError as error:
            raise LookupError(f"{pointer}: nothing at token {depth} ({token!r})") from error
    return value


@lru_cache(16384)
def pattern(pointer: str) -> str:
    """The pattern of a pointer: every token that is an array index becomes `*`."""
    return join(*("*" if _INDEX.fullmatch(token) else token for token in tokens(pointer)))


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar in `value` with its pointer, in document order."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, prefix + join(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{prefix}/{index}")
    else:
        yield prefix, value


def patterns(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar in `value` with the pattern of its pointer, in document order."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from patterns(item, prefix + _member(name))
    elif isinstance(value, list):
        for item in value:
            yield from patterns(item, f"{prefix}/*")
    else:
        yield prefix, value


@lru_cache(maxsize=4096)
def _member(name: str) -> str:
    return "/*" if _INDEX.fullmatch(name) else join(name)
