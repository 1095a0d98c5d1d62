"""How arrays and objects are written in a path, a query, a header or a form.

The styles are those of OpenAPI, which follow RFC 6570. Every text is percent-encoded before it is joined, so that a
separator inside of a value is not taken for one; where encoding cannot tell them apart, `Unsendable` is raised.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..jsonvalues.canonical import to_text

Style = Literal["repeat", "form", "comma", "space", "pipe", "deep", "json", "label", "matrix"]
Encode = Callable[[str], str]
Pairs = list[tuple[str, str]]


class Unsendable(ValueError):
    """An argument cannot be sent to its endpoint. The message says which one and why."""


def plain(value: Any) -> str:
    """A string as it is, any other value as JSON text."""
    return value if isinstance(value, str) else to_text(value)


def pairs(style: Style, name: str, value: Any, encode: Encode) -> Pairs:
    """The encoded names and values of one parameter in a query or a form. An empty array or object is left out."""
    return _PAIRS[style](name, value, encode)


def expanded(style: Style, explode: bool, name: str, value: Any, encode: Encode) -> str:
    """The text of one parameter in a path or a header: `label`, `matrix`, `json`, or else OpenAPI's `simple`."""
    if style == "json":
        return encode(to_text(value))
    prefix, apart, named = _EXPANSIONS.get(style, ("", ",", False))
    own = f"{encode(name)}=" if named else ""
    if isinstance(value, dict):
        if explode:
            listed = [f"{_text(k, encode, '=')}={_text(v, encode, apart)}" for k, v in value.items()]
            return prefix + apart.join(listed)
        return prefix + own + ",".join(_text(item, encode, ",") for pair in value.items() for item in pair)
    if isinstance(value, list):
        if explode:
            return prefix + apart.join(own + _text(item, encode, apart) for item in value)
        return prefix + own + ",".join(_text(item, encode, ",") for item in value)
    text = encode(plain(value))
    return prefix + (own if text else own.rstrip("=")) + text


_EXPANSIONS: Mapping[Style, tuple[str, str, bool]] = {"label": (".", ".", False), "matrix": (";", ";", True)}
"""Style -> prefix, what separates exploded items, and whether items are named."""


def _text(value: Any, encode: Encode, apart: str) -> str:
    """An encoded item of a list. Raises `Unsendable` if it would be taken for two."""
    text = encode(plain(value))
    if apart in text:
        raise Unsendable(
            f"{plain(value)!r:.80} contains the separator {apart!r} and cannot be sent in a list"
        )
    return text


def _repeat(name: str, value: Any, encode: Encode) -> Pairs:
    return [(encode(name), encode(plain(item))) for item in (value if isinstance(value, list) else [value])]


def _form(name: str, value: Any, encode: Encode) -> Pairs:
    if isinstance(value, dict):
        return [(encode(key), encode(plain(item))) for key, item in value.items()]
    return _repeat(name, value, encode)


def _joined(separator: str) -> Callable[[str, Any, Encode], Pairs]:
    def write(name: str, value: Any, encode: Encode) -> Pairs:
        if not isinstance(value, dict | list):
            return _repeat(name, value, encode)
        items = value if isinstance(value, list) else [item for pair in value.items() for item in pair]
        apart = "," if separator == "," else encode(separator)
        return [(encode(name), apart.join(_text(item, encode, apart) for item in items))] if items else []

    return write


def _deep(name: str, value: Any, encode: Encode) -> Pairs:
    if not isinstance(value, dict):
        return _repeat(name, value, encode)
    return [pair for key, item in value.items() for pair in _deep(f"{name}[{key}]", item, encode)]


_PAIRS: Mapping[Style, Callable[[str, Any, Encode], Pairs]] = {
    "repeat": _repeat,
    "form": _form,
    "comma": _joined(","),
    "space": _joined(" "),
    "pipe": _joined("|"),
    "deep": _deep,
    "json": lambda name, value, encode: [(encode(name), encode(to_text(value)))],
}
