"""Each component of the score, on traces small enough to compute by hand."""

import base64
import dataclasses
import itertools
import json
import math
import pickle
import re
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import toy as toys
from hypothesis import given
from hypothesis import strategies as st

import tool_orch_env as toe
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.errors import TaskError, UsageError
from tool_orch_env.reward.config import PRESETS, RewardConfig, Score
from tool_orch_env.reward.credit import CreditWeights
from tool_orch_env.reward.graduated import waste_cost
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import deduplicated, make_record
from tool_orch_env.task import GoldenCall, Task

SNAPSHOT = toys.snapshot()
CHAIN, FACTS, PAIR = toys.tasks()
GOLDEN = [{"name": call.tool, "arguments": call.arguments} for call in CHAIN.golden]


def score(turns: list[Any], task: Task = CHAIN, **more: Any) -> Score:
    return toe.score_turns(task, turns, SNAPSHOT, **more)


def call(tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"name": tool, "arguments": arguments}


def test_the_golden_trace_earns_one() -> None:
    assert score(GOLDEN) == Score(1.0, 1.0, None, 0.0, 1.0, success=True)


def test_doing_nothing_earns_nothing() -> None:
    assert score(["I cannot help."]).total == 0.0


def test_the_ladder_of_credit_counts_name_parameters_types_values_and_execution() -> None:
    """The last of four golden calls, each rung taken away in turn; A = (3 + credit) / 4."""
    cases = [
        (
            call("rate", currency="NOK", date="2013-07-11"),
            0.10 + 0.15 + 0.15 + 0.25 + 0.10,
        ),  # recorded, one value
        (call("rate", currency="NOK", date="2001-01-01"), 0.10 + 0.15 + 0.15 + 0.25),  # valid, not recorded
        (call("rate", currency="NOK", date="someday"), 0.10 + 0.15 + 0.075 + 0.25),  # one type broken
        (call("rate", currency="NOK"), 0.10 + 0.15 * 2 / 3 + 0.075 + 0.25),  # one parameter missing
        (
            call("rate", currency="NOK", date="2013-07-10", hour=1),
            0.10 + 0.15 * 4 / 5 + 0.15 + 0.5,
        ),  # one too many
        (call("rate"), 0.10),
    ]
    for emitted, credit in cases:
        assert score([*GOLDEN[:3], emitted]).atomic == pytest.approx((3 + credit) / 4), emitted
        assert score([emitted]).atomic == 0.0, "a call that is not exact, before what it needs"


def test_calls_before_what_they_need_count_for_validity_but_not_for_order() -> None:
    backwards = score(GOLDEN[::-1])
    assert (backwards.atomic, backwards.orchestration) == (1.0, 0.25)
    at_once = score([GOLDEN])
    assert (at_once.atomic, at_once.orchestration) == (1.0, 0.25)


def test_a_repeated_call_can_mend_the_order_and_costs_waste() -> None:
    mended = score([*GOLDEN[::-1], *GOLDEN[1:]])
    assert mended.orchestration == 1.0
    assert mended.waste == 3 / 4
    assert mended.total == 1.0 - waste_cost(3 / 4, 4, RewardConfig().waste)


def test_one_emitted_call_answers_one_golden_call() -> None:
    twice = CHAIN.model_copy(
        update={
            "golden": (CHAIN.golden[0], GoldenCall(id="z", tool="search_city", arguments={"name": "Oslo"}))
        }
    )
    assert score(GOLDEN[:1], twice).total == 0.5
    assert score(GOLDEN[:1] * 2, twice).total == 1.0


def test_left_over_calls_are_waste_and_unrecorded_valid_ones_half() -> None:
    surplus = {
        "ping": (call("ping"), 1.0),
        "unknown tool": (call("pong"), 1.0),
        "unparsable": ("<tool_call>{</tool_call>", 1.0),
        "invalid": (call("rate", currency=3), 1.0),
        "not recorded": (call("rate", currency="XXX", date="2013-07-10"), 0.5),
    }
    for what, (emitted, weight) in surplus.items():
        assert score([*GOLDEN, emitted]).waste == weight / 4, what


