"""OpenAPI documents become tools, operation by operation, and what is sent is what the document says."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from service import spec

from tool_orch_env.cli import main
from tool_orch_env.errors import SpecError
from tool_orch_env.record import drafts
from tool_orch_env.record.drafts import Drafted
from tool_orch_env.record.ecma import python_pattern
from tool_orch_env.record.openapi import Reading, read_document
from tool_orch_env.record.request import build
from tool_orch_env.record.schema import OpenApi
from tool_orch_env.record.spec import read_spec
from tool_orch_env.record.styles import Unsendable
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec

URL = "http://127.0.0.1:1"

OLD: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "towns", "version": "1"},
    "paths": {
        "/towns/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "operationId": "getTown",
                "tags": ["places"],
                "summary": "One town.",
                "parameters": [
                    {
                        "name": "unit",
                        "in": "query",
                        "schema": {"type": "string", "enum": ["m", "ft"], "nullable": True},
                    },
                    {
                        "name": "near",
                        "in": "query",
                        "style": "form",
                        "explode": False,
                        "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Point"}},
                    },
                    {
                        "name": "above",
                        "in": "query",
                        "schema": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "example": 3},
                    },
                ],
                "responses": {"200": {"description": "a town"}},
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Town"}}},
                },
                "responses": {"200": {"description": "done"}},
            },
        }
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}},
        "schemas": {
            "Point": {
                "type": "object",
                "properties": {"lat": {"type": "number"}, "next": {"$ref": "#/components/schemas/Point"}},
                "nullable": True,
            },
            "Town": {
                "type": "object",
                "required": ["name", "made"],
                "properties": {
                    "name": {"type": "string"},
                    "made": {"type": "string", "readOnly": True},
                    "place": {
                        "allOf": [{"$ref": "#/components/schemas/Point"}],
                        "nullable": True,
                        "description": "p",
                    },
                },
            },
        },
    },
}


def read(tmp_path: Path, document: dict[str, Any], **options: Any) -> Reading:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    return read_document(path, OpenApi(file=path.name, **options), base_url=URL)


def drafted(
    tmp_path: Path, document: dict[str, Any], chosen: dict[str, str] | None = None
) -> Mapping[str, Drafted]:
    return read(tmp_path, document, operations=chosen).tools


def valid(schema: Any, **arguments: Any) -> bool:
    return Draft202012Validator(schema).is_valid(arguments)


def test_openapi_3_0_becomes_json_schema_2020_12(tmp_path: Path) -> None:
    tools = drafted(tmp_path, OLD)
    assert tools.keys() == {"getTown", "put_towns_id"}
    town = tools["getTown"]
    assert (town.method, town.url, town.description, town.domain) == (
        "GET",
        "/towns/{id}",
        "One town.",
        "places",
    )
    schema = town.parameters
    Draft202012Validator.check_schema(schema)
    assert valid(schema, id=1, unit=None, near=[{"lat": 1, "next": {"next": None}}], above=0.1)
    for wrong in (
        {"unit": "km"},
        {"above": 0},
        {"near": [{"lat": "x"}]},
        {"near": [3]},
        {"id": "x"},
        {"more": 1},
    ):
        assert not valid(schema, **{"id": 1, **wrong}), wrong
    assert not valid(schema) and town.places["near"].style == "comma"
    assert "nullable" not in json.dumps(schema) and "example" not in json.dumps(schema)


def test_an_object_body_gives_a_parameter_per_property(tmp_path: Path) -> None:
    change = drafted(tmp_path, OLD, {"change_town": "PUT /towns/{id}"})["change_town"]
    assert {name: place.at for name, place in change.places.items()} == {
        "id": "path",
        "name": "body",
        "place": "body",
    }
    assert change.parameters["required"] == ["id", "name"]
    assert valid(change.parameters, id=1, name="a", place=None)
    assert valid(change.parameters, id=1, name="a", place={"lat": 1})
    assert not valid(change.parameters, id=1, name="a", place={"lat": "x"})
    Catalog([ToolSpec(name="change_town", parameters=dict(change.parameters))])


def test_openapi_3_1_keeps_its_json_schema(tmp_path: Path) -> None:
    document = json.loads(json.dumps(OLD))
    document["openapi"] = "3.1.0"
    get = document["paths"]["/towns/{id}"]["get"]
    get["parameters"] = [
        {"name": "unit", "in": "query", "schema": {"type": ["string", "null"], "enum": ["m", None]}},
        {
            "name": "where",
            "in": "query",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/P"}}},
        },
    ]
    document["components"]["schemas"] = {
        "P": {
            "type": "object",
            "properties": {"x": {"type": "number", "exclusiveMinimum": 0}, "k": {"const": "a"}},
        }
    }
    document["paths"]["/towns/{id}"].pop("put")
    town = drafted(tmp_path, document)["getTown"]
    assert valid(town.parameters, id=1, unit=None, where={"x": 1, "k": "a"})
    for wrong in ({"unit": "ft"}, {"where": {"x": 0}}, {"where": {"k": "b"}}):
        assert not valid(town.parameters, **{"id": 1, **wrong}), wrong
    assert town.places["where"].style == "json"


def test_a_spec_adds_to_the_tools_of_its_document(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(OLD))
    tools = {"town": {"domain": "geo", "drop": ["/etag"]}}
    path = spec(
        tmp_path,
        URL,
        api={"base_url": URL, "query": {"Unit": "m"}},
        openapi={"file": "openapi.json", "operations": {"town": "getTown"}},
        tools=tools,
        plan=[],
    )
    read = read_spec(path)
    assert read.catalog["town"].spec.domain == "geo" and read.catalog["town"].spec.description == "One town."
    assert list(read.catalog["town"].properties) == ["id", "near", "above"]  # every request carries the unit
    assert read.endpoints["town"].url == f"{URL}/towns/{{id}}"
    assert read.endpoints["town"].drop == ("/served", "/etag")


def small(operations: dict[str, Any], **root: Any) -> dict[str, Any]:
    """A document with operations by `get /path`."""
    paths: dict[str, Any] = {}
    for label, operation in operations.items():
        method, path = label.split(" ", 1)
        paths.setdefault(path, {})[method] = {"responses": {}, **operation}
    return {"openapi": "3.0.3", "info": {}, "paths": paths, **root}


def parameter(name: str, at: str = "query", schema: Any = None, **more: Any) -> dict[str, Any]:
    required = {"required": True} if at == "path" else {}
    return {
        "name": name,
        "in": at,
        "schema": {"type": "string"} if schema is None else schema,
        **required,
        **more,
    }


def json_body(schema: Any, required: bool = True, media: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {media: {"schema": schema}}}}


def opened(tmp_path: Path, document: Any, name: str = "doc.json", environ: Any = None, **fields: Any) -> Any:
    """The spec of a document, in which every operation is safe."""
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / name).write_text(text)
    options = {"file": name, "safe": ["*"], **fields.pop("openapi", {})}
    api = {"base_url": f"{URL}/v1", **fields.pop("api", {})}
    return read_spec(
        spec(tmp_path, URL, openapi=options, api=api, tools={}, plan=[], **fields), environ or {}
    )


def sent(tmp_path: Path, operations: Any, tool: str, **arguments: Any) -> httpx.Request:
    """The request of a call that the tool's schema allows."""
    found = opened(tmp_path, small(operations) if "openapi" not in operations else operations)
    assert found.catalog[tool].validator.is_valid(arguments), arguments
    return build(found.endpoints[tool], arguments)


