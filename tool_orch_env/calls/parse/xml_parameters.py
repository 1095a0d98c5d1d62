"""Parameters in XML-like tags: `<function=f><parameter=a>1</parameter></function>` and `<invoke name="f">…`.

The values are text; they are typed by the tool's schema, or by the attribute that says whether a value is a string.
"""

import re
from dataclasses import dataclass
from typing import Any

from ...jsonvalues.decode import json_at, parse_json
from .scan import MAX_CALLS, Scan, Wrapper, quoted, reason, shown, skip_space
from .tags import value_end, without_edges
from .typed import parameters_of, property_of, typed

_NAME = re.compile(r"""\s*["']?([^"'<>\n]{1,256}?)["']?\s*(?:\s[^<>\n]{0,256})?/?>""").match
_ATTRIBUTED = re.compile(r"""\s*["']?([^"'<>\n]{1,256}?)["']?((?:\s[^<>\n]{0,256})?)>""").match
_CDATA = "<![CDATA["


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one dialect. `edges`: a line break at each side of a value belongs to the format."""

    parameter: str
    parameter_end: str
    call_end: str
    call: str
    edges: bool = True

    def __call__(self, scan: Scan, at: int, wrapper: Wrapper) -> int:
        """Read one call whose opening tag has been read up to the tool's name."""
        named = _NAME(scan.text, at)
        if not named:
            scan.fail(wrapper, f"expected a tool's name and >, found {shown(scan.text, at)}")
            return scan.after_error(at, wrapper)
        name = named.group(1).strip()
        at = skip_space(scan.text, named.end())
        if scan.text[at : at + 1] == "{":
            return self._json(scan, at, wrapper, name)
        if scan.text.startswith("/>", named.end() - 2):
            scan.call(name, {})
            return named.end()
        arguments, at, why = self._arguments(scan, at, name)
        if why:
            scan.fail(wrapper, why, name)
            return scan.after_error(at, wrapper)
        scan.call(name, arguments)
        return at

    def _json(self, scan: Scan, at: int, wrapper: Wrapper, name: str) -> int:
        """`<function=f>{"a": 1}</function>`, whose end may be missing."""
        try:
            arguments, end = json_at(scan.text, at)
        except ValueError as error:
            scan.fail(wrapper, reason(error), name)
            return scan.after_error(at, wrapper)
        end = skip_space(scan.text, end)
        closed = scan.text.startswith(self.call_end, end)
        if isinstance(arguments, dict) and (closed or end == len(scan.text) or scan.text[end] == "<"):
            scan.call(name, arguments)
        else:
            scan.fail(wrapper, f"expected an object and {self.call_end}, found {shown(scan.text, end)}", name)
        return end + len(self.call_end) if closed else end

    def _arguments(self, scan: Scan, at: int, name: str) -> tuple[dict[str, Any], int, str]:
        """The arguments, where reading stopped, and what was wrong there ("" if nothing)."""
        text, found = scan.text, dict[str, Any]()
        schema = parameters_of(scan.tools, name)
        while not text.startswith(self.call_end, at):
            named = (
                _ATTRIBUTED(text, at + len(self.parameter)) if text.startswith(self.parameter, at) else None
            )
            if not named:
                return found, at, f"expected {self.parameter}…> or {self.call_end}, found {shown(text, at)}"
            key, start = named.group(1).strip(), named.end()
            value, at, why = self._value(scan, start)
            if key in found or len(found) > MAX_CALLS:
                why = "is given twice"
            if why:
                return found, start, f"argument {quoted(key)} {why}"
            found[key] = _typed(value, named.group(2), property_of(schema, key, schema), schema)
        return found, at + len(self.call_end), ""

    def _value(self, scan: Scan, start: int) -> tuple[str, int, str]:
        text = scan.text
        if text.startswith(_CDATA, start):
            end = scan.find("]]>", start)
            after = skip_space(text, end + 3)
            if end >= 0 and text.startswith(self.parameter_end, after):
                return text[start + len(_CDATA) : end], skip_space(text, after + len(self.parameter_end)), ""
        ended = value_end(
            scan, start, self.parameter_end, (self.parameter, self.call_end), (self.parameter, self.call_end)
        )
        if ended is None:
            return (
                "",
                start,
                f"is not closed: expected {self.parameter_end} before {self.parameter}…> or {self.call_end}",
            )
        value = without_edges(text, start, ended[0]) if self.edges else text[start : ended[0]]
        return value, ended[1], ""


def _typed(value: str, attributes: str, schema: Any, root: dict[str, Any]) -> Any:
    if 'string="true"' in attributes:
        return value
    if 'string="false"' in attributes:
        try:
            return parse_json(value)
        except ValueError:
            return typed(value, schema, root)
    return typed(value, schema, root)


FUNCTION = Tags("<parameter=", "</parameter>", "</function>", "<function=")
PARAM = Tags("<param name=", "</param>", "</function>", "<function name=")


def invoke(prefix: str, edges: bool = True) -> Tags:
    """`<invoke name="f"><parameter name="a">1</parameter></invoke>`, each tag's word after a prefix."""
    return Tags(
        f"<{prefix}parameter name=",
        f"</{prefix}parameter>",
        f"</{prefix}invoke>",
        f"<{prefix}invoke name=",
        edges,
    )
