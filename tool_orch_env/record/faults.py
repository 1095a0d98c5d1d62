"""Find problems in a spec whose fields are each well formed.

Every check yields one sentence per problem, starting with its place in the spec.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..files import inside
from ..jsonvalues import pointer
from . import domain
from .dates import dated
from .drafts import Drafted
from .follow import parameter, parameters_of
from .operation import IN_PATH
from .origin import origin_of
from .request import Endpoint
from .schema import All, FromFile, FromResponses, SpecFile, Step, Values


def endpoint_faults(endpoint: Endpoint, draft: Drafted, origins: frozenset[str]) -> Iterator[str]:
    """Problems of an endpoint: inconsistent parameters, or a host that is not allowed."""
    place = f"tools.{endpoint.tool}"
    for name in IN_PATH.findall(endpoint.url):
        if name not in draft.parameters.get("required", ()):
            yield f"{place}: {{{name}}} in the URL is not a required parameter"
    for name in draft.places:
        if name not in endpoint.places:
            yield f"{place}.places: {name!r} is not a parameter"
    bodies = [p.name for p in endpoint.places.values() if p.at == "body"]
    if "" in bodies and len(bodies) > 1:
        yield f"{place}.places: one parameter is the whole body, so no other parameter can be in it"
    if "{" in endpoint.url.split("://", 1)[-1].split("/", 1)[0]:
        yield f"{place}.url: the host must not contain a parameter"
    elif origins and origin_of(IN_PATH.sub("x", endpoint.url)) not in origins:
        yield f"{place}.url: its host is not among api.base_url and api.hosts"


def planned(file: SpecFile, drafts: Mapping[str, Drafted]) -> list[str]:
    """A note for every operation that may change something and that a line of the plan names: it is called by that line
    only."""
    named = {line.call: index for index, line in enumerate(file.plan) if isinstance(line, Step)}
    return [
        f"plan.{index}: {name} ({draft.operation}) may change something; it is called because this line names it, and "
        "by nothing else (openapi.safe)"
        for name, index in named.items()
        if (draft := drafts.get(name)) is not None and not draft.safe
    ]


def plan_faults(file: SpecFile, drafts: Mapping[str, Drafted], skipped: Mapping[str, str]) -> Iterator[str]:
    """Steps that use a tool, parameter or step that does not exist, or set a parameter twice.

    `skipped` has the operations of the document that are no tools, by name, and why.
    """
    earlier: set[str] = set()
    followed = False
    for index, line in enumerate(file.plan):
        place = f"plan.{index}"
        for number, rows in enumerate(line.over):
            if isinstance(rows, FromResponses) and rows.from_ not in earlier and not followed:
                yield f"{place}.over.{number}.from: {rows.from_!r} is not an earlier step"
            if isinstance(rows, Values) and len({len(some) for some in rows.values.values()}) > 1:
                yield f"{place}.over.{number}.values: the lists have different lengths"
        if not isinstance(line, Step):
            followed = (
                True  # which steps it becomes is not known here: `follow.expanded` checks the lines after it
            )
            continue
        line = dated(line, datetime.now(UTC).date())  # any day will do for the checks
        if line.call not in drafts:
            why = f": its operation was skipped: {skipped[line.call]}" if line.call in skipped else ""
            yield f"{place}.call: {line.call!r} is not a tool of this spec{why}"
        else:
            yield from _argument_faults(place, line, drafts[line.call].parameters)
        earlier.add(line.name)


def _argument_faults(place: str, step: Step, parameters: Mapping[str, Any]) -> Iterator[str]:
    given = [*step.arguments, *([step.pages.argument] if step.pages else [])]
    for rows in step.over:
        given += parameters_of(rows)
    is_open = parameters.get("additionalProperties", False) is not False or "patternProperties" in parameters
    for name in dict.fromkeys(given):
        if not is_open and parameter(name) not in parameters.get("properties", {}):
            yield f"{place}: {step.call} has no parameter {name!r}"
        if given.count(name) > 1:
            yield f"{place}: {name!r} is given twice"
    for number, rows in enumerate(step.over):
        if isinstance(rows, All):
            yield from _all_faults(f"{place}.over.{number}", rows, parameters)


def _all_faults(place: str, rows: All, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Parameters of `all` whose schema does not state a finite number of values."""
    for name in rows.all:
        if name not in parameters.get("properties", {}):
            continue
        found = domain.values(parameters, name, rows.minimum, rows.maximum)
        if found is None:
            yield (
                f"{place}.all: {name!r} has no finite number of values, or more than {domain.MOST_VALUES}: expected an "
                "enum, a boolean, or an integer or date with bounds; add `minimum` and `maximum`"
            )
        elif not found:
            yield f"{place}.all: {name!r} has no value between `minimum` and `maximum`"


def pattern_faults(file: SpecFile) -> Iterator[str]:
    """Invalid pointers, and a `drop` that would drop everything."""
    used = [("drop", text) for text in file.drop]
    used += [(f"tools.{name}.drop", text) for name, entry in file.tools.items() for text in entry.drop]
    for index, line in enumerate(file.plan):
        if not isinstance(line, Step):
            used += [(f"plan.{index}.keep", text) for text in line.keep.values()]
        elif line.pages is not None:
            used.append((f"plan.{index}.pages", line.pages.cursor or line.pages.until or ""))
        for number, rows in enumerate(line.over):
            if isinstance(rows, FromFile | FromResponses):
                kept = rows.keep if isinstance(rows, FromResponses) else {}
                place = f"plan.{index}.over.{number}"
                taken = [[text] if isinstance(text, str) else text for text in (rows.take or {}).values()]
                used += [(place, text) for text in (rows.each, *chain(*taken), *kept.values())]
    for place, text in used:
        try:
            if not pointer.tokens(text) and "drop" in place:
                yield f"{place}: the empty pointer would drop everything"
        except ValueError as error:
            yield f"{place}: {error}"


def missing(file: SpecFile, folder: Path) -> Iterator[str]:
    """Files named in the spec that are missing from its folder, or outside of it."""
    rows = [rows for step in file.plan for rows in step.over if isinstance(rows, FromFile)]
    for name in (*file.tasks.values(), *(some.file for some in rows)):
        try:
            if not inside(folder, name, SpecError).exists():
                yield f"{name}: no such file in the spec's folder"
        except SpecError as error:
            yield from error.problems
