"""What is read from an OpenAPI document: a draft of each tool. Large documents are read once per content.

The drafts of a large document are kept in the user's cache folder as JSON. An entry that is damaged, of another version
of the package, or about files that have changed is made anew.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from .._version import __version__
from ..errors import SnapshotError
from ..snapshot.store import cache_folder
from .payload import JSON, Body
from .request import Place
from .schema import ToolEntry

_FORMAT = 2
_WORTH_KEEPING = 256 << 10
"""Bytes from which on a document is kept: a smaller one is read in less than a second."""


@dataclass(frozen=True)
class Drafted:
    """A tool before it is compiled. `entry` is the spec's own entry for it, if any.

    `operation` is that of the document it comes from, "" for a tool by hand, and `servers` its own servers. `safe` is
    false if calls may change something.
    """

    method: str
    url: str
    parameters: Mapping[str, Any]
    places: Mapping[str, Place]
    description: str = ""
    domain: str = ""
    entry: ToolEntry | None = None
    body: Body = JSON
    operation: str = ""
    servers: tuple[str, ...] = ()
    safe: bool = True


class Entry(NamedTuple):
    """One operation: its labels (operationId first), and its draft or the reason why there is none."""

    labels: tuple[str, ...]
    draft: Drafted | None
    why: str = ""

    @property
    def operation(self) -> str:
        """`GET /path (id)`, or `GET /path` without an id."""
        return self.labels[0] if len(self.labels) == 1 else f"{self.labels[-1]} ({self.labels[0]})"


@dataclass(frozen=True)
class Drafts:
    """All operations of a document.

    `credentials` are the headers and query parameters that carry its API keys, as (place, lower-case name). `files` has
    the digest of every file that was read.
    """

    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]
    credentials: frozenset[tuple[str, str]]
    servers: tuple[str, ...]
    files: Mapping[str, str]


def digest(data: bytes) -> str:
    """The digest of a file's content."""
    return blake2b(data, digest_size=16).hexdigest()


def cached(path: Path, given: frozenset[tuple[str, str]], read: Callable[[], Drafts]) -> Drafts:
    """The drafts of the document at `path`, from the cache if they are there, else what `read` returns."""
    try:
        data = path.read_bytes() if path.stat().st_size >= _WORTH_KEEPING else b""
        place = cache_folder() / f"openapi-{_key(data, given)}.json"
    except (OSError, SnapshotError):
        data = b""
    if not data:
        return read()  # and report what is wrong with the file
    with suppress(OSError, ValueError, KeyError, TypeError):  # a cache is no place to fail
        found = _loaded(json.loads(place.read_bytes()))
        if all(digest((path.parent / name).read_bytes()) == known for name, known in found.files.items()):
            return found
    made = read()
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        draft.write_text(json.dumps(_dumped(made)), encoding="utf-8")
        draft.replace(place)
    return made


def _key(data: bytes, given: frozenset[tuple[str, str]]) -> str:
    return digest(json.dumps([_FORMAT, __version__, digest(data), sorted(given)]).encode())


def _dumped(drafts: Drafts) -> dict[str, Any]:
    """As JSON, with every definition once, however many tools refer to it."""
    definitions: dict[str, Any] = {}
    entries: list[dict[str, Any]] = []
    for labels, draft, why in drafts.entries:
        if draft is None:
            entries.append({"labels": labels, "why": why})
            continue
        own = {name: value for name, value in draft.parameters.items() if name != "$defs"}
        used = draft.parameters.get("$defs", {})
        definitions |= used
        places = {name: place.model_dump() for name, place in draft.places.items()}
        rest = {name: getattr(draft, name) for name in _AS_IS}
        entries.append(
            {
                "labels": labels,
                "draft": {**rest, "parameters": own, "places": places, "body": asdict(draft.body)},
                "definitions": list(used),
            }
        )
    return {
        "entries": entries,
        "definitions": definitions,
        "remarks": drafts.remarks,
        "credentials": sorted(drafts.credentials),
        "servers": drafts.servers,
        "files": dict(drafts.files),
    }


_AS_IS = ("method", "url", "description", "domain", "operation", "servers", "safe")


def _loaded(kept: Any) -> Drafts:
    """The opposite of `_dumped`."""
    entries = []
    for one in kept["entries"]:
        if "why" in one:
            entries.append(Entry(tuple(one["labels"]), None, one["why"]))
            continue
        fields = dict(one["draft"])
        if one["definitions"]:
            fields["parameters"]["$defs"] = {name: kept["definitions"][name] for name in one["definitions"]}
        fields["places"] = {name: Place(**place) for name, place in fields["places"].items()}
        fields["body"] = Body(**{**fields["body"], "files": tuple(fields["body"]["files"])})
        fields["servers"] = tuple(fields["servers"])
        entries.append(Entry(tuple(one["labels"]), Drafted(**fields)))
    credentials = frozenset((at, name) for at, name in kept["credentials"])
    return Drafts(tuple(entries), tuple(kept["remarks"]), credentials, tuple(kept["servers"]), kept["files"])
