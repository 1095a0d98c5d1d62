"""Read YAML as version 1.2 defines it: `NO` is a string, `2013-07-10` is a string, `12:30` is not a number.

The result is a JSON value. Duplicate keys and keys that are not strings raise `ValueError`.
"""

import re
from typing import Any

import yaml

_CORE = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
)
"""The core schema: tag, pattern of its scalars, and their possible first characters."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's


for _tag, _look, _first in _CORE:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_look})$"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("$"), [""])


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in node.value:
        name, line = loader.construct_object(key, deep=True), key.start_mark.line + 1
        if not isinstance(name, str):
            raise ValueError(f"line {line}: the key {name!r} is not a string: put it in quotes")
        if name in result:
            raise ValueError(f"line {line}: duplicate key {name!r}")
        result[name] = loader.construct_object(value, deep=True)
    return result


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse_yaml(text: str) -> Any:
    """The value of a YAML (or JSON) document. Raises `ValueError` with the line."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