@pytest.mark.parametrize(
    ("arguments", "exact"),
    [
        ({"city_id": 110}, True),  # another name of the same thing: it is next to the golden value
        ({"city_id": 12}, False),  # another thing, though the same list comes back
        ({"city_id": 11, "units": "imperial"}, True),
        ({"city_id": 12, "units": "imperial"}, False),
    ],
)
def test_a_call_with_the_same_response_is_exact_if_the_arguments_that_matter_are_equal(
    arguments: dict[str, Any], exact: bool
) -> None:
    found = {"results": [{"city_id": 11, "old_id": 110, "in": {"id": 12}}, {"city_id": 12}]}
    tools = toys.catalog()
    recorded = [r for r in toys.records(tools) if r.tool != "get_city" and r.arguments != {"name": "Oslo"}]
    same = {"name": "Oslo", "country": "NO"}
    recorded.append(make_record(tools, "search_city", {"name": "Oslo"}, 200, found))
    recorded += [make_record(tools, "get_city", one, 200, same) for one in ({"city_id": 11}, arguments)]
    snapshot = Snapshot.from_records("toy", tools, deduplicated(recorded))
    other = [GOLDEN[0], call("get_city", **arguments), *GOLDEN[2:]]
    assert (toe.score_turns(CHAIN, other, snapshot).total == 1.0) is exact


@pytest.mark.parametrize(
    ("request_text", "units", "exact"),
    [
        ("Oslo, please.", "metric", True),  # left at its default
        ("Oslo, please.", "imperial", True),
        (
            "Oslo in imperial units, please.",
            "metric",
            True,
        ),  # left out: the response shows that it does not matter
        ("Oslo in imperial units, please.", "kelvin", False),
    ],
)
def test_an_optional_argument_may_differ_unless_the_request_states_it(
    request_text: str, units: str, exact: bool
) -> None:
    tools = Catalog(
        [spec.spec if name != "get_city" else FREE_UNITS for name, spec in toys.catalog().items()]
    )
    asked = {"city_id": 11, "units": "imperial"}
    emitted = {**asked, "units": units}
    same = {"name": "Oslo", "country": "NO"}
    recorded = [make_record(tools, "get_city", one, 200, same) for one in (asked, emitted)]
    task = Task(
        id="t",
        snapshot="toy",
        request=request_text,
        tools=("get_city",),
        golden=(GoldenCall(id="a", tool="get_city", arguments=asked),),
    )
    snapshot = Snapshot.from_records("toy", tools, deduplicated(recorded))
    assert (toe.score_turns(task, [call("get_city", **emitted)], snapshot).total == 1.0) is exact


FREE_UNITS = ToolSpec(
    name="get_city",
    parameters={
        "type": "object",
        "properties": {"city_id": {}, "units": {"type": "string", "default": "metric"}},
        "required": ["city_id"],
    },
)


def test_calls_with_the_same_empty_response_are_not_exact() -> None:
    tools = toys.catalog()
    recorded = [
        make_record(tools, "search_city", {"name": n}, 200, {"count": 0, "results": []}) for n in ("A", "B")
    ]
    snapshot = Snapshot.from_records("toy", tools, recorded)
    task = Task(
        id="t",
        snapshot="toy",
        request="A?",
        tools=("search_city",),
        golden=(GoldenCall(id="a", tool="search_city", arguments={"name": "A"}),),
    )
    assert toe.score_turns(task, [call("search_city", name="B")], snapshot).orchestration == 0.0


def test_an_optional_call_earns_nothing_and_costs_nothing_once() -> None:
    optional = GoldenCall(id="o", tool="ping", arguments={}, optional=True)
    task = CHAIN.model_copy(update={"golden": (*CHAIN.golden, optional)})
    assert score(GOLDEN, task).total == 1.0
    assert score([*GOLDEN, call("ping")], task).total == 1.0
    assert score([*GOLDEN, call("ping"), call("ping")], task).waste == 1 / 4


def test_needs_reach_through_optional_calls() -> None:
    first, second, *rest = CHAIN.golden
    task = CHAIN.model_copy(update={"golden": (first, second.model_copy(update={"optional": True}), *rest)})
    assert score([GOLDEN[0], *GOLDEN[2:]], task).total == 1.0
    assert score([GOLDEN[2], GOLDEN[0], GOLDEN[3]], task).orchestration == 1 / 3