def target(request: httpx.Request) -> str:
    return request.url.raw_path.decode().removeprefix("/v1")


def test_response_codes_need_no_quotes_and_keys_may_be_merged(tmp_path: Path) -> None:
    text = """
openapi: 3.0.3
x-num: &num {in: query, schema: {type: integer}}
paths:
  /boats:
    get:
      operationId: list_boats
      parameters: [{<<: *num, name: berth}, {<<: [{name: crew}, *num]}]
      responses: {200: {description: fine}, null: {description: odd}}
"""
    assert list(opened(tmp_path, text, "doc.yaml").catalog["list_boats"].properties) == ["berth", "crew"]


def test_json_is_read_as_json(tmp_path: Path) -> None:
    tabs = json.dumps(small({"get /boats": {"operationId": "list_boats"}}), indent="\t")
    assert list(opened(tmp_path, tabs).catalog) == ["list_boats"]
    twice = '{"openapi": "3.0.3", "openapi": "3.1.0", "paths": {"/a": {"get": {}}}}'
    assert list(opened(tmp_path, twice).catalog) == ["get_a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"openapi": "3.0.3", ' + '"a": [' * 5000,
        "[" * 1_000_000,
        "- " * 1_000_000,
        "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
        + "".join(
            f"{c}: &{c} [{', '.join(['*' + p] * 10)}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)
        ),
        "a: &a [*a]",
        "openapi: 3.0.3\npaths: [1]",
        "openapi: 4.0.0\npaths: {}",
        "swagger: '1.2'\npaths: {}",
        "openapi: 3.0.3\npaths: {}",
        "",
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError, match=r"openapi: doc\.yaml: "):
        opened(tmp_path, text, "doc.yaml")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"parameters": [parameter("a", schema={"type": "strnig"})]}, "parameters/properties/a/type"),
    "place": ({"parameters": [parameter("a", "querry")]}, "parameter.a.in: Input should be 'path', 'query'"),
    "style": ({"parameters": [parameter("a", style="matrix")]}, "a query has no style 'matrix'"),
    "cookie": ({"parameters": [parameter("a", "cookie", required=True)]}, "requires the cookie 'a'"),
    "reference": ({"parameters": [{"$ref": "#/nowhere"}]}, "#/nowhere"),
    "remote": ({"parameters": [{"$ref": "http://127.0.0.1:9/x.json#/a"}]}, "nothing is fetched"),
    "outside": ({"parameters": [{"$ref": "../x.json#/a"}]}, "not a path inside the folder"),
    "absolute": ({"parameters": [{"$ref": "/etc/passwd"}]}, "leads out of the document's folder"),
    "schema": (json_body({"$ref": "#/components/schemas/Missing"}), "Missing"),
    "no_schema": (json_body({"$ref": "#/info/title"}), "#/info/title': expected an object, found 'text'"),
    "xml": (json_body({"type": "object"}, media="application/xml"), "found application/xml"),
    "mixed": (json_body({}, media="multipart/mixed"), "found multipart/mixed"),
    "no_body": ({"requestBody": {}}, "expected content, found none"),
    "list": ({"parameters": {"a": 1}}, "parameters: expected a list"),
    "loop": ({"parameters": [{"$ref": "#/x-loop"}]}, "it leads back to itself"),
}


