"""What a server receives is what the OpenAPI document says, for every style, explode flag and kind of body.

The decoder below is written from the tables of the OpenAPI specification (3.1.1, style values and examples) and from
the standard library's readers of forms, multipart messages and JSON. It shares no code with the package.
"""

import base64
import json
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tool_orch_env.record.drafts import Drafted
from tool_orch_env.record.openapi import read_document
from tool_orch_env.record.payload import Body
from tool_orch_env.record.request import Endpoint, Place, build
from tool_orch_env.record.schema import OpenApi
from tool_orch_env.record.styles import Unsendable
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec


class Echo(BaseHTTPRequestHandler):
    """Answers with the target, the headers and the body of a request, byte for byte."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        told = {
            "target": self.path,
            "headers": [*self.headers.items()],
            "body": base64.b64encode(body).decode(),
        }
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer  # noqa: N815 - names of http.server

    def log_message(self, *what: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def echo() -> Iterator[httpx.Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}", trust_env=False) as client:
        yield client
    server.shutdown()
    server.server_close()
    thread.join()


STYLES = [
    *(("path", style, explode) for style in ("simple", "label", "matrix") for explode in (False, True)),
    *(("header", "simple", explode) for explode in (False, True)),
    *(("query", "form", explode) for explode in (False, True)),
    ("query", "spaceDelimited", False),
    ("query", "pipeDelimited", False),
    ("query", "deepObject", True),
]
SHAPES = {
    "primitive": {"type": ["string", "number", "boolean"]},
    "array": {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
    "object": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
}
NOT_IN_TABLE = {("deepObject", "primitive"), ("deepObject", "array")} | {
    (style, "primitive") for style in ("spaceDelimited", "pipeDelimited")
}

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)
ascii_texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)
names = st.sampled_from(["R", "G", "B", "a b", "é"])


def leaves(at: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        ascii_texts if at == "header" else texts, st.integers(-9, 9), st.booleans(), st.just(1.5)
    )


def values(at: str, shape: str) -> st.SearchStrategy[Any]:
    if shape == "primitive":
        return leaves(at)
    if shape == "array":
        return st.lists(leaves(at), min_size=1, max_size=3)
    keys = st.sampled_from(["R", "G", "B"]) if at == "header" else names
    return st.dictionaries(keys, leaves(at), min_size=1, max_size=3)


def as_text(value: Any) -> Any:
    """A value with its leaves as the texts that a server sees."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


def paired(items: list[str]) -> dict[str, str]:
    return dict(zip(items[::2], items[1::2], strict=True))


def decoded(style: str, explode: bool, shape: str, name: str, raw: str, decode: Any = unquote) -> Any:
    """The value that the text of a path segment or header stands for, by the table of the specification."""
    prefix, apart = {"simple": ("", ","), "label": (".", "."), "matrix": (";", ";")}[style]
    assert raw.startswith(prefix)
    raw = raw.removeprefix(prefix)
    if style == "matrix" and not (shape == "object" and explode):
        named = [part.partition("=") for part in (raw.split(";") if explode and shape == "array" else [raw])]
        assert {decode(key) for key, _, _ in named} == {name}
        if shape == "array" and explode:
            return [decode(text) for _, _, text in named]
        raw = named[0][2]
    if shape == "primitive":
        return decode(raw)
    parts = raw.split(apart if explode else ",")
    if shape == "array":
        return [decode(part) for part in parts]
    if explode:
        return {decode(key): decode(text) for key, _, text in (part.partition("=") for part in parts)}
    return paired([decode(part) for part in parts])


def decoded_query(style: str, explode: bool, shape: str, name: str, query: str, decode: Any = unquote) -> Any:
    """The value of a parameter in a query, in which it is alone."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    if style == "deepObject":
        plain = [(decode(key), decode(text)) for key, text in pairs]
        assert all(key.startswith(f"{name}[") and key.endswith("]") for key, _ in plain)
        return {key[len(name) + 1 : -1]: text for key, text in plain}
    if explode:
        if shape == "object":
            return {decode(key): decode(text) for key, text in pairs}
        assert {decode(key) for key, _ in pairs} == {name}
        found = [decode(text) for _, text in pairs]
        return found if shape == "array" else found[0]
    [(key, raw)] = pairs
    assert decode(key) == name
    if shape == "primitive":
        return decode(raw)
    apart = {"form": ",", "spaceDelimited": "+" if decode is unquote_plus else "%20", "pipeDelimited": "%7C"}
    parts = [decode(part) for part in raw.split(apart[style])]
    return parts if shape == "array" else paired(parts)


def endpoint(client: httpx.Client, path: str, operation: dict[str, Any], method: str = "get") -> Endpoint:
    """The endpoint of a document with one operation."""
    document = {"openapi": "3.1.1", "paths": {path: {method: {"operationId": "it", **operation}}}}
    draft = drafted(json.dumps(document))
    url = str(client.base_url).rstrip("/") + draft.url
    return Endpoint("it", draft.method, url, draft.places, body=draft.body)


@cache
def drafted(document: str) -> Drafted:
    """The draft of the operation `it`, whose schema is valid."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "doc.json"
        file.write_text(document)
        draft = read_document(file, OpenApi(file=file.name)).tools["it"]
    Catalog([ToolSpec(name="it", parameters=dict(draft.parameters))])
    return draft


