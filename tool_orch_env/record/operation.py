"""One operation of an OpenAPI document as a tool: its parameters, its body, and where each argument goes.

A body that is a JSON object becomes one parameter per property; any other body becomes the parameter `body`. Where two
places have a parameter of one name, the later one is named after its place, `body_id`. A cookie is never sent: an
operation that requires one cannot be used, unless every request has the header anyway.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..jsonvalues.canonical import NotCanonical, canonical
from ..snapshot import schema as schemas_2020
from . import swagger
from .assembly import Assembly
from .content import NO_BODY, add_body
from .dialect import Schemas
from .document import Document, Node, Unusable
from .drafts import Drafted
from .origin import origin_of
from .request import OF_CONNECTION, TOKEN, Place
from .styles import Style

ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""How a URL begins that has a host of its own."""
IN_PATH = re.compile(r"\{([^{}]*)\}")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
"""Methods that may change something."""
_NOT_PARAMETERS = frozenset(
    ("header", name) for name in ("accept", "content-type", "authorization", *OF_CONNECTION)
)
"""Header parameters that OpenAPI says to ignore, and those of the connection."""
_QUERY: Mapping[tuple[str, bool], Style] = {
    ("form", True): "form",
    ("form", False): "comma",
    ("spaceDelimited", True): "form",
    ("spaceDelimited", False): "space",
    ("pipeDelimited", True): "form",
    ("pipeDelimited", False): "pipe",
    ("deepObject", True): "deep",
    ("deepObject", False): "deep",
}
"""(style, explode) in a query -> our style."""
_ELSEWHERE: Mapping[tuple[str, str], Style] = {
    ("path", "simple"): "repeat",
    ("path", "label"): "label",
    ("path", "matrix"): "matrix",
    ("header", "simple"): "repeat",
}


class Operation(NamedTuple):
    """An operation where it is in the document: `item` is its path item."""

    method: str
    path: str
    item: Node
    own: Node


