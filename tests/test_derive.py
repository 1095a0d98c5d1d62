"""Derivations: a derived response is the API's own, byte for byte; rules compose; invalid calls are never answered."""

import itertools
import json
from typing import Any

import pytest
import toy_api as toys
from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.errors import SnapshotError
from tool_orch_env.jsonvalues.canonical import encode, plain, to_text
from tool_orch_env.reward.provenance import Provenance
from tool_orch_env.snapshot import Snapshot, bodies
from tool_orch_env.snapshot.catalog import Catalog, Tool, ToolSpec
from tool_orch_env.snapshot.derive import MEMO_BYTES, derive, overlap
from tool_orch_env.snapshot.fold import Fold
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.snapshot.rules import Values
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.snapshot.store import Recorded
from tool_orch_env.task import GoldenCall, Task
from tool_orch_env.taskset import TaskSet

API = toys.Api()
WORLD = toys.snapshot()
HELD = {WORLD.key(r.tool, r.arguments): Recorded(r.status, r.text) for r in WORLD.records()}


def asked(tool: str, arguments: dict[str, Any]) -> tuple[int, str]:
    """What the API answers to the call in its canonical form (-0.0 is 0)."""
    status, body = getattr(API, tool)(**plain(arguments))
    return status, to_text(body)


def found(tool: str, arguments: dict[str, Any], world: Snapshot = WORLD) -> tuple[int, str, bool] | None:
    answer = world.lookup(tool, arguments)
    return None if answer is None else (*answer, answer.derived)


def check(tool: str, derived: bool = True, **arguments: Any) -> None:
    """The snapshot answers what the API does."""
    assert found(tool, arguments) == (*asked(tool, arguments), derived)


def test_a_smaller_limit_is_the_beginning_of_the_recorded_list() -> None:
    for limit in range(1, 20):
        check("shops", name="Fazer", limit=limit)


def test_a_call_without_the_limit_has_the_default() -> None:
    check("shops", name="Fazer")


def test_a_list_that_is_whole_answers_every_higher_limit() -> None:
    tools = toys.catalog(shops={"derive": [toys.SPECS["shops"]["derive"][0] | {"recorded": [7, 12]}]})
    held = [
        make_record(tools, "shops", {"name": "Kappeli", "limit": n}, *_body("Kappeli", n)) for n in (7, 12)
    ]
    world = Snapshot.from_records("few", tools, held)
    for limit in range(1, 21):
        arguments = {"name": "Kappeli", "limit": limit}
        total = json.loads(asked("shops", arguments)[1])["total"]
        assert (world.lookup("shops", arguments) is not None) is (limit <= 12 or total <= 12)
        if world.lookup("shops", arguments):
            assert world.lookup("shops", arguments) == asked("shops", arguments)  # type: ignore[index]


def _body(name: str, limit: int) -> tuple[int, Any]:
    return API.shops(name, limit=limit)


def test_a_bound_keeps_the_elements_within_it_edge_included() -> None:
    for radius in (0.1, 0.2, 0.25, 2, 7.2, 9.9):
        check("near", place="north", radius_km=radius, limit=40)


def test_a_bound_of_a_list_that_was_cut_is_not_derived() -> None:
    tools = toys.catalog()
    body = API.near("north", 10, 5)
    world = Snapshot.from_records(
        "cut", tools, [make_record(tools, "near", {"place": "north", "radius_km": 10, "limit": 5}, *body)]
    )
    assert world.lookup("near", {"place": "north", "radius_km": 1, "limit": 5}) is None


def test_a_filter_keeps_the_elements_whose_field_is_equal() -> None:
    for kind in ("cafe", "cafeteria", "ba", "Bar", "none"):
        check("shops", name="Fazer", kind=kind, limit=20)


def test_a_list_of_ids_is_its_single_look_ups() -> None:
    for ids in (["n2", "n1"], ["n1", "n2"], ["n5", "n5", "n4"], ["n99", "n1"], ["n1", "n98"], ["n98", "n97"]):
        check("lookup", ids=ids)
    check("walks", origin="south", targets=["n2", "n1", "n2"])


