"""Which recorded calls are possible at each place of a shape, judged by links alone.

For every tree, `Reach` has the calls that could be at its root, or the reason why there are none. The condition is
necessary, not sufficient; `fill.Filling` does the rest.
"""

from typing import Any

import numpy as np

from .index import Index, Link
from .shapes import Forest, Tree, subtrees, written

Mask = Any  # numpy array of bool over recorded calls


class Reach:
    """The recorded calls that could be at the root of a tree, by a necessary condition on their links."""

    def __init__(self, index: Index, roots: Mask | None = None) -> None:
        """`roots` are the calls that a user may ask for directly, as `(calls,)` bool; `None` allows every call that
        can be put into words."""
        self._index = index
        self._begins = index.roots if roots is None else index.roots & roots
        pairs = sorted({(link.source, link.target) for links in index.links for link in links})
        flat = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._source, self._target = flat[:, 0], flat[:, 1]
        wished = np.array([bool(wishes) for wishes in index.wishes], dtype=bool)
        self._masks: dict[Tree, Mask] = {(): wished}
        self._options: dict[tuple[int, Tree], list[list[Link]]] = {}
        self._roots: dict[Tree, list[list[int]]] = {}

    def mask(self, tree: Tree) -> Mask:
        """The calls that feed enough different calls for the children of `tree`, as `(calls,)` bool."""
        if tree not in self._masks:
            n = len(self._index.calls)
            mask, anywhere = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
            for child in set(tree):
                inside = self.mask(child)
                anywhere |= inside
                mask &= self._degree(inside) >= tree.count(child)
            self._masks[tree] = mask & (self._degree(anywhere) >= len(tree))
        return self._masks[tree]

    def _degree(self, inside: Mask) -> Any:
        """For every call, how many calls of a set its response feeds."""
        return np.bincount(self._source[inside[self._target]], minlength=len(self._index.calls))

    def roots(self, tree: Tree) -> list[list[int]]:
        """The calls that can begin `tree`, one list per tool."""
        if tree not in self._roots:
            numbers = np.flatnonzero(self.mask(tree) & self._begins)
            by_tool: dict[str, list[int]] = {}
            for number in numbers.tolist():
                by_tool.setdefault(self._index.calls[number].tool, []).append(number)
            self._roots[tree] = [by_tool[tool] for tool in sorted(by_tool)]
        return self._roots[tree]

    def options(self, source: int, tree: Tree) -> list[list[Link]]:
        """The links out of a response to calls that can begin `tree`, one list per tool."""
        key = (source, tree)
        found = self._options.get(key)
        if found is None:
            if len(self._options) > 200_000:
                self._options.clear()
            inside = self.mask(tree)
            by_tool: dict[str, list[Link]] = {}
            for link in self._index.links[source]:
                if inside[link.target]:
                    by_tool.setdefault(self._index.calls[link.target].tool, []).append(link)
            found = self._options[key] = [by_tool[tool] for tool in sorted(by_tool)]
        return found

    def reason(self, forest: Forest) -> str | None:
        """Why no recorded calls have this shape, as far as links show; `None` if they do not rule it out."""
        for tree in subtrees(forest):
            if not self.mask(tree).any():
                what = written((tree,))
                return f"no recorded call feeds what {what} asks for" if tree else "no call offers a fact"
        for tree in set(forest):
            found = sum(map(len, self.roots(tree)))
            if found < forest.count(tree):
                return f"{found} calls that a user could ask for begin {written((tree,))}, not {forest.count(tree)}"
        return None
