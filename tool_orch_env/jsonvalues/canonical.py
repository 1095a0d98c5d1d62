"""The canonical form of a JSON value, and the replay key of a call.

Canonical form (format 1, fixed by golden files): keys sorted by code point, UTF-8, no spaces, only the escapes that
JSON requires. An integral float is written as the equal integer (2.0 is 2, -0.0 is 0), any other float as Python's
shortest repr. NaN, infinities, numbers outside the range of a double, lone surrogates and nesting deeper than 64 have
no canonical form.
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
    (str, str.__str__),  # not `str`: a subclass can override it, as enums do
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
"""Compact JSON that keeps the order of keys; used for responses and call results."""


class NotCanonical(ValueError):
    """A value has no canonical form. The message says what was found."""


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as plain JSON types, with integral floats as integers. Raises `NotCanonical`.

    Subclasses (`numpy.float64`, enums) become their JSON type, tuples become lists. Lone surrogates are not checked.
    """
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
        if isinstance(value, base):  # a subclass such as numpy.float64
            return plain(exact(value), depth)
    raise NotCanonical(f"a value of type {kind.__name__}, which is not JSON")


def canonical(value: Any) -> str:
    """The canonical text of a JSON value. Raises `NotCanonical`."""
    text = encode(plain(value))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error
    return text


def replay_key(tool: str, canonical_arguments: str) -> str:
    """The replay key of a call: blake2b-128 of tool name and canonical arguments, 32 hex digits.

    Raises `NotCanonical` for a lone surrogate.
    """
    try:
        return blake2b(f"{tool}\n{canonical_arguments}".encode(), digest_size=16).hexdigest()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error
