"""MiniMax-M3's calls: every tag after a separator that cannot occur in text, values nested as tags.

`<invoke name="f"><a>1</a><b><item>x</item></b></invoke>` with the separator before each tag. Leaves are typed by the
tool's schema; what the schema does not describe is a list if all its tags are `item`, else an object.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from .scan import Scan, Wrapper, quoted, shown
from .typed import items_of, parameters_of, property_of, typed, types_of

SEPARATOR = "]<]minimax[>["
_TAG = re.compile(re.escape(SEPARATOR) + r"<(/?)([^<>\n]{1,256})>")
_NAME = re.compile(r"""\s*["']?([^"'<>\n]{1,256}?)["']?\s*>""").match
_MAX_DEPTH = 80


@dataclass(slots=True)
class _Node:
    name: str
    start: int
    end: int = 0
    inner: list["_Node"] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def read(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """Read one call whose opening tag has been read up to the tool's name."""
    named = _NAME(scan.text, at)
    if not named:
        scan.fail(wrapper, f"expected a tool's name and >, found {shown(scan.text, at)}")
        return scan.after_error(at, wrapper)
    name = named.group(1)
    root, why = _tree(scan, _Node("invoke", named.end()))
    if why:
        scan.fail(wrapper, why, name)
        return scan.after_error(named.end(), wrapper)
    schema = parameters_of(scan.tools, name)
    arguments = {
        node.name: _value(scan.text, node, property_of(schema, node.name, schema), schema)
        for node in root.inner
    }
    scan.call(name, arguments)
    return root.end


def _tree(scan: Scan, root: _Node) -> tuple[_Node, str]:
    """The tags up to the end of the call, and what is wrong with them ("" if nothing)."""
    stack = [root]
    for tag in _TAG.finditer(scan.text, root.start):
        closing, name = tag.groups()
        if not closing:
            node = _Node(name, tag.end())
            if len(stack) > _MAX_DEPTH:
                return root, "nested too deep"
            if name in stack[-1].names and name != "item":
                return root, f"argument {quoted(name)} is given twice"
            stack[-1].inner.append(node)
            stack[-1].names.add(name)
            stack.append(node)
        elif name != stack[-1].name:
            return root, f"expected </{stack[-1].name[:64]}>, found </{name[:64]}>"
        else:
            node = stack.pop()
            node.end = tag.start()
            if not stack:
                root.end = tag.end()
                return root, ""
    return root, f"cut off: expected {SEPARATOR}</{stack[-1].name[:64]}>"


def _value(text: str, node: _Node, schema: Any, root: dict[str, Any]) -> Any:
    kinds = types_of(schema, root)
    if not node.inner:
        raw = text[node.start : node.end]
        if not raw.strip() and "string" not in kinds and kinds & {"array", "object"}:
            return [] if "array" in kinds else {}
        return typed(raw, schema, root)
    if "array" in kinds or (node.names == {"item"} and "object" not in kinds):
        items = items_of(schema, root)
        return [_value(text, inner, items, root) for inner in node.inner]
    return {
        inner.name: _value(text, inner, property_of(schema, inner.name, root), root) for inner in node.inner
    }
