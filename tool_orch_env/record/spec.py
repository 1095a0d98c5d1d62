"""Read and check the spec of a recording. Every problem is found before the first request.

The result has a catalog, an endpoint per tool of an HTTP API, the values of secrets, and a fingerprint of everything
that affects an answer. `${NAME}` is filled in from the environment. An MCP server is started to list its tools. This
module knows nothing about HTTP beyond URLs.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from ..errors import FileError, SpecError, requires_extra
from ..files import inside
from ..jsonvalues.canonical import canonical
from ..snapshot.catalog import Catalog, ToolSpec
from .credentials import VARIABLE, credentials
from .drafts import Drafted
from .faults import endpoint_faults, missing, pattern_faults, plan_faults, planned
from .finite import everything
from .follow import expanded
from .functions import Function
from .openapi import Reading, read_document
from .operation import ABSOLUTE, IN_PATH
from .origin import origin
from .payload import Body
from .request import Endpoint, Place, Where
from .schema import All, Api, Follow, FromFile, FromResponses, Server, SpecFile, Step, ToolEntry, Values
from .scrub import SHORTEST, Scrub
from .yaml12 import parse_yaml

REMEDY = "correct the spec; docs/record.md describes every field"
_WITH_BODY = ("POST", "PUT", "PATCH")
_OF_HTTP = {"method", "url", "places", "wrap_text"}
"""Fields of a tool that say how it is asked over HTTP."""


@dataclass(frozen=True)
class Spec:
    """A checked spec.

    `plan` has steps only: `follow` lines are expanded, and `notes` say which tools they leave out. `origins` are the
    only ones that may be contacted; `secrets` are values, not names. `earlier` is the fingerprint that version 0.1.0
    gave. Without `endpoints`, calls are answered by the MCP `server`, or else by `functions`. `document` is what was
    read from the OpenAPI document, if there is one.
    """

    file: SpecFile
    folder: Path
    catalog: Catalog
    endpoints: Mapping[str, Endpoint]
    plan: tuple[Step, ...]
    notes: tuple[str, ...]
    origins: frozenset[str]
    secrets: tuple[str, ...]
    proxy: str | None
    fingerprint: str
    earlier: str
    document: Reading | None = None
    server: Server | None = None
    functions: Mapping[str, Function] = field(default_factory=dict)

    def is_safe(self, tool: str) -> bool:
        """Whether a tool may be called by more than a line of the plan that names it."""
        return tool not in self.endpoints or self.endpoints[tool].safe

    def drop(self, tool: str) -> tuple[str, ...]:
        """The patterns of volatile fields in a tool's answers."""
        entry = self.file.tools.get(tool)
        return (*self.file.drop, *(entry.drop if entry else ()))

    def server_errors(self, tool: str) -> bool:
        """Whether an error of the API itself is an answer to keep, after the last attempt."""
        entry = self.file.tools.get(tool)
        return (
            self.file.server_errors if entry is None or entry.server_errors is None else entry.server_errors
        )

    def beside(self, name: str) -> Path:
        """The path of a file that the spec names. Raises `SpecError` if it is not in the spec's folder."""
        return inside(self.folder, name, SpecError)


def read_spec(
    path: str | Path | None,
    environ: Mapping[str, str] = os.environ,
    functions: Mapping[str, Function] | None = None,
) -> Spec:
    """Read and check a spec. Raises `SpecError` listing every problem.

    `functions` answer the calls in place of an API (see `functions.load`). The spec then needs no name and no plan, and
    may be left out: the calls are all those of tools whose required parameters have finitely many values.
    """
    named = _module(functions)
    if path is None:
        return _compiled(SpecFile(name=named or "functions"), Path(), "functions", environ, functions)
    path = Path(path)
    return _compiled(_parse(path, named), path.parent, path.name, environ, functions)


