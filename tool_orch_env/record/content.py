"""The request body of an operation: which of its media types is sent, and which parameters it becomes.

JSON by any name comes first, then forms, text and bytes. The properties of an object become parameters where that says
all that its schema says; otherwise the object is one parameter, `body`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .assembly import Assembly
from .dialect import Schemas
from .document import Document, Node, Unusable
from .payload import Body, BodyKind
from .request import Place
from .styles import Style

_ORDER: tuple[BodyKind, ...] = ("json", "form", "multipart", "text", "binary")
_RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
_PLAIN_WORDS = (
    "type properties required title description additionalProperties default deprecated examples $comment"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
_OF_NAMES = ("anyOf", "oneOf", "allOf")
_LIGHT = frozenset(("required", "properties", "title", "description", "type"))
_WHOLE = Place(at="body", name="")
_FIELDS: Mapping[tuple[str, bool], Style] = {
    ("form", True): "form",
    ("form", False): "comma",
    ("spaceDelimited", False): "space",
    ("pipeDelimited", False): "pipe",
    ("deepObject", True): "deep",
    ("deepObject", False): "deep",
}
_BYTES = {"type": "string", "contentEncoding": "base64"}


class Added(NamedTuple):
    """How a body is sent, and the keywords that it adds to the tool's schema."""

    body: Body
    words: dict[str, Any]


NO_BODY = Added(Body(), {})


class _Media(NamedTuple):
    """A media type of a body: `stated` is the document's, `sent` what a request says."""

    kind: BodyKind
    stated: str
    sent: str
    schema: Node
    value: Mapping[str, Any]


def add_body(parts: Assembly, body: Node, document: Document, schemas: Schemas) -> Added:
    """Add the parameters of a body. Raises `Unusable`."""
    content = body.value.get("content")
    if not isinstance(content, dict) or not content:
        raise Unusable("requestBody: expected content, found none")
    required = body.value.get("required") is True
    found = [media for name, value in content.items() if (media := _media(name, value, body.file, document))]
    if not found:
        stated = ", ".join(map(str, content))
        raise Unusable(f"requestBody: expected JSON, a form, text or bytes, found {stated:.200}")
    media = min(found, key=lambda one: (_ORDER.index(one.kind), one.sent != "application/json"))
    schema = document.followed(media.schema) if isinstance(media.schema.value, dict) else media.schema
    if media.kind == "binary":
        parts.add("body", _as_bytes(schema.value), required, _WHOLE)
        return Added(Body("binary", media.sent, required), {})
    if media.kind == "text":
        parts.add("body", schemas.modern(media.schema) or {"type": "string"}, required, _WHOLE)
        return Added(Body("text", media.sent, required), {})
    files = _files(schema, document) if media.kind == "multipart" else ()
    styles = _styles(media) if media.kind == "form" else {}
    types = _types(media) if media.kind == "multipart" else {}
    sent = Body(media.kind, media.sent, required, styles, types, files)
    converted = schemas.modern(schema) if _is_object(schema.value) else None
    if converted is not None and "properties" in converted:
        for name in files:
            converted["properties"][name] = _with_bytes(converted["properties"][name])
        words = _flattened(parts, converted, required)
        if words is not None:
            return Added(sent, words)
    whole = converted if files else schemas.modern(media.schema)
    parts.add("body", whole, required, _WHOLE)
    return Added(sent, {})


def _is_object(schema: Any) -> bool:
    """Whether a schema lists the properties of an object, and says so or has no type."""
    return (
        isinstance(schema, dict)
        and schema.get("type", "object") == "object"
        and isinstance(schema.get("properties"), dict)
    )


def _flattened(parts: Assembly, schema: dict[str, Any], required: bool) -> dict[str, Any] | None:
    """Add a parameter for every property, and return the other keywords of the object.

    `None` if they would mean something else beside other parameters: then the object stays one parameter.
    """
    properties, needed = schema["properties"], schema.get("required", [])
    if not isinstance(needed, list):
        raise Unusable(f"requestBody: required: expected a list, found {needed!r:.80}")
    words = {name: value for name, value in schema.items() if name not in _PLAIN}
    renamed = any(parts.free(name, "body") != name for name in properties)
    if words and (renamed or not required or not (not parts.properties or _look_at_names(words))):
        return None
    if schema.get("additionalProperties", False) is not False:
        words["additionalProperties"] = schema["additionalProperties"]
    place = Place(at="body")
    names = {
        name: parts.add(name, member, required and name in needed, place)
        for name, member in properties.items()
    }
    if needed and not required:  # the body may be left out, but if it is there it has these
        wanted = [names[name] for name in needed if name in names]
        others = {made: [name for name in wanted if name != made] for made in names.values()}
        words["dependentRequired"] = {name: some for name, some in others.items() if some}
    return words


