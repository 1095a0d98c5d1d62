"""Turn an OpenAPI document into tools: Swagger 2.0, or OpenAPI 3.0 to 3.2.

Operations are read one by one. One that cannot be used is skipped and listed with its place and reason; what no
operation uses is not looked at. The spec chooses and renames operations, and says which are safe to call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from ..errors import SpecError
from . import naming, swagger
from .dialect import Schemas
from .document import REMEDY, Document, Node, Unusable
from .drafts import Drafted, Drafts, Entry, cached
from .operation import Drafter, Operation, server_urls
from .origin import origin_of
from .schema import OpenApi

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_OTHER_METHODS = ("trace", "query")
_MOST_OPERATIONS = 10_000
_VERSIONS = ("3.0", "3.1", "3.2")


class Skipped(NamedTuple):
    """An operation that did not become a tool: the name that it would have, and why."""

    name: str
    operation: str
    why: str


@dataclass(frozen=True)
class Reading:
    """The tools of a document by name, and what is to be said about it."""

    file: str
    tools: Mapping[str, Drafted]
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[str, ...] = ()
    credentials: frozenset[tuple[str, str]] = frozenset()
    servers: tuple[str, ...] = ()


def read_document(
    path: Path,
    options: OpenApi,
    given: frozenset[tuple[str, str]] = frozenset(),
    base_url: str = "",
    origins: frozenset[str] | None = None,
) -> Reading:
    """The tools of a document. Raises `SpecError`.

    `given` has parameters, as (place, lower-case name), that every request carries anyway; tools do not get them. An
    operation with a server of its own is skipped if that is not among `origins`; without them, any is taken.
    """
    found = cached(path, given, lambda: drafts(Document(path), given))
    if not found.entries:
        raise SpecError(f"{path.name}: paths: expected operations, found none", REMEDY)
    names, rules_used = _named(found.entries, options.rename)
    problems = [f"rename: {rule!r} matches no operation" for rule in options.rename if rule not in rules_used]
    problems += [
        f"{field}: {pattern!r} matches no operation"
        for field, patterns in (("only", options.only), ("except", options.except_), ("safe", options.safe))
        for pattern in patterns or ()
        if not any(naming.matches([pattern], entry.labels) for entry in found.entries)
    ]
    served = [_served(entry, base_url, origins) for entry in found.entries]
    if options.operations is not None:
        named = list(_picked(served, options.operations, path.name, problems))
    else:
        named = [pair for pair in zip(names, served, strict=True) if _is_chosen(pair[1], options)]
    tools = {
        name: replace(entry.draft, safe=entry.draft.safe or bool(naming.matches(options.safe, entry.labels)))
        for name, entry in named
        if entry.draft is not None
    }
    skipped = tuple(Skipped(name, entry.operation, entry.why) for name, entry in named if entry.draft is None)
    if not tools and not problems:
        problems = [f"{path.name}: no operation can be used"]
        problems += [f"{path.name}: {one.operation}: {one.why}" for one in skipped]
    if problems:
        raise SpecError(problems, REMEDY)
    return Reading(path.name, tools, skipped, found.remarks, found.credentials, found.servers)


def _named(entries: Iterable[Entry], rules: Mapping[str, str]) -> tuple[list[str], set[str | None]]:
    """The name of every operation, and the rules that were used."""
    found = [naming.renamed(rules, entry.labels) for entry in entries]
    return naming.unique([name for name, _ in found]), {rule for _, rule in found}


def _is_chosen(entry: Entry, options: OpenApi) -> bool:
    chosen = options.only is None or naming.matches(options.only, entry.labels)
    return bool(chosen) and not naming.matches(options.except_, entry.labels)


def _picked(
    entries: Sequence[Entry], operations: Mapping[str, str], file: str, problems: list[str]
) -> Iterator[tuple[str, Entry]]:
    """The operations that the spec lists. One that cannot be used is a problem."""
    for name, label in operations.items():
        found = [entry for entry in entries if label in entry.labels]
        if not found:
            problems.append(f"{file}: no operation {label!r}")
        elif len(found) > 1:
            ways = ", ".join(entry.labels[-1] for entry in found)
            problems.append(f"{file}: several operations are {label!r}: expected one of {ways}")
        elif found[0].draft is None:
            problems.append(f"{file}: {found[0].operation}: {found[0].why}")
        else:
            yield name, found[0]


def _served(entry: Entry, base_url: str, origins: frozenset[str] | None) -> Entry:
    """The operation at its own server, if it has one."""
    if entry.draft is None or not entry.draft.servers:
        return entry
    urls = [_joined(base_url, url) for url in entry.draft.servers]
    found = {url: origin_of(url) for url in urls}
    allowed = [url for url, origin in found.items() if origin and (origins is None or origin in origins)]
    if not allowed:
        why = f"its server {urls[0]} is not among api.base_url and api.hosts: add it to api.hosts"
        return Entry(entry.labels, None, why)
    url = allowed[0].rstrip("/") + "/" + entry.draft.url.lstrip("/")
    return entry._replace(draft=replace(entry.draft, url=url))


def _joined(base: str, url: str) -> str:
    """The URL of a server, which may be relative to that of the API."""
    try:
        return urljoin(base, url)
    except ValueError:  # no URL, so no origin that is allowed
        return url


def drafts(document: Document, given: frozenset[tuple[str, str]]) -> Drafts:
    """All operations of a document. Raises `SpecError` if it is not an OpenAPI document."""
    version = _version(document)
    paths = document.root.get("paths")
    if not isinstance(paths, dict):
        raise SpecError(f"{document.name}: paths: expected an object, found {paths!r:.80}", REMEDY)
    schemas = Schemas(document, old=version in ("2.0", "3.0"))
    drafter = Drafter(document, schemas, given)
    found = list(islice(_every(document, paths), _MOST_OPERATIONS + 1))
    if len(found) > _MOST_OPERATIONS:
        raise SpecError(
            f"{document.name}: expected at most {_MOST_OPERATIONS:,} operations", "split the document"
        )
    entries = tuple(_entry(drafter, operation, labels) for operation, labels in found)
    servers = swagger.servers(document.root) if version == "2.0" else None
    urls = server_urls({"servers": servers} if servers else document.root)
    return Drafts(
        entries,
        tuple(schemas.remarks),
        frozenset(_credentials(document)),
        tuple(urls),
        dict(document.digests),
    )


def _every(document: Document, paths: Mapping[str, Any]) -> Iterator[tuple[Operation | str, tuple[str, ...]]]:
    """The operations of all paths, or why there is none, with their labels."""
    for path, item in paths.items():
        if not path.startswith("x-"):
            yield from _operations(document, path, item)


def _version(document: Document) -> str:
    stated = document.root.get("openapi", document.root.get("swagger"))
    version = str(stated)[:3]
    if ("openapi" in document.root and version in _VERSIONS) or version == "2.0":
        return version
    found = "none" if stated is None else f"{stated!r:.40}"
    raise SpecError(
        f"{document.name}: openapi: expected 3.0 to 3.2, or swagger: '2.0', found {found}", REMEDY
    )


def _operations(
    document: Document, path: str, item: Any
) -> Iterator[tuple[Operation | str, tuple[str, ...]]]:
    """The operations of a path, or why there is none, with their labels."""
    try:
        node = document.followed(document.node(item))
    except Unusable as error:
        yield f"paths.{path}: {error}", (f"* {path}",)
        return
    for method in (*_METHODS, *_OTHER_METHODS):
        if method not in node.value:
            continue
        own, plain = node.value[method], f"{method.upper()} {path}"
        stated = own.get("operationId") if isinstance(own, dict) else None
        labels = (stated, plain) if isinstance(stated, str) and stated else (plain,)
        if not isinstance(own, dict):
            yield f"expected an object, found {own!r:.80}", labels
        elif method in _OTHER_METHODS:
            yield f"{method.upper()} is not recorded", labels
        else:
            yield Operation(method.upper(), path, node, Node(own, node.file)), labels


def _entry(drafter: Drafter, operation: Operation | str, labels: tuple[str, ...]) -> Entry:
    if isinstance(operation, str):
        return Entry(labels, None, operation)
    try:
        return Entry(labels, drafter.drafted(operation, Entry(labels, None).operation))
    except Unusable as error:
        return Entry(labels, None, str(error))
    except RecursionError:
        return Entry(labels, None, "its schemas are nested too deep")


def _credentials(document: Document) -> Iterator[tuple[str, str]]:
    """Where the document says that its API keys go."""
    components = document.root.get("components")
    schemes = (
        document.root.get("securityDefinitions")
        if "swagger" in document.root
        else components.get("securitySchemes")
        if isinstance(components, dict)
        else None
    )
    for scheme in schemes.values() if isinstance(schemes, dict) else ():
        if isinstance(scheme, dict) and scheme.get("type") == "apiKey":
            yield str(scheme.get("in")), str(scheme.get("name")).lower()
