"""Calls written by hand, from a file of JSON lines: `{"tool": "search_city", "arguments": {"name": "Oslo"}}`.

`name` is another word for `tool`, as in the tool calls of chat APIs.
"""

from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import numbered_lines
from ..jsonvalues.decode import parse_json
from ..snapshot.catalog import Catalog
from . import parameters
from .measure import BY_HAND
from .variants import Variant

_MOST_BYTES = 64 << 20


def read_calls(path: Path, catalog: Catalog) -> tuple[list[Variant], list[str]]:
    """The valid calls of a file, and a line for each call that its tool's schema does not allow.

    Raises `UsageError` listing every line that is not a call of a known tool.
    """
    calls: list[Variant] = []
    invalid: list[str] = []
    problems: list[str] = []
    for number, line in numbered_lines(path, UsageError, _MOST_BYTES):
        place = f"{path.name}:{number}"
        try:
            tool, arguments = _call(parse_json(line))
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        if tool not in catalog:
            problems.append(f"{place}: no tool {tool!r}; the tools are {', '.join(catalog)}")
        elif parameters.valid(catalog[tool], arguments):
            calls.append(Variant(BY_HAND, place, tool, arguments))
        else:
            invalid.append(f"{place}: not valid for the schema of {tool}")
    if problems:
        raise UsageError("\n".join(problems))
    return calls, invalid


def _call(entry: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(entry, dict):
        raise ValueError("expected an object with tool and arguments")
    tool, arguments = entry.get("tool", entry.get("name")), entry.get("arguments", {})
    if not isinstance(tool, str) or not isinstance(arguments, dict):
        raise ValueError("expected a string as tool and an object as arguments")
    return tool, arguments
