"""Turn the steps of a plan into calls, from lists, files and earlier answers.

The order of calls depends only on the spec and the answers. A sample consists of the rows with the smallest blake2b of
seed and row, in their original order: it is the same for every Python version, and hardly changes when a row is
added.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain, islice, pairwise, product
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..files import numbered_lines
from ..jsonvalues import pointer
from ..jsonvalues.canonical import NotCanonical, canonical, plain
from ..jsonvalues.decode import parse_json
from ..snapshot.catalog import Tool
from . import domain
from .pattern import matches
from .schema import All, FromFile, FromResponses, Rows, Step, Values
from .yaml12 import parse_yaml

Arguments = dict[str, Any]
Answered = Callable[[str], Iterable[tuple[Arguments, Any]]]
"""Step name -> arguments and response of each of its successful calls, in planned order."""


def calls(step: Step, tool: Tool, folder: Path, answered: Answered) -> list[Arguments]:
    """The arguments of every call of a step, the first page of each. Raises `SpecError` if a file is invalid."""
    tables = [list(_rows(rows, tool, folder, answered)) for rows in step.over]
    first = {} if step.pages is None or step.pages.until is None else {step.pages.argument: step.pages.start}
    shared = {**step.arguments, **first}
    crossed = (_placed({**shared, **_merged(combination)}) for combination in product(*tables))
    if step.only_valid:
        crossed = (row for row in crossed if _is_valid(tool, row))
    return chosen(crossed, step.limit, step.sample, step.seed)


def next_page(step: Step, arguments: Arguments, response: Any) -> Arguments | None:
    """The arguments of the page after a reply; `None` if it is the last."""
    pages = step.pages
    if pages is None:
        return None
    if pages.cursor is not None:
        value = next(matches(response, pages.cursor), None)
        return None if value in (None, False, "") else {**arguments, pages.argument: value}
    assert pages.until is not None, "checked when the spec was read"
    if all(found in (None, [], {}) for found in matches(response, pages.until)):
        return None
    return {**arguments, pages.argument: arguments[pages.argument] + pages.step}


class _Several(list[Any]):
    """Values of several rows for one list."""


def _together(rows: Sequence[Arguments], size: int | None) -> Iterator[Arguments]:
    """The rows, or groups of so many: lists get the values of all, other arguments that of the first."""
    if size is None:
        yield from rows
        return
    for start in range(0, len(rows), size):
        group = rows[start : start + size]
        yield {
            name: _Several(row[name] for row in group) if name.endswith("/*") else value
            for name, value in group[0].items()
        }


def _is_valid(tool: Tool, row: Arguments) -> bool:
    try:
        return tool.validator.is_valid(plain(row))
    except NotCanonical:
        return False


def _placed(row: Arguments) -> Arguments:
    """The arguments with every name that is a pointer replaced by the parameter that it leads into."""
    if not any(name.startswith("/") for name in row):
        return row
    placed: Arguments = {}
    for name, value in row.items():
        if name.startswith("/"):
            _put(placed, pointer.tokens(name), value)
        else:
            placed[name] = value
    return placed


def _put(holder: Any, tokens: Sequence[str], value: Any) -> None:
    """Put a value where the tokens lead, making objects and lists of one element on the way."""
    for token, following in pairwise(tokens):
        inner: Any = [] if following == "*" else {}
        if isinstance(holder, dict):
            holder = holder.setdefault(token, inner)
        else:
            holder[:] = holder or [inner]
            holder = holder[0]
    if isinstance(holder, dict):
        holder[tokens[-1]] = value
    else:
        holder += value if isinstance(value, _Several) else [value]


def chosen(
    rows: Iterable[Arguments], limit: int | None, sample: int | None, seed: int, salt: str = ""
) -> list[Arguments]:
    """Draw `sample` of the rows, then take the first `limit` of them. `None` means all."""
    if sample is None:
        return list(islice(rows, limit))
    some = list(rows)
    if sample < len(some):
        drawn = sorted(range(len(some)), key=lambda i: _lot(seed, salt, some[i]))[:sample]
        some = [some[i] for i in sorted(drawn)]
    return some[:limit]


def _lot(seed: int, salt: str, row: Arguments) -> bytes:
    try:
        text = canonical(row)
    except NotCanonical:  # refused later, by the schema's check
        text = repr(row)
    return blake2b(f"{seed}\n{salt}\n{text}".encode(errors="replace"), digest_size=16).digest()


def _merged(rows: Sequence[Arguments]) -> Arguments:
    return dict(chain.from_iterable(row.items() for row in rows))


def _rows(rows: Rows, tool: Tool, folder: Path, answered: Answered) -> Iterator[Arguments]:
    if isinstance(rows, FromResponses):
        for arguments, response in answered(rows.from_):
            kept = _taken(arguments, rows.keep)
            found = [row for row in _each(response, rows.each, rows.take) if kept is not None]
            few = chosen(found, rows.limit, rows.sample, rows.seed, canonical(arguments))
            yield from _together([{**row, **(kept or {})} for row in few], rows.together)
    elif isinstance(rows, All):
        tables = [_all_values(rows, name, tool) for name in rows.all]
        crossed = (_merged(combination) for combination in product(*tables))
        yield from chosen(crossed, rows.limit, rows.sample, rows.seed)
    elif isinstance(rows, Values):
        zipped = zip(*rows.values.values(), strict=True)
        table = [dict(zip(rows.values, row, strict=True)) for row in zipped]
        yield from _together(chosen(table, rows.limit, rows.sample, rows.seed), rows.together)
    else:
        content = _content(folder / rows.file)
        table = _whole(rows, content) if rows.take is None else list(_each(content, rows.each, rows.take))
        if rows.file.endswith(".csv"):
            table = [
                {name: _typed(text, tool.properties.get(name)) for name, text in row.items()} for row in table
            ]
        yield from _together(chosen(table, rows.limit, rows.sample, rows.seed), rows.together)


def _all_values(rows: All, name: str, tool: Tool) -> list[Arguments]:
    """A row for every value of a parameter, after one without it if leaving it out is another call."""
    found = domain.values(tool.spec.parameters, name, rows.minimum, rows.maximum)
    assert found is not None, "checked when the spec was read"
    schema = tool.properties[name]
    optional = name not in tool.required and not (isinstance(schema, dict) and "default" in schema)
    return [*([{}] if optional else []), *({name: value} for value in found)]


def _whole(rows: FromFile, content: Any) -> list[Arguments]:
    """The elements themselves, as objects of arguments."""
    found = list(matches(content, rows.each))
    if not all(isinstance(element, dict) for element in found):
        raise SpecError(
            f"{rows.file}: expected elements that are objects of arguments", "correct the file, or add `take`"
        )
    return found


def _each(value: Any, pattern: str, take: Mapping[str, str | Sequence[str]]) -> Iterator[Arguments]:
    wanted = {name: pointer.tokens(place) for name, place in take.items() if isinstance(place, str)}
    listed = {name: places for name, places in take.items() if not isinstance(places, str)}
    for element in matches(value, pattern):
        lists = {
            name: [found for place in places for found in matches(element, place) if found is not None]
            for name, places in listed.items()
        }
        if all(lists.values()):
            for row in _joined(element, wanted):
                yield {name: lists[name] if name in lists else row[name] for name in take}


def _joined(element: Any, wanted: Mapping[str, Sequence[str]]) -> Iterator[Arguments]:
    """The rows of an element. Patterns that agree up to a `*` take their values from the same list element."""
    row: Arguments = {}
    lists: dict[tuple[str, ...], dict[str, Sequence[str]]] = {}
    for name, tokens in wanted.items():
        if "*" in tokens:
            star = tokens.index("*")
            lists.setdefault(tuple(tokens[:star]), {})[name] = tokens[star + 1 :]
        else:
            row[name] = next(matches(element, pointer.join(*tokens)), None)
            if row[name] is None:
                return
    tables = [
        [found for inner in matches(element, pointer.join(*head, "*")) for found in _joined(inner, rest)]
        for head, rest in lists.items()
    ]
    for combination in product(*tables):
        yield {**row, **_merged(combination)}


def _taken(element: Any, take: Mapping[str, str]) -> Arguments | None:
    """The values at the pointers; `None` where one of them is missing or null."""
    row = {}
    for name, place in take.items():
        try:
            row[name] = pointer.resolve(element, place)
        except LookupError:
            return None
        if row[name] is None:
            return None
    return row


def _content(path: Path) -> Any:
    """A JSON, JSON lines, YAML or CSV file as a JSON value."""
    try:
        if path.suffix == ".csv":
            text = path.read_text(encoding="utf-8-sig")
            return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        if path.suffix == ".jsonl":
            return [parse_json(line) for _, line in numbered_lines(path, SpecError)]
        return (
            parse_json(path.read_bytes()) if path.suffix == ".json" else parse_yaml(path.read_text("utf-8"))
        )
    except (OSError, ValueError, csv.Error) as error:
        raise SpecError(f"{path.name}: cannot be read: {error}", "correct the file") from error


def _typed(text: Any, schema: Any) -> Any:
    """A CSV cell as its parameter's type: numbers and booleans are read as JSON, the rest is text."""
    kinds = schema.get("type", "string") if isinstance(schema, dict) else "string"
    if isinstance(text, str) and not {"string"} & set([kinds] if isinstance(kinds, str) else kinds):
        try:
            return parse_json(text)
        except ValueError:
            return text
    return text