def test_facts_are_paid_in_the_final_answer_only() -> None:
    golden = [{"name": c.tool, "arguments": c.arguments} for c in FACTS.golden]
    before, after = score(golden, FACTS), score([*golden, "They pay in EUR."], FACTS)
    assert (before.answer, before.total) == (0.0, 0.8)
    assert (after.answer, after.total) == (1.0, 1.0)
    assert score([*golden, "They pay in SEK."], FACTS).total == 0.8


def test_an_answer_that_does_not_decide_is_halved() -> None:
    golden = oracle_turns(FACTS)[:-1]
    assert score([*golden, "They pay in EUR or in SEK."], FACTS).answer == 0.5
    assert score([*golden, "They pay in SEK or EUR."], FACTS).answer == 0.5
    assert score([*golden, "They pay in EUR, or so I read."], FACTS).answer == 1.0


def test_a_fact_counts_only_if_the_call_that_supplies_it_is_answered() -> None:
    golden = oracle_turns(FACTS)[:-1]
    assert score(["EUR"], FACTS) == Score(answer=0.0)
    assert score([*golden[:2], "EUR"], FACTS).answer == 0.0
    assert score([*golden[:3], "EUR"], FACTS).answer == 1.0
    assert score([golden[2], "EUR"], FACTS).answer == 0.0, "the right call, from nowhere"


def test_a_fact_of_no_call_counts_once_every_golden_call_is_answered() -> None:
    golden = oracle_turns(FACTS)[:-1]
    (fact,) = FACTS.answer
    task = FACTS.model_copy(update={"answer": (fact.model_copy(update={"call": None, "pointer": None}),)})
    assert score([*golden[:3], "EUR"], task).answer == 0.0
    assert score([*golden, "EUR"], task).answer == 1.0


def test_a_fact_of_an_optional_call_counts_if_it_was_made_in_order_or_all_others_are_answered() -> None:
    first, second, third, fourth = FACTS.golden
    golden = (first, second, third.model_copy(update={"optional": True}), fourth)
    task = FACTS.model_copy(update={"golden": golden})
    calls = [turn.calls for turn in oracle_turns(FACTS)[:-1]]
    assert score([*calls[:2], "EUR"], task).answer == 0.0
    assert score([*calls[:3], "EUR"], task).answer == 1.0
    assert score([calls[2], *calls[:2], "EUR"], task).answer == 0.0
    assert score([*calls[:2], calls[3], "EUR"], task).answer == 1.0


def test_binary_pays_success_at_the_end() -> None:
    assert score(GOLDEN, reward="binary").total == 1.0
    assert score([*GOLDEN, *[call("ping")] * 4], reward="binary").total == 1.0
    assert score([*GOLDEN, *[call("ping")] * 5], reward="binary").total == 0.0
    assert score(GOLDEN[:3], reward="binary").total == 0.0
    golden = [{"name": one.tool, "arguments": one.arguments} for one in FACTS.golden]
    assert score([*golden, "EUR"], FACTS, reward="binary").total == 1.0
    assert score([*golden, "SEK"], FACTS, reward="binary").total == 0.0
    assert score(golden, FACTS, reward="binary").total == 0.0


def test_the_single_sided_presets_pay_their_side() -> None:
    assert score(GOLDEN[::-1], reward="atomic_only").total == 1.0
    assert score(GOLDEN[::-1], reward="orchestration_only").total == 0.25


def test_execution_needs_no_golden_trace() -> None:
    assert score([call("ping")], reward="execution").total == 1.0  # its known weakness without facts
    assert score([call("ping")], FACTS, reward="execution").total == 0.5
    assert score([call("pong")], FACTS, reward="execution").total == pytest.approx(0.1 * (3 + 0.75))
    assert score(["EUR"], FACTS, reward="execution").total == 0.5


def test_published_pays_at_the_end_what_its_formula_says() -> None:
    assert score(GOLDEN, reward="published").total == pytest.approx(1.0)
    assert score(GOLDEN[:1], reward="published") == Score(1.0, 0.25, None, 0.0, 0.625)


def test_a_callable_gets_the_components_and_gives_the_total() -> None:
    assert score(GOLDEN[:2], reward=lambda s: s.orchestration**2).total == 0.25


