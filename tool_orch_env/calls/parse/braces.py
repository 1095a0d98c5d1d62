"""Gemma's own object syntax: `call:f{a:<|"|>text<|"|>,b:6,c:{d:[1,2]}}`.

Strings stand between quote marks of the format; what is not quoted is JSON's constants and numbers, else text, which
the tool's schema types.
"""

import re
from dataclasses import dataclass
from typing import Any

from ...jsonvalues.decode import parse_json
from .scan import Scan, Wrapper, quoted, shown, skip_space
from .typed import items_of, parameters_of, property_of, typed

_NAME = re.compile(r"\s*(?:call:)?\s*([^\s{}<>\[\]:,\"]{1,256})\s*(?=\{)").match
_KEY = re.compile(r"\s*([^:{}\[\],<>]{1,256}?)\s*:").match
_BARE = re.compile(r"[^,{}\[\]<>]*").match
_MAX_DEPTH = 80


class _Bad(Exception):
    """Text that is not in this syntax: (place, what was expected)."""


@dataclass(frozen=True, slots=True)
class Braces:
    """`quote` is before and after every string."""

    quote: str

    def __call__(self, scan: Scan, at: int, wrapper: Wrapper) -> int:
        text = scan.text
        named = _NAME(text, at)
        if not named:
            scan.fail(wrapper, f"expected call:name{{…}}, found {shown(text, at)}")
            return scan.after_error(at, wrapper)
        name, schema = named.group(1), parameters_of(scan.tools, named.group(1))
        try:
            arguments, end = self._object(scan, named.end() + 1, schema, schema, 1)
        except _Bad as bad:
            place, expected = bad.args
            scan.fail(wrapper, f"expected {expected}, found {shown(text, place)}", name)
            return scan.after_error(max(place, named.end()), wrapper)
        scan.call(name, arguments)
        after = skip_space(text, end)
        return after + len(wrapper.closer) if text.startswith(wrapper.closer, after) else end

    def _object(
        self, scan: Scan, at: int, schema: Any, root: dict[str, Any], depth: int
    ) -> tuple[dict[str, Any], int]:
        text, found = scan.text, dict[str, Any]()
        at = skip_space(text, at)
        while text[at : at + 1] != "}":
            key, at = self._key(scan, at)
            if key in found:
                raise _Bad(at, f"each key once, not {quoted(key)} again")
            found[key], at = self._value(scan, at, property_of(schema, key, root), root, depth)
            at = self._next(text, at, "}")
        return found, at + 1

    def _key(self, scan: Scan, at: int) -> tuple[str, int]:
        text = scan.text
        if text.startswith(self.quote, at):
            key, at = self._string(scan, at)
            at = skip_space(text, at)
            if text[at : at + 1] != ":":
                raise _Bad(at, ":")
            return key, at + 1
        named = _KEY(text, at)
        if not named:
            raise _Bad(at, "a key and :")
        key = named.group(1)
        quoted = len(key) > 1 and key[0] == key[-1] == '"'
        return key[1:-1] if quoted else key, named.end()

    def _value(self, scan: Scan, at: int, schema: Any, root: dict[str, Any], depth: int) -> tuple[Any, int]:
        text = scan.text
        at = skip_space(text, at)
        if text.startswith(self.quote, at):
            return self._string(scan, at)
        head = text[at : at + 1]
        if depth > _MAX_DEPTH:
            raise _Bad(at, f"at most {_MAX_DEPTH} levels")
        if head == "{":
            return self._object(scan, at + 1, schema, root, depth + 1)
        if head == "[":
            return self._array(scan, at + 1, items_of(schema, root), root, depth + 1)
        bare = _BARE(text, at)
        end = bare.end() if bare else at
        raw = text[at:end].strip()
        if not raw:
            raise _Bad(at, "a value")
        return _constant(raw, schema, root), end

    def _array(
        self, scan: Scan, at: int, schema: Any, root: dict[str, Any], depth: int
    ) -> tuple[list[Any], int]:
        text, found = scan.text, list[Any]()
        at = skip_space(text, at)
        while text[at : at + 1] != "]":
            value, at = self._value(scan, at, schema, root, depth)
            found.append(value)
            at = self._next(text, at, "]")
        return found, at + 1

    def _next(self, text: str, at: int, end: str) -> int:
        at = skip_space(text, at)
        if text[at : at + 1] == ",":
            return skip_space(text, at + 1)
        if text[at : at + 1] != end:
            raise _Bad(at, f", or {end}")
        return at

    def _string(self, scan: Scan, at: int) -> tuple[str, int]:
        start = at + len(self.quote)
        end = scan.find(self.quote, start)
        if end < 0:
            raise _Bad(len(scan.text), f"{self.quote} at the end of a string")
        return scan.text[start:end], end + len(self.quote)


def _constant(raw: str, schema: Any, root: dict[str, Any]) -> Any:
    try:
        return parse_json(raw)
    except ValueError:
        return typed(raw, schema, root)
