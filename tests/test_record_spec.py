"""Specs, OpenAPI documents and plans: every problem is told before anything is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from service import TOOLS, parameters, spec

from tool_orch_env.errors import SpecError
from tool_orch_env.record import plan
from tool_orch_env.record.pattern import matches, removed
from tool_orch_env.record.request import build
from tool_orch_env.record.schema import Step
from tool_orch_env.record.spec import read_spec
from tool_orch_env.record.styles import Unsendable
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec

URL = "http://127.0.0.1:1"


def problems(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read_spec(path, environ or {})
    return [problem.removeprefix("spec.yaml: ") for problem in caught.value.problems]


def test_every_problem_of_a_spec_is_told_at_once(tmp_path: Path) -> None:
    api = {"base_url": URL, "headers": {"Authorization": "Bearer abc"}, "query": {"k": "${NOT_SET}"}}
    tools = {
        **TOOLS,
        "far": {"url": "http://elsewhere.example/a", "parameters": parameters()},
        "loose": {"url": "/x/{id}", "parameters": parameters(id={"type": "integer"})},
        "bare": {"description": "nothing else"},
        "wrong": {"url": "/w", "parameters": {"type": "object", "properties": {"a": {"type": "strnig"}}}},
    }
    steps = [
        {"call": "nobody"},
        {"call": "get_town", "over": [{"from": "list_towns", "take": {"id": "id"}}]},
        {"call": "near", "arguments": {"lat": 1}, "over": [{"values": {"lat": [1, 2], "lon": [1]}}]},
        {"call": "echo", "over": [{"file": "../secret.json", "take": {"shout": "/a"}}]},
    ]
    found = problems(
        spec(tmp_path, URL, api=api, tools=tools, plan=steps, secrets=["SHORT"]), {"SHORT": "abc"}
    )
    expected = [
        "api.query.k: the environment variable NOT_SET is not set",
        "secrets: the environment variable SHORT is not set, shorter",
        "api.headers.Authorization: a credential must not be in the spec",
        "tools.bare: a tool that is not in the OpenAPI document needs url and parameters",
        "tools.far.url: its host is not among",
        "tools.loose: {id} in the URL is not a required parameter",
        "plan.0.call: 'nobody' is not a tool",
        "plan.1.over.0.from: 'list_towns' is not an earlier step",
        "plan.1.over.0: 'id' is not a JSON Pointer",
        "plan.2: 'lat' is given twice",
        "plan.2.over.0.values: the lists have different lengths",
        "plan.3: echo has no parameter 'shout'",
        "'../secret.json': not a path inside the folder",
        "tools: wrong.parameters/properties/a/type: not a JSON Schema",
    ]
    for text in expected:
        assert sum(problem.startswith(text) for problem in found) == 1, text
    assert len(found) == len(expected)


def test_a_field_that_does_not_exist_is_told_with_its_place(tmp_path: Path) -> None:
    found = problems(spec(tmp_path, URL, limits={"rte": 1}, plan=[{"call": "echo", "over": [{"from": 3}]}]))
    assert "limits.rte: Extra inputs are not permitted" in found
    assert any(problem.startswith("plan.0.over.0.from") for problem in found)


def test_yaml_is_read_as_version_1_2() -> None:
    text = "[NO, yes, 2013-07-10, 12:30, 0x1F, 1e3, 12, ~, true, 'a', .5, 007]"
    assert parse_yaml(text) == [
        "NO",
        "yes",
        "2013-07-10",
        "12:30",
        "0x1F",
        1000.0,
        12,
        None,
        True,
        "a",
        0.5,
        7,
    ]
    assert parse_yaml("a:\nb: {c: [1, {d: }]}") == {"a": None, "b": {"c": [1, {"d": None}]}}
    for bad, why in (
        ("a: 1\na: 2", "line 2: duplicate key 'a'"),
        ("1: a", "not a string"),
        ("a: [", "line"),
        ("a: !!set {b, c}", "could not determine a constructor"),
        ("a: !!timestamp 2013-07-10", "could not determine a constructor"),
        ("a: !!python/name:os.system", "could not determine a constructor"),
        ("a: !!map [b]", "line 1: expected a mapping"),
        ("a: !!bool yes", "line 1: expected true or false, found 'yes'"),
        ("a: !!float nan", "line 1: expected a number in the range of a double"),
        ("a:\n- 1e999", "line 2: expected a number in the range of a double"),
        ("a: &a {<<: *a}", "nested too deep"),
    ):
        with pytest.raises(ValueError, match=why):
            parse_yaml(bad)


def test_queries_and_fragments_are_sent_or_told(tmp_path: Path) -> None:
    with_query = spec(tmp_path, URL, api={"base_url": f"{URL}/v1?key=short"}, tools=TOOLS, plan=[])
    assert problems(with_query) == ["api.base_url: a query goes into api.query, and no fragment is sent"]
    tools = {"a": {"url": "/a?b=1#top", "parameters": parameters(p={"type": "integer"})}}
    read = read_spec(spec(tmp_path, URL, api={"base_url": URL}, tools=tools, plan=[]))
    assert str(build(read.endpoints["a"], {"p": 2}).url) == f"{URL}/a?b=1&p=2"


def test_no_argument_is_a_header_of_the_connection(tmp_path: Path) -> None:
    tools = {
        "a": {
            "url": "/a",
            "parameters": parameters(p={"type": "string"}, q={"type": "string"}),
            "places": {"p": {"at": "header", "name": "Content-Length"}, "q": {"at": "header", "name": "a b"}},
        }
    }
    endpoint = read_spec(spec(tmp_path, URL, api={"base_url": URL}, tools=tools, plan=[])).endpoints["a"]
    for argument in "pq":
        with pytest.raises(Unsendable, match="no argument can be the header"):
            build(endpoint, {argument: "5"})


def test_merges_that_multiply_are_read_once() -> None:
    lines = [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: {i}}}" for i in range(1, 40)]
    found = parse_yaml("\n".join(["a0: &a0 {k0: 0}", *lines]))
    assert found["a39"] == {f"k{i}": i for i in range(40)}


def test_patterns_cover_arrays_and_objects() -> None:
    value = {"a": [{"b": 1}, {"b": 2}, {}], "rates": {"USD": {"v": 3}, "EUR": {"v": 4}}}
    assert list(matches(value, "/a/*/b")) == [1, 2]
    assert list(matches(value, "/rates/*/v")) == [3, 4]
    assert list(matches(value, "/nothing/*")) == [] and list(matches(value, "")) == [value]
    for pattern in ("/a/*/b", "/rates/*/v", "/a/7", "/nothing/x"):
        removed(value, pattern)
    assert value == {"a": [{}, {}, {}], "rates": {"USD": {}, "EUR": {}}}


FLIGHT = Catalog(
    [
        ToolSpec(
            name="flights",
            parameters=parameters(
                origin={"type": "string"},
                dest={"type": "string"},
                date={"type": "string"},
                hour={"type": "integer"},
            ),
        )
    ]
)["flights"]


def called(step: Mapping[str, Any], folder: Path = Path(), **answers: list[Any]) -> list[dict[str, Any]]:
    return plan.calls(
        Step.model_validate({"call": "flights", **step}), FLIGHT, folder, lambda name: answers[name]
    )


def test_a_step_is_a_cross_product_of_rows() -> None:
    found = called(
        {
            "arguments": {"hour": 7},
            "over": [
                {"values": {"origin": ["EWR", "JFK"]}},
                {"values": {"dest": ["LAX", "SFO"], "date": ["2013-01-01", "2013-01-02"]}},
            ],
        }
    )
    assert [(c["hour"], c["origin"], c["dest"], c["date"][-1]) for c in found] == [
        (7, "EWR", "LAX", "1"),
        (7, "EWR", "SFO", "2"),
        (7, "JFK", "LAX", "1"),
        (7, "JFK", "SFO", "2"),
    ]


def test_rows_come_from_files_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("from,at,note\nEWR,7,x\nJFK,8,\n")
    (tmp_path / "a.json").write_text(
        '{"routes": [{"to": {"code": "LAX"}}, {"to": {}}, {"to": {"code": "SFO"}}]}'
    )
    (tmp_path / "a.jsonl").write_text('"2013-01-01"\n"2013-01-02"\n')
    table = {"file": "a.csv", "take": {"origin": "/from", "hour": "/at"}}
    assert called({"over": [table]}, tmp_path) == [{"origin": "EWR", "hour": 7}, {"origin": "JFK", "hour": 8}]
    routes = {"file": "a.json", "each": "/routes/*", "take": {"dest": "/to/code"}}
    assert called({"over": [routes]}, tmp_path) == [{"dest": "LAX"}, {"dest": "SFO"}]
    assert called({"over": [{"file": "a.jsonl", "take": {"date": ""}}]}, tmp_path) == [
        {"date": "2013-01-01"},
        {"date": "2013-01-02"},
    ]
    with pytest.raises(SpecError, match=r"a\.jsonl: expected elements that are objects of arguments"):
        called({"over": [{"file": "a.jsonl"}]}, tmp_path)


def test_rows_from_responses_are_limited_and_sampled_per_response() -> None:
    answers = [({"day": d}, {"hits": [{"o": f"O{d}{i}", "d": f"D{d}{i}"} for i in range(10)]}) for d in "ab"]
    rows = {
        "from": "search",
        "each": "/hits/*",
        "take": {"origin": "/o", "dest": "/d"},
        "keep": {"date": "/day"},
    }
    first = called({"over": [{**rows, "limit": 2}]}, search=answers)
    assert [(c["origin"], c["dest"], c["date"]) for c in first] == [
        ("Oa0", "Da0", "a"),
        ("Oa1", "Da1", "a"),
        ("Ob0", "Db0", "b"),
        ("Ob1", "Db1", "b"),
    ]
    drawn = called({"over": [{**rows, "sample": 3, "seed": 5}]}, search=answers)
    assert drawn == called({"over": [{**rows, "sample": 3, "seed": 5}]}, search=answers)
    assert [c["date"] for c in drawn] == list("aaabbb") and all(
        c["origin"][1:] == c["dest"][1:] for c in drawn
    )
    assert drawn != called({"over": [{**rows, "sample": 3, "seed": 6}]}, search=answers)
    assert (
        called({"over": [rows], "sample": 4, "seed": 1, "limit": 2}, search=answers)
        == (called({"over": [rows], "sample": 4, "seed": 1}, search=answers)[:2])
    )


def test_a_list_is_taken_from_a_response() -> None:
    answers = [({}, {"hits": [{"o": "A"}, {"o": None}, {"o": "B"}], "at": 7}), ({}, {"hits": [], "at": 8})]
    rows = {"from": "s", "take": {"origin": ["/hits/*/o"], "hour": "/at"}}
    assert called({"over": [rows]}, s=answers) == [{"origin": ["A", "B"], "hour": 7}]
    each = {"from": "s", "each": "/hits/*", "take": {"origin": ["/o"]}}
    assert called({"over": [each]}, s=answers) == [{"origin": ["A"]}, {"origin": ["B"]}]


def test_an_element_without_the_value_gives_no_row() -> None:
    answers = [({}, {"hits": [{"o": "A"}, {"o": None}, {}, 3]})]
    assert called({"over": [{"from": "s", "each": "/hits/*", "take": {"origin": "/o"}}]}, s=answers) == [
        {"origin": "A"}
    ]


def test_no_problem_tells_a_secret(tmp_path: Path) -> None:
    api = {"base_url": "${ADDRESS}/v1", "headers": {"x-api-key": "${MISSING}"}}
    path = spec(tmp_path, URL, api=api, secrets=["ADDRESS"], plan=[])
    found = problems(path, {"ADDRESS": "no-url-but-a-secret"})
    assert any("[secret]/v1" in problem for problem in found) and "but-a-secret" not in "".join(found)


def test_credentials_are_in_no_spec(tmp_path: Path) -> None:
    headers = {
        "Api-Token": "tok-1234",
        "X-Custom": "Bearer abcdefgh",
        "X-Session-Id": "abcdefgh",
        "x-authtoken": "abcdefgh",
    }
    headers |= {"accept-language": "english", "X-Sort-Key": "descending", "Sid": "abc", "X-Key": "${KEY}"}
    query = {"access_token": "abcdefgh", "apiKey": "${OTHER}-abc", "sig": "${KEY}", "key_format": "shortest"}
    api = {"base_url": URL, "headers": headers, "query": query, "proxy": "http://me:word@proxy.example"}
    tools = {"a": {"url": "/a?api_key=abcdefgh&page_token=abcdefgh", "parameters": parameters()}}
    environ = {"KEY": "abcdefgh", "OTHER": "x"}
    found = problems(spec(tmp_path, URL, api=api, tools=tools, plan=[], secrets=["KEY"]), environ)
    told = [
        "headers.Api-Token",
        "headers.X-Custom",
        "headers.X-Session-Id",
        "headers.x-authtoken",
        "query.access_token",
        "query.apiKey",
    ]
    expected = [
        *(f"api.{name}: a credential" for name in told),
        "api.proxy: a user",
        "tools.a.url: the credential",
    ]
    assert len(found) == len(expected)
    assert all(problem.startswith(text) for problem, text in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "url", ["http://[::1", "towns", "ftp://x.test", "http://me:word@x.test", "http:///a"]
)
def test_a_base_url_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    assert any(problem.startswith("api: ") for problem in problems(spec(tmp_path, url, plan=[])))


def test_credentials_are_in_no_command_of_a_server(tmp_path: Path) -> None:
    command = [
        "npx",
        "-y",
        "--token",
        "abcdefgh",
        "--api-key=abcdefgh",
        "--secret",
        "${KEY}",
        "--key",
        "--port",
    ]
    for server, told in (
        (
            {"command": [*command, "--page-token=abcdefgh"]},
            ["api.mcp.command.3: a c", "api.mcp.command.4: a c"],
        ),
        ({"url": "https://tools.example/mcp?api_key=abcdefgh"}, ["api.mcp.url: the credential 'api_key'"]),
    ):
        path = spec(tmp_path, URL, api={"mcp": server}, tools={}, plan=[], secrets=["KEY"])
        found = problems(path, {"KEY": "abcdefgh"})
        assert [problem[: len(text)] for problem, text in zip(found, told, strict=True)] == told