def test_an_unknown_id_gets_the_apis_own_not_found() -> None:
    check("get", id="n77")
    assert found("get", {"id": "n77"})[0] == 404  # type: ignore[index]


def test_an_error_is_the_answer_where_the_rule_says_so() -> None:
    check("near", place="west", radius_km=3, limit=7)
    check("convert", value=3, from_unit="metre", to_unit="celsius")


def test_numbers_are_computed_as_the_api_does() -> None:
    for value in (0, -40, 3.3, 1e-7, 1e17, 2013):
        check("convert", value=value, from_unit="celsius", to_unit="kelvin")


def test_rules_compose() -> None:
    check("shops", name=" kappeli, TOWN", kind="bar", limit=1)
    check("near", place="east", radius_km=4.5, limit=2)
    check("near", place="east")


def test_spellings_under_the_fold_are_one_call() -> None:
    for name in (
        "cafe ursula",
        "CAFÉ  URSULA",
        " Café Ursula, Town",
        "the CAFF",
        "The Caff, town",
        "Cafe\u0301 Ursula",
    ):
        check("shops", derived=False, name=name, limit=20)


def test_a_recorded_call_is_not_derived() -> None:
    check("shops", derived=False, name="Kappeli")


TEXTS = st.sampled_from([*toys.NAMES, "nothing", "x", "cafe ursula", "FAZER, town", "", 3])
CALLS = st.one_of(
    st.tuples(
        st.just("shops"),
        st.fixed_dictionaries(
            {"name": TEXTS},
            optional={
                "limit": st.integers(-1, 22),
                "kind": st.sampled_from(["cafe", "cafeteria", "bar", "c", "", None]),
            },
        ),
    ),
    st.tuples(
        st.just("near"),
        st.fixed_dictionaries(
            {"place": st.sampled_from([*toys.PLACES, "west", "up"])},
            optional={
                "radius_km": st.one_of(
                    st.integers(-1, 11), st.integers(0, 110).map(lambda n: n / 10), st.floats(0, 11)
                ),
                "limit": st.integers(0, 42),
            },
        ),
    ),
    st.tuples(
        st.sampled_from(["lookup"]),
        st.fixed_dictionaries(
            {"ids": st.lists(st.sampled_from(["n1", "n2", "n3", "n30", "n31", "n99", "x"]), max_size=12)}
        ),
    ),
    st.tuples(
        st.just("get"),
        st.fixed_dictionaries(
            {"id": st.one_of(st.integers(0, 40).map(lambda n: f"n{n}"), st.text(max_size=3))}
        ),
    ),
    st.tuples(
        st.just("walks"),
        st.fixed_dictionaries(
            {
                "origin": st.sampled_from(toys.PLACES),
                "targets": st.lists(st.integers(0, 33).map(lambda n: f"n{n}"), max_size=11),
            }
        ),
    ),
    st.tuples(
        st.just("convert"),
        st.fixed_dictionaries(
            {
                "value": st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e12, 1e12)),
                "from_unit": st.sampled_from([*toys.UNITS, "mile"]),
                "to_unit": st.sampled_from(list(toys.UNITS)),
            }
        ),
    ),
)


@given(CALLS)
@settings(deadline=None)
def test_law_every_answer_is_the_apis_and_no_invalid_call_has_one(call: tuple[str, dict[str, Any]]) -> None:
    tool, arguments = call
    valid = toys.CATALOG[tool].validator.is_valid(arguments)
    answer = WORLD.derived(toys.CATALOG[tool], arguments, WORLD.key(tool, arguments))
    if not valid:
        assert answer is None
    elif answer is not None and WORLD.get(WORLD.key(tool, arguments)) is None:
        assert (answer.status, answer.text, answer.derived) == (*asked(tool, arguments), True)