def received(client: httpx.Client, sent: httpx.Request) -> tuple[str, dict[str, str], bytes]:
    told = client.send(sent).json()
    headers = {name.lower(): text for name, text in told["headers"]}
    return told["target"], headers, base64.b64decode(told["body"])


def is_ambiguous(at: str, style: str, explode: bool, shape: str, value: Any) -> bool:
    """Whether the style has no way to write the value: a separator in an item that percent-encoding leaves alone."""
    apart = {
        "simple": "," if at == "header" else "",
        "label": "." if explode else "",
        "matrix": "",
        "form": "",
    }
    apart |= {"spaceDelimited": " ", "pipeDelimited": "|", "deepObject": ""}
    if shape == "primitive" or not apart[style]:
        return False
    items = value if isinstance(value, list) else [*value, *value.values()]
    if any(apart[style] in as_text(item) for item in items):
        return True
    return shape == "object" and explode and style == "simple" and any("=" in key for key in value)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("at", "style", "explode"), STYLES)
@given(data=st.data())
def test_a_parameter_arrives_as_its_style_says(
    echo: httpx.Client, at: str, style: str, explode: bool, shape: str, data: st.DataObject
) -> None:
    if (style, shape) in NOT_IN_TABLE:
        return
    name = "X-It" if at == "header" else data.draw(st.sampled_from(["it", "the it", "ü[]"]))
    value = data.draw(values(at, shape))
    parameter = {"name": name, "in": at, "style": style, "explode": explode, "schema": SHAPES[shape]}
    path = f"/a/{{{name}}}/b" if at == "path" else "/a"
    found = endpoint(echo, path, {"parameters": [{**parameter, "required": True}]})
    [argument] = found.places
    try:
        request = build(found, {argument: value})
    except Unsendable as error:
        assert is_ambiguous(at, style, explode, shape, value) or "another endpoint" in str(error)
        return
    target, headers, _ = received(echo, request)
    if at == "header":
        assume(
            "" not in as_text([value, *(value if isinstance(value, list) else [])])
        )  # HTTP trims white space
        assert decoded(style, explode, shape, name, headers["x-it"], str) == as_text(value)
    elif at == "query":
        assert decoded_query(style, explode, shape, name, target.partition("?")[2]) == as_text(value)
    else:
        raw = target.removeprefix("/a/").removesuffix("/b")
        assert decoded(style, explode, shape, name, raw) == as_text(value)
    assert not is_ambiguous(at, style, explode, shape, value)


def body(media: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media: {"schema": schema, **more}}}}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
JSON_KINDS = [
    "application/json",
    "application/json; charset=utf-8",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/vnd.boats.v3+json",
    "text/json",
    "*/*",
]


@pytest.mark.parametrize("media", JSON_KINDS)
@given(value=st.dictionaries(st.sampled_from("abc"), json_values), whole=json_values)
def test_a_json_body_arrives_under_its_name(echo: httpx.Client, media: str, value: Any, whole: Any) -> None:
    flat = endpoint(
        echo, "/a", body(media, {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}}), "post"
    )
    wrapped = endpoint(echo, "/a", body(media, {}), "post")
    for request, expected in ((build(flat, value), value), (build(wrapped, {"body": whole}), whole)):
        _, headers, content = received(echo, request)
        assert json.loads(content) == expected
        assert headers["content-type"] == ("application/json" if media == "*/*" else media)


FIELDS = [
    ("form", True),
    ("form", False),
    ("spaceDelimited", False),
    ("pipeDelimited", False),
    ("deepObject", True),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("style", "explode"), FIELDS)
@given(data=st.data())
def test_a_field_of_a_form_arrives_as_its_encoding_says(
    echo: httpx.Client, style: str, explode: bool, shape: str, data: st.DataObject
) -> None:
    if (style, shape) in NOT_IN_TABLE:
        return
    value = data.draw(values("query", shape))
    schema = {"type": "object", "properties": {"it": SHAPES[shape]}}
    encoding = {"it": {"style": style, "explode": explode}}
    media = "application/x-www-form-urlencoded"
    found = endpoint(echo, "/a", body(media, schema, encoding=encoding), "post")
    try:
        request = build(found, {"it": value})
    except Unsendable:
        assert is_ambiguous("query", style, explode, shape, value)
        return
    _, headers, content = received(echo, request)
    assert headers["content-type"] == media
    assert decoded_query(style, explode, shape, "it", content.decode(), unquote_plus) == as_text(value)


