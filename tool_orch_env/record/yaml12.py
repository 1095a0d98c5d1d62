"""Read YAML as version 1.2 defines it: `NO` is a string, `2013-07-10` is a string, `12:30` is not a number.

The result is a JSON value: a tag for anything else (`!!set`, `!!timestamp`) is refused, and so is a number beyond the
range of a double. `<<` merges mappings, as most readers do. Duplicate keys and keys that are not strings raise
`ValueError`; `lenient` reading keeps the last of two equal keys, and takes a key such as `200` as it is written.
"""

import math
import re
from typing import Any

import yaml

MOST_VALUES = 5_000_000
"""Maximum number of values in a document, each counted as often as aliases repeat it."""
MOST_LEVELS = 200
"""Maximum nesting of a document."""
_MERGE = "tag:yaml.org,2002:merge"
_CORE = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
)
"""The core schema and `<<`: tag, pattern of its scalars, and their possible first characters."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml is ten times as fast
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's
    yaml_constructors: dict[str | None, Any] = {}  # noqa: RUF012 - PyYAML's: no tags but those below

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.merged: dict[int, list[tuple[yaml.Node, yaml.Node]]] = {}
        """Node -> its pairs, for mappings that `<<` was looked for in: aliases repeat them without end."""


for _tag, _look, _first in _CORE:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_look})$"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("$"), [""])


class _Lenient(_Loader):
    """Keys are texts, and of two equal ones the last counts."""


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _number(loader: Any, node: yaml.ScalarNode) -> float:
    value = float(loader.construct_scalar(node))
    if not math.isfinite(value):
        raise ValueError(f"line {node.start_mark.line + 1}: expected a number in the range of a double")
    return value


def _boolean(loader: Any, node: yaml.ScalarNode) -> bool:
    text = str(loader.construct_scalar(node)).lower()
    if text not in ("true", "false"):
        raise ValueError(f"line {node.start_mark.line + 1}: expected true or false, found {text!r:.80}")
    return text == "true"


def _list(loader: Any, node: yaml.Node) -> list[Any]:
    found: list[Any] = loader.construct_sequence(node, deep=True)
    return found


def _merged(loader: Any, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """Keys and values of a mapping, after those that `<<` takes from others and the mapping does not have itself."""
    if id(node) not in loader.merged:
        loader.merged[id(node)] = [*_taken(loader, node), *(p for p in node.value if p[0].tag != _MERGE)]
    known: list[tuple[yaml.Node, yaml.Node]] = loader.merged[id(node)]
    return known


def _taken(loader: Any, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """What `<<` takes from other mappings."""
    own = {key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
    taken: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        if key.tag != _MERGE:
            continue
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode):
                raise ValueError(f"line {key.start_mark.line + 1}: << expects a mapping, or a list of them")
            for pair in _merged(loader, source):
                name = str(pair[0].value)
                if name not in own:
                    taken.setdefault(name, pair)
    return list(taken.values())


def _mapping(loader: Any, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"line {node.start_mark.line + 1}: expected a mapping")
    result: dict[Any, Any] = {}
    lenient = isinstance(loader, _Lenient)
    for key, value in _merged(loader, node):
        line = key.start_mark.line + 1
        as_written = lenient and isinstance(key, yaml.ScalarNode)
        name = key.value if as_written else loader.construct_object(key, deep=True)
        if not isinstance(name, str):
            raise ValueError(f"line {line}: the key {name!r:.80} is not a string: put it in quotes")
        if name in result and not lenient:
            raise ValueError(f"line {line}: duplicate key {name!r}")
        result[name] = loader.construct_object(value, deep=True)
    return result


for _tag, _constructor in {
    "null": yaml.SafeLoader.construct_yaml_null,
    "bool": _boolean,
    "int": _integer,
    "float": _number,
    "str": yaml.SafeLoader.construct_yaml_str,
    "seq": _list,
    "map": _mapping,
}.items():
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _constructor)
_Loader.add_constructor(None, yaml.SafeLoader.construct_undefined)


def parse_yaml(text: str, lenient: bool = False) -> Any:
    """The value of a YAML (or JSON) document. Raises `ValueError` with the line."""
    try:
        _check_levels(text)
        value = yaml.load(text, _Lenient if lenient else _Loader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    _measured(value, {}, 0)
    return value


def _check_levels(text: str) -> None:
    """Raises `ValueError` if the text nests too deep: libyaml's composer would overflow the stack."""
    level = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        if level > MOST_LEVELS:
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise ValueError(f"line {line}: nested deeper than {MOST_LEVELS}")


def _measured(value: Any, known: dict[int, tuple[int, int]], level: int) -> tuple[int, int]:
    """Number of values and levels; a value that aliases repeat is looked at once. Raises `ValueError`."""
    if not isinstance(value, (dict, list)):
        return 1, 0
    if id(value) not in known:
        if level > MOST_LEVELS:
            raise ValueError(f"nested deeper than {MOST_LEVELS}")
        inner = [
            _measured(item, known, level + 1)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        known[id(value)] = 1 + sum(size for size, _ in inner), 1 + max((deep for _, deep in inner), default=0)
    size, levels = known[id(value)]
    if size > MOST_VALUES or level + levels > MOST_LEVELS:
        raise ValueError(
            f"aliases make it more than {MOST_VALUES:,} values, or nested deeper than {MOST_LEVELS}"
        )
    return size, levels