def test_bad_operations_are_skipped_with_their_reasons_and_the_rest_is_read(tmp_path: Path) -> None:
    document = small(
        {f"post /{name}": {"operationId": name, **operation} for name, (operation, _) in BAD.items()}
        | {"get /good": {"operationId": "good"}, "trace /good": {"operationId": "trace"}},
        info={"title": "text"},
        **{"x-loop": {"$ref": "#/x-loop"}},
    )
    document["paths"] |= {"x-note": None, "/none": None, "/odd": {"get": 3, "parameters": 4}}
    reading = opened(tmp_path, document).document
    assert list(reading.tools) == ["good"]
    found = {one.name: one for one in reading.skipped}
    for name, (_, why) in BAD.items():
        assert why in found[name].why, (name, found[name].why)
        assert found[name].operation == f"POST /{name} ({name})"
    assert "TRACE" in found["trace"].why and "paths./none" in found["none"].why
    assert found.keys() == {*BAD, "trace", "none", "get_odd"}


def test_what_no_operation_uses_is_not_looked_at(tmp_path: Path) -> None:
    wrong = {"schema": {"type": "integer", "default": "many"}, "example": {"$ref": "https://far.example"}}
    crew = {"operationId": "crew", "responses": {"200": {"content": {"application/json": wrong}}}}
    schemas = {"A": {"type": "strnig"}, "B": {"$ref": "#/nowhere"}}
    document = small(
        {"get /boats": {"operationId": "boats"}, "get /crew": crew}, components={"schemas": schemas}
    )
    assert list(opened(tmp_path, document).catalog) == ["boats", "crew"]


def test_a_plan_that_names_a_skipped_operation_learns_why(tmp_path: Path) -> None:
    cookie = [parameter("a", "cookie", required=True)]
    document = small({"get /a": {"operationId": "a"}, "get /b": {"operationId": "b", "parameters": cookie}})
    (tmp_path / "doc.json").write_text(json.dumps(document))
    fields: Any = {"openapi": {"file": "doc.json"}, "plan": [{"call": "b"}], "tools": {"b": {"domain": "x"}}}
    with pytest.raises(SpecError) as caught:
        read_spec(spec(tmp_path, URL, **fields))
    assert len(caught.value.problems) == 2
    assert all("requires the cookie 'a'" in problem for problem in caught.value.problems)


def test_patterns_of_ecma_262_are_read_by_python(tmp_path: Path) -> None:
    assert python_pattern(r"^(?<year>\d{4})-(x)\k<year>[(?<a>]$") == r"^(\d{4})-(x)(?:\1)[(?<a>]$"
    assert python_pattern(r"(?<=a)b(?<!c)") == r"(?<=a)b(?<!c)"
    assert python_pattern(r"\p{L}") is python_pattern("[[a]") is python_pattern("a{9999999999999}") is None
    patterns = [parameter("hull", schema={"type": "string", "pattern": r"^(?<year>\d{4})-\w+$"})]
    patterns += [parameter("name", schema={"type": "string", "pattern": r"^\p{L}+$"})]
    found = opened(tmp_path, small({"get /boats": {"operationId": "list", "parameters": patterns}}))
    assert found.catalog["list"].validator.is_valid({"hull": "2019-ab", "name": "Ada"})
    assert not found.catalog["list"].validator.is_valid({"hull": "19-ab"})
    assert "'^\\\\p{L}+$' is dropped" in found.document.remarks[0]


