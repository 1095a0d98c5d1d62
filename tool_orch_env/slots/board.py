"""What the agent sees, kept in arrays while the episode goes on, and what its actions mean.

Enters: a `Brief`, then calls with their replies. Leaves: the observation, the action mask, and for an action the call
or the answer that it names. Arrays are written in place, so that many boards can share one set for a vector
environment. Knows nothing of rewards.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..call import Answered, Code
from .brief import Block, Brief, Columns, Limits
from .lexicon import Lexicon, shaped

_CODES = {code: number for number, code in enumerate(Code, start=1)}
COLUMNS = Columns()
ORDINALS = 100
"""Numbers above this are not told apart."""


class Layout:
    """Shapes, types and ranges of the observation and the action of a snapshot's tasks."""

    def __init__(self, lexicon: Lexicon, limits: Limits) -> None:
        self.lexicon, self.limits = lexicon, limits
        self.tools = len(lexicon.tools)
        self.positions = max(lexicon.most_parameters, limits.facts)
        self.actions = np.array([self.tools + 1, *[limits.pool] * self.positions])
        pool, things, intakes = limits.pool, limits.things, len(lexicon.intakes)
        words, links = (len(lexicon.relations), len(lexicon.asks)), limits.links
        source = (4, 9, len(lexicon.leaves) + 1, *words, limits.calls + 1, 1000, 1000)
        self.arrays: dict[str, tuple[tuple[int, ...], type[np.generic], Sequence[int]]] = {
            "tools": ((self.tools,), np.int8, (2,)),
            "things": ((things, 4), np.int16, (len(lexicon.nouns), len(lexicon.kinds), len(lexicon.fields), ORDINALS)),
            "links": ((links, 6), np.int16, (things + 1, len(lexicon.roles), words[0], things + 1, pool, 2)),
            "facts": ((limits.facts, 3), np.int16, (things + 1, words[1], 2)),
            "candidates": ((pool, len(source)), np.int16, source),
            "fits": ((pool, intakes), np.int8, (2,)),
            "bond": ((pool, things), np.int8, (3,)),
            "role": ((pool, things), np.int16, (len(lexicon.roles),)),
            "calls": ((limits.calls, 3), np.int16, (self.tools + 1, len(_CODES) + 1, limits.calls + 1)),
            "about": ((limits.calls, things), np.int8, (3,)),
            "clock": ((2,), np.float32, (1,)),
        }
        """Per array its shape without batch, its type, and per last column how many values there are."""

    def empty(self, n: int) -> dict[str, Any]:
        """Arrays for `n` boards, with the mask `(n, sum of choices)` beside them."""
        made = {name: np.zeros((n, *shape), dtype=kind) for name, (shape, kind, _) in self.arrays.items()}
        return {**made, "mask": np.zeros((n, int(self.actions.sum())), dtype=np.bool_)}


