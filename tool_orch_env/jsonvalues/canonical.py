"""The one canonical form of a JSON value, and the replay key of a call made from it.

Canonical form (format 1, held by golden files): keys sorted by code point, UTF-8, no spaces, no escapes beyond what
JSON demands; an integral float is written as the integer it equals (2.0 is 2, -0.0 is 0); other floats as Python's
shortest repr. NaN, infinities, numbers beyond a double's range, lone surrogates and nesting deeper than 64 have no
canonical form.
"""

import json
import sys
from collections.abc import Callable
from hashlib import blake2b
from math import isfinite
from typing import Any

MAX_DEPTH = 64
_MAX_NUMBER = int(sys.float_info.max)
_EXACT: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # not `str`: a subclass may spell itself otherwise, an enum does
    (int, int.__int__),
    (float, float.__float__),
    (dict, dict),
    (list, list),
    (tuple, list),
)
_AS_IS = frozenset({str, bool, type(None)})

encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Canonical text of a value that `plain` returned."""

to_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Compact JSON that keeps the order of keys: how responses and replies are written."""


class NotCanonical(ValueError):
    """A value is no finite, UTF-8, reasonably nested JSON. The message says which and where."""


def plain(value: Any, depth: int = 0) -> Any:
    """The JSON value behind `value`, integral floats made integers; raises `NotCanonical`."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if kind is int:
        if -_MAX_NUMBER <= value <= _MAX_NUMBER:
            return value
        raise NotCanonical("a number beyond the range of a double")
    if kind is float:
        if value.is_integer():
            return int(value)
        if isfinite(value):
            return value
        raise NotCanonical("a number that is NaN or infinite")
    if depth >= MAX_DEPTH:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    if kind is dict:
        for name in value:
            if type(name) is not str:
                raise NotCanonical(f"an object key of type {type(name).__name__}")
        return {k: v if type(v) in _AS_IS else plain(v, depth + 1) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [v if type(v) in _AS_IS else plain(v, depth + 1) for v in value]
    for base, exact in _EXACT:
        if isinstance(value, base):  # a subclass, numpy.float64 say
            return plain(exact(value), depth)
    raise NotCanonical(f"a value of type {kind.__name__}, which is not JSON")


def canonical(value: Any) -> str:
    """Canonical text of any JSON value; raises `NotCanonical`."""
    text = encode(plain(value))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error
    return text


def replay_key(tool: str, canonical_arguments: str) -> str:
    """blake2b-128 over tool name and canonical arguments, 32 hex digits; raises `NotCanonical`."""
    try:
        return blake2b(f"{tool}\n{canonical_arguments}".encode(), digest_size=16).hexdigest()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error
