"""The observation and action mask of one episode, and the call or answer that an action means.

All arrays of an `Encoding` are views of one row of bytes: a vector environment is one buffer, and beginning a task
copies one row. Rewards are not known here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from ..answers.oracle import spoken
from ..calls.types import AnsweredCall, Status
from .candidates import ALIGNMENT, BELONGS, Block, CandidateRow, Columns, Limits, positions
from .request_encoding import Contest, RequestEncoding
from .request_graph import ITSELF
from .vocabulary import TYPES, Vocabulary, shaped

_CODES = {code: number for number, code in enumerate(Status, start=1)}
COLUMNS = Columns()


class Layout:
    """Shapes, types and ranges of observations and actions, the same for all tasks of a snapshot."""

    def __init__(self, vocabulary: Vocabulary, limits: Limits) -> None:
        self.vocabulary, self.limits = vocabulary, limits
        self.tools = len(vocabulary.tools)
        self.positions = max(vocabulary.most_parameters, limits.facts)
        self.actions = np.array([self.tools + 1, *[limits.candidates] * self.positions])
        rows, things, calls = limits.candidates, limits.things, limits.calls
        roles, relations, asks = len(vocabulary.roles), len(vocabulary.relations), len(vocabulary.asks)
        chosen = (len(vocabulary.nouns), len(vocabulary.kinds), len(vocabulary.fields), 100)
        candidate = (4, len(TYPES), len(vocabulary.leaves) + 1, relations, asks, calls + 1, 1000, 1000)
        self.arrays: dict[str, tuple[tuple[int, ...], type[np.generic], Sequence[int]]] = {
            "tools": ((self.tools,), np.int8, (2,)),
            "things": ((things, 4), np.int16, chosen),
            "links": ((limits.links, 6), np.int16, (things + 1, roles, relations, things + 1, rows, 2)),
            "facts": ((limits.facts, 3), np.int16, (things + 1, asks, 2)),
            "candidates": ((rows, len(candidate)), np.int16, candidate),
            "fits": ((rows, len(vocabulary.intakes)), np.int8, (2,)),
            "bond": ((rows, things), np.int8, (3,)),
            "role": ((rows, things), np.int16, (roles,)),
            "calls": ((calls, 3), np.int16, (self.tools + 1, len(_CODES) + 1, calls + 1)),
            "about": ((calls, things), np.int8, (4,)),
            "clock": ((2,), np.float32, (2,)),
        }
        """Shape without the batch dimension, type, and number of values per last column, by array name."""
        self._mask = ((int(self.actions.sum()),), np.bool_)
        self.row = CandidateRow(vocabulary, limits)
        self._places, self.size = self._placed()
        self.lists = [
            [_wants_list(vocabulary, tool, name) for name in vocabulary.parameters[tool]]
            for tool in vocabulary.tools
        ]
        """For each tool and parameter: whether a single value is wrapped in a list."""

    def _placed(self) -> tuple[dict[str, int], int]:
        """The byte offset of each array in an encoding's row, and the row's size. The candidates come first."""
        places, end = dict(self.row.offsets), self.limits.candidates * self.row.size
        for name, (shape, kind) in self._all().items():
            if name not in self.row.parts:
                places[name] = end
                end += -(-int(np.prod(shape)) * np.dtype(kind).itemsize // ALIGNMENT) * ALIGNMENT
        return places, end

    def _all(self) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
        return {name: (shape, kind) for name, (shape, kind, _) in self.arrays.items()} | {"mask": self._mask}

    def views(self, buffer: Any) -> dict[str, Any]:
        """The arrays of a byte buffer `(n, size)`, each `(n, *shape)`, by name. Includes `mask`."""
        found = {}
        for name, (shape, kind) in self._all().items():
            step = np.dtype(kind).itemsize
            inner = (self.row.size, step) if name in self.row.parts else np.empty(shape, kind).strides
            found[name] = np.ndarray(
                (len(buffer), *shape), kind, buffer, self._places[name], (self.size, *inner)
            )
        return found

    def candidate_rows(self, row: Any) -> Any:
        """The candidates in an encoding's row of bytes: `(candidates, bytes per candidate)`."""
        return row[: self.limits.candidates * self.row.size].reshape(self.limits.candidates, self.row.size)


def spaces(layout: Layout) -> tuple[gym.spaces.Dict, gym.spaces.MultiDiscrete]:
    """Observation and action space of a single environment."""
    observed: dict[str, gym.Space[Any]] = {}
    for name, (shape, kind, sizes) in layout.arrays.items():
        high = np.broadcast_to(np.array(sizes) - 1, shape).astype(kind)
        observed[name] = gym.spaces.Box(np.zeros_like(high), high, dtype=kind)
    return gym.spaces.Dict(observed), gym.spaces.MultiDiscrete(layout.actions)