def test_weights_can_be_set_and_wrong_ones_are_refused() -> None:
    assert score(
        GOLDEN[::-1], reward=RewardConfig(atomic=0.2, orchestration=0.8, answer=0.0)
    ).total == pytest.approx(0.2 + 0.8 / 4)
    for wrong in (
        {"atomic": 0.5},
        {"atomic": 1.5, "orchestration": -0.7},
        {"credit": CreditWeights(name=0.2)},
        {"waste": -1.0},
        {"waste": math.nan},
        {"kind": "x"},
    ):
        with pytest.raises(UsageError, match="RewardConfig"):
            RewardConfig(**wrong)
    with pytest.raises(UsageError, match="graduated"):
        score(GOLDEN, reward="gradated")


def test_weights_that_add_up_but_for_rounding_and_a_waste_of_nothing_are_taken() -> None:
    thirds = RewardConfig(atomic=0.1, orchestration=0.2, answer=0.7, waste=0.0)
    assert score([*GOLDEN, call("ping")], reward=thirds).total == 1.0
    assert thirds.weights(facts=False) == (pytest.approx(1 / 3), pytest.approx(2 / 3), 0.0)
    with pytest.raises(UsageError, match="weights of at least 0 that sum to 1"):
        RewardConfig(atomic=0.4, orchestration=0.4, answer=0.2 + 1e-8)


@pytest.mark.parametrize("given", [None, math.nan, math.inf, 10**400, "1", "x" * 99])
def test_a_function_that_gives_no_finite_number_is_told_what_it_gave(given: Any) -> None:
    with pytest.raises(UsageError) as told:
        score(GOLDEN, reward=lambda components: given)
    assert str(told.value) == f"reward: expected a finite number, found {str(given)[:80]!r}"


def test_a_score_begins_at_nothing_and_says_its_components_by_name() -> None:
    assert Score() == Score(0.0, 0.0, None, 0.0, 0.0)
    made = Score(0.1, 0.2, 0.3, 0.4, 0.5)
    names = [field.name for field in dataclasses.fields(made) if field.name != "success"]
    assert made.as_dict() == {name: getattr(made, name) for name in names}


@pytest.mark.parametrize("one", [Score(), RewardConfig()])
def test_a_score_and_a_configuration_cannot_be_changed(one: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, dataclasses.fields(one)[0].name, None)
    assert not hasattr(one, "__dict__")


def test_a_call_that_has_no_canonical_form_is_waste_and_earns_nothing() -> None:
    assert score([call("rate", currency="NOK", date=math.nan)]) == Score(0.0, 0.0, None, 1 / 4, 0.0)


def test_the_score_never_falls_below_zero_however_much_is_wasted() -> None:
    assert score([call("pong")] * 30).total == 0.0
    assert score([*GOLDEN, *[call("pong")] * 300]).total == 0.0


def test_half_a_wasted_call_is_free_and_each_further_one_costs_more_than_the_one_before() -> None:
    missed = call("rate", currency="XXX", date="2013-07-10")
    assert score([*GOLDEN, missed]).total == 1.0
    totals = [score([*GOLDEN, *[call("pong")] * times]).total for times in range(8)]
    steps = [before - after for before, after in itertools.pairwise(totals)]
    assert steps == sorted(steps)
    assert 0 < steps[0] < 0.05


def test_the_documented_costs_of_waste_are_those_of_the_default_reward() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reward.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    assert [int(row[0]) for row in rows] == [1, 2, 5, 10]
    for left_over, *costs in rows:
        for n, cost in zip((2, 5, 11), costs, strict=True):
            assert cost == f"{waste_cost(int(left_over) / n, n, RewardConfig().waste):.3f}"


def test_success_allows_one_wasted_call_per_golden_call() -> None:
    missed = call("rate", currency="XXX", date="2013-07-10")
    assert score([*GOLDEN, *[call("pong")] * 4]).success
    assert score([*GOLDEN, *[missed] * 8]).success
    assert not score([*GOLDEN, *[missed] * 8, call("pong")]).success


def test_an_optional_call_that_is_also_a_golden_one_earns_its_credit() -> None:
    """It is taken as the golden call first; the optional one of the same arguments stays free."""
    optional = GoldenCall(id="o", tool="search_city", arguments={"name": "Oslo"}, optional=True)
    task = CHAIN.model_copy(update={"golden": (*CHAIN.golden, optional)})
    assert score(GOLDEN, task).total == 1.0


