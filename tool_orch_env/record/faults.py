"""Find problems in a spec whose fields are each well formed.

Every check yields one sentence per problem, starting with its place in the spec.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from ..errors import SpecError
from ..files import inside
from ..jsonvalues import pointer
from . import domain
from .dates import dated
from .follow import parameter, parameters_of
from .openapi import Drafted
from .request import Endpoint
from .schema import All, FromFile, FromResponses, Server, SpecFile, Step, Values

VARIABLE = re.compile(r"\$\{(\w+)\}")
IN_PATH = re.compile(r"\{([^{}]*)\}")
_HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key")
_CREDENTIAL = re.compile("TOKEN|SECRET|PASSWORD|CREDENTIAL|(^|_)(KEY|PASS|PAT)$|APIKEY", re.IGNORECASE)
"""Names of variables that hold a credential."""


def origin(url: httpx.URL) -> str:
    """Scheme, host and port of a URL. A request is allowed if they match those in the spec."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.host}:{port}"


def origin_of(text: str) -> str | None:
    """The origin of a URL; `None` if `text` is not a URL."""
    try:
        return origin(httpx.URL(text))
    except httpx.InvalidURL:
        return None


def credentials(file: SpecFile) -> Iterator[str]:
    """Headers, and variables of an MCP server, with a credential written into the spec."""
    server = file.api.mcp or Server.model_construct()
    given = [
        (f"api.headers.{name}", name.lower() in _HEADERS, text) for name, text in file.api.headers.items()
    ]
    given += [(f"api.mcp.headers.{n}", n.lower() in _HEADERS, text) for n, text in server.headers.items()]
    given += [(f"api.mcp.env.{n}", bool(_CREDENTIAL.search(n)), text) for n, text in server.env.items()]
    for place, secret, text in given:
        if secret and not set(VARIABLE.findall(text)) & set(file.secrets):
            yield f"{place}: a credential must not be in the spec: write ${{NAME}} and list NAME in secrets"


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
    elif origin_of(IN_PATH.sub("x", endpoint.url)) not in origins:
        yield f"{place}.url: its host is not among api.base_url and api.hosts"


def plan_faults(file: SpecFile, drafts: Mapping[str, Drafted]) -> Iterator[str]:
    """Steps that use a tool, parameter or step that does not exist, or set a parameter twice."""
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
            yield f"{place}.call: {line.call!r} is not a tool of this spec"
        else:
            yield from _argument_faults(place, line, drafts[line.call].parameters)
        earlier.add(line.name)


def _argument_faults(place: str, step: Step, parameters: Mapping[str, Any]) -> Iterator[str]:
    given = [*step.arguments, *([step.pages.argument] if step.pages else [])]
    for rows in step.over:
        given += parameters_of(rows)
    for name in dict.fromkeys(given):
        if parameter(name) not in parameters.get("properties", {}):
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
                used += [(place, text) for text in (rows.each, *(rows.take or {}).values(), *kept.values())]
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