@given(CALLS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_law_the_order_of_rules_does_not_matter(call: tuple[str, dict[str, Any]], rng: Any) -> None:
    tool, arguments = call
    known = toys.CATALOG[tool]
    if not known.validator.is_valid(arguments):
        return
    answers = {
        derive(known, arguments, HELD.get, rules) for rules in itertools.permutations(known.spec.derive)
    }
    assert len(answers) == 1


@given(st.sampled_from(list(WORLD.records())))
@settings(deadline=None, max_examples=200)
def test_law_derived_equals_recorded_where_both_exist(record: Any) -> None:
    assert overlap(toys.CATALOG[record.tool], record, HELD.get) is None


FOLDS = (
    Fold(
        case=True,
        accents=True,
        space=True,
        suffixes=(", Town", " center"),
        aliases={"The Caff": "Café Ursula"},
    ),
    Fold(case=True),
    Fold(suffixes=(", Town",)),
    Fold(space=True, aliases={"a  b": "c"}),
)
PARTS = st.sampled_from(
    [
        "Café",
        "URSULA",
        " ",
        "  ",
        ", Town",
        ", town",
        " Center",
        "The Caff",
        "ß",
        "İ",
        "e\u0301",
        "\u0345",
        "a",
        "b",
    ]
)


@given(st.sampled_from(FOLDS), st.one_of(st.lists(PARTS, max_size=8).map("".join), st.text(max_size=12)))
@settings(deadline=None)
def test_law_folding_twice_changes_nothing_more(fold: Fold, text: str) -> None:
    once = fold.compiled()(text)
    assert fold.compiled()(once) == once


def test_a_text_that_is_all_suffix_keeps_it() -> None:
    assert FOLDS[0].compiled()(", Town") == ", town"


def test_a_long_text_is_not_folded_and_costs_nothing() -> None:
    text = "A, Town" * 100_000
    assert FOLDS[0].compiled()(text) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.sampled_from([None, 1, 3]))
def test_law_spans_are_where_the_values_are(value: Any, indent: int | None) -> None:
    text = json.dumps({"a": value, "b/c": {"": [value, value]}}, indent=indent)
    found = bodies.spans(text, ("/a", "/b~1c", "/b~1c/", "/none/x", "/a/b"))
    assert json.loads(text[slice(*found["/a"])]) == value
    some = bodies.listing(text, "/b~1c/")
    assert some is not None and list(some.values) == [value, value]
    edit = some.with_items([some.items[1]])
    assert json.loads(bodies.edited(text, [edit]))["b/c"][""] == [value]


def test_numbers_keep_the_text_that_the_api_wrote() -> None:
    items = '{"kind":"a","x":1.50},{"kind":"b","x":1E3}'
    text = f'{{"total":3,"shops":[{items},{{"kind":"a","x":-0.0}}],"limit":20,"more":false}}'
    held = {WORLD.key("shops", {"name": "odd", "limit": 20}): Recorded(200, text)}
    answer = derive(toys.CATALOG["shops"], {"name": "odd", "limit": 2}, held.get)
    assert answer is not None
    assert (
        answer.text
        == '{"total":3,"shops":[{"kind":"a","x":1.50},{"kind":"b","x":1E3}],"limit":2,"more":true}'
    )


def test_responses_of_another_shape_are_not_derived_from() -> None:
    tool = toys.CATALOG["shops"]
    for text in ("null", "[]", '{"shops":{}}', '{"total":1,"shops":[1],"more":false}', '"text"', "3"):
        held = {WORLD.key("shops", {"name": "odd", "limit": 20}): Recorded(200, text)}
        assert derive(tool, {"name": "odd", "limit": 2, "kind": "a"}, held.get, tool.spec.derive[:2]) is None