def _look_at_names(words: Mapping[str, Any]) -> bool:
    """Whether keywords say only which properties are required, whatever other properties there are."""
    return all(
        keyword in _OF_NAMES and all(isinstance(one, dict) and one.keys() <= _LIGHT for one in members)
        for keyword, members in words.items()
    )


def _media(name: str, value: Any, file: str, document: Document) -> _Media | None:
    """What a media type is sent as; `None` if it cannot be."""
    plain = name.split(";")[0].strip().lower()
    value = value if isinstance(value, dict) else {}
    given = Node(value.get("schema", {}), file)
    schema = document.followed(given).value if isinstance(given.value, dict) else {}
    sent = _RANGES.get(plain, name.strip())
    kind: BodyKind
    if _is_binary(schema) and plain != "multipart/form-data" and "json" not in plain:
        kind, sent = "binary", "application/octet-stream" if "*" in plain else sent
    elif plain in ("application/json", "text/json", "*/*", "application/*") or plain.endswith("+json"):
        kind = "json"
    elif plain == "application/x-www-form-urlencoded":
        kind = "form"
    elif plain == "multipart/form-data":
        kind = "multipart"
    elif schema.get("type") == "string" or (not schema and plain.startswith("text/")):
        kind, sent = "text", "text/plain" if "*" in sent else sent
    elif not schema and not plain.startswith("multipart/"):
        kind, sent = "binary", "application/octet-stream" if "*" in plain else sent
    else:
        return None
    return _Media(kind, name, sent, given, value)


def _is_binary(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is one of bytes: 3.0's `binary`, Swagger's `file`, 3.1's media type without an encoding."""
    if schema.get("type") == "file" or schema.get("format") == "binary":
        return True
    kind = schema.get("contentMediaType")
    text = isinstance(kind, str) and (kind.startswith("text/") or "json" in kind)
    return isinstance(kind, str) and not text and "contentEncoding" not in schema


def _as_bytes(schema: Any) -> dict[str, Any]:
    words = schema.get("description") if isinstance(schema, dict) else None
    return {
        **_BYTES,
        "description": " ".join([words.strip(), "(base64)"]) if words else "The bytes, in base64.",
    }


def _encodings(media: _Media) -> dict[str, Mapping[str, Any]]:
    given = media.value.get("encoding")
    return {
        name: one for name, one in (given if isinstance(given, dict) else {}).items() if isinstance(one, dict)
    }


def _styles(media: _Media) -> dict[str, Style]:
    """Field -> style, for those that the document states a style or JSON for."""
    found: dict[str, Style] = {}
    for name, encoding in _encodings(media).items():
        if "style" in encoding or "explode" in encoding:
            style = str(encoding.get("style", "form"))
            explode = encoding.get("explode", style == "form") is True
            found[name] = _FIELDS.get((style, explode), "form")
        elif "json" in str(encoding.get("contentType", "")):
            found[name] = "json"
    return found


def _types(media: _Media) -> dict[str, str]:
    """Part -> content type, for those that the document states one for."""
    return {
        name: encoding["contentType"].split(",")[0].strip()
        for name, encoding in _encodings(media).items()
        if isinstance(encoding.get("contentType"), str) and "*" not in encoding["contentType"]
    }


def _files(schema: Node, document: Document) -> tuple[str, ...]:
    """The properties that are bytes, or lists of them."""
    properties = schema.value.get("properties")
    found = []
    for name, member in properties.items() if isinstance(properties, dict) else ():
        node = document.followed(Node(member, schema.file)) if isinstance(member, dict) else Node({}, "")
        if isinstance(node.value.get("items"), dict):
            node = document.followed(Node(node.value["items"], node.file))
        if _is_binary(node.value):
            found.append(name)
    return tuple(found)


def _with_bytes(schema: Any) -> Any:
    """The schema of a property that is bytes, or a list of them, given in base64."""
    if isinstance(schema, dict) and "items" in schema:
        return {**schema, "items": _as_bytes(schema["items"])}
    return _as_bytes(schema)
