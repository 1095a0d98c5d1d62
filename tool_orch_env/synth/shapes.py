"""Shapes of tasks: forests of calls, each call below the one whose response it mainly depends on.

Shapes are unlabelled rooted forests as nested tuples: a forest is the tuple of its trees, and a call without children
is `()`. Each forest is generated once, in a canonical order. The calls of one level can be made in one turn.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement

Tree = tuple["Tree", ...]
"""A call, as the tuple of the calls that depend on it."""
Forest = tuple[Tree, ...]


@cache
def size(forest: Forest) -> int:
    """Number of calls."""
    return sum(1 + size(tree) for tree in forest)


@cache
def depth(forest: Forest) -> int:
    """Number of calls on the longest path; 0 for the empty forest."""
    return max((1 + depth(tree) for tree in forest), default=0)


@cache
def levels(forest: Forest) -> tuple[int, ...]:
    """Number of calls on each level."""
    below = [levels(tree) for tree in forest]
    longest = max(map(len, below), default=0)
    return (
        (len(forest), *(sum(one[i] for one in below if i < len(one)) for i in range(longest)))
        if forest
        else ()
    )


@cache
def fan(forest: Forest) -> int:
    """The maximum number of calls that depend on one call."""
    return max((max(len(tree), fan(tree)) for tree in forest), default=0)


def width(forest: Forest) -> int:
    """Number of calls on the fullest level: the most calls that can be made in one turn."""
    return max(levels(forest), default=0)


@cache
def forests(calls: int, most_deep: int, most_wide: int) -> tuple[Forest, ...]:
    """Every forest of `calls` calls with at most `most_deep` levels, and at most `most_wide` roots and children per
    call."""
    return tuple(tuple(sorted(f, reverse=True)) for f in _forests(calls, calls, most_deep, most_wide))


def _forests(calls: int, largest: int, deep: int, wide: int) -> Iterator[Forest]:
    """Forests whose trees have at most `largest` calls; trees of one size are drawn as a multiset."""
    if calls == 0:
        yield ()
        return
    if deep == 0 or wide == 0:
        return
    for biggest in range(min(calls, largest), 0, -1):
        trees = forests(biggest - 1, deep - 1, wide)
        for times in range(1, min(calls // biggest, wide) + 1):
            for chosen in combinations_with_replacement(trees, times):
                for rest in _forests(calls - times * biggest, biggest - 1, deep, wide - times):
                    yield chosen + rest


def subtrees(forest: Forest) -> Iterator[Tree]:
    """Every tree in the forest, children before their parents."""
    for tree in forest:
        yield from subtrees(tree)
        yield tree


def written(forest: Forest) -> str:
    """A forest in brackets: `[[]]` is one call that another depends on."""
    return "".join(f"[{written(tree)}]" for tree in forest)