def test_of_two_golden_calls_that_are_the_same_the_one_that_others_wait_for_is_answered_first() -> None:
    first, second, *_ = CHAIN.golden
    task = CHAIN.model_copy(update={"golden": (first.model_copy(update={"id": "z"}), first, second)})
    assert score(GOLDEN[:2], task).orchestration == 2 / 3


def test_an_exact_call_answers_its_own_golden_call_and_no_other_of_the_same_tool() -> None:
    """Turku is looked up, and then Oslo's record is asked for, whose id nobody looked up."""
    oslo, turku = call("get_city", city_id=11), call("search_city", name="Turku")
    assert score([turku, oslo], PAIR) == Score(0.5, 0.25, None, 0.0, 0.375)


def test_a_task_of_another_snapshot_is_refused() -> None:
    with pytest.raises(TaskError, match="was built for snapshot"):
        toe.score_turns(CHAIN.model_copy(update={"tools": (*CHAIN.tools, "fly")}), [], SNAPSHOT)


actions = st.lists(
    st.lists(
        st.sampled_from(
            [
                *GOLDEN,
                call("ping"),
                call("rate", currency="NOK"),
                call("rate", currency="SEK", date="2013-07-11"),
                call("pong"),
            ]
        ),
        min_size=1,
        max_size=3,
    ),
    max_size=8,
)


@given(actions, st.sampled_from(sorted(PRESETS)))
def test_the_score_of_any_trace_is_between_zero_and_one(turns: list[Any], reward: str) -> None:
    assert 0.0 <= score(turns, reward=reward).total <= 1.0


@given(actions)
def test_more_of_the_same_never_helps(turns: list[Any]) -> None:
    """Sending every turn's calls twice never beats sending them once."""
    assert score([turn * 2 for turn in turns]).total <= score(turns).total + 1e-12


@given(actions)
def test_scoring_twice_gives_the_same(turns: list[Any]) -> None:
    assert score(turns) == score(turns)


def finished(reward: Any, turns: list[Any], toy: Snapshot, task: str = "toy-1") -> dict[str, Any]:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=toys.tasks(), reward=reward)
    env.reset(options={"task_id": task})
    info: dict[str, Any] = {}
    for turn in turns:
        assert "success" not in info
        *_, info = env.step(turn)
    return info


@pytest.mark.parametrize(
    "reward",
    ["graduated", "binary", "atomic_only", "orchestration_only", "execution", "published", lambda score: 0.5],
)
def test_success_means_the_same_under_every_reward(reward: Any, toy: Snapshot) -> None:
    task = toys.tasks()[1]
    golden = oracle_turns(task)
    assert finished(reward, golden, toy)["success"] is True
    assert finished(reward, [*golden[:-1], "Done."], toy)["success"] is False
    assert finished(reward, [*golden[1:-1], golden[-1]], toy)["success"] is False
    assert toe.score_turns(task, golden, toy, reward).success
    assert not toe.score_turns(task, [golden[0], golden[-1]], toy, reward).success


PICKLES: dict[str, str] = json.loads(
    (Path(__file__).parent / "golden" / "pickles-0.1.0.json").read_text(encoding="utf-8")
)
"""Objects that version 0.1.0 pickled."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_pickled_reward_keeps_its_weights() -> None:
    factory: SessionFactory = pickle.loads(base64.b64decode(PICKLES["custom reward"]))
    credit = CreditWeights(name=0.2, values=0.4)
    assert factory.reward == RewardConfig(atomic=0.5, orchestration=0.3, answer=0.2, waste=0.2, credit=credit)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pickled_weights_that_cannot_be_renormalised_are_refused() -> None:
    with pytest.raises(UsageError, match=r"are not .* renormalised"):
        pickle.loads(base64.b64decode(PICKLES["two sets of weights"]))


def test_a_configuration_comes_back_from_its_pickle_and_from_no_other() -> None:
    weights = RewardConfig(
        atomic=0.5, orchestration=0.3, answer=0.2, credit=CreditWeights(name=0.2, values=0.4)
    )
    assert pickle.loads(pickle.dumps(weights)) == weights
    for state in ([], ["graduated"] * 7):
        with pytest.raises(ValueError, match="zip"):
            RewardConfig().__setstate__(state)
