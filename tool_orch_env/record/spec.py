"""The spec of a recording, read and checked: every problem is found before anything is asked.

Enters: the path of a YAML file, and the environment for `${NAME}`. Leaves: `Spec`, with a catalog, an endpoint
per tool, the secrets' values and a fingerprint of all that decides an answer.
Knows nothing of HTTP beyond URLs.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from .. import pointer
from ..call import canonical
from ..catalog import Catalog, ToolSpec
from ..errors import FileFault, SpecError
from ..files import inside
from .openapi import Drafted, operations
from .request import Endpoint, Place, Where
from .schema import FromFile, FromResponses, SpecFile, Step, ToolEntry, Values
from .scrub import SHORTEST, Scrub
from .yaml12 import parse_yaml

REMEDY = "correct the spec; docs/record.md describes every field"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_IN_PATH = re.compile(r"\{([^{}]*)\}")
_WITH_BODY = ("POST", "PUT", "PATCH")
_CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key")


@dataclass(frozen=True)
class Spec:
    """A spec ready to be carried out. `origins` are all that may be contacted, `secrets` are values."""

    file: SpecFile
    folder: Path
    catalog: Catalog
    endpoints: Mapping[str, Endpoint]
    origins: frozenset[str]
    secrets: tuple[str, ...]
    proxy: str | None
    fingerprint: str

    def beside(self, name: str) -> Path:
        """A file that the spec names; raises `SpecError` if it does not lie beside it."""
        return inside(self.folder, name, SpecError)


def read_spec(path: str | Path, environ: Mapping[str, str] = os.environ) -> Spec:
    """Read and check a spec; raises `SpecError` listing every problem."""
    path = Path(path)
    file = _parse(path)
    problems: list[str] = []
    api = _Filled(environ, problems)
    base = api.fill(file.api.base_url, "api.base_url")
    headers = {name: api.fill(text, f"api.headers.{name}") for name, text in file.api.headers.items()}
    query = {name: api.fill(text, f"api.query.{name}") for name, text in file.api.query.items()}
    hosts = [api.fill(text, f"api.hosts.{i}") for i, text in enumerate(file.api.hosts)]
    proxy = None if file.api.proxy is None else api.fill(file.api.proxy, "api.proxy")
    secrets = api.secrets(file.secrets)
    problems += _credentials(file)
    origins = frozenset(_origins([base, *hosts], problems))
    drafts = _drafts(file, path.parent, problems)
    endpoints = {
        name: _endpoint(name, draft, file, base, headers, query)
        for name, draft in drafts.items()
        if draft.url
    }
    for endpoint in endpoints.values():
        problems += _endpoint_problems(endpoint, drafts[endpoint.tool], origins)
    problems += _pattern_problems(file)
    problems += _plan_problems(file, drafts)
    catalog = _catalog(drafts, problems)
    for name in [*file.tasks.values(), *_files(file)]:
        problems += _missing(path.parent, name)
    if problems:
        scrub = Scrub(secret for secret in secrets if len(secret) >= SHORTEST)
        raise SpecError([scrub.text(f"{path.name}: {problem}") for problem in problems], REMEDY)
    fingerprint = _fingerprint(file, catalog, drafts)
    return Spec(file, path.parent, catalog, endpoints, origins, secrets, proxy, fingerprint)


def origin(url: httpx.URL) -> str:
    """Scheme, host and port: what must agree for a request to be allowed."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.host}:{port}"


