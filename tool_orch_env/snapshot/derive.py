"""Derivations: responses that follow exactly from recorded ones, by the rules of the tool.

A call without a recorded response is looked up again with other arguments, as its tool's rules say, and the response is
cut to what the API would have answered. Rules compose: what a rule needs may itself be derived by the others. Invalid
calls are never answered. Records limited to one task are not used.

The search first uses all rules but `complete`, which says that the API has nothing for a call. Only if they find
nothing is `complete` used: for what the other rules need, and last for the call itself.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..jsonvalues.canonical import encode, plain
from ..jsonvalues.memo import Memo
from .apply import apply
from .catalog import Tool
from .records import Record, key_of
from .rules import Complete, Rule
from .store import Derived, Recorded

MEMO_BYTES = 16 << 20
"""Text of derived responses that a snapshot keeps, in characters."""
_ENTRY = 256
"""What an entry of the memo counts at least."""
MOST_LOOKUPS = 1024
"""Look-ups of one derivation, repeated ones included; where the rules need more, nothing is derived."""
_AROUND = 80
"""Characters shown before the first difference."""

Arguments = dict[str, Any]
Get = Callable[[str], Recorded | None]


class Deriver:
    """Derives the responses of one snapshot, and keeps them in a memo of bounded size. Safe in threads."""

    def __init__(self, get: Get) -> None:
        """`get` returns the recorded response of a replay key."""
        self._get = get
        self._memo: Memo[tuple[str, str], Recorded | None] = Memo(MEMO_BYTES, _size)

    def answer(self, tool: Tool, arguments: Arguments, key: str | None = None) -> Recorded | None:
        """The derived response to a call that is not recorded; `None` if none follows, or the call is invalid.

        `key` is the call's replay key, if known. Raises `NotCanonical`.
        """
        if not tool.spec.derive:
            return None
        spelling = key if key is not None and tool.valid_by_key else encode(plain(arguments))
        return self._memo.remembered((tool.name, spelling), lambda: self._derived(tool, plain(arguments)))

    def _derived(self, tool: Tool, arguments: Arguments) -> Recorded | None:
        if next(iter(tool.validator.iter_errors(arguments)), None) is not None:
            return None
        return derive(tool, arguments, self._get)


def derive(
    tool: Tool, arguments: Arguments, get: Get, rules: Sequence[Rule] | None = None
) -> Recorded | None:
    """The response to a valid call that follows from others; its own record is not looked at.

    `rules` are those of the tool unless given. Raises `NotCanonical`.
    """
    search = _Search(tool, get, key_of(tool, arguments))
    try:
        found = search.any(arguments, tuple(tool.spec.derive if rules is None else rules))
    except _Endless:
        return None
    return None if found is None else Derived(found.status, found.text)


class _Endless(Exception):
    """The rules need more than `MOST_LOOKUPS`."""


class _Search:
    """One derivation: recorded responses by arguments, without that of the call itself."""

    def __init__(self, tool: Tool, get: Get, own: str) -> None:
        self._tool = tool
        self._get = get
        self._seen: dict[str, Recorded | None] = {own: None}
        self._left = MOST_LOOKUPS

    def any(self, arguments: Arguments, rules: tuple[Rule, ...]) -> Recorded | None:
        """Recorded, derived without `complete`, or derived with it, in this order."""
        found = self._open(arguments, rules)
        if found is None and any(isinstance(rule, Complete) for rule in rules):
            found = self._closed(arguments, rules)
        return found

    def _recorded(self, arguments: Arguments) -> Recorded | None:
        self._left -= 1
        if not self._left:
            raise _Endless
        key = key_of(self._tool, arguments)
        if key not in self._seen:
            self._seen[key] = self._get(key)
        return self._seen[key]

    def _open(self, arguments: Arguments, rules: tuple[Rule, ...]) -> Recorded | None:
        found = self._recorded(arguments)
        if found is not None:
            return found
        usable = [rule for rule in rules if not isinstance(rule, Complete)]
        return self._first(arguments, rules, usable, self._open)

    def _closed(self, arguments: Arguments, rules: tuple[Rule, ...]) -> Recorded | None:
        last_resort = sorted(rules, key=lambda rule: isinstance(rule, Complete))
        return self._first(arguments, rules, last_resort, self.any)

    def _first(
        self,
        arguments: Arguments,
        rules: tuple[Rule, ...],
        usable: Sequence[Rule],
        source: Callable[[Arguments, tuple[Rule, ...]], Recorded | None],
    ) -> Recorded | None:
        for rule in usable:
            others = tuple([other for other in rules if other is not rule])
            found = apply(rule, self._tool, arguments, partial(_passed, source, others))
            if found is not None:
                return found
        return None


def _passed(
    source: Callable[[Arguments, tuple[Rule, ...]], Recorded | None],
    rules: tuple[Rule, ...],
    arguments: Arguments,
) -> Recorded | None:
    return source(arguments, rules)


def _size(found: Recorded | None) -> int:
    return _ENTRY + (0 if found is None else len(found.text))


def overlap(tool: Tool, record: Record, get: Get) -> str | None:
    """How a recorded response differs from the one that follows from the other records; `None` if it does not.

    Also `None` where none follows. `complete` says nothing about recorded calls, and is not used.
    """
    usable = [rule for rule in tool.spec.derive if not isinstance(rule, Complete)]
    found = derive(tool, record.arguments, get, usable) if usable else None
    if found is None or (found.status, found.text) == (record.status, record.text):
        return None
    return f"the recorded response is not the derived one\n{side_by_side(record, found)}"


def side_by_side(real: Record | Recorded, derived: Recorded) -> str:
    """Two responses around the first character in which they differ."""
    at = next((i for i, (a, b) in enumerate(zip(real.text, derived.text, strict=False)) if a != b), None)
    at = min(len(real.text), len(derived.text)) if at is None else at
    start = max(0, at - _AROUND)
    lines = [
        f"  {name:8} {one.status} {'…' * (start > 0)}{one.text[start : at + 3 * _AROUND]}"
        f"{'…' * (len(one.text) > at + 3 * _AROUND)}"
        for name, one in (("the API", real), ("derived", derived))
    ]
    return "\n".join(lines)
