"""Read the YAML of cassettes: every plain scalar is a text, and nothing is constructed but texts, lists and objects.

Binary values, which hold packed bodies, become `{"base64_string": ...}`. The tags that old recorders wrote for texts
and tuples of Python are read as texts and lists; any other tag is refused.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 64
_NULL = re.compile(r"(?:~|null|Null|NULL|)$")


class _Loader(_Base):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's
    yaml_constructors: dict[str | None, Any] = {}  # noqa: RUF012 - PyYAML's: no tags but those below


def _text(loader: Any, node: Any) -> str:
    found = loader.construct_scalar(node)
    if not isinstance(found, str):
        raise ValueError(f"line {node.start_mark.line + 1}: expected a text")
    return found


def _list(loader: Any, node: Any) -> list[Any]:
    found: list[Any] = loader.construct_sequence(node, deep=True)
    return found


def _binary(loader: Any, node: Any) -> dict[str, str]:
    return {"base64_string": "".join(_text(loader, node).split())}


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"line {node.start_mark.line + 1}: expected an object")
    result = {}
    for key, value in node.value:
        name, line = loader.construct_object(key, deep=True), key.start_mark.line + 1
        if not isinstance(name, str):
            raise ValueError(f"line {line}: expected a text as a key")
        if name in result:
            raise ValueError(f"line {line}: duplicate key {name[:60]!r}")
        result[name] = loader.construct_object(value, deep=True)
    return result


_TAGS = {
    "tag:yaml.org,2002:map": _mapping,
    "tag:yaml.org,2002:seq": _list,
    "tag:yaml.org,2002:str": _text,
    "tag:yaml.org,2002:binary": _binary,
    "!binary": _binary,
    "tag:yaml.org,2002:null": _Base.construct_yaml_null,
    "tag:yaml.org,2002:python/unicode": _text,
    "tag:yaml.org,2002:python/str": _text,
    "tag:yaml.org,2002:python/tuple": _list,
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""])
for _tag, _constructor in _TAGS.items():
    _Loader.add_constructor(_tag, _constructor)
_Loader.add_constructor(None, _Base.construct_undefined)


def parse_cassette(text: str) -> Any:
    """The value of a YAML document. Raises `ValueError` with the line."""
    try:
        _check_depth(yaml.parse(text, _Loader))
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())[:300]) from error


def _check_depth(events: Iterator[Any]) -> None:
    """Checked before anything is composed: the composer calls itself for every level. Raises `ValueError`."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"line {event.start_mark.line + 1}: nested deeper than {MAX_DEPTH}")