class Encoding:
    """The arrays of one episode, in one row of a buffer."""

    def __init__(self, layout: Layout, row: Any) -> None:
        self._layout, self._vocabulary, self._limits = layout, layout.vocabulary, layout.limits
        self.bind(row)

    def bind(self, row: Any) -> None:
        """Read and write this row from now on. A copy or a pickle of views no longer shares their buffer."""
        layout = self._layout
        self._row = row
        self._own: Mapping[str, Any] = {name: view[0] for name, view in layout.views(row[np.newaxis]).items()}
        self._candidates = layout.candidate_rows(row)
        self._tool_mask = self._own["mask"][: layout.tools + 1]
        self._open = self._own["mask"][layout.tools + 1 :].reshape(layout.positions, layout.limits.candidates)

    @property
    def arrays(self) -> Mapping[str, Any]:
        """The observation arrays and `mask`, by name: views that the next call changes."""
        return self._own

    @property
    def texts(self) -> Sequence[str]:
        """Canonical text of each candidate, by row."""
        return self._texts

    @property
    def facts(self) -> int:
        """Number of facts asked."""
        return len(self._request.graph.facts)

    @property
    def things(self) -> int:
        """Number of things in the request."""
        return len(self._request.graph.things)

    def __getstate__(self) -> dict[str, Any]:  # its owner has the row, and binds it again
        views = ("_row", "_own", "_candidates", "_tool_mask", "_open")
        return {name: value for name, value in vars(self).items() if name not in views}

    def begin(self, request: RequestEncoding) -> None:
        """Reset the encoding to the start of a task."""
        self._request = request
        self._calls = self._feeds = self._known_links = self._known_facts = 0
        self._read: set[tuple[str, int, int]] = set()
        self.values: list[Any] = []
        """Value of each candidate, by row."""
        self._members: list[int] = []
        self._texts: list[str] = []
        self._quantities: list[str] = []
        self._identifies: dict[str, int] = {}
        self._serves: dict[str, int] = {}
        if request.image is None:
            self._lay_out(request)
        else:
            self._row[:] = request.image
            self._remember(request.opening, len(request.opening.values))

    def _lay_out(self, request: RequestEncoding) -> None:
        """Fill the arrays one by one, the first time a task is played; later episodes copy the resulting bytes."""
        own = self._own
        self._row.fill(0)
        own["tools"][:] = request.offers
        own["things"][:] = request.things
        own["links"][:] = request.links
        own["facts"][:] = request.facts
        self._put(request.opening)
        self._tool_mask[self._layout.tools] = True
        request.image = self._row.copy()

    def call(self, action: Sequence[int]) -> tuple[str, dict[str, Any]] | None:
        """Tool and arguments that an action names, `None` if it stops. Rows without a candidate omit the parameter."""
        chosen = action[0]
        if chosen >= self._layout.tools:
            return None
        tool, lists, values = self._vocabulary.tools[chosen], self._layout.lists[chosen], self.values
        arguments = {}
        for name, row, wraps in zip(self._vocabulary.parameters[tool], action[1:], lists, strict=False):
            if 0 < row < len(values):
                arguments[name] = (
                    [values[row]] if wraps and not isinstance(values[row], list) else values[row]
                )
        return tool, arguments

    def message(self, action: Sequence[int]) -> dict[str, Any]:
        """The action as an assistant message that `ToolOrch-v0` accepts."""
        called = self.call(action)
        return {"name": called[0], "arguments": called[1]} if called else {"content": self.answer(action)}

    def answer(self, action: Sequence[int]) -> str:
        """The answer of a stop action: the values it picks for the facts asked, each under the fact's name."""
        chosen = zip(self._request.graph.facts, action[1:], strict=False)
        return "; ".join(
            f"{fact.name.replace('_', ' ')}: {spoken(self.values[row])}"
            for fact, row in chosen
            if 0 < row < len(self.values)
        )

    def take(self, action: Sequence[int], answered: AnsweredCall, turn: int) -> None:
        """Record a call of turn `turn` (from 1) and add the candidates of its result."""
        about, same = self.things_of(action)
        row = min(self._calls, self._limits.calls - 1)
        own, result = self._own, answered.result
        own["calls"][row] = action[0] + 1, _CODES[result.status], min(turn, self._limits.calls)
        for thing in positions(about | same):
            own["about"][row, thing] = (about >> thing & 1) + (same >> thing & 1) * 2
        self._calls += 1
        if result.status is not Status.OK or answered.call is None or answered.key is None:
            return
        identity = (answered.key, about, same)
        if identity not in self._read:
            self._read.add(identity)
            call = answered.call
            found = self._request.reply(call.name, call.arguments, answered.key, result.text, about, same)
            self._put(found, row + 1)

    def set_clock(self, turns: int) -> None:
        """Write how many turns were taken and how full the candidates are. The turns left would reveal the task's
        size, and are not shown."""
        clock = self._own["clock"]
        clock[0] = min(1.0, turns / self._limits.calls)
        clock[1] = len(self.values) / self._limits.candidates

    def things_of(self, action: Sequence[int]) -> tuple[int, int]:
        """The things that a call is about, and those that every argument identifies, as bits.

        Arguments are compared by value: the destination of one flight may be that of another.
        """
        most, texts = len(self.values), self._texts
        names = self._vocabulary.parameters[self._vocabulary.tools[action[0]]]
        given = [texts[row] for row in action[1 : 1 + len(names)] if 0 < row < most]
        about, union, same = 0, 0, -1 if given else 0
        serves = [self._serves.get(text, 0) for text in given]
        for text, links in zip(given, serves, strict=True):
            union |= links
            same &= self._identifies.get(text, 0)
        for thing, links in enumerate(self._request.described):
            if links & ~union == 0 and all(map(links.__and__, serves)):
                about |= 1 << thing
        return about, same

    def _put(self, block: Block, call: int = 0) -> None:
        """Add a block of candidates and update what is known. `call` is the number of the call, 0 before any."""
        n = len(block.values)
        if not n:
            return
        start = len(self.values)
        if start + n > self._limits.candidates:
            start = self._make_room(n)
        end = min(start + n, self._limits.candidates)
        n, own, here = end - start, self._own, slice(start, end)
        self._candidates[here] = block.rows[:n]
        own["candidates"][here, COLUMNS.call] = call
        self._open[:, here] = block.open[:, :n]
        links, facts, feeds = self._known_links, self._known_facts, self._feeds
        self._remember(block, n)
        for contest in self._request.contests:
            self._decide(contest)
        for number in positions(self._known_links & ~links):
            own["links"][number, -1] = 1
        for number in positions(self._known_facts & ~facts):
            own["facts"][number, -1] = 1
        if self._feeds != feeds:
            for number, needed in self._request.needed:
                self._tool_mask[number] = not needed & ~self._feeds

    def _remember(self, block: Block, n: int) -> None:
        """Keep the part of a block that is not in the arrays, for its first `n` rows."""
        self.values += block.values[:n]
        self._members += block.members[:n]
        self._texts += block.texts[:n]
        self._quantities += block.quantities[:n]
        for text, things in block.identifies.items():
            self._identifies[text] = self._identifies.get(text, 0) | things
        for text, links in block.serves.items():
            self._serves[text] = self._serves.get(text, 0) | links
        self._known_links |= block.links
        self._known_facts |= block.facts
        self._feeds |= block.feeds

    def _decide(self, contest: Contest) -> None:
        """Once the quantity of every contender is known, values of the winner also belong to the chosen thing."""
        read: dict[int, Any] = {}
        for row, quantity in enumerate(self._quantities):
            if quantity == contest.quantity:
                read |= {
                    thing: self.values[row] for thing in contest.contenders if self._members[row] >> thing & 1
                }
        if len(read) < len(contest.contenders) or not all(
            isinstance(value, (int, float)) for value in read.values()
        ):
            return
        winner = (max if contest.choose == "max" else min)(read, key=lambda thing: read[thing])
        for row, members in enumerate(self._members):
            if members >> winner & 1 and not members >> contest.chosen & 1:
                self._adopt(row, contest.chosen)

    def _adopt(self, row: int, thing: int) -> None:
        """Make a candidate belong to one more thing."""
        own, text, words = self._own, self._texts[row], self._own["candidates"][row]
        self._members[row] |= 1 << thing
        own["bond"][row, thing] = BELONGS
        if words[COLUMNS.relation] == self._vocabulary.relations[ITSELF]:
            self._identifies[text] = self._identifies.get(text, 0) | 1 << thing
        for number, link in enumerate(own["links"]):
            if link[3] == thing + 1 and link[2] == words[COLUMNS.relation]:
                self._serves[text] = self._serves.get(text, 0) | 1 << number
                self._known_links |= 1 << number
                own["role"][row, link[0] - 1] = link[1]
        for number, fact in enumerate(own["facts"]):
            if fact[0] == thing + 1 and fact[1] == words[COLUMNS.ask]:
                self._known_facts |= 1 << number

    def _make_room(self, n: int) -> int:
        """Drop enough rows of call results for `n` new ones: first those that belong to nothing, oldest first.

        Returns the number of rows left.
        """
        first = len(self._request.opening.values)
        idle = [row for row in range(first, len(self.values)) if not self._members[row]]
        busy = [row for row in range(first, len(self.values)) if self._members[row]]
        gone = {*(idle + busy)[: len(self.values) + n - self._limits.candidates]}
        kept = [row for row in range(len(self.values)) if row not in gone]
        for array in (self._candidates, self._open.T):
            rows = array[kept]
            array[:] = 0
            array[: len(kept)] = rows
        by_row: tuple[list[Any], ...] = (self.values, self._members, self._texts, self._quantities)
        for some in by_row:
            some[:] = [some[row] for row in kept]
        return len(kept)


def _wants_list(vocabulary: Vocabulary, tool: str, parameter: str) -> bool:
    return isinstance(shaped(vocabulary.catalog[tool], parameter, 0), list)