def test_references_lead_anywhere_in_the_folder_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    shared = "Limit: {name: limit, in: query, schema: {$ref: 'more.json#/a%20b'}}\nBoat: {$ref: ../doc.json#/x-boat}"
    (tmp_path / "parts/shared.yaml").write_text(shared)
    (tmp_path / "parts/more.json").write_text('{"a b": {"type": "integer", "minimum": 1}}')
    first = {"operationId": "first", "parameters": [parameter("n", schema={"type": "integer", "minimum": 1})]}
    second = {"parameters": [parameter("n", schema={"$ref": "#/paths/~1first/get/parameters/0/schema"})]}
    third = {
        "parameters": [{"$ref": "parts/shared.yaml#/Limit"}],
        **json_body({"$ref": "parts/shared.yaml#/Boat"}),
    }
    boat = {
        "type": "object",
        "properties": {"next": {"$ref": "#/x-boat"}, "a/b": {"$ref": "parts/more.json#/a b"}},
    }
    document = small({"get /first": first, "get /second": second, "post /third": third}, **{"x-boat": boat})
    found = opened(tmp_path, document).catalog
    for n in (0, 1):
        assert found["get_second"].validator.is_valid({"n": n}) == bool(n)
        call = {"limit": n, "next": {"next": {"a/b": n}}, "a_b": n}
        assert found["post_third"].validator.is_valid(call) == bool(n), call
    (tmp_path / "parts/more.json").unlink()
    (tmp_path / "parts/more.json").symlink_to("/etc/hosts")
    reading = opened(tmp_path, document).document
    assert "a symbolic link" in reading.skipped[0].why and len(reading.tools) == 2


def test_tools_have_names_that_model_apis_take(tmp_path: Path) -> None:
    long = "list_boats_of_one_harbour_in_the_order_of_their_berths_for_a_day_api_v2"
    ids = ["boats/list", "boats list", "boats_list", "boats.list", long, long + "_b", "9 lives", "ä"]
    document = small({f"get /{number}": {"operationId": name} for number, name in enumerate(ids)})
    found = opened(tmp_path, document).document.tools
    assert list(found) == [
        "boats_list_2",
        "boats_list_3",
        "boats_list",
        "boats_list_4",
        long[:64],
        long[:62] + "_2",
        "_9_lives",
        "tool",
    ]
    assert [draft.operation for draft in found.values()] == [
        f"GET /{n} ({name})" for n, name in enumerate(ids)
    ]


FASTAPI = small(
    {
        "get /v2/sites": {"operationId": "list_sites_v2_sites_get"},
        "get /v2/sites/{site_id}": {"operationId": "get_site_v2_sites__site_id__get"},
        "delete /v2/sites/{site_id}": {"operationId": "delete_site_v2_sites__site_id__delete"},
        "get /health": {},
    }
)


def test_operations_are_chosen_and_renamed_by_patterns(tmp_path: Path) -> None:
    def names(**options: Any) -> list[str]:
        return list(read(tmp_path, FASTAPI, **options).tools)

    renames = {"*_v2_*": "*", "GET /h*": "h*_check"}
    assert names(rename=renames) == ["list_sites", "get_site", "delete_site", "health_check"]
    assert names(rename=renames, only=["GET /v2/*"]) == ["list_sites", "get_site"]
    assert names(rename=renames, **{"except": ["*delete", "GET /health"]}) == ["list_sites", "get_site"]
    assert names(operations={"site": "get_site_v2_sites__site_id__get"}) == ["site"]
    for options in ({"only": ["x*"]}, {"except": ["x"]}, {"rename": {"x": "y"}}, {"safe": ["POST *"]}):
        with pytest.raises(SpecError, match="matches no operation"):
            names(**options)
    with pytest.raises(SpecError, match="no operation 'x'"):
        names(operations={"a": "x"})
    both = small({"get /a": {"operationId": "x"}, "get /b": {"operationId": "x"}})
    with pytest.raises(SpecError, match="several operations are 'x': expected one of GET /a, GET /b"):
        read(tmp_path, both, operations={"a": "x"})


