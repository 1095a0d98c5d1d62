"""Filling a shape with recorded calls, by backtracking search.

`Reach` offers only calls that are possible at a place, which avoids most dead ends. `Filling` places calls one by one,
parents first, and checks after each that

- every link still carries a value that the request does not state, and that no other golden call supplies unless it
  depends on the target of the link (nothing is superfluous, no dependency is pretended);
- the number of domains and of repeated tools can still be reached;
- at the end, every call that feeds no other offers a fact that no other response has.

If no candidate is left, it removes the last call and tries the next candidate in its place.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..jsonvalues.scalars import form
from ..language.criteria import Criterion
from .index import Flow, Group, Index, Link, Wish
from .reach import Reach
from .shapes import Forest, Tree
from .targets import Targets

BUDGET = 3000
"""Number of calls that a search tries before it gives up."""

Pick = tuple[int, str, int]
"""Position of a golden call, pointer of a list in its response, index of the element."""


class Slot(NamedTuple):
    """A place in a shape: its parent's position (-1 for none), its level from 0, and the tree below it."""

    parent: int
    level: int
    tree: Tree


def slots(forest: Forest) -> tuple[Slot, ...]:
    """The places of a forest: tree by tree, parents before children."""
    found: list[Slot] = []

    def add(tree: Tree, parent: int, level: int) -> None:
        here = len(found)
        found.append(Slot(parent, level, tree))
        for child in tree:
            add(child, here, level + 1)

    for tree in forest:
        add(tree, -1, 0)
    return tuple(found)


@dataclass(slots=True)
class Sample:
    """A filled shape: recorded calls by position, the links into each call, the criterion of each picked element.

    A link comes with the position of its source.
    """

    shape: Forest
    calls: list[int]
    links: list[list[tuple[int, Link]]]
    picks: dict[Pick, Criterion]
    stated: dict[str, int]
    """Forms of the values that the user gives, with their counts."""
    tried: int = 0
    """Number of calls tried during the search."""
    tools: list[str] = field(default_factory=list)

    def carried(self, link: Link) -> list[Flow]:
        """The flows of a link whose value the user does not give."""
        return [flow for flow in link.flows if flow[2] not in self.stated]


class Spent(Exception):
    """A search has used up its budget."""