def _compiled(
    file: SpecFile,
    folder: Path,
    name: str,
    environ: Mapping[str, str],
    functions: Mapping[str, Function] | None,
) -> Spec:
    problems: list[str] = []
    notes: list[str] = []
    filled = _Filled(environ, problems)
    api = filled.api(file.api)
    secrets = filled.secrets(file.secrets)
    origins: frozenset[str] = frozenset()
    reading: Reading | None = None
    skipped: dict[str, str] = {}
    if functions is not None:
        problems += credentials(file)
        drafts = _added(file, {name: function.draft for name, function in functions.items()}, problems)
        problems += ["api: functions are called in its place; leave it out"] if file.api != Api() else []
    elif api.mcp is not None:
        problems += credentials(file)
        list(_origins([api.mcp.url] if api.mcp.url else [], problems))
        drafts = _added(file, _served(api.mcp, file, folder, secrets, notes, problems), problems)
    else:
        if not file.api.base_url:
            problems.append("api: expected `base_url` of an HTTP API, or `mcp`, an MCP server")
        origins = frozenset(_origins([url for url in (api.base_url, *api.hosts) if url], problems))
        if "?" in api.base_url or "#" in api.base_url:
            problems.append("api.base_url: a query goes into api.query, and no fragment is sent")
        reading = _reading(file, folder, api, origins, problems)
        skipped = {one.name: f"{one.operation}: {one.why}" for one in reading.skipped} if reading else {}
        problems += credentials(file, reading.credentials if reading else frozenset())
        drafts = _drafts(file, reading.tools if reading else {}, skipped, problems)
    over_http = functions is None and api.mcp is None
    endpoints = {
        name: _endpoint(name, draft, file, api) for name, draft in drafts.items() if draft.url and over_http
    }
    for endpoint in endpoints.values():
        problems += endpoint_faults(endpoint, drafts[endpoint.tool], origins)
    problems += pattern_faults(file)
    if drafts or over_http:  # where a server could not be asked for its tools, that is the one problem
        problems += plan_faults(file, drafts, skipped)
        notes += planned(file, drafts)
    catalog = _catalog(drafts, problems)
    problems += missing(file, folder)
    lines = file.plan
    if functions is not None and not lines:
        lines, left_out = everything(catalog)
        notes += left_out
    plan = expanded(lines, catalog, [name for name, draft in drafts.items() if not draft.safe])
    problems += plan.problems if catalog else ()  # without tools, each line would be one more problem
    if problems:
        scrub = Scrub(secret for secret in secrets if len(secret) >= SHORTEST)
        raise SpecError([scrub.text(f"{name}: {problem}") for problem in problems], REMEDY)
    return Spec(
        file,
        folder,
        catalog,
        endpoints,
        plan.steps,
        (*notes, *plan.notes),
        origins,
        secrets,
        api.proxy,
        _fingerprint(file, catalog, drafts),
        _fingerprint(file, catalog, drafts, but=("derive", "holds", "known")),
        reading,
        api.mcp,
        functions or {},
    )