class _Parameter(BaseModel):
    """A parameter object, as far as it matters."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    at: Literal["path", "query", "header", "cookie"] = Field(alias="in")
    required: bool = False
    description: str | None = None
    style: str | None = None
    explode: bool | None = None
    schema_: Any = Field(default=None, alias="schema")
    content: dict[str, Any] | None = None


class Drafter:
    """Drafts the tools of one document.

    `given` has parameters, as (place, lower-case name), that every request carries anyway; tools do not get them.
    """

    def __init__(self, document: Document, schemas: Schemas, given: frozenset[tuple[str, str]]) -> None:
        self._document, self._schemas = document, schemas
        self._given = given | _NOT_PARAMETERS
        self._is_swagger = "swagger" in document.root

    def drafted(self, operation: Operation, label: str) -> Drafted:
        """The tool of an operation. Raises `Unusable`."""
        own = operation.own.value
        parameters, body = self._stated(operation)
        parts = Assembly()
        path = operation.path.partition("#")[0]  # a fragment tells variants apart, and is not sent
        for node in parameters:
            self._add(parts, node, path)
        for name in dict.fromkeys(IN_PATH.findall(path)):
            if name not in parts.in_path():
                parts.add(name, {"type": "string"}, True, Place(at="path"))
                self._schemas.remarks[f"{label}: {{{name}}} is not described: it is taken for a text"] = None
        sent = NO_BODY if body is None else add_body(parts, body, self._document, self._schemas)
        named = parts.in_path()
        url = IN_PATH.sub(lambda match: f"{{{named[match[1]]}}}", path)
        if ABSOLUTE.match(url) or origin_of("http://host/" + IN_PATH.sub("x", url)) is None:
            raise Unusable("its path cannot be that of a URL")
        schema: dict[str, Any] = {
            "type": "object",
            "properties": parts.properties,
            "required": parts.required,
            "additionalProperties": False,
            **sent.words,
        }
        schema |= self._schemas.defined(schema)
        for fault in schemas_2020.faults(schema, "parameters"):
            raise Unusable(fault)
        words = [own.get("summary"), own.get("description")]
        texts = [text.strip() for text in words if isinstance(text, str) and text.strip()]
        tags = own.get("tags")
        domain = tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else ""
        try:
            canonical([label, domain, *texts])
        except NotCanonical as error:
            raise Unusable(f"its texts have {error}") from error
        return Drafted(
            operation.method,
            url,
            schema,
            parts.places,
            "\n".join(dict.fromkeys(texts)),
            domain,
            body=sent.body,
            operation=label,
            servers=self._servers(operation),
            safe=operation.method not in UNSAFE,
        )

    def _stated(self, operation: Operation) -> tuple[list[Node], Node | None]:
        """Parameters, an operation's own in place of the path's, and the body."""
        found: dict[tuple[Any, Any], Node] = {}
        for holder in (operation.item, operation.own):
            listed = holder.value.get("parameters") or []
            if not isinstance(listed, list):
                raise Unusable(f"parameters: expected a list, found {listed!r:.80}")
            for entry in listed:
                node = self._document.followed(Node(entry, holder.file))
                found[str(node.value.get("name")), str(node.value.get("in"))] = node
        nodes = list(found.values())
        if self._is_swagger:
            consumes = operation.own.value.get("consumes", self._document.root.get("consumes"))
            return swagger.parameters(nodes, consumes)
        body = operation.own.value.get("requestBody")
        return nodes, None if body is None else self._document.followed(Node(body, operation.own.file))

    def _add(self, parts: Assembly, node: Node, path: str) -> None:
        """Add a parameter. Raises `Unusable`."""
        try:
            parameter = _Parameter.model_validate(node.value)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(["parameter", str(node.value.get("name", "?")), *map(str, fault["loc"])])
            raise Unusable(f"{where}: {fault['msg']}, found {fault['input']!r:.80}") from error
        name, at = parameter.name, parameter.at
        if (at, name.lower()) in self._given:
            return
        if at == "cookie" or (at, name.lower()) == ("header", "cookie"):
            if parameter.required and ("header", "cookie") not in self._given:
                raise Unusable(f"requires the cookie {name!r}, but cookies are not sent")
            return
        if at == "path" and f"{{{name}}}" not in path:
            self._schemas.remarks[f"{path}: it has no {{{name}}}: the parameter is left out"] = None
            return
        if at == "header" and not TOKEN.fullmatch(name):
            raise Unusable(f"no header has the name {name!r:.80}")
        schema, place = self._placed(parameter, node.file, at)
        if parameter.description is not None and isinstance(schema, dict):
            schema = {"description": parameter.description, **schema}
        parts.add(name, schema, at == "path" or parameter.required, place)

    def _placed(
        self, parameter: _Parameter, file: str, at: Literal["path", "query", "header"]
    ) -> tuple[Any, Place]:
        """The schema of a parameter and how it is written."""
        if parameter.content:
            media, held = next(iter(parameter.content.items()))
            schema = held.get("schema", {}) if isinstance(held, dict) else {}
            style: Style = "repeat" if media.startswith("text/") else "json"
            if style == "json" and "json" not in media:
                raise Unusable(f"parameter {parameter.name}: expected JSON or text, found {media!r:.80}")
            return self._schemas.modern(Node(schema, file)), Place(at=at, style=style)
        node = Node({} if parameter.schema_ is None else parameter.schema_, file)
        usual = "form" if at == "query" else "simple"
        stated = parameter.style or usual
        explode = stated == "form" if parameter.explode is None else parameter.explode
        found = _QUERY.get((stated, explode)) if at == "query" else _ELSEWHERE.get((at, stated))
        if found is None:
            raise Unusable(f"parameter {parameter.name}: a {at} has no style {stated!r:.80}")
        if found == "form" and not self._may_be_object(node):
            found = "repeat"
        return self._schemas.modern(node), Place(at=at, style=found, explode=explode and at != "query")

    def _may_be_object(self, node: Node, seen: set[int] | None = None) -> bool:
        """Whether a value may be an object, as far as types, enums and unions say."""
        seen = set() if seen is None else seen
        if not isinstance(node.value, dict) or id(node.value) in seen:
            return True
        seen.add(id(node.value))
        schema, file = self._document.followed(node)
        if "type" in schema:
            return "object" in (schema["type"] if isinstance(schema["type"], list) else [schema["type"]])
        listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(listed, list):
            return any(isinstance(value, dict) for value in listed)
        for keyword, every in (("anyOf", any), ("oneOf", any), ("allOf", all)):
            if isinstance(members := schema.get(keyword), list):
                return every(self._may_be_object(Node(member, file), seen) for member in members)
        return True

    def _servers(self, operation: Operation) -> tuple[str, ...]:
        """The servers of an operation or its path; none if one of them is the document's own."""
        if self._is_swagger:
            return ()
        common = set(server_urls(self._document.root))
        for holder in (operation.own.value, operation.item.value):
            if found := list(server_urls(holder)):
                return () if common & set(found) else tuple(found)
        return ()


def server_urls(holder: Mapping[str, Any]) -> Iterator[str]:
    """The URLs of the servers of a document, a path or an operation, with the defaults of their variables."""
    servers = holder.get("servers")
    for server in servers if isinstance(servers, list) else []:
        url = server.get("url") if isinstance(server, dict) else None
        if isinstance(url, str):
            variables = server.get("variables")
            for name, variable in variables.items() if isinstance(variables, dict) else ():
                usual = variable.get("default", "") if isinstance(variable, dict) else ""
                url = url.replace(f"{{{name}}}", str(usual))
            yield url