class Filling:
    """One search for a sample of a shape."""

    def __init__(
        self,
        index: Index,
        reach: Reach,
        forest: Forest,
        targets: Targets,
        limits: tuple[int | None, int | None],
        rng: np.random.Generator,
        budget: int = BUDGET,
    ) -> None:
        """`limits` are the exact numbers of domains and of repeated tools, `None` for any. `budget` is the maximum
        number of calls to try."""
        self._index, self._reach, self._targets, self._rng = index, reach, targets, rng
        self._slots = slots(forest)
        self._domains, self._repeats = limits
        self._budget = budget
        self._sample = Sample(forest, [], [], {}, {})
        self._below: list[set[int]] = []
        self._deepest, self._faults = 0, Counter[str]()

    def run(self) -> Sample | None:
        """The first sample found, `None` if there is none. Raises `Spent` when the budget is used up."""
        return self._sample if self._place(0) else None

    def _place(self, at: int) -> bool:
        sample = self._sample
        if at == len(self._slots):
            return self._every_leaf_has_a_fact()
        slot = self._slots[at]
        for target, link in self._candidates(slot):
            sample.tried += 1
            if sample.tried > self._budget:
                raise Spent
            if target in sample.calls:
                fault = "already a call of the trace"
            elif link is not None and self._idle(link, slot.parent):
                fault = "fed with what the request or another call says"
            else:
                added = self._push(at, slot, target, link)
                fault = self._fault(at)
                if not fault and self._place(at + 1):
                    return True
                self._pop(added)
            if fault and at >= self._deepest:
                self._note(at, fault)
        return False

    def _note(self, at: int, fault: str) -> None:
        """Remember what was wrong where the search came furthest."""
        if at > self._deepest:
            self._deepest, self._faults = at, Counter()
        self._faults[fault] += 1

    def stuck(self) -> str:
        """A sentence on how far the search came, and why the calls tried there did not fit."""
        listed = ", ".join(f"{times} {fault}" for fault, times in self._faults.most_common())
        return f"{self._deepest} of {len(self._slots)} calls placed, none fits as the next: {listed or 'none is left'}"

    def _idle(self, link: Link, source: int) -> bool:
        """Whether a link into a new call brings nothing, or nothing that another call does not bring."""
        flows = self._sample.carried(link)
        supplies = self._index.supplies
        return (
            any(
                supplies[number].issuperset(flows)
                for other, number in enumerate(self._sample.calls)
                if other != source
            )
            or not flows
        )

    def _candidates(self, slot: Slot) -> Iterator[tuple[int, Link | None]]:
        """Every call that could stand here, in random order; tools are alike, whatever was recorded of each."""
        if slot.parent < 0:
            groups = self._reach.roots(slot.tree)
            yield from ((int(number), None) for number in self._shuffled(groups, self._twins))
            return
        parent = self._sample.calls[slot.parent]
        for link in self._shuffled(self._reach.options(parent, slot.tree), self._joined):
            yield link.target, link

    def _shuffled(self, groups: list[Any], prefer: Any) -> Iterator[Any]:
        preferred = prefer(groups)
        if preferred:
            yield from self._in_random_order(preferred)
        yield from self._in_random_order(groups)

    def _in_random_order(self, groups: list[Any]) -> Iterator[Any]:
        """A group at random, then one of its members at random, without return, until all are given."""
        rng = self._rng
        left: list[tuple[Any, list[int]]] = [(group, []) for group in groups]
        while left:
            at = int(rng.random() * len(left)) if len(left) > 1 else 0
            group, order = left[at]
            if not order:
                order.extend(rng.permutation(len(group)).tolist() if len(group) > 1 else [0])
            yield group[order.pop()]
            if not order:
                del left[at]

    def _twins(self, groups: list[Any]) -> list[Any]:
        """For a further chain: calls of a tool that an earlier chain began with, sharing what they can."""
        sample = self._sample
        if not sample.calls or self._rng.random() >= self._targets.twins:
            return []
        tools = {
            sample.tools[at] for at, slot in enumerate(self._slots[: len(sample.calls)]) if slot.parent < 0
        }
        same = [group for group in groups if self._index.calls.tool(group[0]) in tools]
        sharing = self._index.stating(sample.stated)
        shared = [group[np.isin(group, sharing)] for group in same]
        return [group for group in shared if len(group)] or same

    def _joined(self, groups: list[Group]) -> list[Group]:
        """Links to calls that another response feeds as well."""
        calls = self._sample.calls
        if len(calls) < 2 or self._rng.random() >= self._targets.joins or not groups:
            return []
        fed = np.concatenate(
            [self._index.links.fed(number) for number in calls if number != groups[0].source]
        )
        found = [group.only(np.isin(group.targets, fed)) for group in groups]
        return [group for group in found if len(group)]

    def _push(self, at: int, slot: Slot, target: int, link: Link | None) -> tuple[list[str], list[Pick]]:
        """Put a call in its place; returns what `_pop` must take back."""
        sample = self._sample
        sample.calls.append(target)
        sample.tools.append(self._index.calls.tool(target))
        links = [(slot.parent, link)] if link is not None else []
        links += self._joins(at, slot, target, {bind.parameter for _, one in links for bind in one.binds})
        sample.links.append(links)
        bound = {bind.parameter for _, one in links for bind in one.binds}
        given = [text for name, text in self._index.forms[target].items() if name not in bound]
        picked: list[Pick] = []
        for source, one in links:
            self._below[source].add(at)
            if one.item is not None and (source, *one.item) not in sample.picks:
                picked.append((source, *one.item))
                criterion = self._criterion(sample.calls[source], *one.item)
                sample.picks[picked[-1]] = criterion
                value = form(criterion.value) if criterion.is_stated else None
                given += [value] if value else []
        for text in given:
            sample.stated[text] = sample.stated.get(text, 0) + 1
        self._below.append(set())
        return given, picked

    def _pop(self, added: tuple[list[str], list[Pick]]) -> None:
        sample = self._sample
        given, picked = added
        for text in given:
            sample.stated[text] -= 1
            if not sample.stated[text]:
                del sample.stated[text]
        for pick in picked:
            del sample.picks[pick]
        self._below.pop()
        at = len(self._below)
        for below in self._below:
            below.discard(at)
        sample.calls.pop()
        sample.tools.pop()
        sample.links.pop()

    def _joins(self, at: int, slot: Slot, target: int, bound: set[str]) -> list[tuple[int, Link]]:
        """Links from other calls, on no deeper level than the parent, for arguments that are still open."""
        if slot.parent < 0:
            return []
        found: list[tuple[int, Link]] = []
        for other, number in enumerate(self._sample.calls[:-1]):
            if other == slot.parent or self._slots[other].level >= slot.level:
                continue
            for link in self._index.into(number, target):
                names = {bind.parameter for bind in link.binds}
                if not names & bound:
                    found.append((other, link))
                    bound |= names
        return found

    def _criterion(self, number: int, place: str, index: int) -> Criterion:
        found = self._index.choices(number, place, index)
        return found[int(self._rng.random() * len(found))]

    def _fault(self, at: int) -> str:
        """What no longer holds of all that is placed, the call at `at` the last; "" if everything does."""
        sample = self._sample
        if not self._within_limits(at):
            return "against the number of domains or of repeated tools"
        if not (self._slots[at].tree or self._offers(at)):
            return "without a fact of their own"
        supplies = self._index.supplies
        for here, links in enumerate(sample.links):
            for source, link in links:
                flows = sample.carried(link)
                if not flows:
                    return "stating what a link should bring"
                rivals = (
                    other
                    for other, number in enumerate(sample.calls)
                    if other not in (source, here) and supplies[number].issuperset(flows)
                )
                if not all(self._follows(other, here) for other in rivals):
                    return "making another call superfluous"
        return ""

    def _follows(self, call: int, first: int) -> bool:
        """Whether `call` waits for `first`, directly or not."""
        below = self._below[first]
        return call in below or any(self._follows(call, next_one) for next_one in below)

    def _within_limits(self, at: int) -> bool:
        sample, left = self._sample, len(self._slots) - at - 1
        if self._repeats is not None:
            repeats = at + 1 - len(set(sample.tools))
            if not repeats <= self._repeats <= repeats + left:
                return False
        if self._domains is not None:
            domains = len({self._index.domain[tool] for tool in sample.tools})
            if not domains <= self._domains <= domains + left:
                return False
        return True

    def _every_leaf_has_a_fact(self) -> bool:
        return all(below or self._offers(at) for at, below in enumerate(self._below))

    def _offers(self, at: int) -> bool:
        """Whether a call has a fact that is nowhere else."""
        number = self._sample.calls[at]
        return any(fresh(wish, at, self._sample, self._index) for wish in self._index.wishes[number])


def fresh(wish: Wish, at: int, sample: Sample, index: Index) -> bool:
    """Whether the user does not give the value of a fact, and no other golden call's response has it."""
    if wish.form in sample.stated:
        return False
    text = wish.form
    return not any(text in index.leaves[number] for other, number in enumerate(sample.calls) if other != at)
