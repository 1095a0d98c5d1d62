"""Patterns of ECMA 262, as JSON Schema and OpenAPI have them, for Python's `re`.

Most patterns mean the same in both. A named group becomes a plain one, which both read alike. What Python cannot read,
`\\p{L}` for instance, has no translation.
"""

import re
import warnings
from functools import lru_cache

_TOKEN = re.compile(
    r"\\k<(?P<back>[^<>]+)>|\(\?<(?P<name>[^=!<>][^<>]*)>|\\.|\[(?:\\.|[^\]\\])*\]|(?P<group>\((?!\?))|.",
    re.DOTALL,
)


@lru_cache(4096)
def python_pattern(pattern: str) -> str | None:
    """The pattern if Python reads it, else with its named groups replaced; `None` if Python cannot read that either."""
    for candidate in (pattern, _unnamed(pattern)):
        if candidate is not None and _compiles(candidate):
            return candidate
    return None


def _unnamed(pattern: str) -> str | None:
    """`(?<year>a)\\k<year>` as `(a)\\1`; `None` if a name is not that of an earlier group."""
    made, names, groups = [], dict[str, int](), 0
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token["name"] or token["group"]:
            groups += 1
            text = "("
        if token["name"]:
            names[token["name"]] = groups
        if token["back"]:
            if token["back"] not in names:
                return None
            text = f"(?:\\{names[token['back']]})"
        made.append(text)
    return "".join(made)


def _compiles(pattern: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError):
        return False
    return True
