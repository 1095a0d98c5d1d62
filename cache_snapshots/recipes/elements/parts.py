"""Every text that a search can find something by: `parts.json`, which the plan asks for one by one.

These are all parts of all names. Any other text finds nothing; `complete` rules in `record.yaml` say so.
"""

import json
from collections.abc import Iterable

from . import tables
from .server import folded


def parts(names: Iterable[str], least: int, shortest: int = 0) -> list[str]:
    """The names themselves, then all their parts of at least `shortest` characters, folded and sorted.

    A part of fewer than `least` characters, which the tool's schema does not allow, is padded with white space, which
    the service ignores.
    """
    names = [name for name in names if name]
    found = {
        text[start:end].strip()
        for text in map(folded, names)
        for start in range(len(text) + 1)
        for end in range(start + shortest, len(text) + 1)
    }
    return [*names, *(part.ljust(least) for part in sorted(found) if len(part) >= shortest)]


def document() -> str:
    """The file's content: a list of texts for each tool that searches."""
    groups = tables.groups().values()
    numbers = [str(group["group_id"]) for group in groups]
    labels = dict.fromkeys(group["symbol"] for group in groups)
    found = {
        "search_element": parts((element["name"] for element in tables.elements().values()), 2),
        "search_group": [*numbers, *labels, *parts((group["name"] for group in groups), 1, 3)],
        "search_series": parts((series["name"] for series in tables.series().values()), 3),
    }
    return json.dumps(found, separators=(",", ":")) + "\n"