def test_records_of_one_task_are_not_derived_from() -> None:
    record = make_record(toys.CATALOG, "shops", {"name": "own", "limit": 20}, *_body("Fazer", 20), task="t")
    tools = toys.catalog(shops={"derive": toys.SPECS["shops"]["derive"][:2]})
    world = Snapshot.from_records("own", tools, [record])
    assert world.lookup("shops", {"name": "own", "limit": 20}, "t") is not None
    assert world.lookup("shops", {"name": "own", "limit": 2}, "t") is None


def test_a_default_that_is_invalid_when_it_is_given_is_not_answered() -> None:
    parameters = toys._object(
        ["name"], name=toys.TEXT, kind=toys.TEXT, limit=toys._limit(20, 5) | {"minimum": 6}
    )
    tools = toys.catalog(shops={"parameters": parameters, "fold": {}})
    records = [make_record(tools, "shops", {"name": "Fazer", "limit": 20}, *_body("Fazer", 20))]
    world = Snapshot.from_records("odd", tools, records)
    for _ in range(2):
        assert world.lookup("shops", {"name": "Fazer"}) is not None
        assert world.lookup("shops", {"name": "Fazer", "limit": 5}) is None


def test_the_memo_is_bounded() -> None:
    world = toys.snapshot()
    for number in range(3000):
        assert world.lookup("get", {"id": f"n{number + 100}"}) is not None
    memo = world._deriver._memo
    assert 0 < len(memo) <= 3000 and memo._cache.currsize <= MEMO_BYTES
    memo[("x", "y")] = Recorded(200, "x" * (MEMO_BYTES + 1))
    assert ("x", "y") not in memo._cache


@pytest.mark.parametrize("one_parameter", [True, False])
def test_hostile_rules_end(one_parameter: bool) -> None:
    rules = [
        {
            "rule": "prefix",
            "parameter": "p0" if one_parameter else f"p{n}",
            "at": "",
            "recorded": list(range(1, 17)),
            "fields": {},
        }
        for n in range(8)
    ]
    parameters = toys._object([], **{f"p{n}": {"type": "integer"} for n in range(8)})
    catalog = Catalog([ToolSpec.model_validate({"name": "a", "parameters": parameters, "derive": rules})])
    assert Snapshot.from_records("hostile", catalog, []).lookup("a", {f"p{n}": 0 for n in range(8)}) is None


@pytest.mark.parametrize(
    ("tool", "changed", "problem"),
    [
        ("shops", {"parameter": "most"}, "'most' is not a parameter"),
        ("shops", {"recorded": [21]}, "recorded/limit: 21 is greater than the maximum of 20"),
        ("shops", {"at": "shops"}, "is not a JSON Pointer"),
        ("shops", {"fields": {"/shops/0": "length"}}, "is changed as a whole and in part"),
        (
            "shops",
            {"rule": "filter", "field": "/kind", "whole": "always", "recorded": None},
            "without default",
        ),
        ("get", {"domain": {"x": {}}}, "'x' is not a parameter"),
        ("get", {"like": {"id": 3}}, "like/id: 3 is not of type 'string'"),
        ("get", {"fields": {"/a": "length"}}, "need a list"),
    ],
)
def test_a_rule_that_does_not_fit_its_tool_is_named(tool: str, changed: dict[str, Any], problem: str) -> None:
    rule = {**toys.SPECS[tool]["derive"][0], **changed}
    if rule.get("rule") == "filter":
        del rule["recorded"]
    with pytest.raises(SnapshotError, match=problem):
        toys.catalog(**{tool: {"derive": [rule]}})


def test_unknown_rules_are_refused() -> None:
    document = {"tools": [{"name": "a", "parameters": {"type": "object"}, "derive": [{"rule": "guess"}]}]}
    with pytest.raises(SnapshotError, match="guess"):
        Catalog.parse(document, "tools.json")


def test_the_catalog_is_written_and_read_back() -> None:
    again = Catalog.parse(json.loads(json.dumps(toys.CATALOG.dump())), "tools.json")
    assert [tool.spec for tool in again.values()] == [tool.spec for tool in toys.CATALOG.values()]