def test_names_that_occur_twice_can_both_be_given(tmp_path: Path) -> None:
    body = json_body({"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}})
    put = {
        "operationId": "put",
        "parameters": [parameter("id", "path"), parameter("id"), parameter("a[b c]")],
        **body,
    }
    request = sent(
        tmp_path, {"put /boats/{id}": put}, "put", id="7", query_id="8", body_id="9", name="Ada", a_b_c="d"
    )
    assert target(request) == "/boats/7?id=8&a%5Bb%20c%5D=d"
    assert json.loads(request.content) == {"id": "9", "name": "Ada"}


def test_parameters_of_a_path_keep_apart_and_need_no_description(tmp_path: Path) -> None:
    described = [parameter("a b", "path"), parameter("a_b", "path"), parameter("gone", "path")]
    document = small({"get /x/{a b}/{a_b}/{more}#variant": {"operationId": "it", "parameters": described}})
    found = opened(tmp_path, document)
    request = build(found.endpoints["it"], {"a_b": "1", "path_a_b": "2", "more": "3"})
    assert target(request) == "/x/1/2/3" and found.catalog["it"].required == {"a_b", "path_a_b", "more"}
    assert found.document.remarks == (
        "/x/{a b}/{a_b}/{more}: it has no {gone}: the parameter is left out",
        "GET /x/{a b}/{a_b}/{more}#variant (it): {more} is not described: it is taken for a text",
    )


def test_a_required_body_is_sent_and_an_optional_one_is_left_out(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"page": {"type": "integer"}, "size": {"type": "integer"}}}
    must = {"operationId": "must", **json_body(schema)}
    may = {"operationId": "may", **json_body({**schema, "required": ["page"]}, required=False)}
    both = {"post /must": must, "post /may": may}
    request = sent(tmp_path, both, "must")
    assert (request.content, request.headers["content-type"]) == (b"{}", "application/json")
    request = sent(tmp_path, both, "may")
    assert request.content == b"" and "content-type" not in request.headers
    assert sent(tmp_path, both, "may", page=1, size=2).content == b'{"page":1,"size":2}'
    assert not opened(tmp_path, small(both)).catalog["may"].validator.is_valid({"size": 2})


ONE_OF_TWO = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "number": {"type": "integer"}},
    "anyOf": [{"required": ["name"]}, {"required": ["number"]}],
}


@pytest.mark.parametrize(
    ("schema", "parameters", "valid_calls", "invalid_calls"),
    [
        (ONE_OF_TWO, [], [{"name": "a"}, {"number": 1}, {"name": "a", "number": 1}], [{}, {"other": 1}]),
        (ONE_OF_TWO, [parameter("id", "path")], [{"id": "1", "name": "a"}], [{"id": "1"}, {"name": "a"}]),
        (
            {"type": "object", "properties": {"a": {}}, "minProperties": 1},
            [parameter("id", "path")],
            [{"id": "1", "body": {"a": 1}}],
            [{"id": "1", "body": {}}, {"id": "1"}],
        ),
        (
            {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
            [parameter("id", "path")],
            [{"id": "1", "colour": "red"}, {"id": "1", "a": 1}],
            [{"id": "1", "colour": 3}],
        ),
        (
            {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]},
            [],
            [{"a": "x"}, {"a": "x", "b": 1}],
            [{}, {"b": 1}],
        ),
        (
            {
                "type": "object",
                "properties": {
                    "boat": {
                        "type": "object",
                        "properties": {
                            "id": {"type": "string", "readOnly": True},
                            "name": {"type": "string"},
                        },
                        "required": ["id", "name"],
                        "additionalProperties": False,
                    }
                },
                "required": ["boat"],
            },
            [],
            [{"boat": {"name": "Ada"}}],
            [{"boat": {}}, {"boat": {"id": "7", "name": "Ada"}}],
        ),
        (
            {"allOf": [{"properties": {"id": {"readOnly": True}, "a": {}}}, {"required": ["id", "a"]}]},
            [],
            [{"body": {"a": 1}}],
            [{"body": {}}],
        ),
        ({"type": "array", "items": {"type": "integer"}}, [], [{"body": [1]}], [{"body": ["a"]}, {}]),
    ],
)
def test_a_body_allows_what_its_schema_allows(
    tmp_path: Path, schema: Any, parameters: Any, valid_calls: list[Any], invalid_calls: list[Any]
) -> None:
    path = "post /find/{id}" if parameters else "post /find"
    found = opened(
        tmp_path, small({path: {"operationId": "find", "parameters": parameters, **json_body(schema)}})
    )
    for call in valid_calls:
        assert found.catalog["find"].validator.is_valid(call), call
        content = json.loads(build(found.endpoints["find"], call).content)
        assert content == call.get("body", {name: value for name, value in call.items() if name != "id"})
    for call in invalid_calls:
        assert not found.catalog["find"].validator.is_valid(call), call