class _Filled:
    """Puts environment variables in their places; a missing one is a problem."""

    def __init__(self, environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ, self._problems = environ, problems

    def fill(self, text: str, place: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in self._environ:
                self._problems.append(f"{place}: the environment variable {match[1]} is not set")
            return self._environ.get(match[1], "")

        return _VARIABLE.sub(value, text)

    def secrets(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            value = self._environ.get(name, "")
            if len(value) < SHORTEST or not value.isprintable() or value != value.strip():
                self._problems.append(
                    f"secrets: the environment variable {name} is not set, shorter than {SHORTEST} characters, "
                    "or has white space around it"
                )
        return tuple(self._environ.get(name, "") for name in names)


def _parse(path: Path) -> SpecFile:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path.name}: cannot be read: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise SpecError(f"{path.name}: not YAML: {error}", REMEDY) from error
    try:
        return SpecFile.model_validate(document)
    except ValidationError as error:
        raise SpecError([f"{path.name}: {_told(fault)}" for fault in error.errors()], REMEDY) from error


def _told(fault: Any) -> str:
    """`plan.0.over.1.from: Field required`; pydantic's names of union members left out."""
    kinds = {kind.__name__ for kind in (Values, FromFile, FromResponses)}
    place = ".".join(str(part) for part in fault["loc"] if part not in kinds)
    return f"{place or 'the document'}: {fault['msg']}"


def _credentials(file: SpecFile) -> Iterator[str]:
    for name, text in file.api.headers.items():
        named = _VARIABLE.findall(text)
        if name.lower() in _CREDENTIALS and not set(named) & set(file.secrets):
            yield f"api.headers.{name}: a credential stands in no spec: write ${{NAME}} and list NAME in secrets"


def _origins(urls: list[str], problems: list[str]) -> Iterator[str]:
    for text in urls:
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            problems.append(f"api: {text!r} is no URL: {error}")
            continue
        if url.scheme not in ("http", "https") or not url.host:
            problems.append(f"api: {text!r}: expected http:// or https:// and a host")
        elif url.userinfo:
            problems.append("api: no user and password in a URL: use headers and secrets")
        else:
            yield origin(url)


def _drafts(file: SpecFile, folder: Path, problems: list[str]) -> dict[str, Drafted]:
    """Every tool by name: those of the OpenAPI document, with what the spec adds, and those by hand."""
    found: dict[str, Drafted] = {}
    if file.openapi is not None:
        try:
            given = {("header", name.lower()) for name in file.api.headers}
            given |= {("query", name.lower()) for name in file.api.query}
            document = inside(folder, file.openapi.file, SpecError)
            found = operations(document, file.openapi.operations, frozenset(given))
        except FileFault as error:
            problems += [f"openapi: {problem}" for problem in error.problems]
    for name, entry in file.tools.items():
        if name in found:
            found[name] = _refined(found[name], entry)
        elif entry.url is None or entry.parameters is None:
            problems.append(f"tools.{name}: a tool by hand needs url and parameters")
        else:
            found[name] = _refined(Drafted(entry.method or "GET", "", {}, {}), entry)
    return found


def _refined(draft: Drafted, entry: ToolEntry) -> Drafted:
    return Drafted(
        entry.method or draft.method,
        entry.url or draft.url,
        draft.parameters if entry.parameters is None else entry.parameters,
        {**draft.places, **entry.places},
        draft.description if entry.description is None else entry.description,
        draft.domain if entry.domain is None else entry.domain,
        entry,
    )


def _endpoint(
    name: str, draft: Drafted, file: SpecFile, base: str, headers: dict[str, str], query: dict[str, str]
) -> Endpoint:
    in_path = _IN_PATH.findall(draft.url)
    rest: Where = "body" if draft.method in _WITH_BODY else "query"
    places = {
        parameter: Place(at="path") if parameter in in_path else draft.places.get(parameter, Place(at=rest))
        for parameter in draft.parameters.get("properties", {})
    }
    entry = draft.entry or ToolEntry()
    return Endpoint(
        name,
        draft.method,
        draft.url if "://" in draft.url else base.rstrip("/") + "/" + draft.url.lstrip("/"),
        places,
        headers,
        query,
        (*file.drop, *entry.drop),
        file.wrap_text if entry.wrap_text is None else entry.wrap_text,
        file.server_errors if entry.server_errors is None else entry.server_errors,
    )


def _endpoint_problems(endpoint: Endpoint, draft: Drafted, origins: frozenset[str]) -> Iterator[str]:
    place = f"tools.{endpoint.tool}"
    for name in _IN_PATH.findall(endpoint.url):
        if name not in draft.parameters.get("required", ()):
            yield f"{place}: {{{name}}} in the URL is not a required parameter"
    for name in draft.places:
        if name not in endpoint.places:
            yield f"{place}.places: {name!r} is not a parameter"
    bodies = [p.name for p in endpoint.places.values() if p.at == "body"]
    if "" in bodies and len(bodies) > 1:
        yield f"{place}.places: one parameter is the whole body, so no other goes there"
    if "{" not in endpoint.url.split("://", 1)[-1].split("/", 1)[0]:
        if origin(httpx.URL(_IN_PATH.sub("x", endpoint.url))) not in origins:
            yield f"{place}.url: its host is not among api.base_url and api.hosts"
    else:
        yield f"{place}.url: a parameter in the host"


def _catalog(drafts: Mapping[str, Drafted], problems: list[str]) -> Catalog:
    specs = []
    for name, draft in drafts.items():
        entry = draft.entry or ToolEntry()
        try:
            specs.append(
                ToolSpec(
                    name=name,
                    description=draft.description,
                    parameters=dict(draft.parameters),
                    domain=draft.domain,
                    set_like=entry.set_like,
                    case_insensitive=entry.case_insensitive,
                    sources=entry.sources,
                )
            )
        except ValidationError as error:
            problems += [f"tools.{name}: {_told(fault)}" for fault in error.errors()]
    try:
        return Catalog(specs)
    except FileFault as error:
        problems += error.problems
        return Catalog([])


def _plan_problems(file: SpecFile, drafts: Mapping[str, Drafted]) -> Iterator[str]:
    earlier: set[str] = set()
    for index, step in enumerate(file.plan):
        place = f"plan.{index}"
        if step.call not in drafts:
            yield f"{place}.call: {step.call!r} is not a tool of this spec"
        else:
            yield from _argument_problems(place, step, drafts[step.call].parameters.get("properties", {}))
        for number, rows in enumerate(step.over):
            if isinstance(rows, FromResponses) and rows.from_ not in earlier:
                yield f"{place}.over.{number}.from: {rows.from_!r} is not an earlier step"
            if isinstance(rows, Values) and len({len(some) for some in rows.values.values()}) > 1:
                yield f"{place}.over.{number}.values: the lists have different lengths"
        earlier.add(step.name)


def _argument_problems(place: str, step: Step, properties: Mapping[str, Any]) -> Iterator[str]:
    given = list(step.arguments)
    for rows in step.over:
        given += list(_given(rows))
    for name in dict.fromkeys(given):
        if name not in properties:
            yield f"{place}: {step.call} has no parameter {name!r}"
        if given.count(name) > 1:
            yield f"{place}: {name!r} is given twice"


def _given(rows: Values | FromFile | FromResponses) -> tuple[str, ...]:
    if isinstance(rows, Values):
        return tuple(rows.values)
    return (*rows.take, *rows.keep) if isinstance(rows, FromResponses) else tuple(rows.take or ())


def _pattern_problems(file: SpecFile) -> Iterator[str]:
    used = [("drop", text) for text in file.drop]
    used += [(f"tools.{name}.drop", text) for name, entry in file.tools.items() for text in entry.drop]
    for index, step in enumerate(file.plan):
        for number, rows in enumerate(step.over):
            if not isinstance(rows, Values):
                kept = rows.keep if isinstance(rows, FromResponses) else {}
                place = f"plan.{index}.over.{number}"
                used += [(place, text) for text in (rows.each, *(rows.take or {}).values(), *kept.values())]
    for place, text in used:
        try:
            if not pointer.tokens(text) and "drop" in place:
                yield f"{place}: the empty pointer would drop everything"
        except ValueError as error:
            yield f"{place}: {error}"


def _files(file: SpecFile) -> Iterator[str]:
    yield from (rows.file for step in file.plan for rows in step.over if isinstance(rows, FromFile))


def _missing(folder: Path, name: str) -> Iterator[str]:
    try:
        if not inside(folder, name, SpecError).exists():
            yield f"{name}: no such file beside the spec"
    except SpecError as error:
        yield from error.problems


def _fingerprint(file: SpecFile, catalog: Catalog, drafts: Mapping[str, Drafted]) -> str:
    """blake2b over all that decides an answer: the API, the tools and how their answers are kept; no plan."""
    asked = {
        "api": file.api.model_dump(mode="json", exclude={"base_url", "proxy"}),
        "secrets": sorted(file.secrets),
        "keeping": [list(file.drop), file.wrap_text, file.server_errors],
        "catalog": catalog.dump(),
        "tools": {
            name: [
                draft.method,
                draft.url,
                {parameter: place.model_dump(mode="json") for parameter, place in draft.places.items()},
                (draft.entry or ToolEntry()).model_dump(
                    mode="json", include={"drop", "wrap_text", "server_errors"}
                ),
            ]
            for name, draft in drafts.items()
        },
    }
    return hashlib.blake2b(canonical(asked).encode(), digest_size=16).hexdigest()