def test_verify_derives_what_was_recorded_again() -> None:
    assert verify(WORLD) == []
    records = [r for r in WORLD.records() if (r.tool, r.arguments) != ("shops", {"name": "Kappeli"})]
    odd = make_record(
        toys.CATALOG, "shops", {"name": "Kappeli"}, 200, {"total": 0, "shops": [], "limit": 5, "more": False}
    )
    [problem] = verify(Snapshot.from_records("odd", toys.CATALOG, [*records, odd]))
    assert "the recorded response is not the derived one" in problem and "the API" in problem


TASK = Task(
    id="t",
    snapshot="toy-api",
    request="How many bars called Fazer are there?",
    tools=tuple(toys.SPECS),
    golden=(GoldenCall(id="a", tool="shops", arguments={"name": "Fazer", "kind": "bar", "limit": 20}),),
)


def play(*calls: tuple[str, dict[str, Any]], world: Snapshot = WORLD) -> tuple[Episode, list[Any]]:
    episode = Episode(TaskSet(world, [TASK]).compiled("t"), limits=EpisodeLimits(max_turns=30))
    message = {"tool_calls": [{"name": tool, "arguments": arguments} for tool, arguments in calls]}
    return episode, [call.result for call in episode.step(message).calls]


def test_an_episode_answers_derived_calls_and_scores_them() -> None:
    episode, [result] = play(("shops", {"name": "FAZER, Town ", "kind": "bar", "limit": 20}))
    assert (result.status, result.derived, result.text) == (
        "ok",
        True,
        asked("shops", TASK.golden[0].arguments)[1],
    )
    assert episode.score.atomic == 1


def test_an_episode_validates_before_it_derives() -> None:
    tools = toys.catalog(
        shops={
            "parameters": toys._object(["name"], name={"enum": list(toys.NAMES)}, limit=toys._limit(20, 5))
        }
        | {"derive": toys.SPECS["shops"]["derive"][:1], "fold": {"name": {"case": True}}}
    )
    world = Snapshot.from_records(
        "toy-api",
        tools,
        [
            r
            for r in toys.recorded(API)
            if r.tool == "get"
            or (r.tool == "shops" and "kind" not in r.arguments and r.arguments["name"] != "nothing")
        ],
    )
    _, results = play(
        ("shops", {"name": "fazer", "limit": 20}),
        ("shops", {"name": "fazer", "limit": 2}),
        ("shops", {"name": "Fazer", "limit": 0}),
        ("get", {"id": "x"}),
        ("shops", {"name": "Fazer", "limit": 2}),
        world=world,
    )
    assert [result.status for result in results] == ["invalid_arguments"] * 4 + ["ok"]


def test_an_argument_is_known_in_every_spelling_of_the_fold() -> None:
    golden = (GoldenCall(id="a", tool="shops", arguments={"name": "Café Ursula"}),)
    task = TASK.model_copy(update={"request": "Which bars bear this name?", "golden": golden})
    provenance, tool = Provenance(task, toys.CATALOG), toys.CATALOG["shops"]
    for written, seen, held in (
        ("CAFE URSULA, Town", set(), True),  # the golden call has it
        ("Kappeli", set(), False),
        ("KAPPELI, town", {"kappeli"}, True),  # a reply has it
        ("Kappeli", {"kappeli, town"}, True),
    ):
        arguments = {"name": written}
        assert provenance.holds("shops", tool.normalise(arguments), seen, arguments) is held