class _Filled:
    """Puts environment variables in their places; a missing one is a problem."""

    def __init__(self, environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ, self._problems = environ, problems

    def api(self, given: Api) -> Api:
        """The API's fields with every variable filled in."""
        if given.mcp is not None:
            return Api(mcp=self.server(given.mcp))
        return Api(
            base_url=self.fill(given.base_url, "api.base_url"),
            hosts=tuple(self.fill(text, f"api.hosts.{i}") for i, text in enumerate(given.hosts)),
            headers={name: self.fill(text, f"api.headers.{name}") for name, text in given.headers.items()},
            query={name: self.fill(text, f"api.query.{name}") for name, text in given.query.items()},
            proxy=None if given.proxy is None else self.fill(given.proxy, "api.proxy"),
        )

    def server(self, given: Server) -> Server:
        """The same of an MCP server."""
        place = "api.mcp"
        return Server(
            command=tuple(self.fill(text, f"{place}.command.{i}") for i, text in enumerate(given.command)),
            env={name: self.fill(text, f"{place}.env.{name}") for name, text in given.env.items()},
            url=None if given.url is None else self.fill(given.url, f"{place}.url"),
            headers={n: self.fill(text, f"{place}.headers.{n}") for n, text in given.headers.items()},
        )

    def fill(self, text: str, place: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in self._environ:
                self._problems.append(f"{place}: the environment variable {match[1]} is not set")
            return self._environ.get(match[1], "")

        return VARIABLE.sub(value, text)

    def secrets(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            value = self._environ.get(name, "")
            if len(value) < SHORTEST or not value.isprintable() or value != value.strip():
                self._problems.append(
                    f"secrets: the environment variable {name} is not set, shorter than {SHORTEST} characters, "
                    "or has white space around it"
                )
        return tuple(self._environ.get(name, "") for name in names)


def _module(functions: Mapping[str, Function] | None) -> str:
    """The name of the module that functions are from, "" without any."""
    first = next(iter((functions or {}).values()), None)
    return "" if first is None else first.source.rpartition(".")[2].strip("_")


def _parse(path: Path, named: str = "") -> SpecFile:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise SpecError(f"{path.name}: not YAML: {error}", REMEDY) from error
    if named and isinstance(document, dict):
        document = {"name": named, **document}
    try:
        return SpecFile.model_validate(document)
    except ValidationError as error:
        raise SpecError([f"{path.name}: {_told(fault)}" for fault in error.errors()], REMEDY) from error


def _told(fault: Any) -> str:
    """`plan.0.over.1.from: Field required`; pydantic's names of union members left out."""
    kinds = {kind.__name__ for kind in (Values, FromFile, FromResponses, All, Step, Follow)}
    place = ".".join(str(part) for part in fault["loc"] if part not in kinds)
    found = fault.get("input")
    untold = fault["type"] == "extra_forbidden" or "api" in fault["loc"]  # the latter may be a credential
    shown = "" if untold or found is None or isinstance(found, (dict, list)) else f", found {found!r:.60}"
    return f"{place or 'the document'}: {fault['msg']}{shown}"


def _origins(urls: list[str], problems: list[str]) -> Iterator[str]:
    for text in filter(None, urls):
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            problems.append(f"api: {text!r} is not a URL: {error}")
            continue
        if url.scheme not in ("http", "https") or not url.host:
            problems.append(f"api: {text!r}: expected http:// or https:// and a host")
        elif url.userinfo:
            problems.append("api: a URL must not contain a user or password: use headers and secrets")
        else:
            yield origin(url)


def _reading(
    file: SpecFile, folder: Path, api: Api, origins: frozenset[str], problems: list[str]
) -> Reading | None:
    """The OpenAPI document, if there is one and it can be read."""
    if file.openapi is None:
        return None
    given = {("header", name.lower()) for name in api.headers}
    given |= {("query", name.lower()) for name in api.query}
    try:
        path = inside(folder, file.openapi.file, SpecError)
        return read_document(path, file.openapi, frozenset(given), api.base_url, origins)
    except FileError as error:
        problems += [f"openapi: {problem}" for problem in error.problems]
        return None


def _drafts(
    file: SpecFile, tools: Mapping[str, Drafted], skipped: Mapping[str, str], problems: list[str]
) -> dict[str, Drafted]:
    """Every tool by name: those of the OpenAPI document, with what the spec adds, and those by hand."""
    found = dict(tools)
    for name, entry in file.tools.items():
        if name in found:
            found[name] = _refined(found[name], entry)
        elif entry.url is None or entry.parameters is None:
            why = f"; its operation was skipped: {skipped[name]}" if name in skipped else ""
            problems.append(
                f"tools.{name}: a tool that is not in the OpenAPI document needs url and parameters{why}"
            )
        else:
            found[name] = _refined(Drafted(entry.method or "GET", "", {}, {}), entry)
    return found


def _served(
    server: Server,
    file: SpecFile,
    folder: Path,
    secrets: tuple[str, ...],
    notes: list[str],
    problems: list[str],
) -> dict[str, Drafted]:
    """The tools of an MCP server to record: those that it calls read-only, and those that the spec names."""
    if problems:
        return {}  # with a variable missing, the server would be asked with other words than were meant
    with requires_extra("recording an MCP server", "mcp"):
        from .mcp_tools import listed
    try:
        return listed(server, file.limits, folder, secrets, file.tools.keys(), notes)
    except FileError as error:
        problems += [f"api.mcp: {problem}" for problem in error.problems]
        return {}


def _added(file: SpecFile, listed: Mapping[str, Drafted], problems: list[str]) -> dict[str, Drafted]:
    """Every tool that an MCP server or functions list, with what the spec adds."""
    found = dict(listed)
    for name, entry in file.tools.items():
        if listed and name not in listed:
            problems.append(f"tools.{name}: no such tool; there are {', '.join(sorted(listed)[:20])}")
        fields = sorted(entry.model_fields_set & _OF_HTTP)
        problems += [f"tools.{name}.{of_http}: only a tool of an HTTP API has it" for of_http in fields]
        if name in listed:
            found[name] = _refined(found[name], entry)
    if file.openapi is not None:
        problems.append("openapi: it goes with `api.base_url`")
    return found


def _refined(draft: Drafted, entry: ToolEntry) -> Drafted:
    return replace(
        draft,
        method=entry.method or draft.method,
        url=entry.url or draft.url,
        parameters=draft.parameters if entry.parameters is None else entry.parameters,
        places={**draft.places, **entry.places},
        description=draft.description if entry.description is None else entry.description,
        domain=draft.domain if entry.domain is None else entry.domain,
        entry=entry,
        safe=draft.safe or entry.method is not None,  # the author of the spec chose the method
    )


def _endpoint(name: str, draft: Drafted, file: SpecFile, api: Api) -> Endpoint:
    in_path = IN_PATH.findall(draft.url)
    rest: Where = "body" if draft.method in _WITH_BODY else "query"
    places = {
        parameter: Place(at="path") if parameter in in_path else draft.places.get(parameter, Place(at=rest))
        for parameter in draft.parameters.get("properties", {})
    }
    entry = draft.entry or ToolEntry()
    return Endpoint(
        name,
        draft.method,
        _absolute(api.base_url, draft.url),
        places,
        api.headers,
        api.query,
        (*file.drop, *entry.drop),
        file.wrap_text if entry.wrap_text is None else entry.wrap_text,
        file.server_errors if entry.server_errors is None else entry.server_errors,
        draft.body,
        Place(at="body" if draft.operation else rest),
        draft.safe,
    )


def _absolute(base: str, url: str) -> str:
    """The URL of a tool, without a fragment: that is never sent, and what follows it would not be either."""
    url = url.partition("#")[0]
    return url if ABSOLUTE.match(url) else f"{base.rstrip('/')}/{url.lstrip('/')}"


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
                    known=entry.known,
                    fold=entry.fold,
                    derive=entry.derive,
                    holds=entry.holds,
                )
            )
        except ValidationError as error:
            problems += [f"tools.{name}: {_told(fault)}" for fault in error.errors()]
    try:
        return Catalog(specs)
    except FileError as error:
        problems += error.problems
        return Catalog([])


def _told_by(api: Api) -> dict[str, Any]:
    """What of the API decides answers. Where it is does not: another address may serve the same."""
    told = api.model_dump(mode="json", exclude={"base_url", "proxy", "mcp"})
    return told if api.mcp is None else {"mcp": api.mcp.model_dump(mode="json", exclude={"url"})}


def _fingerprint(
    file: SpecFile,
    catalog: Catalog,
    drafts: Mapping[str, Drafted],
    but: Collection[str] = ("derive", "holds", "known", "sources"),
) -> str:
    """blake2b over all that decides an answer: the API, the tools and how their answers are kept.

    The plan is not part of it, nor what is said about answers that are already kept (`derive`, `holds`, `known`,
    `sources`).
    """
    entries = catalog.dump()["tools"]
    asked = {
        "api": _told_by(file.api),
        "secrets": sorted(file.secrets),
        "keeping": [list(file.drop), file.wrap_text, file.server_errors],
        "catalog": {
            "tools": [{k: v for k, v in tool.items() if k not in but} for tool in entries],
        },
        "tools": {
            name: [
                draft.method,
                draft.url,
                {parameter: _asked(place) for parameter, place in draft.places.items()},
                (draft.entry or ToolEntry()).model_dump(
                    mode="json", include={"drop", "wrap_text", "server_errors"}
                ),
                *_body_asked(draft.body),
            ]
            for name, draft in drafts.items()
        },
    }
    return hashlib.blake2b(canonical(asked).encode(), digest_size=16).hexdigest()


def _asked(place: Place) -> dict[str, Any]:
    """A place as fingerprints have it: what is usual is not mentioned, as recordings of 0.1.0 do not know it."""
    return place.model_dump(mode="json", exclude=None if place.explode else {"explode"})


def _body_asked(body: Body) -> list[Any]:
    changed = {name: value for name, value in asdict(body).items() if name != "required"}
    return [] if body == Body(required=body.required) else [changed]