def test_servers_of_paths_and_operations_are_asked_or_their_operations_skipped(tmp_path: Path) -> None:
    def at(url: str) -> dict[str, Any]:
        return {"servers": [{"url": url, "variables": {"v": {"default": "v3"}}}]}

    document = small(
        {
            "get /far": {"operationId": "far", **at("https://files.example/{v}")},
            "get /near": {"operationId": "near", **at("http://127.0.0.1:1/{v}/")},
            "get /root": {"operationId": "root", **at("/{v}")},
            "get /none": {"operationId": "none", **at("http://[::1")},
            "get /same": {"operationId": "same", **at("https://api.example/v9")},
        },
        **at("https://api.example/v9"),
    )
    found = opened(tmp_path, document)
    assert {name: one.url for name, one in found.endpoints.items()} == {
        "near": f"{URL}/v3/near",
        "root": f"{URL}/v3/root",
        "same": f"{URL}/v1/same",
    }
    assert "https://files.example/v3 is not among api.base_url and api.hosts" in found.document.skipped[0].why
    wider = opened(tmp_path, document, api={"hosts": ["https://files.example"]})
    assert wider.endpoints["far"].url == "https://files.example/v3/far"


SWAGGER = {
    "swagger": "2.0",
    "host": "boats.example",
    "paths": {
        "/boats/{ids}": {
            "parameters": [
                {"name": "ids", "in": "path", "required": True, "type": "array", "items": {"type": "string"}}
            ],
            "get": {
                "operationId": "list",
                "parameters": [
                    {"$ref": "#/parameters/Tags"},
                    {"name": "p", "in": "query", "type": "array", "items": {}, "collectionFormat": "pipes"},
                    {"name": "n", "in": "query", "type": "integer", "x-nullable": True},
                ],
            },
            "put": {
                "operationId": "change",
                "parameters": [
                    {"name": "it", "in": "body", "required": True, "schema": {"$ref": "#/definitions/B"}}
                ],
            },
            "post": {
                "operationId": "photo",
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "photo", "in": "formData", "type": "file", "required": True},
                    {"name": "title", "in": "formData", "type": "string"},
                ],
            },
            "patch": {
                "operationId": "form",
                "parameters": [{"name": "a", "in": "formData", "type": "array", "items": {"type": "string"}}],
            },
            "delete": {
                "operationId": "tabs",
                "parameters": [{"name": "t", "in": "query", "type": "array", "collectionFormat": "tsv"}],
            },
        }
    },
    "parameters": {
        "Tags": {"name": "tags", "in": "query", "type": "array", "items": {}, "collectionFormat": "multi"}
    },
    "definitions": {
        "B": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    },
}


def test_swagger_2_is_read(tmp_path: Path) -> None:
    found = opened(tmp_path, SWAGGER)
    assert "collectionFormat 'tsv'" in found.document.skipped[0].why
    request = build(found.endpoints["list"], {"ids": ["a", "b"], "tags": ["c", "d"], "p": ["e", "f"], "n": 1})
    assert target(request) == "/boats/a,b?tags=c&tags=d&p=e%7Cf&n=1"
    assert found.catalog["list"].validator.is_valid({"ids": ["a"], "n": None})
    assert build(found.endpoints["change"], {"ids": ["a"], "name": "Ada"}).content == b'{"name":"Ada"}'
    assert build(found.endpoints["form"], {"ids": ["a"], "a": ["x", "y"]}).content == b"a=x%2Cy".replace(
        b"%2C", b","
    )
    photo = build(found.endpoints["photo"], {"ids": ["a"], "photo": "AAH/", "title": "t"})
    assert b'name="photo"; filename="photo"' in photo.content and b"\x00\x01\xff" in photo.content
    with pytest.raises(Unsendable, match="photo: expected the bytes as base64"):
        build(found.endpoints["photo"], {"ids": ["a"], "photo": "no base64"})


