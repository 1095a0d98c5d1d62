"""Match HTTP exchanges with the operations of an OpenAPI document: method, server, path template, query and body.

A match is proved: the request that is built from the arguments that were read must be the recorded one, credentials and
undeclared headers aside. What matches no operation, or is no answer that can be kept, is listed with the reason.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from ..importers.draft import UNRECORDED
from ..jsonvalues.canonical import canonical
from ..jsonvalues.decode import parse_json
from ..record.body import NotJson, kept
from ..record.drafts import Drafted
from ..record.openapi import read_document
from ..record.operation import ABSOLUTE
from ..record.request import Endpoint, Place, build
from ..record.schema import OpenApi
from ..record.scrub import Scrub
from ..record.styles import Unsendable
from ..snapshot import schema
from .credentials import cookies, credential_in, is_credential, secrets, without_credentials
from .documents import Document
from .exchange import Exchange, Exchanges
from .masking import scrubbed
from .trace import Call, Trace

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_SERVER_ERROR = 500
Pairs = list[tuple[str, str]]


class NoMatch(ValueError):
    """A request is not a call of an operation, or its response cannot be kept. The message says why."""


class Operations:
    """The operations of a document. `secrets` collects the credentials that requests carried, cookies aside."""

    def __init__(self, path: str | Path, servers: Sequence[str] = ()) -> None:
        """`servers` are further URLs at which the API was reached. Raises `SpecError`."""
        path = Path(path)
        found = read_document(path, OpenApi(file=path.name))
        everywhere = [*found.servers, *servers] or ["/"]
        self._operations = [
            _Operation(name, draft, everywhere) for name, draft in sorted(found.tools.items())
        ]
        self._operations.sort(key=lambda one: (one.variables, one.name))  # concrete paths come first
        self.secrets: set[str] = set()

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The operations as functions, by name."""
        return {one.name: one.function for one in self._operations}

    def trace(self, document: Document, exchanges: Exchanges) -> Trace:
        """The exchanges of a file as a trace without a request."""
        calls: list[Call] = []
        problems: list[str] = []
        carried: set[str] = set()
        for turn, exchange in enumerate(exchanges):
            if isinstance(exchange, str):
                problems.append(exchange)
                continue
            self.secrets.update(secrets(exchange))
            carried.update(cookies(exchange))
            try:
                calls.append(self.match(exchange, turn))
            except NoMatch as error:
                problems.append(f"{exchange.method} {_shown(exchange.url)}: {error}")
        trace = Trace(document.place, document.stem, tuple(calls), problems=tuple(problems))
        return scrubbed(trace, carried)  # cookies are many, and only their own file knows them

    def match(self, exchange: Exchange, turn: int = 0) -> Call:
        """The call that an exchange is. Raises `NoMatch`."""
        reasons: list[str] = []
        for operation in self._operations:
            for base, path in operation.places(exchange):
                self.secrets.update(text for name, text in path.items() if credential_in(text, name))
                try:
                    arguments = operation.arguments(exchange, base, path)
                except NoMatch as error:
                    reasons.append(f"{operation.name}: {error}")
                else:
                    result = _reply(exchange, operation.endpoint(base))
                    return Call(operation.name, arguments, result, exchange.status, turn, exchange.at)
        raise NoMatch(reasons[0] if reasons else "no operation has this method, server and path")


