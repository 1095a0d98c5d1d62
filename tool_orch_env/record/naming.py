"""Names of tools: from operation ids, made fit for model APIs and unique, and patterns that choose and rename.

A pattern is a text in which `*` stands for any characters. It is compared with an operation's id and with `GET /path`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

MOST_NAME = 64
"""Maximum length of a tool's name in the APIs of models."""
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def matches(patterns: Iterable[str], labels: Sequence[str]) -> list[str]:
    """The patterns that match one of the labels, in order."""
    return [pattern for pattern in patterns if any(_compiled(pattern).fullmatch(label) for label in labels)]


def renamed(rules: Mapping[str, str], labels: Sequence[str]) -> tuple[str, str | None]:
    """The name of an operation by the first rule that matches a label, and the rule; its first label without one.

    Each `*` of the new name is what the `*` in its place of the pattern stands for, as short as possible.
    """
    for pattern, new in rules.items():
        for label in labels:
            if found := _compiled(pattern).fullmatch(label):
                kept = iter(found.groups())
                return "".join(
                    next(kept, "") if part == "*" else part for part in re.split(r"(\*)", new)
                ), pattern
    return labels[0], None


def fit(label: str) -> str:
    """A name that model APIs take: at most 64 letters, digits, `_` and `-`, the first no digit.

    `GET /path` becomes `get_path`.
    """
    name = _UNFIT.sub("_", label.lower() if " " in label else label).strip("_") or "tool"
    return (name if name[0].isalpha() else f"_{name}")[:MOST_NAME]


def unique(wanted: Sequence[str]) -> list[str]:
    """Fit names for labels, in their order. The first of those that become equal keeps the name, unless another needs
    no change; the others get `_2`, `_3`.
    """
    taken = {label for label in wanted if fit(label) == label}
    used: set[str] = set()
    names = []
    for label in wanted:
        name, number = fit(label), 1
        while name in used or (name in taken and name != label):
            number += 1
            end = f"_{number}"
            name = fit(label)[: MOST_NAME - len(end)] + end
        used.add(name)
        names.append(name)
    return names