@given(
    text=texts,
    number=st.integers(),
    several=st.lists(texts, max_size=3),
    inner=st.dictionaries(texts, json_values, max_size=2),
)
def test_a_form_without_encodings_has_texts_repeated_fields_and_json(
    echo: httpx.Client, text: str, number: int, several: list[str], inner: Any
) -> None:
    kinds = {"text": "string", "number": "integer", "several": "array", "inner": "object"}
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in kinds.items()}}
    call = {"text": text, "number": number, "several": several, "inner": inner}
    found = endpoint(echo, "/a", body("application/x-www-form-urlencoded", schema), "post")
    _, _, content = received(echo, build(found, call))
    pairs = parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=True)
    assert pairs[:2] == [("text", text), ("number", str(number))]
    assert pairs[2:-1] == [("several", one) for one in several]
    assert pairs[-1][0] == "inner" and json.loads(pairs[-1][1]) == inner


@given(
    title=texts,
    tags=st.lists(texts, max_size=2),
    about=st.dictionaries(texts, json_values, max_size=2),
    photo=st.binary(max_size=40),
    pages=st.lists(st.binary(max_size=40), max_size=2),
)
def test_a_multipart_form_has_a_part_for_every_value(
    echo: httpx.Client, title: str, tags: list[str], about: Any, photo: bytes, pages: list[bytes]
) -> None:
    def b64(data: bytes) -> str:
        return base64.b64encode(data).decode()

    binary = {"type": "string", "format": "binary"}
    properties = {
        "title": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "about": {"type": "object"},
        "photo": binary,
        "pages": {"type": "array", "items": binary},
    }
    encoding = {"photo": {"contentType": "image/png, image/jpeg"}}
    operation = body("multipart/form-data", {"type": "object", "properties": properties}, encoding=encoding)
    found = endpoint(echo, "/a", operation, "post")
    call = {"title": title, "tags": tags, "about": about, "photo": b64(photo), "pages": list(map(b64, pages))}
    request = build(found, call)
    assert request.content == build(found, call).content  # the boundary is no lot
    _, headers, content = received(echo, request)
    head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + content)
    parts = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]
    assert parts[0] == ("title", None, "text/plain", title.encode())
    assert parts[1 : 1 + len(tags)] == [("tags", None, "text/plain", tag.encode()) for tag in tags]
    name, file, kind, data = parts[1 + len(tags)]
    assert (name, file, kind, json.loads(data)) == ("about", None, "application/json", about)
    assert parts[2 + len(tags) :] == [
        ("photo", "photo", "image/png", photo),
        *(("pages", "pages", "application/octet-stream", page) for page in pages),
    ]


@given(text=texts, data=st.binary(max_size=40))
def test_text_and_bytes_arrive_as_they_are(echo: httpx.Client, text: str, data: bytes) -> None:
    binary = {"type": "string", "format": "binary"}
    for media, schema, argument, expected in (
        ("text/plain", {"type": "string"}, text, text.encode()),
        ("application/xml", {"type": "string"}, text, text.encode()),
        ("application/octet-stream", binary, base64.b64encode(data).decode(), data),
        ("image/png", {}, base64.b64encode(data).decode(), data),
    ):
        found = endpoint(echo, "/a", body(media, schema), "post")
        _, headers, content = received(echo, build(found, {"body": argument}))
        assert (headers["content-type"], content) == (media, expected)


def test_content_of_a_parameter_is_json_or_text(echo: httpx.Client) -> None:
    parameters = [
        {"name": "where", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
        {"name": "id", "in": "path", "required": True, "content": {"application/json": {}}},
        {"name": "word", "in": "query", "content": {"text/plain": {}}},
    ]
    found = endpoint(echo, "/a/{id}", {"parameters": parameters})
    target, _, _ = received(echo, build(found, {"where": {"x": [1]}, "id": [1, "a"], "word": "b c"}))
    path, _, query = target.partition("?")
    assert json.loads(unquote(path.removeprefix("/a/"))) == [1, "a"]
    assert dict(parse_qsl(query)) == {"where": '{"x":[1]}', "word": "b c"}


def test_a_query_in_the_url_and_parameters_that_only_the_schema_allows_are_sent(echo: httpx.Client) -> None:
    found = endpoint(echo, "/a?format=json&x=%2C", {"parameters": [{"name": "page", "in": "query"}]})
    target, _, _ = received(echo, build(found, {"page": 2, "colour": "red"}))
    assert target == "/a?format=json&x=%2C&page=2&colour=red"
    open_form = Endpoint(
        "it",
        "POST",
        str(echo.base_url).rstrip("/") + "/a",
        {},
        body=Body("form", "a/b"),
        rest=Place(at="body"),
    )
    assert received(echo, build(open_form, {"a": "b c"}))[2] == b"a=b+c"
