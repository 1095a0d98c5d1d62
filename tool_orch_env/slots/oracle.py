"""The golden trace of a task as slot actions and as decisions, for tests, imitation and diagnosis.

It shows that every golden call can be expressed with the candidates observed. This module reads the golden calls; the
environment does not import it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical
from ..task import GoldenCall, Task
from .candidates import BELONGS, REQUEST, positions
from .decisions import Decisions, Kind
from .encoding import COLUMNS, Encoding, Layout
from .vocabulary import shaped


class Oracle:
    """Plays one task: the golden calls level by level of their DAG, then a stop with the facts."""

    def __init__(self, task: Task, layout: Layout) -> None:
        self._layout, self._vocabulary = layout, layout.vocabulary
        self._tools = {call.id: call.tool for call in task.golden}
        self._left = [call for layer in task.layers for call in layer]
        self._leaf = {leaf: number for number, leaf in enumerate(self._vocabulary.leaves, start=1)}

    def action(self, observation: Mapping[str, Any], values: Sequence[Any]) -> list[int]:
        """The next action; `values` are the candidates by row. Raises `LookupError` if they lack an argument."""
        rows = [0] * self._layout.positions
        if not self._left:
            for at, row in enumerate(self._answers(observation)):
                rows[at] = row
            return [self._layout.tools, *rows]
        call = self._left.pop(0)
        names = self._vocabulary.parameters[call.tool]
        for name, value in call.arguments.items():
            rows[names.index(name)] = self._row(call, name, value, observation, values)
        return [self._vocabulary.tool_number[call.tool], *rows]

    def _row(
        self, call: GoldenCall, name: str, value: Any, observation: Mapping[str, Any], values: Sequence[Any]
    ) -> int:
        """The row of a golden argument, preferably the candidate that its binding points to; 0 for a default."""
        tool, intake = self._vocabulary.catalog[call.tool], self._vocabulary.intake_number[call.tool, name]
        wanted = canonical(value)
        found = [
            row
            for row, held in enumerate(values)
            if row and observation["fits"][row, intake] and canonical(shaped(tool, name, held)) == wanted
        ]
        if not found:
            schema = tool.properties[name]
            if isinstance(schema, dict) and schema.get("default", ...) == value:
                return 0
            raise LookupError(
                f"golden call {call.id}: {call.tool}.{name}: {value!r} is not among the candidates; "
                "a larger Limits.candidates keeps more of them"
            )
        return max(found, key=lambda row: (self._right(call, name, row, observation), -row))

    def _right(self, call: GoldenCall, name: str, row: int, observation: Mapping[str, Any]) -> int:
        """Rank of a candidate with the right value: 4 for the right leaf, 2 for the right list position, 1 for
        belonging to a thing. Without a binding: 2 for a value of the request, 1 for a role."""
        source = next((one for key, one in call.bindings.items() if key in (name, f"/{name}/0")), None)
        candidate = observation["candidates"][row]
        if source is None:
            return 2 * int(candidate[COLUMNS.source] == REQUEST) + int(observation["role"][row].any())
        leaf = self._leaf.get((self._tools[source.call], pointer.pattern(source.pointer)), 0)
        index = next((int(token) for token in pointer.tokens(source.pointer) if token.isdecimal()), -1)
        right = (candidate[COLUMNS.leaf] == leaf, candidate[COLUMNS.position] == index + 1)
        return 4 * int(right[0]) + 2 * int(right[1]) + int((observation["bond"][row] == BELONGS).any())

    def _answers(self, observation: Mapping[str, Any]) -> list[int]:
        """For each fact, the last row that has its words and belongs to its thing; 0 if there is none."""
        candidates, bond = observation["candidates"], observation["bond"]
        rows = []
        for thing, ask, _ in observation["facts"]:
            called = (candidates[:, COLUMNS.ask] == ask) & (ask > 0)
            belongs = bond[:, thing - 1] == BELONGS if thing else np.ones(len(bond), dtype=bool)
            found = np.flatnonzero(called & belongs)
            rows.append(int(found[-1]) if len(found) else 0)
        return rows


class DecisionOracle:
    """Plays one task decision by decision: the slot actions of `Oracle`, one part at a time."""

    def __init__(self, task: Task, layout: Layout) -> None:
        self._oracle, self._layout = Oracle(task, layout), layout
        self._action: list[int] = []

    def choice(self, decisions: Decisions, encoding: Encoding) -> int:
        """The choice for the decision at hand. Raises `LookupError` if the value wanted is not among the choices."""
        now = decisions.now
        if now.kind is Kind.THING:
            self._action = self._oracle.action(encoding.arrays, encoding.values)
            if self._action[0] == self._layout.tools:
                return 0
            about, same = encoding.things_of(self._action)
            return next(iter(positions(about or same)), 0) + 1
        if now.kind is Kind.TOOL:
            return self._action[0] + 1
        row = self._action[1 + now.at]
        for choice, rows in now.options.items():
            if row in rows:
                return choice
        raise LookupError(f"{now.kind.name.lower()} {now.at}: row {row} is not among the choices")
