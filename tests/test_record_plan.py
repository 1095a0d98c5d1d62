"""Plans that close: all values of a schema, and everything that a reply invites."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from service import TOOLS, Service, parameters, serving, spec

from tool_orch_env.cli.main import main
from tool_orch_env.errors import SpecError, UsageError
from tool_orch_env.record import domain, plan
from tool_orch_env.record.estimate import Estimate, estimate
from tool_orch_env.record.follow import expanded
from tool_orch_env.record.http import record, sample
from tool_orch_env.record.schema import Follow, Step
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, Source, ToolSpec

URL = "http://127.0.0.1:1"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("schema", "bounds", "expected"),
    [
        ({"enum": ["a", "b"]}, (), ["a", "b"]),
        ({"const": 3}, (), [3]),
        ({"type": "boolean"}, (), [False, True]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, (), [1, 2, 3]),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 7, "multipleOf": 3}, (), [3, 6]),
        ({"type": "integer", "minimum": 0.5, "exclusiveMaximum": 2.5}, (), [1, 2]),
        ({"type": "integer", "minimum": 1, "maximum": 30}, (29, 99), [29, 30]),
        ({"type": "integer"}, (-1, 1), [-1, 0, 1]),
        ({"type": ["integer", "null"], "minimum": 1, "maximum": 1}, (), [1, None]),
        ({"anyOf": [{"const": "x"}, {"enum": ["x", "y"]}]}, (), ["x", "y"]),
        ({"$ref": "#/$defs/unit"}, (), ["m", "ft"]),
        (
            {"type": "string", "format": "date"},
            ("2013-02-27", "2013-03-01"),
            ["2013-02-27", "2013-02-28", "2013-03-01"],
        ),
        (
            {"type": "string", "format": "date", "formatMinimum": "2013-12-31"},
            (None, "2014-01-01"),
            ["2013-12-31", "2014-01-01"],
        ),
        ({"enum": ["2013-01-01", "2013-05-05"]}, ("2013-02-01", None), ["2013-05-05"]),
        ({"type": "integer", "minimum": 3, "maximum": 2}, (), []),
        ({"type": "integer", "minimum": 1}, (), None),
        ({"type": "integer", "minimum": 0, "maximum": 10**9}, (), None),
        ({"type": "number", "minimum": 0, "maximum": 1}, (), None),
        ({"type": "string", "format": "date"}, ("2013-02-30", "2013-03-01"), None),
        ({"type": "string"}, (), None),
        ({"anyOf": [{"const": "x"}, {"type": "string"}]}, (), None),
        ({"$ref": "#/$defs/nothing"}, (), None),
        ({"$ref": "#/$defs/self"}, (), None),
        (True, (), None),
    ],
)
def test_all_values_of_a_schema_or_none_where_there_are_too_many(
    schema: Any, bounds: tuple[Any, ...], expected: list[Any] | None
) -> None:
    whole = parameters(p=schema) | {
        "$defs": {"unit": {"enum": ["m", "ft"]}, "self": {"$ref": "#/$defs/self"}}
    }
    found = domain.values(whole, "p", *bounds)
    assert (None if found is None else list(found)) == expected


def source(tool: str, pointer: str) -> tuple[Source, ...]:
    return (Source(tool=tool, pointer=pointer),)


STRING, DAY = {"type": "string"}, {"enum": ["2013-07-10", "2013-07-11"]}
UNITS = {"enum": ["metric", "imperial"]}
CATALOG = Catalog(
    [
        ToolSpec(
            name="search",
            parameters=parameters("day", day=DAY, hour={"type": "integer", "minimum": 0, "maximum": 23}),
        ),
        ToolSpec(
            name="flight",
            parameters=parameters("id", id=STRING),
            sources={"id": source("search", "/flights/*/id")},
        ),
        ToolSpec(
            name="weather",
            parameters=parameters("at", "day", at={"enum": ["JFK", "LGA"]}, day=DAY, units=UNITS),
            sources={"at": source("search", "/flights/*/from")},
        ),
        ToolSpec(
            name="fare",
            parameters=parameters("id", "zone", id=STRING, zone=STRING, carrier=STRING),
            sources={
                "id": source("search", "/flights/*/id"),
                "zone": source("search", "/zone"),
                "carrier": source("search", "/flights/*/by"),
            },
        ),
        ToolSpec(
            name="near",
            parameters=parameters("lat", "lon", lat={"type": "number"}, lon={"type": "number"}),
            sources={
                "lat": (*source("search", "/a/lat"), *source("search", "/b/lat")),
                "lon": (*source("search", "/a/lon"), *source("search", "/b/lon")),
            },
        ),
        ToolSpec(
            name="details",
            parameters=parameters("ids", ids={"type": "array", "items": STRING}),
            sources={"/ids/*": source("search", "/flights/*/id")},
        ),
        ToolSpec(
            name="compare",
            parameters=parameters("ids", ids={"type": "array", "items": STRING, "minItems": 2}),
            sources={"/ids/*": source("search", "/flights/*/id")},
        ),
        ToolSpec(
            name="book",
            parameters=parameters("id", "who", id=STRING, who=STRING),
            sources={"id": source("search", "/flights/*/id")},
        ),
    ]
)
REPLY = {
    "zone": "east",
    "flights": [{"id": "f1", "from": "JFK", "by": "DL"}, {"id": "f2", "from": "EWR", "by": None}],
    "a": {"lat": 1, "lon": 2},
    "b": {"lat": 3, "lon": 4},
}


def asked(step: Step, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    return plan.calls(step, CATALOG[step.call], Path(), lambda name: answers[name])


def invited(**line: Any) -> dict[str, list[dict[str, Any]]]:
    """The calls that a `follow` line makes of REPLY, by tool."""
    first = Step(call="search", arguments={"day": "2013-07-10"})
    found = expanded([first, Follow.model_validate({"follow": "search", **line})], CATALOG)
    assert not found.problems
    calls: dict[str, list[dict[str, Any]]] = {}
    for step in found.steps[1:]:
        calls.setdefault(step.call, []).extend(asked(step, {"search": [({"day": "2013-07-10"}, REPLY)]}))
    return calls


def test_all_crosses_the_values_of_its_parameters_and_leaves_optional_ones_out_once() -> None:
    step = Step.model_validate({"call": "search", "over": [{"all": ["day", "hour"], "maximum": 1}]})
    # a bound of another type says nothing about the days
    assert asked(step, {}) == [
        {"day": day, **hour} for day in DAY["enum"] for hour in ({}, {"hour": 0}, {"hour": 1})
    ]


def test_values_of_one_row_stay_together_at_every_level() -> None:
    reply = {"unit": "K", "lists": [{"n": 1, "forms": [{"v": 1}, {"v": 2}]}, {"n": 2, "forms": [{"v": 3}]}]}
    take = {"lat": "/lists/*/forms/*/v", "lon": "/lists/*/n", "unit": "/unit"}
    step = Step.model_validate({"call": "near", "over": [{"from": "search", "take": take}]})
    assert asked(step, {"search": [({}, reply)]}) == [
        {"lat": 1, "lon": 1, "unit": "K"},
        {"lat": 2, "lon": 1, "unit": "K"},
        {"lat": 3, "lon": 2, "unit": "K"},
    ]


def test_follow_asks_everything_about_every_row() -> None:
    calls = invited()
    assert calls["flight"] == [{"id": "f1"}, {"id": "f2"}]
    # EWR is no value of `at`; both days are, since the reply is no source of a day
    assert calls["weather"] == [{"at": "JFK", "day": day} for day in DAY["enum"]]
    # with and without the optional carrier; the zone of the whole reply with every row
    assert calls["fare"] == [
        {"id": "f1", "zone": "east"},
        {"id": "f2", "zone": "east"},
        {"id": "f1", "zone": "east", "carrier": "DL"},
    ]
    assert calls["near"] == [{"lat": 1, "lon": 2}, {"lat": 3, "lon": 4}]
    assert calls["details"] == [{"ids": ["f1"]}, {"ids": ["f2"]}]
    assert calls.keys() == {"flight", "weather", "fare", "near", "details"}


def test_follow_takes_further_values_for_the_tools_that_have_the_parameter() -> None:
    calls = invited(keep={"day": "/day"}, over=[{"all": "units"}], arguments={"who": "me"})
    assert calls["weather"] == [
        {"day": "2013-07-10", "at": "JFK", **units}
        for units in ({}, {"units": "metric"}, {"units": "imperial"})
    ]
    assert calls["book"] == [{"who": "me", "id": "f1"}, {"who": "me", "id": "f2"}]
    assert calls["flight"] == [{"id": "f1"}, {"id": "f2"}]
    assert invited(tools=["flight"]).keys() == {"flight"}


def test_a_follow_line_that_leads_nowhere_is_a_problem_with_an_example() -> None:
    steps = [Step(call="flight", arguments={"id": "f1"}), Follow(follow=("flight",))]
    [problem] = expanded(steps, CATALOG).problems
    assert problem.startswith("plan.1.follow: no tool takes a value from flight; say under `tools`")
    assert "`search: {sources: {day: [{tool: flight, pointer: /POINTER/TO/*/day}]}}`" in problem


def test_tools_that_a_follow_line_cannot_ask_are_named() -> None:
    steps = [Step(call="search", arguments={"day": "2013-07-10"}), Follow(follow=("search",))]
    assert expanded(steps, CATALOG).notes == (
        "plan.1: follow search: compare cannot be asked: 'ids' needs several values at a time; plan its calls with "
        "`over`",
        "plan.1: follow search: book cannot be asked: no value for 'who': the reply is no source of it, and its schema "
        "allows any number of values; give it in arguments, keep or over",
    )
    named = [steps[0], Follow(follow=("search",), tools=("book", "search"), keep={"nothing": "/day"})]
    assert [problem.partition(": ")[::2] for problem in expanded(named, CATALOG).problems][1:] == [
        ("plan.1.tools", "search has no source in search"),
        ("plan.1", "no tool that this line asks has a parameter 'nothing'"),
    ]
    after = Step.model_validate({"call": "flight", "over": [{"from": "book", "take": {"id": "/id"}}]})
    assert expanded([*steps, after], CATALOG).problems == (
        "plan.2.over.0.from: 'book' is not an earlier step",
    )
    assert expanded([Follow(follow=("later",))], CATALOG).problems == (
        "plan.0.follow: 'later' is not an earlier step",
    )


TOWN_TOOLS = {
    **TOOLS,
    "list_towns": {"url": "/towns", "parameters": parameters("country", country={"enum": ["N", "F"]})},
    "get_town": {
        **TOOLS["get_town"],
        "sources": {"id": [{"tool": "list_towns", "pointer": "/results/*/id"}]},
    },
    "near": {
        **TOOLS["near"],
        "sources": {
            "lat": [{"tool": "list_towns", "pointer": "/results/*/lat"}],
            "lon": [{"tool": "list_towns", "pointer": "/results/*/lon"}],
        },
    },
}
CLOSED = [{"call": "list_towns", "over": [{"all": "country"}]}, {"follow": "list_towns"}]


def closed(folder: Path, url: str, **more: Any) -> Spec:
    return read_spec(spec(folder, url, tools=TOWN_TOOLS, plan=CLOSED, **more), {})


def test_a_plan_of_two_lines_closes_an_api(service: Service, tmp_path: Path) -> None:
    report = record(closed(tmp_path, service.url), tmp_path / "out")
    assert (report.planned, report.faults) == (2 + 40 + 40, [])
    snapshot = Snapshot.open(tmp_path / "out")
    for listed in (snapshot.lookup("list_towns", {"country": c}) for c in "NF"):
        assert listed is not None
        for town in json.loads(listed.text)["results"]:
            assert snapshot.lookup("get_town", {"id": town["id"]}) is not None
            assert snapshot.lookup("near", {"lat": town["lat"], "lon": town["lon"]}) is not None


def test_a_follow_line_goes_on_from_another(service: Service, tmp_path: Path) -> None:
    tools = {
        **TOWN_TOOLS,
        "list_towns": {
            **TOOLS["list_towns"],
            "sources": {"country": [{"tool": "get_town", "pointer": "/country"}]},
        },
    }
    steps = [
        {"call": "get_town", "over": [{"all": "id", "minimum": 0, "maximum": 0}]},
        {"follow": "get_town"},
        {"follow": "list_towns", "tools": "get_town"},
    ]
    report = record(read_spec(spec(tmp_path, service.url, tools=tools, plan=steps), {}), tmp_path / "out")
    assert (report.planned, report.faults) == (1 + 1 + 19, [])  # the town, its country, the other towns there


def test_a_line_that_cannot_close_is_a_problem_of_the_spec(tmp_path: Path) -> None:
    steps = [
        {"call": "get_town", "over": [{"all": "id"}]},
        {"call": "list_towns", "over": [{"all": "country", "minimum": "X"}]},
        {"follow": "near"},
        {"follow": "far", "tools": ["get_town"]},
        {"neither": "call nor follow"},
    ]
    with pytest.raises(SpecError) as caught:
        read_spec(spec(tmp_path, URL, tools=TOWN_TOOLS, plan=steps[:4]), {})
    found = [problem.removeprefix("spec.yaml: ") for problem in caught.value.problems]
    for text in (
        "plan.0.over.0.all: 'id' has no finite number of values",
        "plan.1.over.0.all: 'country' has no value between",
        "plan.2.follow: 'near' is not an earlier step",
        "plan.3.follow: 'far' is not an earlier step",
    ):
        assert sum(problem.startswith(text) for problem in found) == 1, text
    assert len(found) == 4
    with pytest.raises(SpecError, match=r"plan\.0: expected an object with one of call and follow"):
        read_spec(spec(tmp_path, URL, plan=steps[4:]), {})


def counts(found: Estimate) -> list[tuple[str, int | None, bool, int]]:
    return [(step.tool, step.calls, step.exact, step.recorded) for step in found.steps]


def test_an_estimate_counts_what_is_known_and_says_what_is_not(tmp_path: Path) -> None:
    found = estimate(closed(tmp_path, URL), tmp_path / "out")
    assert counts(found) == [
        ("list_towns", 2, True, 0),
        ("get_town", None, False, 0),
        ("near", None, False, 0),
    ]
    assert (found.calls, found.unknown, found.size, found.seconds) == (2, ["get_town", "near"], None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"]


def test_an_estimate_extrapolates_from_a_sample_that_is_not_asked_again(
    service: Service, tmp_path: Path
) -> None:
    service.delay = 0.01
    spec = closed(tmp_path, service.url, limits={"concurrency": 4})
    sampled = sample(spec, tmp_path / "out", 1)
    assert sampled.asked == 3 and not (tmp_path / "out").exists()
    found = estimate(spec, tmp_path / "out")
    # one of two lists is recorded, and has 20 towns
    assert counts(found) == [("list_towns", 2, True, 1), ("get_town", 40, False, 1), ("near", 40, False, 1)]
    assert (found.calls, found.recorded, found.exact, found.unknown) == (82, 3, False, [])
    report = record(spec, tmp_path / "out")
    assert (report.asked, report.reused, service.seen.total()) == (79, 3, 82)
    after = estimate(spec, tmp_path / "out")
    assert (after.calls, after.recorded, after.exact, after.seconds) == (82, 82, True, 0.0)
    assert found.size == pytest.approx(after.size, rel=0.2)
    assert found.seconds is not None and 79 * 0.01 / 4 <= found.seconds < 79 * 0.2 / 4


def test_calls_that_repeat_from_reply_to_reply_are_not_multiplied(service: Service, tmp_path: Path) -> None:
    steps = [
        {"call": "get_town", "over": [{"all": "id", "minimum": 0, "maximum": 59}]},
        {"call": "list_towns", "over": [{"from": "get_town", "take": {"country": "/country"}}]},
    ]
    spec_file = spec(tmp_path, service.url, plan=steps)
    sample(read_spec(spec_file, {}), tmp_path / "out", 12)
    found = estimate(read_spec(spec_file, {}), tmp_path / "out")
    assert counts(found) == [("get_town", 60, True, 12), ("list_towns", 3, False, 3)]


def test_the_rate_bounds_the_time(tmp_path: Path) -> None:
    steps = [{"call": "get_town", "over": [{"all": "id", "minimum": 1, "maximum": 600}]}]
    found = estimate(read_spec(spec(tmp_path, URL, plan=steps, limits={"rate": 10}), {}))
    assert (found.calls, found.exact, found.seconds) == (600, True, 60.0)
    limited = estimate(read_spec(spec(tmp_path, URL, plan=steps, limits={"calls": 50}), {}))
    assert limited.calls == 50


def test_a_sample_asks_only_calls_that_the_plan_makes(service: Service, tmp_path: Path) -> None:
    drawn = [
        {"call": "list_towns", "over": [{"values": {"country": ["N", "F"]}}]},
        {"call": "get_town", "over": [{"from": "list_towns", "take": {"id": "/results/*/id"}}], "sample": 2},
    ]
    read = read_spec(spec(tmp_path, service.url, plan=drawn), {})
    assert sample(read, tmp_path / "out", 1).asked == 1
    assert counts(estimate(read, tmp_path / "out")) == [("list_towns", 2, True, 1), ("get_town", 2, False, 0)]
    with pytest.raises(UsageError, match=r"could exceed limits\.calls"):
        sample(read_spec(spec(tmp_path, service.url, limits={"calls": 3}), {}), tmp_path / "out", 1)


def test_the_command_prints_the_estimate_before_it_starts(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lonely = {
        "url": "/towns",
        "parameters": parameters("id", "say", id={"type": "integer"}, say={"type": "string"}),
    }
    lonely |= {"sources": {"id": [{"tool": "list_towns", "pointer": "/results/*/id"}]}}
    path = str(spec(tmp_path, service.url, tools={**TOWN_TOOLS, "say": lonely}, plan=CLOSED))
    assert main(["record", path, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "plan: at least 2 calls, 0 of them recorded\n" in shown
    assert "plan: unknown until replies are recorded: get_town, near" in shown
    assert "plan.1: follow list_towns: say cannot be asked: no value for 'say'" in shown
    assert not service.seen
    out = ["--out", str(tmp_path / "out")]
    assert main(["record", path, *out, "--dry-run", "--sample", "2"]) == 0
    shown = capsys.readouterr().out
    assert "plan: 82 calls, 6 of them recorded, 0.0 MB, " in shown and " to go\n" in shown
    assert main(["record", path, *out]) == 0
    shown = capsys.readouterr().out
    assert shown.index("plan: 82 calls, 6 of them") < shown.index(
        "82 calls, 76 requested now, 6 from the journal"
    )
    for wrong in (["record", path], ["record", path, *out, "--sample", "3"]):
        assert main(wrong) == 2


def test_coverage_says_what_is_open_and_the_line_that_closes_it(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[dict[str, Any]] = [
        {"call": "list_towns", "arguments": {"country": "N"}},
        {"call": "get_town", "over": [{"from": "list_towns", "take": {"id": "/results/*/id"}, "limit": 5}]},
    ]
    read = read_spec(spec(tmp_path, service.url, tools=TOWN_TOOLS, plan=steps), {})
    found = record(read, tmp_path / "out", coverage=True).gaps
    assert [gap[:4] for gap in found] == [
        ("list_towns", 2, 1, '{"country":"F"}'),
        ("get_town", 20, 15, '{"id":15}'),
        ("near", 20, 20, '{"lat":0,"lon":0}'),
        ("echo", 1, 1, "{}"),
    ]
    steps = [*map(parse_yaml, (gap.line for gap in found))]
    path = spec(tmp_path, service.url, tools=TOWN_TOOLS, plan=steps)
    assert main(["record", str(path), "--out", str(tmp_path / "out"), "--coverage"]) == 0
    shown = capsys.readouterr().out
    assert "83 calls, 77 requested now" in shown and "the plan makes every call" in shown
    assert "coverage: the plan never calls fetch;" in shown


def test_coverage_lists_the_tools_that_the_plan_never_calls(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tool that needs no argument is a gap of its own; one that nothing leads to is named."""
    tools = {name: {key: some[key] for key in some if key != "sources"} for name, some in TOWN_TOOLS.items()}
    free = {"url": "/towns", "parameters": {"type": "object", "properties": {}}}
    plan = [{"call": "list_towns", "over": [{"all": "country"}]}]
    path = spec(tmp_path, service.url, tools={**tools, "free": free}, plan=plan)
    assert main(["record", str(path), "--out", str(tmp_path / "out"), "--coverage"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "{call: free}" in shown
    assert "coverage: the plan never calls get_town," in shown


def test_sources_and_what_is_known_may_change_while_a_recording_is_resumed(
    service: Service, tmp_path: Path
) -> None:
    """Also where the journal was started by version 0.1.0, whose fingerprint had the sources."""
    plan = [{"call": "list_towns", "over": [{"all": "country"}]}]
    bare = {name: {key: some[key] for key in some if key != "sources"} for name, some in TOWN_TOOLS.items()}
    record(read_spec(spec(tmp_path, service.url, tools=bare, plan=plan), {}), tmp_path / "out")
    tools = {**TOWN_TOOLS, "list_towns": {**TOWN_TOOLS["list_towns"], "known": ["country"]}}
    whole = read_spec(spec(tmp_path, service.url, tools=tools, plan=plan), {})
    assert record(whole, tmp_path / "out").asked == 0
    journal = tmp_path / "out.journal.jsonl"
    journal.write_text(journal.read_text().replace(whole.fingerprint, whole.earlier))
    assert record(whole, tmp_path / "out").asked == 0
