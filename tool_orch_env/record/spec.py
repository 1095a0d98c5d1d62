"""Read and check the spec of a recording. Every problem is found before the first request.

The result has a catalog, an endpoint per tool, the values of secrets, and a fingerprint of everything that affects an
answer. `${NAME}` is filled in from the environment. This module knows nothing about HTTP beyond URLs.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from ..errors import FileError, SpecError
from ..files import inside
from ..jsonvalues.canonical import canonical
from ..snapshot.catalog import Catalog, ToolSpec
from .credentials import VARIABLE, credentials
from .drafts import Drafted
from .faults import endpoint_faults, missing, pattern_faults, plan_faults
from .follow import expanded
from .openapi import Reading, read_document
from .operation import IN_PATH
from .origin import origin
from .payload import Body
from .request import Endpoint, Place, Where
from .schema import All, Api, Follow, FromFile, FromResponses, SpecFile, Step, ToolEntry, Values
from .scrub import SHORTEST, Scrub
from .yaml12 import parse_yaml

REMEDY = "correct the spec; docs/record.md describes every field"
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Spec:
    """A checked spec.

    `plan` has steps only: `follow` lines are expanded, and `notes` say which tools they leave out. `origins` are the
    only ones that may be contacted; `secrets` are values, not names. `document` is what was read from the OpenAPI
    document, if there is one.
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
    document: Reading | None = None

    def beside(self, name: str) -> Path:
        """The path of a file that the spec names. Raises `SpecError` if it is not in the spec's folder."""
        return inside(self.folder, name, SpecError)


def read_spec(path: str | Path, environ: Mapping[str, str] = os.environ) -> Spec:
    """Read and check a spec. Raises `SpecError` listing every problem."""
    path = Path(path)
    file = _parse(path)
    problems: list[str] = []
    filled = _Filled(environ, problems)
    api = filled.api(file.api)
    secrets = filled.secrets(file.secrets)
    origins = frozenset(_origins([api.base_url, *api.hosts], problems))
    reading = _reading(file, path.parent, api, origins, problems)
    problems += credentials(file, reading.credentials if reading else frozenset())
    skipped = {one.name: f"{one.operation}: {one.why}" for one in reading.skipped} if reading else {}
    drafts = _drafts(file, reading.tools if reading else {}, skipped, problems)
    endpoints = {name: _endpoint(name, draft, file, api) for name, draft in drafts.items() if draft.url}
    for endpoint in endpoints.values():
        problems += endpoint_faults(endpoint, drafts[endpoint.tool], origins)
    problems += pattern_faults(file)
    problems += plan_faults(file, drafts, skipped)
    catalog = _catalog(drafts, problems)
    problems += missing(file, path.parent)
    plan = expanded(file.plan, catalog, [name for name, draft in drafts.items() if not draft.safe])
    problems += plan.problems if catalog else ()  # without tools, each line would be one more problem
    if problems:
        scrub = Scrub(secret for secret in secrets if len(secret) >= SHORTEST)
        raise SpecError([scrub.text(f"{path.name}: {problem}") for problem in problems], REMEDY)
    fingerprint = _fingerprint(file, catalog, drafts)
    return Spec(
        file,
        path.parent,
        catalog,
        endpoints,
        plan.steps,
        plan.notes,
        origins,
        secrets,
        api.proxy,
        fingerprint,
        reading,
    )


class _Filled:
    """Puts environment variables in their places; a missing one is a problem."""

    def __init__(self, environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ, self._problems = environ, problems

    def api(self, given: Api) -> Api:
        """The API's fields with every variable filled in."""
        return Api(
            base_url=self.fill(given.base_url, "api.base_url"),
            hosts=tuple(self.fill(text, f"api.hosts.{i}") for i, text in enumerate(given.hosts)),
            headers={name: self.fill(text, f"api.headers.{name}") for name, text in given.headers.items()},
            query={name: self.fill(text, f"api.query.{name}") for name, text in given.query.items()},
            proxy=None if given.proxy is None else self.fill(given.proxy, "api.proxy"),
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


def _parse(path: Path) -> SpecFile:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise SpecError(f"{path.name}: not YAML: {error}", REMEDY) from error
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
    for text in urls:
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
        draft.url if "://" in draft.url else api.base_url.rstrip("/") + "/" + draft.url.lstrip("/"),
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


def _fingerprint(file: SpecFile, catalog: Catalog, drafts: Mapping[str, Drafted]) -> str:
    """blake2b over all that decides an answer: the API, the tools and how their answers are kept.

    The plan is not part of it, nor what is said about answers that are already kept (`derive`, `holds`).
    """
    entries = catalog.dump()["tools"]
    asked = {
        "api": file.api.model_dump(mode="json", exclude={"base_url", "proxy"}),
        "secrets": sorted(file.secrets),
        "keeping": [list(file.drop), file.wrap_text, file.server_errors],
        "catalog": {
            "tools": [{k: v for k, v in tool.items() if k not in ("derive", "holds")} for tool in entries]
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
