"""A call or an answer as a sequence of decisions, each with the exact set of its open choices.

A decision is answered by the number of a choice, from 0. In this order:

1. THING: the thing of the request to work on. 0 stops.
2. TOOL: tool t is choice t + 1. Open are the offered tools that the candidates can give a valid call.
3. PARAMETER, for each parameter of the tool in sorted order: one of the values that the schema accepts there. 0 leaves
   an optional parameter out. Equal values are one choice.
4. FACT, after a stop, for each fact asked: one of the values in the words of the fact. 0 leaves it out.

A decision with one open choice is taken without asking, except the first. Features and rewards are not known here.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from ..snapshot.catalog import Tool
from .candidates import BELONGS, REPLY
from .encoding import COLUMNS, Encoding, Layout
from .vocabulary import shaped


class Kind(IntEnum):
    """What is decided."""

    THING = 0
    TOOL = 1
    PARAMETER = 2
    FACT = 3


class Decision(NamedTuple):
    """The decision at hand. `thing`, `tool` and `at` (position of the parameter or fact) are -1 for none."""

    kind: Kind
    thing: int
    tool: int
    at: int
    options: Mapping[int, Sequence[int]]
    """The open choices; for parameters and facts with the candidate rows that hold the value."""


class Decisions:
    """Asks for the decisions of one call or answer after another, and composes them into slot actions."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout, self._vocabulary, self._encoding = layout, layout.vocabulary, encoding
        self.made: set[tuple[Any, ...]] = set()
        """Beginnings of the calls made in this episode, as tool and values; and (-1, thing, tool)."""

    def begin(self) -> None:
        """Start an episode."""
        self.made.clear()
        self.restart()

    def restart(self) -> None:
        """Ask for the next call from its first decision on. What was decided of the last one is forgotten."""
        self._chosen: list[int] = []
        able = bool(self._tools())
        things = max(1, self._encoding.things) if able else 0
        self.now = Decision(Kind.THING, -1, -1, -1, {0: (), **{thing + 1: () for thing in range(things)}})

    def choose(self, choice: int) -> list[int] | None:
        """Take an open choice. Returns the slot action once it is complete, `None` while there is more to decide."""
        while not self._decided(choice):
            if len(self.now.options) > 1:
                return None
            (choice,) = self.now.options
        rows = self._chosen + [0] * (self._layout.positions - len(self._chosen))
        tool = self.now.tool
        if tool < 0:
            return [self._layout.tools, *rows]
        self.made.add((-1, self.now.thing, tool))
        self.made.update(self.prefix(end) for end in range(1, len(self._chosen) + 1))
        return [tool, *rows]

    def prefix(self, end: int | None = None) -> tuple[Any, ...]:
        """The tool and the values chosen so far, or the first `end` of them, as texts."""
        texts = self._encoding.texts
        return (self.now.tool, *(texts[row] for row in self._chosen[:end]))

    def _decided(self, choice: int) -> bool:
        """Take a choice and ask the next decision; true if there is none."""
        kind, thing, tool, at, options = self.now
        if kind is Kind.THING and choice == 0:
            return self._ask_fact(0)
        if kind is Kind.THING:
            self.now = Decision(Kind.TOOL, choice - 1, -1, -1, {one + 1: () for one in self._tools()})
            return False
        if kind is Kind.TOOL:
            return self._ask_parameter(thing, choice - 1, 0)
        self._chosen.append(options[choice][0])
        return self._ask_fact(at + 1) if kind is Kind.FACT else self._ask_parameter(thing, tool, at + 1)

    def _ask_fact(self, at: int) -> bool:
        if at == self._encoding.facts:
            return True
        thing, ask, _ = self._encoding.arrays["facts"][at].tolist()
        candidates = self._encoding.arrays["candidates"][: len(self._encoding.values)]
        rows = np.flatnonzero((candidates[:, COLUMNS.ask] == ask) & (ask > 0))
        self.now = Decision(
            Kind.FACT, thing - 1, -1, at, {0: (0,), **self._grouped(rows.tolist(), thing - 1)}
        )
        return False

    def _ask_parameter(self, thing: int, number: int, at: int) -> bool:
        names = self._vocabulary.parameters[self._vocabulary.tools[number]]
        if at == len(names):
            self.now = self.now._replace(tool=number, options={})
            return True
        tool = self._vocabulary.catalog[self._vocabulary.tools[number]]
        grouped = self._grouped(self._fitting(tool, names[at]), thing)
        options = grouped if names[at] in tool.required else {0: (0,), **grouped}
        if not tool.independent:
            given = dict(_given(tool, names, self._chosen, self._encoding.values))
            options = {
                choice: rows
                for choice, rows in options.items()
                if self._completes(tool, given | self._argument(tool, names[at], rows[0]), names[at + 1 :])
            }
        self.now = Decision(Kind.PARAMETER, thing, number, at, options)
        return False

    def _grouped(self, rows: Sequence[int], thing: int) -> dict[int, list[int]]:
        """Candidate rows by choice, from 1: those of equal value together, at most `Limits.choices` values."""
        groups: dict[str, list[int]] = {}
        for row in rows:
            groups.setdefault(self._encoding.texts[row], []).append(row)
        kept, most = list(groups.values()), self._layout.limits.choices
        if len(kept) > most:
            kept = [kept[at] for at in sorted(sorted(range(len(kept)), key=self._worth(kept, thing))[-most:])]
        return dict(enumerate(kept, start=1))

    def _worth(self, groups: Sequence[Sequence[int]], thing: int) -> Any:
        """Sort key of groups: values of replies that have nothing to do with the request are dropped first."""
        own = self._encoding.arrays

        def worth(at: int) -> tuple[bool, int]:
            rows = groups[at]
            bound = (own["bond"][rows] == BELONGS).any() or own["role"][rows].any()
            return bool(bound or (own["candidates"][rows, COLUMNS.source] != REPLY).any()), at

        return worth

    def _fitting(self, tool: Tool, name: str) -> list[int]:
        """Candidate rows that the schema of a parameter accepts."""
        column = self._vocabulary.intake_number[tool.name, name]
        fits = self._encoding.arrays["fits"][: len(self._encoding.values), column]
        return np.flatnonzero(fits).tolist()

    def _tools(self) -> list[int]:
        """Numbers of the offered tools of which the candidates can make a valid call."""
        own = self._encoding.arrays
        fed = own["fits"][: len(self._encoding.values)].any(0)
        vocabulary, found = self._vocabulary, []
        for number in np.flatnonzero(own["tools"]).tolist():
            name = vocabulary.tools[number]
            tool = vocabulary.catalog[name]
            if all(fed[vocabulary.intake_number[name, one]] for one in tool.required) and (
                tool.independent or self._completes(tool, {}, vocabulary.parameters[name])
            ):
                found.append(number)
        return found

    def _completes(self, tool: Tool, arguments: Mapping[str, Any], names: Sequence[str]) -> bool:
        """Whether candidates for the parameters `names` can make the arguments a valid call."""
        if not names:
            return bool(tool.validator.is_valid(dict(arguments)))
        rows = self._fitting(tool, names[0])
        choices = rows if names[0] in tool.required else [0, *rows]
        return any(
            self._completes(tool, {**arguments, **self._argument(tool, names[0], row)}, names[1:])
            for row in choices
        )

    def _argument(self, tool: Tool, name: str, row: int) -> dict[str, Any]:
        return dict(_given(tool, [name], [row], self._encoding.values))


def _given(
    tool: Tool, names: Sequence[str], rows: Sequence[int], values: Sequence[Any]
) -> Iterator[tuple[str, Any]]:
    """The arguments that candidate rows give to parameters; row 0 gives none."""
    for name, row in zip(names, rows, strict=False):
        if row:
            yield name, shaped(tool, name, values[row])