def test_a_miss_names_the_domain_and_no_recorded_call() -> None:
    held = {
        "date": {"from": "2013-07-01", "to": "2013-07-28"},
        "origin": {"enum": ["EWR", "JFK"]},
        "n": {"maximum": 30},
    }
    string = {"type": "string"}
    parameters = toys._object(
        ["origin", "date"], origin=string, date=string, n={"type": "integer", "default": 99}
    )
    catalog = Catalog([ToolSpec.model_validate({"name": "flights", "parameters": parameters, "holds": held})])
    world = Snapshot.from_records(
        "held",
        catalog,
        [make_record(catalog, "flights", {"origin": "EWR", "date": "2013-07-09", "n": 7}, 200, [])],
    )
    task = TASK.model_copy(
        update={
            "tools": ("flights",),
            "golden": (
                GoldenCall(id="a", tool="flights", arguments={"origin": "EWR", "date": "2013-07-09", "n": 7}),
            ),
        }
    )
    episode = Episode(TaskSet(world, [task]).compiled("t"))
    calls = [
        {"origin": "LGA", "date": "2013-08-01", "n": 1},
        {"origin": "JFK", "date": "2013-07-02", "n": 1},
        {"origin": "JFK", "date": "2013-07-02"},
    ]
    step = episode.step({"tool_calls": [{"name": "flights", "arguments": one} for one in calls]})
    outside, inside, default = [json.loads(call.result.text)["error"] for call in step.calls]
    assert outside["message"].endswith(
        "responses are held for date: 2013-07-01 to 2013-07-28; origin: one of EWR, JFK"
    )
    assert outside["outside"][0] == {
        "pointer": "/date",
        "rule": "domain",
        "expected": "2013-07-01 to 2013-07-28",
        "found": '"2013-08-01"',
    }
    assert "outside" not in inside and "2013-07-09" not in step.text
    assert [one["pointer"] for one in default["outside"]] == ["/n"]


def test_values_that_are_only_described_are_named_where_nothing_else_is_outside() -> None:
    held = {"id": {"says": "those that search lists"}, "day": {"maximum": 7}, "more": {"says": "any"}}
    integer = {"type": "integer"}
    parameters = toys._object(["id", "day"], id=integer, day=integer, more=integer)
    (tool,) = Catalog(
        [ToolSpec.model_validate({"name": "get", "parameters": parameters, "holds": held})]
    ).values()
    assert tool.outside({"id": 5, "day": 7}) == [("id", "those that search lists", 5)]
    assert tool.outside({"id": 5, "day": 8}) == [("day", "at most 7", 8)]
    assert tool.spec.holds["id"].hold(5) and Catalog([tool.spec]).dump()["tools"][0]["holds"] == held


@pytest.mark.parametrize(
    ("values", "inside", "outside"),
    [
        ({"enum": [1, "a"]}, [1, 1.0, "a", [1, "a"]], [2, "1", True, ["b"]]),
        ({"minimum": 1, "maximum": 3.5}, [1, 3.5], [0, 4, "2", True]),
        ({"from": "2013-07-01"}, ["2013-07-01", "2014"], ["2013-06-30", 2013]),
        ({}, [1, "a", None], []),
    ],
)
def test_domains(values: dict[str, Any], inside: list[Any], outside: list[Any]) -> None:
    domain = Values.model_validate(values)
    assert all(map(domain.hold, inside)) and not any(map(domain.hold, outside))


def test_format_2_is_written_only_where_it_is_used(tmp_path: Any) -> None:
    from tool_orch_env.snapshot.folder import write

    without = Catalog(
        [ToolSpec(name=name, parameters=spec["parameters"]) for name, spec in toys.SPECS.items()]
    )
    for number, tools in ((1, without), (2, toys.CATALOG)):
        folder = tmp_path / str(number)
        write(folder, name="t", version="1", licence="CC0-1.0", sources=[], captured="", catalog=tools,
              records={"responses": toys.recorded(API, tools)}, splits={}, notice="")  # fmt: skip
        assert json.loads((folder / "manifest.json").read_text())["format"] == number
        assert (Snapshot.open(folder).lookup("get", {"id": "n77"}) is not None) is (number == 2)


def test_a_pickled_tool_folds_as_before() -> None:
    import pickle

    tool: Tool = pickle.loads(pickle.dumps(toys.CATALOG["shops"]))
    assert encode(tool.normalise({"name": "FAZER, Town"})) == '{"name":"fazer"}'
