"""Which recorded calls are possible at each place of a shape, judged by links alone.

For every tree, `Reach` has the calls that could be at its root, or the reason why there are none. The condition is
necessary, not sufficient; `fill.Filling` does the rest.
"""

from typing import Any

import numpy as np

from ..jsonvalues.memo import Memo
from .index import Group, Index, by_tool
from .masks import Mask
from .shapes import Forest, Tree, subtrees, written

_MOST_NUMBERS = 5_000_000
"""Number of calls and links that are remembered in groups."""


class Reach:
    """The recorded calls that could be at the root of a tree, by a necessary condition on their links."""

    def __init__(self, index: Index, roots: Mask | None = None) -> None:
        """`roots` are the calls that a user may ask for directly, as `(calls,)` bool; `None` allows every call that
        can be put into words."""
        self._index = index
        self._begins = index.roots if roots is None else index.roots & roots
        self._options: Memo[tuple[int, Tree], list[Group]] = Memo(_MOST_NUMBERS, _size)
        self._roots: Memo[Tree, list[Any]] = Memo(_MOST_NUMBERS, _size)

    def roots(self, tree: Tree) -> list[Any]:
        """The calls that can begin `tree`: one array of numbers per tool, sorted."""
        return self._roots.remembered(tree, lambda: self._rooted(tree))

    def _rooted(self, tree: Tree) -> list[Any]:
        numbers = np.flatnonzero(self._index.masks.mask(tree) & self._begins).astype(np.int32)
        return [numbers[at] for at in by_tool(self._index.calls, numbers)]

    def options(self, source: int, tree: Tree) -> list[Group]:
        """The links out of a response to calls that can begin `tree`, one group per tool."""
        return self._options.remembered((source, tree), lambda: self._linked(source, tree))

    def _linked(self, source: int, tree: Tree) -> list[Group]:
        links = self._index.out(source)
        return links.only(self._index.masks.mask(tree)[links.targets]).by_tool()

    def reason(self, forest: Forest) -> str | None:
        """Why no recorded calls have this shape, as far as links show; `None` if they do not rule it out."""
        masks = self._index.masks
        for tree in subtrees(forest):
            if not masks.mask(tree).any():
                what = written((tree,))
                return f"no recorded call feeds what {what} asks for" if tree else "no call offers a fact"
        for tree in set(forest):
            found = int(np.count_nonzero(masks.mask(tree) & self._begins))
            if found < forest.count(tree):
                return f"{found} calls that a user could ask for begin {written((tree,))}, not {forest.count(tree)}"
        return None


def _size(groups: list[Any]) -> int:
    return 10 + sum(map(len, groups))