class Board:
    """One episode's arrays. `at` says which row of the shared arrays is this board's."""

    def __init__(self, layout: Layout, arrays: Mapping[str, Any], at: int) -> None:
        self._layout, self._lexicon, self._limits = layout, layout.lexicon, layout.limits
        self._own = {name: array[at] for name, array in arrays.items()}
        self._tool_mask = self._own["mask"][: layout.tools + 1]
        self._open = self._own["mask"][layout.tools + 1 :].reshape(layout.positions, layout.limits.pool)
        self._shaped = [
            [_wants_list(layout.lexicon, tool, name) for name in layout.lexicon.parameters[tool]]
            for tool in layout.lexicon.tools
        ]

    def begin(self, brief: Brief, rng: np.random.Generator) -> None:
        """Clear the board for a task; things and facts are put in an order drawn by `rng`."""
        self._brief = brief
        statement, own = brief.statement, self._own
        for array in own.values():
            array.fill(0)
        self._order = _shuffled(len(statement.things), self._limits.things, rng)
        self._place = np.argsort(self._order)
        self._asked = _shuffled(len(statement.facts), self._limits.facts, rng)
        shift = np.concatenate([[0], self._place + 1]).astype(np.int16)
        own["tools"][:] = brief.offers
        own["things"][:] = brief.things[self._order]
        own["links"][:] = brief.links
        own["links"][:, 0] = shift[brief.links[:, 0]]
        own["links"][:, 3] = shift[brief.links[:, 3]]
        own["facts"][:] = brief.facts[self._asked]
        own["facts"][:, 0] = shift[own["facts"][:, 0]]
        self._fact_row = np.argsort(self._asked)
        self._values: list[Any] = []
        self._members: list[int] = []
        self._texts: list[str] = []
        self._stands: dict[str, int] = {}
        self._serves: dict[str, int] = {}
        self._feeds = self._known_links = self._known_facts = 0
        self._calls = 0
        self._read: set[tuple[str, int, int]] = set()
        self._put(brief.opening)
        self._tool_mask[self._layout.tools] = True

    def call(self, action: Sequence[int]) -> tuple[str, dict[str, Any]] | None:
        """The call that an action names, `None` if it stops. Rows that are not there leave a parameter out."""
        chosen = int(action[0])
        if chosen >= self._layout.tools:
            return None
        tool = self._lexicon.tools[chosen]
        arguments = {}
        for position, name in enumerate(self._lexicon.parameters[tool]):
            row = int(action[1 + position])
            if 0 < row < len(self._values):
                value = self._values[row]
                wrap = self._shaped[chosen][position] and not isinstance(value, list)
                arguments[name] = [value] if wrap else value
        return tool, arguments

    def answer(self, action: Sequence[int]) -> str:
        """The answer of a stop action: the values it names for the facts asked, in the order of the facts."""
        rows = [int(row) for row in action[1 : 1 + len(self._brief.statement.facts)]]
        return "; ".join(_spoken(self._values[row]) for row in rows if 0 < row < len(self._values))

    def take(self, action: Sequence[int], answered: Answered, turn: int) -> None:
        """Write down a call and what a reader sees in its reply."""
        about, same = self._spoken_of(action)
        row = min(self._calls, self._limits.calls - 1)
        own, reply = self._own, answered.reply
        own["calls"][row] = int(action[0]) + 1, _CODES[reply.code], min(turn, self._limits.calls)
        for thing in range(len(self._brief.statement.things)):
            own["about"][row, self._place[thing]] = (about >> thing & 1) or (same >> thing & 1) * 2
        self._calls += 1
        if reply.code is not Code.OK or answered.call is None or answered.key is None:
            return
        identity = (answered.key, about, same)
        if identity in self._read:
            return
        self._read.add(identity)
        call = answered.call
        self._put(self._brief.reply(call.name, call.arguments, answered.key, reply.text, about, same), row + 1)

    def tell_time(self, turns: int, most: int) -> None:
        """Shares of the turns and of the pool that are used."""
        self._own["clock"][:] = turns / most, len(self._values) / self._limits.pool

    def observation(self) -> dict[str, Any]:
        """A copy of everything but the mask."""
        return {name: array.copy() for name, array in self._own.items() if name != "mask"}

    def mask(self) -> Any:
        """A copy of the mask: tools and stop, then every position's candidates."""
        return self._own["mask"].copy()

    @property
    def values(self) -> list[Any]:
        """The candidates' values, by row."""
        return list(self._values)

    def _spoken_of(self, action: Sequence[int]) -> tuple[int, int]:
        """The things that a call is about, and those that all its arguments stand for, as bits.

        It goes by values: the destination of one flight may be that of another.
        """
        tool = self._lexicon.tools[int(action[0])]
        rows = [int(row) for row in action[1 : 1 + len(self._lexicon.parameters[tool])]]
        rows = [row for row in rows if 0 < row < len(self._values)]
        about, given, same = 0, 0, -1 if rows else 0
        serves = [self._serves[self._texts[row]] for row in rows]
        for row, links in zip(rows, serves, strict=True):
            given |= links
            same &= self._stands[self._texts[row]]
        for thing, links in enumerate(self._brief.described):
            if links & ~given == 0 and all(one & links for one in serves):
                about |= 1 << thing
        return about, same

    def _put(self, block: Block, call: int = 0) -> None:
        """Add rows to the pool, and what becomes known by them."""
        n = len(block.values)
        if not n:
            return
        start = len(self._values)
        if start + n > self._limits.pool:
            start = self._make_room(n)
        end = min(start + n, self._limits.pool)
        n, own, here = end - start, self._own, slice(start, end)
        own["candidates"][here] = block.features[:n]
        own["candidates"][here, COLUMNS.call] = call
        own["fits"][here] = block.fits[:n]
        own["bond"][here] = block.bond[:n, self._order]
        own["role"][here] = block.role[:n, self._order]
        self._open[:, here] = block.open[:, :n]
        self._values += block.values[:n]
        self._members += block.members[:n]
        self._texts += block.texts[:n]
        for text, stands, serves in zip(block.texts, block.stands, block.serves, strict=True):
            self._stands[text] = self._stands.get(text, 0) | stands
            self._serves[text] = self._serves.get(text, 0) | serves
        self._tell(block)

    def _tell(self, block: Block) -> None:
        """What becomes known by new rows: links, facts, and which tools can be called."""
        links = block.links & ~self._known_links
        self._known_links |= links
        for number in _positions(links):
            self._own["links"][number, 5] = 1
        facts = block.facts & ~self._known_facts
        self._known_facts |= facts
        for number in _positions(facts):
            self._own["facts"][self._fact_row[number], 2] = 1
        self._feeds |= block.feeds
        for number, needed in self._brief.needed:
            self._tool_mask[number] = not needed & ~self._feeds

    def _make_room(self, n: int) -> int:
        """Drop replies' rows, those that belong to nothing first and oldest first; returns where the rest ends."""
        first = len(self._brief.opening.values)
        idle = [row for row in range(first, len(self._values)) if not self._members[row]]
        busy = [row for row in range(first, len(self._values)) if self._members[row]]
        excess = len(self._values) + n - self._limits.pool
        gone = set((idle + busy)[:excess])
        kept = np.array([row for row in range(len(self._values)) if row not in gone], dtype=np.intp)
        for name in ("candidates", "fits", "bond", "role"):
            rows = self._own[name][kept]
            self._own[name][:] = 0
            self._own[name][: len(kept)] = rows
        columns = self._open[:, kept]
        self._open[:] = False
        self._open[:, : len(kept)] = columns
        for rows_of in (self._values, self._members, self._texts):
            rows_of[:] = [rows_of[row] for row in kept]
        return len(kept)


def _wants_list(lexicon: Lexicon, tool: str, parameter: str) -> bool:
    return isinstance(shaped(lexicon.catalog[tool], parameter, 0), list)


def _shuffled(n: int, size: int, rng: np.random.Generator) -> Any:
    """A random order of the first `n` of `size` rows; the empty ones stay behind them."""
    return np.concatenate([rng.permutation(n), np.arange(n, size)])


def _positions(bits: int) -> list[int]:
    return [at for at in range(bits.bit_length()) if bits >> at & 1]


def _spoken(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
