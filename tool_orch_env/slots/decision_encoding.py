"""The observation of a decision: features of each choice and of its context, as zeros and ones.

Features are relative to the decision: "belongs to the thing chosen", not "belongs to thing 3". What is learned of a
feature carries over between tasks. Which choices are open is decided in `decisions`.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import gymnasium as gym
import numpy as np

from .candidates import BELONGS, MEETS, REQUEST
from .decisions import Decision, Decisions, Kind
from .encoding import COLUMNS, Encoding, Layout
from .vocabulary import TYPES

STATUS = (
    "ready",
    "asked",
    "asked and unknown",
    "describes",
    "describes and unknown",
    "called",
    "called as itself",
    "called again",
    "read",
    "last call",
)
"""Features of a thing as a choice. ready: all that describes it is known. describes: it describes another thing.
unknown: what is asked, or the value that describes, is not known yet. called: a call was about it; as itself: by its
id; again: more than one. read: a value belongs to it."""
NOTES = ("none", "made", "first of list", "only of list", "last reply", "of another thing", "asked", "stated")
"""Further features. none: choice 0. made: a call was made that begins so. of another thing: the value belongs to
another thing than the one chosen. asked: it is of the kind that a fact asks for. stated: the request states it."""
COUNTED = 8
"""Facts and links that are not known yet are counted up to this number."""


class Blocks:
    """Named one-hot blocks side by side: `at` is the column at which each begins."""

    def __init__(self, **sizes: int) -> None:
        self.at = dict(zip(sizes, [0, *accumulate(sizes.values())], strict=False))
        self.sizes, self.size = sizes, sum(sizes.values())


class DecisionLayout:
    """Shapes and columns of the observation of a decision, the same for all tasks of a snapshot."""

    def __init__(self, layout: Layout) -> None:
        self.layout, words, limits = layout, layout.vocabulary, layout.limits
        self.rows = 1 + max(limits.choices, limits.things, layout.tools)
        leaves, roles, relations = len(words.leaves) + 1, len(words.roles), len(words.relations)
        thing = {"noun": len(words.nouns), "kind": len(words.kinds)}
        self.choice = Blocks(
            **thing,
            status=len(STATUS),
            tool=layout.tools,
            source=4,
            type=len(TYPES),
            leaf=leaves,
            bond=2,
            role=roles,
            note=len(NOTES),
        )
        """Columns of `choices`."""
        self.context = Blocks(
            decision=len(Kind),
            tool=layout.tools,
            parameter=len(words.intakes),
            **thing,
            field=len(words.fields),
            number=8,
            role=2 * roles,
            described=2 * relations,
            describes=2 * relations,
            asked=2 * len(words.asks),
            called=4 * layout.tools,
            has=leaves,
            given=leaves,
            facts_left=COUNTED + 1,
            links_left=COUNTED + 1,
            calls=limits.calls + 1,
        )
        """Columns of `context`. From `noun` to `given` they are of the thing chosen; pairs are (unknown, known)."""
        self.shapes = {
            "choices": (self.rows, self.choice.size),
            "context": (self.context.size,),
            "action_mask": (self.rows,),
        }
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        self._ends = [0, *accumulate(sizes)]
        self.size = self._ends[-1]
        """Bytes of one observation."""

    def views(self, buffer: Any) -> dict[str, Any]:
        """The arrays of a byte buffer `(n, size)`, each `(n, *shape)` int8, by name."""
        parts = zip(self.shapes.items(), self._ends, self._ends[1:], strict=False)
        return {
            name: buffer[:, start:end].view(np.int8).reshape(len(buffer), *shape)
            for (name, shape), start, end in parts
        }

    def spaces(self) -> tuple[gym.spaces.Dict, gym.spaces.Discrete]:
        """Observation and action space of a single environment."""
        boxes: dict[str, gym.Space[Any]] = {
            name: gym.spaces.Box(0, 1, shape, np.int8) for name, shape in self.shapes.items()
        }
        return gym.spaces.Dict(boxes), gym.spaces.Discrete(self.rows)


class DecisionEncoding:
    """Writes the decision at hand into one row of a buffer."""

    def __init__(self, shape: DecisionLayout, encoding: Encoding, decisions: Decisions, row: Any) -> None:
        self._shape, self._encoding, self._decisions = shape, encoding, decisions
        self.bind(row)

    def bind(self, row: Any) -> None:
        """Write this row from now on. A copy or a pickle of a view no longer shares its buffer."""
        self._row = row
        self._own = {name: view[0] for name, view in self._shape.views(row[np.newaxis]).items()}

    def write(self, calls: int) -> None:
        """Write the decision at hand, after `calls` calls."""
        self._row[:] = 0
        now, own = self._decisions.now, self._encoding.arrays
        self._own["action_mask"][list(now.options)] = 1
        self._write_context(now, own, calls)
        choices = self._own["choices"]
        if 0 in now.options:
            choices[0, self._shape.choice.at["note"] + NOTES.index("none")] = 1
        if now.kind is Kind.THING:
            self._write_things(choices[1 : 1 + self._shape.layout.limits.things], own, now)
        elif now.kind is Kind.TOOL:
            self._write_tools(choices, now)
        else:
            self._write_candidates(choices, own, now)

    def close(self) -> None:
        """Leave choice 0 as the only open one, after the end of an episode."""
        self._own["action_mask"][:] = 0
        self._own["action_mask"][0] = 1

    def _write_context(self, now: Decision, own: Mapping[str, Any], calls: int) -> None:
        at, context, vocabulary = self._shape.context.at, self._own["context"], self._shape.layout.vocabulary
        context[at["decision"] + now.kind] = 1
        if now.tool >= 0:
            context[at["tool"] + now.tool] = 1
            name = vocabulary.tools[now.tool]
            context[at["parameter"] + vocabulary.intake_number[name, vocabulary.parameters[name][now.at]]] = 1
        facts, links = own["facts"], own["links"]
        for name, left in (
            ("facts_left", (facts[:, 1] > 0) & (facts[:, 2] == 0)),
            ("links_left", (links[:, 0] > 0) & (links[:, 5] == 0)),
        ):
            context[at[name] + min(COUNTED, int(np.count_nonzero(left)))] = 1
        context[at["calls"] + min(calls, self._shape.layout.limits.calls)] = 1
        if now.thing >= 0:
            self._write_focus(context, own, now.thing)
        if now.kind is Kind.FACT:
            context[at["asked"] + 2 * int(facts[now.at, 1]) + int(facts[now.at, 2])] = 1

    def _write_focus(self, context: Any, own: Mapping[str, Any], thing: int) -> None:
        """What describes the thing chosen, what it describes, what is asked of it, called and read about it."""
        at = self._shape.context.at
        noun, kind, field, number = own["things"][thing].tolist()
        for name, value in (("noun", noun), ("kind", kind), ("field", field), ("number", min(number, 7))):
            context[at[name] + value] = 1
        links = own["links"]
        mine, inner = links[links[:, 0] == thing + 1], links[links[:, 3] == thing + 1]
        context[at["role"] + 2 * mine[:, 1] + mine[:, 5]] = 1
        context[at["described"] + 2 * mine[:, 2] + mine[:, 5]] = 1
        context[at["describes"] + 2 * inner[:, 2] + inner[:, 5]] = 1
        facts = own["facts"][own["facts"][:, 0] == thing + 1]
        context[at["asked"] + 2 * facts[:, 1] + facts[:, 2]] = 1
        about = own["about"][:, thing]
        rows = np.flatnonzero(about)
        context[at["called"] + 4 * (own["calls"][rows, 0] - 1) + about[rows]] = 1
        leaf = own["candidates"][:, COLUMNS.leaf]
        context[at["has"] + leaf[own["bond"][:, thing] == BELONGS]] = 1
        context[at["given"] + leaf[(own["role"][:, thing] > 0) & (leaf > 0)]] = 1

    def _write_things(self, choices: Any, own: Mapping[str, Any], now: Decision) -> None:
        at, n = self._shape.choice.at, len(choices)
        real = np.flatnonzero(own["things"][:, 0])
        choices[real, at["noun"] + own["things"][real, 0]] = 1
        choices[real, at["kind"] + own["things"][real, 1]] = 1
        links = own["links"][own["links"][:, 0] > 0]
        inner, facts = links[links[:, 3] > 0], own["facts"][own["facts"][:, 0] > 0]
        left = np.bincount(links[:, 0] - 1, links[:, 5] == 0, n)
        asked, unknown = facts[:, 0] - 1, facts[:, 2] == 0
        about = own["about"]
        called = (about > 0).sum(0)
        last = about[np.count_nonzero(own["calls"][:, 0]) - 1]
        status = np.stack(
            [
                left == 0,
                np.bincount(asked, minlength=n) > 0,
                np.bincount(asked, unknown, n) > 0,
                np.bincount(inner[:, 3] - 1, minlength=n) > 0,
                np.bincount(inner[:, 3] - 1, inner[:, 5] == 0, n) > 0,
                called > 0,
                (about >= 2).any(0),
                called > 1,
                (own["bond"] == BELONGS).any(0),
                last > 0,
            ],
            axis=1,
        )
        choices[real, at["status"] : at["status"] + len(STATUS)] = status[real]
        call, thing = np.nonzero(about)
        choices[thing, at["tool"] + own["calls"][call, 0] - 1] = 1

    def _write_tools(self, choices: Any, now: Decision) -> None:
        at = self._shape.choice.at
        for choice in now.options:
            choices[choice, at["tool"] + choice - 1] = 1
            if (-1, now.thing, choice - 1) in self._decisions.made:
                choices[choice, at["note"] + NOTES.index("made")] = 1

    def _write_candidates(self, choices: Any, own: Mapping[str, Any], now: Decision) -> None:
        at, pairs = self._shape.choice.at, [(c, row) for c, rows in now.options.items() for row in rows]
        choice, row = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        candidate = own["candidates"][row]
        for name, column in (("source", 0), ("type", 1), ("leaf", 2)):
            choices[choice, at[name] + candidate[:, column]] = 1
        bond, role = own["bond"][row], own["role"][row]
        related = (bond == BELONGS) | (role > 0)
        if now.thing >= 0:
            choices[choice[bond[:, now.thing] == BELONGS], at["bond"]] = 1
            choices[choice[bond[:, now.thing] == MEETS], at["bond"] + 1] = 1
            mine = role[:, now.thing] > 0
            choices[choice[mine], at["role"] + role[mine, now.thing]] = 1
            related = np.delete(related, now.thing, axis=1)
        elif now.kind is Kind.FACT:
            choices[choice, at["bond"]] = 1  # the fact is of no thing in particular
        last = np.count_nonzero(own["calls"][:, 0])
        notes = {
            "first of list": candidate[:, COLUMNS.position] == 1,
            "only of list": candidate[:, COLUMNS.length] == 1,
            "last reply": (candidate[:, COLUMNS.call] == last) & (last > 0),
            "of another thing": related.any(1),
            "asked": np.isin(candidate[:, COLUMNS.ask], own["facts"][:, 1][own["facts"][:, 1] > 0]),
            "stated": candidate[:, COLUMNS.source] == REQUEST,
        }
        for name, found in notes.items():
            choices[choice[found], at["note"] + NOTES.index(name)] = 1
        if now.kind is Kind.PARAMETER:
            self._write_made(choices, now.options)

    def _write_made(self, choices: Any, options: Mapping[int, Sequence[int]]) -> None:
        column = self._shape.choice.at["note"] + NOTES.index("made")
        so_far, texts = self._decisions.prefix(), self._encoding.texts
        for choice, rows in options.items():
            choices[choice, column] = (*so_far, texts[rows[0]]) in self._decisions.made
