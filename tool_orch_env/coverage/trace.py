"""The golden trace of a task with its replies: what variants are made of."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ..jsonvalues.canonical import NotCanonical, encode, plain
from ..jsonvalues.scalars import small
from ..language.phrase_book import PhraseBook
from ..snapshot import Snapshot
from ..snapshot.catalog import Catalog, Tool
from ..task import GoldenCall, Task
from . import parameters

Arguments = dict[str, Any]


class Wording(NamedTuple):
    """A call made from a golden one: what was changed or where it comes from, tool and arguments."""

    how: str
    tool: str
    arguments: Arguments


Strand = Iterator[Wording]
"""Alternatives of one kind, the better ones first: other limits, neighbouring dates, calls of one tool about rows."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?![\w.]*\d)")


@dataclass(frozen=True)
class Trace:
    """A task's golden calls. `replies` has the parsed response of each that succeeded, by the call's id."""

    task: Task
    catalog: Catalog
    book: PhraseBook
    replies: Mapping[str, Any]

    @classmethod
    def of(cls, task: Task, snapshot: Snapshot, book: PhraseBook) -> "Trace | None":
        """The trace of a task, `None` if the snapshot has no response to one of its golden calls."""
        replies = {}
        for call in task.golden:
            try:
                found = snapshot.lookup(call.tool, call.arguments, task.id)
            except NotCanonical:
                found = None
            if found is None:
                return None
            if found.status < 400:
                replies[call.id] = json.loads(found.text)
        return cls(task, snapshot.catalog, book, replies)

    @cached_property
    def stated(self) -> tuple[int, ...]:
        """The whole numbers from 100 on in the request, in order. Smaller ones mean too many things."""
        found = map(int, _NUMBER.findall(self.task.request))
        return tuple(number for number in found if not small(number))

    def known(self, tool: Tool, name: str, call: GoldenCall) -> Any:
        """A value for a parameter that the reply to `call` does not supply, `None` if nothing suggests one.

        That of a parameter alike in the call itself, the default, or a number that the request states and that is in
        the schema's range.
        """
        schema = parameters.schema(tool, name)
        own = parameters.schema(self.catalog[call.tool], name)
        if name in call.arguments and parameters.alike(schema, own):
            return call.arguments[name]
        bounds = parameters.bounds(schema)
        stated = (number for number in self.stated if bounds and bounds[0] <= number <= bounds[1])
        return schema["default"] if "default" in schema else next(stated, None)


def written(tool: str, arguments: Arguments) -> str:
    """A text that is equal for calls that are written alike. Raises `NotCanonical`."""
    return f"{tool} {encode(plain(arguments))}"
