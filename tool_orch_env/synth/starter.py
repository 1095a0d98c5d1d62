"""A first scenario file for a snapshot, to be rewritten by hand.

A *chain* is a tool that lists things, and a tool that describes one of them: its required parameters come from the
list's rows by declared edges. Each chain becomes a scenario whose frames name the list, one row by its name, and what
is asked of it. Tools that no chain holds are reported with the reason.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.scalars import form, telling, words
from ..language.phrase_book import singular, worded
from ..language.usual import PAGING, default_of
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool

EXAMPLES = 40
"""Recorded calls of each tool that are looked at."""
ASKS = 3
"""Maximum facts that a scenario asks for."""
_PAGING = PAGING | {"count", "top"}
_NAMES = ("name", "title", "label", "display_name", "full_name")
_VERBS = frozenset({"get", "search", "list", "find", "fetch", "lookup", "query", "show", "read", "all"})
_PLAIN = frozenset({"results", "items", "data", "entries", "records", "rows", "hits", "values"})
_FRAMES = (
    ("message", "{listed}: the {ask} of {row}?"),
    (
        "e-mail",
        "Hello,\n\nI am going through {the_list}. Could you tell me the {ask} of {row}?\n\nMany thanks",
    ),
    ("ticket", "Missing in our file: the {ask} of {row}. It is on {the_list}."),
    (
        "worried",
        "I need the {ask} of {row} before the meeting, and all I have is that it is on {the_list}!",
    ),
)
_DRAFT = "# A first draft: give every scenario a goal that somebody has, and rewrite the frames."
_IDS = frozenset({"id", "ids", "uuid", "key", "token"})


@dataclass(frozen=True, slots=True)
class Chain:
    """A list and a tool that describes its elements. `at` is the list's pointer, `name` the field that names a row,
    `fields` the facts of the description, `given` and `paging` the arguments of the list. `first` are the defaults that
    recorded calls of its first page have, which nobody states."""

    lister: str
    at: str
    detail: str
    sources: Mapping[str, str]
    name: str
    fields: tuple[str, ...]
    given: tuple[str, ...]
    paging: tuple[str, ...]
    first: Mapping[str, Any]

    @property
    def noun(self) -> str:
        """What the list lists, one of it: from the list's name, or the tool's if that says nothing."""
        last = pointer.tokens(self.at)[-1:]
        said = [] if not last or last[0] in _PLAIN else words(last[0])
        said = said or [word for word in words(self.lister) if word not in _VERBS]
        return singular(" ".join(said) or "entry")


def starter(snapshot: Snapshot) -> tuple[str, dict[str, str]]:
    """The text of a scenario file, "" if the snapshot has no chain; and the tools without a place, with the reason."""
    examples = _examples(snapshot)
    chains, reasons = list[Chain](), dict[str, str]()
    for name, tool in snapshot.catalog.items():
        found = _chain(tool, snapshot, examples)
        if isinstance(found, Chain):
            chains.append(found)
        else:
            reasons[name] = found
    placed = {name for chain in chains for name in (chain.lister, chain.detail)}
    unplaced = {name: why for name, why in reasons.items() if name not in placed}
    if not chains:
        return "", unplaced
    head = f"{_DRAFT}\nformat = 1\nsnapshot = {_text(snapshot.name)}\n"
    return head + "".join(map(_scenario, chains)), unplaced


def _examples(snapshot: Snapshot) -> dict[str, list[tuple[dict[str, Any], Any]]]:
    """Some recorded successes of each tool, parsed."""
    found: dict[str, list[tuple[dict[str, Any], Any]]] = {name: [] for name in snapshot.catalog}
    for tool, arguments in snapshot.calls():
        if len(found[tool]) < EXAMPLES:
            record = snapshot.lookup(tool, arguments)
            if record is not None and record.success:
                found[tool].append((arguments, json.loads(record.text)))
    return found


def _chain(
    tool: Tool, snapshot: Snapshot, examples: Mapping[str, list[tuple[dict[str, Any], Any]]]
) -> Chain | str:
    """The chain that ends with a tool, or why there is none."""
    if not tool.required:
        return "it has no required parameter, so that nothing distinguishes its calls"
    if not examples[tool.name]:
        return "no success is recorded"
    places = {
        (source.tool, source.pointer.rpartition("/*/")[0])
        for sources in tool.spec.sources.values()
        for source in sources
        if "/*/" in source.pointer and source.tool != tool.name
    }
    why = "no declared source leads from a list to its required parameters"
    for lister, at in sorted(places):
        taken = {
            name: source.pointer.rpartition("/*/")[2]
            for name in sorted(tool.required)
            for source in tool.spec.sources.get(name, ())
            if source.tool == lister and source.pointer.rpartition("/*/")[0] == at
        }
        if taken.keys() != tool.required or lister not in snapshot.catalog:
            continue
        calls = [arguments for arguments, _ in examples[lister]]
        given = tuple(sorted(snapshot.catalog[lister].required))
        if strange := [one for one in given if _unsayable(one, calls)]:
            why = f"nobody would say the {strange[0]} that {lister} needs"
            continue
        rows = [row for _, reply in examples[lister] for row in _rows(reply, at)]
        name = next((one for one in _NAMES if any(_has(row, one) for row in rows)), "")
        fields = _fields(tool, examples[tool.name], rows)
        if not name:
            why = f"the rows of {lister} have no name that a person would say"
        elif name in taken.values():
            why = f"it is asked by the {name} that names a row of {lister}"
        elif not fields:
            why = f"its replies say nothing outside of lists that {lister} does not"
        else:
            paging = sorted(one for one in _PAGING if calls and all(one in call for call in calls))
            first = {
                one: default
                for one in paging
                for default in default_of(snapshot.catalog[lister], one)
                if any(call[one] == default for call in calls)
            }
            passed = tuple(one for one in paging if one not in first)
            return Chain(lister, at, tool.name, taken, name, fields, given, passed, first)
    return why


def _unsayable(parameter: str, calls: list[dict[str, Any]]) -> bool:
    """Whether a parameter takes ids or coordinates."""
    values = [call[parameter] for call in calls if parameter in call]
    numbers = [value for value in values if isinstance(value, (int, float))]
    return bool(_IDS & set(words(parameter))) or (bool(numbers) and all(map(telling, numbers)))


def _rows(reply: Any, at: str) -> list[Any]:
    try:
        found = pointer.resolve(reply, at)
    except LookupError:
        return []
    return found if isinstance(found, list) else []


def _has(row: Any, name: str) -> bool:
    return isinstance(row, dict) and isinstance(row.get(name), str)


def _fields(tool: Tool, examples: list[tuple[dict[str, Any], Any]], rows: list[Any]) -> tuple[str, ...]:
    """The scalar members of most replies that are neither ids, nor arguments, nor in the list already."""
    known = {name for row in rows if isinstance(row, dict) for name in row} | set(tool.properties)
    counted: dict[str, int] = {}
    for _, reply in examples:
        for name, value in reply.items() if isinstance(reply, dict) else ():
            says = form(value) is not None and not _IDS & set(words(name))
            if says and name not in known and name.isidentifier():
                counted[name] = counted.get(name, 0) + 1
    usual = [name for name, times in counted.items() if 2 * times >= len(examples)]
    return tuple(usual[:ASKS])


def _scenario(chain: Chain) -> str:
    arguments = ", ".join(f"{one}=drawn.arguments.{one}" for one in (*chain.given, *chain.paging))
    bound = ", ".join(f"{name}=row{_path(place)}" for name, place in chain.sources.items())
    listed, noun = "".join(f".{one}" for one in pointer.tokens(chain.at)), chain.noun
    number = len(chain.given) + len(chain.paging) + len(chain.first)
    where = [f"len(drawn.arguments) == {number}"]
    where += [f"drawn.arguments.{name} == {json.dumps(value)}" for name, value in chain.first.items()]
    of = " of " + " and ".join(f"{{drawn.arguments.{one}}}" for one in chain.given) if chain.given else ""
    slots = {
        "listed": f"{noun.capitalize()} list{of}",
        "the_list": f"the {noun} list{of}",
        "row": f"{{one.{chain.name}}}",
    }
    understood = f", understood = {json.dumps(list(chain.paging))}" if chain.paging else ""
    lines = [
        "\n[[scenario]]",
        f'id = "{chain.detail}_from_{chain.lister}"',
        f'goal = "Know more about one {noun}"',
        'asker = "somebody who has the list and needs the details"',
        "draw = [",
        f'  {{name = "drawn", tool = "{chain.lister}", where = {json.dumps(where)}}},',
        f'  {{name = "one", among = "drawn.reply{listed}"}},',
        "]",
        "steps = [",
        f'  {{id = "listed", call = "{chain.lister}({arguments})"{understood}}},',
        f'  {{id = "detail", call = "{chain.detail}({bound})"}},',
        "]",
        f'let.row = "only(listed{listed}, it.{chain.name} == one.{chain.name})"',
        "asks = [",
        *(
            f'  {{name = "{field.lower()}", value = "detail.{field}", owner = "{slots["row"]}", '
            f'words = "{worded(field)}"}},'
            for field in chain.fields
        ),
        "]",
    ]
    for at, (register, text) in enumerate(_FRAMES):
        field = chain.fields[at % len(chain.fields)]
        lines += ["\n[[scenario.frames]]", f'register = "{register}"', f'asks = "{field.lower()}"']
        lines += [f"text = {_text(text.format(ask=worded(field), **slots))}"]
    return "\n".join(lines) + "\n"


def _path(place: str) -> str:
    return "".join(f".{token}" for token in place.split("/"))


def _text(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)


def unplaced_lines(unplaced: Mapping[str, str]) -> Iterator[str]:
    """The tools without a place, in words."""
    yield from (f"{name}: not placed: {why}" for name, why in sorted(unplaced.items()))