def test_unsafe_operations_are_called_only_if_the_spec_names_them_or_lists_them_as_safe(
    tmp_path: Path,
) -> None:
    find = {"operationId": "find", "parameters": [parameter("id")]}
    (tmp_path / "doc.json").write_text(
        json.dumps(small({"post /find": find, "get /list": {"operationId": "list"}}))
    )
    tools = {"find": {"sources": {"id": [{"tool": "list", "pointer": "/*/id"}]}}}
    plan = [{"call": "list"}, {"follow": "list"}]
    found = read_spec(spec(tmp_path, URL, openapi={"file": "doc.json"}, tools=tools, plan=plan))
    assert [step.call for step in found.plan] == ["list"] and not found.endpoints["find"].safe
    assert found.notes == ("plan.1: find may change something and is not called: see openapi.safe",)
    named = [{"call": "find", "arguments": {"id": "7"}}]
    found = read_spec(spec(tmp_path, URL, openapi={"file": "doc.json"}, tools=tools, plan=named))
    assert [step.call for step in found.plan] == ["find"] and not found.is_safe("find")
    assert (
        "plan.0: find (POST /find (find)) may change something; it is called because this line"
        in found.notes[0]
    )
    with pytest.raises(SpecError, match="find may change something"):
        read_spec(
            spec(
                tmp_path,
                URL,
                openapi={"file": "doc.json"},
                tools=tools,
                plan=[plan[0], {**plan[1], "tools": "find"}],
            )
        )
    safe = {"file": "doc.json", "safe": ["POST /f*"]}
    found = read_spec(spec(tmp_path, URL, openapi=safe, tools=tools, plan=plan))
    assert [step.call for step in found.plan] == ["list", "find"]


def test_api_keys_of_the_document_are_credentials(tmp_path: Path) -> None:
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "Code"}}
    document = small({"get /a": {"parameters": [parameter("code")]}}, components={"securitySchemes": schemes})
    with pytest.raises(SpecError, match=r"api\.query\.code: a credential must not be in the spec"):
        opened(tmp_path, document, api={"query": {"code": "abcdef"}})
    environ = {"CODE": "abcdef"}
    found = opened(tmp_path, document, environ=environ, api={"query": {"code": "${CODE}"}}, secrets=["CODE"])
    assert not found.catalog["get_a"].properties and found.endpoints["get_a"].query == {"code": "abcdef"}


MANY_PARTS = small(
    {
        "post /f/{x}": {
            "operationId": "f",
            "servers": [{"url": "https://a.example/{v}", "variables": {"v": {"default": "1"}}}],
            "tags": ["a"],
            "parameters": [
                parameter("x", "path", style="matrix", explode=True),
                parameter("c", content={"application/json": {"schema": {"anyOf": [{"type": "object"}]}}}),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "properties": {"a": {"format": "binary"}, "b": {"items": {"format": "binary"}}},
                            "required": ["a"],
                        },
                        "encoding": {"a": {"contentType": "image/png"}},
                    },
                    "application/x-www-form-urlencoded": {
                        "schema": {"properties": {"z": {}}},
                        "encoding": {"z": {"style": "deepObject", "explode": True}},
                    },
                },
            },
        }
    },
    components={"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X"}}},
)
ODD = [
    None,
    3,
    "x",
    [],
    {},
    True,
    [None],
    {"a": None},
    -1.5,
    "(",
    {"$ref": 5},
    {"$ref": "#"},
    {"$ref": "x y#/%"},
]


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*place, key))


@given(data=st.data(), odd=st.sampled_from(ODD))
@pytest.mark.parametrize("document", [OLD, SWAGGER, MANY_PARTS])
def test_whatever_is_in_a_document_it_is_read_or_refused(
    tmp_path: Path, document: dict[str, Any], data: st.DataObject, odd: Any
) -> None:
    changed = json.loads(json.dumps(document))
    *above, last = data.draw(st.sampled_from(list(places(document))[1:]))
    holder = changed
    for key in above:
        holder = holder[key]
    holder[last] = odd
    try:
        found = read(tmp_path, changed)
    except SpecError:
        return
    Catalog([ToolSpec(name=name, parameters=dict(draft.parameters)) for name, draft in found.tools.items()])


DEEP: dict[str, Any] = {"type": "string"}
for _ in range(30):
    DEEP = {"type": "array", "items": {"anyOf": [DEEP]}} if _ % 2 else {"type": "array", "items": DEEP}
SURROGATE = "a lone surrogate, which is not UTF-8"