class _Operation:
    """One operation: reads the arguments of a request."""

    def __init__(self, name: str, draft: Drafted, servers: Iterable[str]) -> None:
        self.name = name
        self._draft = draft
        absolute = ABSOLUTE.match(draft.url)
        self._paths = [_pattern("" if absolute else server, draft.url) for server in servers]
        self.variables = len(_VARIABLE.findall(draft.url))
        hidden = {
            parameter
            for parameter, place in draft.places.items()
            if place.at in ("query", "header") and is_credential(place.name or parameter)
        }
        self._places = {name: place for name, place in draft.places.items() if name not in hidden}
        given = dict(draft.parameters)
        given["properties"] = {n: one for n, one in given.get("properties", {}).items() if n not in hidden}
        given["required"] = [one for one in given.get("required", ()) if one not in hidden]
        self._parameters = given
        self.function = {"name": name, "description": draft.description, "parameters": given}

    def endpoint(self, base: str) -> Endpoint:
        url = base + _path_of(self._draft.url)
        return Endpoint(self.name, self._draft.method, url, self._places, body=self._draft.body)

    def places(self, exchange: Exchange) -> Iterator[tuple[str, dict[str, str]]]:
        """Where the request's URL is this operation's: the server, and the texts of the path's variables."""
        if exchange.method != self._draft.method:
            return
        url = exchange.url.partition("#")[0].partition("?")[0]
        for pattern, names in self._paths:
            found = pattern.fullmatch(url)
            if found is not None:
                values = {name: unquote(found[f"v{index}"]) for index, name in enumerate(names)}
                yield found["base"], values
                return

    def arguments(self, exchange: Exchange, base: str, path: Mapping[str, str]) -> dict[str, Any]:
        """The arguments of a request. Raises `NoMatch`."""
        query = without_credentials(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
        body = self._body(exchange.body)
        found: dict[str, Any] = {}
        for name, place in self._places.items():
            there = name if place.name is None else place.name
            if place.at == "path":
                value = self._typed(name, path[name]) if name in path else UNRECORDED
            elif place.at == "query":
                value = self._from_query(name, there, place, query)
            elif place.at == "header":
                given = exchange.headers.get(there.lower())
                value = UNRECORDED if given is None else self._typed(name, given)
            elif there == "":
                value = body
            else:
                value = body.get(there, UNRECORDED) if isinstance(body, dict) else UNRECORDED
            if value is not UNRECORDED:
                found[name] = value
            if place.at in ("path", "body") and (known := credential_in(value, there)):
                raise NoMatch(f"not recorded, {known!r:.80} is a credential")
        self._prove(exchange, base, found, query, body)
        return found

    def _prove(
        self, exchange: Exchange, base: str, arguments: dict[str, Any], query: Pairs, body: Any
    ) -> None:
        """Raises `NoMatch` unless the request built from the arguments is the recorded one."""
        try:
            made = build(self.endpoint(base), arguments)
        except (Unsendable, KeyError, ValueError, httpx.InvalidURL) as error:
            raise NoMatch(f"its request cannot be built: {error}") from error
        sent = parse_qsl(made.url.query.decode(), keep_blank_values=True)
        strange = [name for name, _ in query if name not in {name for name, _ in sent}]
        if strange:
            raise NoMatch(f"the query parameter {strange[0]!r} is not one of the operation's")
        if sorted(map(_folded, sent)) != sorted(map(_folded, query)):
            raise NoMatch("its query is written in another way than the document says")
        if unquote(made.url.path) != unquote(urlsplit(exchange.url).path):
            raise NoMatch("its path is written in another way than the document says")
        sent_body = self._body(made.read())
        if (sent_body is UNRECORDED) != (body is UNRECORDED) or (
            body is not UNRECORDED and canonical(sent_body) != canonical(body)
        ):
            raise NoMatch("its body has what the operation does not describe")

    def _body(self, body: bytes) -> Any:
        """The value of a body, `UNRECORDED` if it has none. Raises `NoMatch` if it is no JSON and no form."""
        kind = self._draft.body.kind
        if kind == "json" or not body.strip():
            return _json(body)
        if kind != "form":
            raise NoMatch(f"its body is {self._draft.body.media}, and only JSON and forms are read")
        given = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        found: dict[str, Any] = {}
        for field in dict.fromkeys(field for field, _ in given):
            name = next(
                (n for n, p in self._places.items() if p.at == "body" and field in (p.name, n)), field
            )
            texts = [text for other, text in given if other == field]
            found[field] = self._typed(name, texts[0]) if len(texts) == 1 else texts
        return found

    def _typed(self, name: str, text: str) -> Any:
        """A text of a URL or a header as the parameter's schema wants it; the text itself if nothing fits."""
        listed = [self._item(name, part) for part in text.split(",")]
        return next((value for value in (*_readings(text), listed) if self._valid(name, value)), text)

    def _valid(self, name: str, value: Any) -> bool:
        declared = self._parameters["properties"].get(name)
        if not isinstance(declared, dict):
            return True
        definitions = {"$defs": self._parameters["$defs"]} if "$defs" in self._parameters else {}
        return not any(schema.validator({**definitions, **declared}).iter_errors(value))

    def _from_query(self, name: str, there: str, place: Place, query: Pairs) -> Any:
        if place.style == "deep":
            found = {key[len(there) + 1 : -1]: text for key, text in query if key.startswith(f"{there}[")}
            return found or UNRECORDED
        members = self._parameters["properties"].get(name, {}).get("properties")
        if place.style == "form" and members:
            return {key: text for key, text in query if key in members} or UNRECORDED
        texts = [text for key, text in query if key == there]
        if not texts:
            return UNRECORDED
        candidates: list[Any] = []
        if place.style == "json":
            candidates += [value for value in (_json(texts[0].encode()),) if value is not UNRECORDED]
        parts = texts
        if place.style in _SEPARATORS:
            parts = texts[0].split(_SEPARATORS[place.style])
        if len(texts) == 1:
            candidates += _readings(texts[0])
        candidates += [
            [self._item(name, part) for part in parts],
            list(parts),
        ]
        return next((value for value in candidates if self._valid(name, value)), texts[0])

    def _item(self, name: str, text: str) -> Any:
        return next((value for value in _readings(text) if self._valid(name, [value])), text)


_SEPARATORS = {"comma": ",", "space": " ", "pipe": "|"}


def _readings(text: str) -> Iterator[Any]:
    """What a text can mean: itself, a number, a boolean, null."""
    yield text
    try:
        value = parse_json(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return
    if not isinstance(value, (dict, list, str)):
        yield value


def _json(body: bytes) -> Any:
    """The JSON of a body, `UNRECORDED` if it has none. Raises `NoMatch` if it is something else."""
    if not body.strip():
        return UNRECORDED
    try:
        value = parse_json(body)
        canonical(value)
    except ValueError as error:
        raise NoMatch("its body is not JSON") from error
    return value


def _reply(exchange: Exchange, endpoint: Endpoint) -> Any:
    """The response's JSON. Raises `NoMatch`."""
    if not 200 <= exchange.status < _SERVER_ERROR or 300 <= exchange.status < 400:
        raise NoMatch(f"not recorded, its status is {exchange.status}")
    try:
        text = kept(
            exchange.reply,
            exchange.reply_headers.get("content-type", ""),
            exchange.status,
            endpoint,
            Scrub(()),
        )
    except NotJson as error:
        raise NoMatch(f"not recorded, its response is {error}") from error
    return parse_json(text)


def _pattern(server: str, template: str) -> tuple[re.Pattern[str], list[str]]:
    """A pattern for the URLs of an operation at a server, and the names of the path's variables."""
    host, path = ("", server.rstrip("/")) if "://" not in server else ("", "")
    if "://" in server:
        host = server.rstrip("/")
    elif ABSOLUTE.match(template):
        host, template = template[: len(template) - len(_path_of(template))], _path_of(template)
    base = re.sub(r"\\\{[^{}]*\\\}", "[^/?#]+", re.escape(host)) if host else r"[a-z]+://[^/?#]+"
    base = re.sub(r"^https?", "https?", base) + re.escape(path)
    names: list[str] = []

    def variable(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"(?P<v{len(names) - 1}>[^/?#]+)"

    parts = _VARIABLE.split(template)
    text = "".join(
        re.escape(part) if index % 2 == 0 else variable(re.fullmatch(r"(.*)", part, re.S))  # type: ignore[arg-type]
        for index, part in enumerate(parts)
    )
    return re.compile(f"(?P<base>{base}){text}", re.IGNORECASE if not text else 0), names


def _path_of(url: str) -> str:
    """The path of a URL template."""
    return re.sub(r"^[a-z]+://[^/]*", "", url)


def _folded(pair: tuple[str, str]) -> tuple[str, str]:
    name, text = pair
    return name, text.lower() if text in ("True", "False") else text


def _shown(url: str) -> str:
    """A URL without user, query and fragment, which may hold credentials."""
    return re.sub("//[^/?#]*@", "//", re.split("[?#]", url, maxsplit=1)[0])[:200]