@pytest.mark.parametrize(
    ("path", "more", "why"),
    [
        ("/a", {"description": "\ud800"}, SURROGATE),
        ("/a", {"tags": ["\ud800"]}, SURROGATE),
        ("/a", {"operationId": "\ud800"}, SURROGATE),
        ("/\ud800", {}, "its path cannot be that of a URL"),
        ("/a\r\nX: y", {}, "its path cannot be that of a URL"),
        ("/" + "a" * 70_000, {}, "its path cannot be that of a URL"),
        ("https://elsewhere.example/a", {}, "its path cannot be that of a URL"),
        ("/a", {"parameters": [{"name": "p", "in": "query", "schema": DEEP}]}, "nested deeper than 64"),
        ("/a", {"parameters": [{"name": "X\n", "in": "header", "schema": {}}]}, "no header has the name"),
        (
            "/a",
            {"parameters": [{"name": "Cookie", "in": "header", "required": True}]},
            "cookies are not sent",
        ),
    ],
)
def test_what_one_operation_cannot_be_leaves_the_others(
    tmp_path: Path, path: str, more: dict[str, Any], why: str
) -> None:
    paths = {"/good": {"get": {"operationId": "good"}}, path: {"get": more}}
    text = json.dumps({"openapi": "3.1.0", "info": {}, "paths": paths})
    found = opened(tmp_path, text)
    assert list(found.catalog) == ["good"]
    assert found.document and [why in one.why for one in found.document.skipped] == [True]


def test_headers_of_the_connection_are_no_parameters(tmp_path: Path) -> None:
    names = ("Host", "content-length", "Transfer-Encoding", "Connection", "Cookie", "X-Fine")
    parameters = [{"name": name, "in": "header", "schema": {"type": "string"}} for name in names]
    tools = drafted(tmp_path, small({"get /a": {"operationId": "a", "parameters": parameters}}))
    assert list(tools["a"].parameters["properties"]) == ["X-Fine"]


def test_references_in_defaults_are_data(tmp_path: Path) -> None:
    schema = {"type": "object", "default": {"$ref": "https://boats.example/7"}}
    parameter = {"name": "p", "in": "query", "schema": schema}
    tools = drafted(tmp_path, small({"get /a": {"operationId": "a", "parameters": [parameter]}}))
    assert tools["a"].parameters["properties"] == {"p": {"type": "object"}}


def test_a_url_in_a_path_is_part_of_it(tmp_path: Path) -> None:
    found = opened(tmp_path, json.dumps(small({"get /proxy/http://{host}": {"operationId": "a"}})))
    assert target(build(found.endpoints["a"], {"host": "x"})) == "/proxy/http://x"


def test_large_documents_are_kept_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(drafts, "_WORTH_KEEPING", 1)
    (tmp_path / "shared.json").write_text(
        '{"P": {"name": "p", "in": "query", "schema": {"type": "integer"}}}'
    )
    document = json.loads(json.dumps(OLD))
    document["paths"]["/more"] = {"post": {"operationId": "more", "parameters": [{"$ref": "shared.json#/P"}]}}
    document["paths"]["/bad"] = {"get": {"parameters": 3}}
    fresh = read(tmp_path, document)
    [kept] = (tmp_path / "cache").iterdir()
    monkeypatch.setattr("tool_orch_env.record.openapi.drafts", None)  # reading would raise
    again = read(tmp_path, document)
    assert again == fresh and list(again.tools["getTown"].parameters) == list(
        fresh.tools["getTown"].parameters
    )
    with pytest.raises(TypeError):
        (tmp_path / "shared.json").write_text('{"P": {"name": "q", "in": "query"}}')
        read(tmp_path, document)
    monkeypatch.undo()
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(drafts, "_WORTH_KEEPING", 1)
    kept.write_text("{")
    assert "q" in read(tmp_path, document).tools["more"].places and json.loads(kept.read_text())


@pytest.mark.parametrize(
    "name", ["pagerduty_scim.json.gz", "museum31.yaml.gz", "petstore3.yaml.gz", "slack_v2.json.gz"]
)
def test_documents_of_well_known_apis_are_read(tmp_path: Path, shared_data: Path, name: str) -> None:
    path = tmp_path / name.removesuffix(".gz")
    path.write_bytes(gzip.decompress((shared_data / "openapi_documents" / name).read_bytes()))
    reading = read_document(path, OpenApi(file=path.name), base_url=URL)
    assert reading.tools and not reading.skipped
    for draft in reading.tools.values():
        Draft202012Validator.check_schema(draft.parameters)


def test_terminals_obey_nothing_in_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {"operationId": "[/b]\x1b]0;x\x07\ud800", "parameters": [{"name": "\x1b[2J", "in": "nowhere"}]}
    text = json.dumps(small({"get /a": {"operationId": "a"}, "get /\x1b[2Jb": odd}))
    opened(tmp_path, text)
    assert main(["record", str(tmp_path / "spec.yaml"), "--dry-run"]) == 0
    assert "[/b]" in (shown := capsys.readouterr().out)
    assert all(char.isprintable() or char == "\n" for char in shown)
