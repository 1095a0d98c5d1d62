"""Answers as fields: the submit tool of a task, what it accepts, and what its values are worth."""

import json
import math
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import sampling
import toy as toys

import tool_orch_env as toe
from tool_orch_env import bench
from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.fields import read_fields
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.answers.submit import field_names, golden_fields, submit_name, submit_tool
from tool_orch_env.bench.manifest import fingerprint, manifest, protocol_name
from tool_orch_env.bench.policies.base import DEFAULT
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.cli.main import main
from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.errors import UsageError
from tool_orch_env.reward.config import PRESETS
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import AnswerFact, Task
from tool_orch_env.taskset import TaskSet

FIELDS = EpisodeLimits(answer_form="fields")


def asking(*facts: AnswerFact, request: str = "What about Turku?", **changes: Any) -> Task:
    """The toy's task of four calls with other facts."""
    task = toys.tasks()[1]
    return task.model_copy(update={"answer": facts, "request": request, **changes})


def fact(name: str, value: Any, **more: Any) -> AnswerFact:
    return AnswerFact(name=name, value=value, **more)


KINDS = asking(
    fact("actual_arr", "19:01"),
    fact("date", "2013-07-11"),
    fact("arr_delay_min", -4, pointer="/arr_delay_min"),
    fact("rate", 8.64, tolerance=0.01),
    fact("flight_number", 739),
    fact("wheelchair", "limited"),
    fact("open", True),
    fact("stops", ("Oslo", "Lund")),
    fact("name", "São José", aliases=("St Joseph",)),
    fact("population", 1_028_176, tolerance=10_281.76),
)


def field_shares(task: Task, arguments: dict[str, Any]) -> tuple[float, ...]:
    return tuple(reading.share for reading in read_fields(Facts(task, dict), arguments))


def properties(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = submit_tool(task)["function"]["parameters"]["properties"]
    return found


def episode(
    task: Task, snapshot: Snapshot, limits: EpisodeLimits = FIELDS, reward: str = "graduated"
) -> Episode:
    return Episode(TaskSet(snapshot, [task]).compiled(task.id), reward, limits)


def submit(task: Task, **fields: Any) -> ToolCall:
    return ToolCall(submit_name(task), fields or golden_fields(task))


def worked(task: Task, snapshot: Snapshot, limits: EpisodeLimits = FIELDS) -> Episode:
    """An episode whose golden calls are made, and whose answer is due."""
    played = episode(task, snapshot, limits)
    for turn in oracle_turns(task)[:-1]:
        played.step(turn)
    return played


@pytest.fixture
def task() -> Task:
    return toys.tasks()[1]


# the tool


def test_a_field_has_the_type_of_its_kind_and_says_form_and_unit() -> None:
    found = properties(KINDS)
    kinds = {name: {k: v for k, v in schema.items() if k != "description"} for name, schema in found.items()}
    assert kinds == {
        "actual_arr": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
        "date": {"type": "string", "format": "date"},
        "arr_delay_min": {"type": "integer"},
        "rate": {"type": "number"},
        "flight_number": {"type": "integer"},
        "wheelchair": {"type": "string", "enum": ["yes", "no", "limited"]},
        "open": {"type": "boolean"},
        "stops": {"type": "array", "items": {"type": "string"}},
        "name": {"type": "string"},
        "population": {"type": "number"},
    }
    assert found["actual_arr"]["description"] == "Actual arr; HH:MM, 24-hour."
    assert found["arr_delay_min"]["description"] == "Arr delay min; in minutes, negative if early."
    parameters = submit_tool(KINDS)["function"]["parameters"]
    assert parameters["required"] == list(found) and parameters["additionalProperties"] is False


def test_a_declared_kind_decides_before_the_form_of_the_value() -> None:
    assert properties(asking(fact("code", "19:01", kind="code")))["code"]["type"] == "string"
    assert "pattern" not in properties(asking(fact("code", "19:01", kind="code")))["code"]
    assert "negative if early" in properties(asking(fact("late", 3, kind="delay")))["late"]["description"]
    assert properties(asking(fact("arr", "24:00", kind="clock")))["arr"]["type"] == "string"


def test_a_field_is_named_and_described_by_the_ask_and_what_the_request_says() -> None:
    asked = asking(
        fact("a", "19:01", ask="the scheduled arrival time", owner="flight 739"),
        fact("b", "20:00", ask="the scheduled arrival time", owner="Turku"),
        request="When was flight 739 due, and the one to Turku?",
    )
    assert field_names(asked) == (
        "scheduled_arrival_time_of_flight_739",
        "scheduled_arrival_time_of_turku",
    )
    texts = [schema["description"] for schema in properties(asked).values()]
    assert texts[0] == "Scheduled arrival time of flight 739; HH:MM, 24-hour."


def test_an_owner_that_has_to_be_found_is_not_named() -> None:
    found = asking(
        fact("a", 739, ask="the flight number"),
        fact("b", "19:01", ask="the arrival", owner="flight 739"),
        fact("c", "20:00", ask="the arrival", owner="Kiasma"),
    )
    assert field_names(found) == ("flight_number", "arrival", "arrival_2")
    texts = [schema["description"] for schema in properties(found).values()]
    assert texts[1:] == [
        "Arrival, number 1 of 2 in the order of the request; HH:MM, 24-hour.",
        "Arrival, number 2 of 2 in the order of the request; HH:MM, 24-hour.",
    ]


@pytest.mark.parametrize(
    "facts",
    [
        [fact("capital_oslo", "Oslo")],
        [fact("capital", "Oslo"), fact("population_of_oslo", 5)],
        [fact("year_1940", 1940)],
        [fact("a", "São José", ask="how far São José is")],
        [fact("a", "x1", aliases=("Kiasma",), ask="the museum Kiasma")],
        [fact("stops_oslo", ("Lund", "Oslo"))],
    ],
)
def test_a_name_that_holds_a_value_is_not_shown(facts: list[AnswerFact]) -> None:
    task = asking(*facts, request="Which one?")
    shown = json.dumps(submit_tool(task), ensure_ascii=False).casefold()
    assert field_names(task)[-1] == f"answer_{len(facts)}"
    assert all(word not in shown for word in ("oslo", "1940", "josé", "jose", "kiasma"))


def test_a_value_found_on_the_way_is_not_shown() -> None:
    task = toys.tasks()[1]  # the code FI is bound to a reply
    assert field_names(asking(fact("currency_of_fi", "EUR"))) == ("answer_1",)
    assert field_names(asking(fact("currency_of_fi", "EUR"), request="Which is that of FI?")) == (
        "currency_of_fi",
    )
    assert field_names(task) == ("currency",)


def test_a_name_from_the_request_is_fine() -> None:
    task = asking(fact("capital_of_the_country_of_porto", "Lisbon"), fact("date_2", 2), request="And Porto?")
    assert field_names(task) == ("capital_of_the_country_of_porto", "date_2")


def test_names_are_distinct_identifiers_that_every_trainer_takes() -> None:
    names = (
        "77.4_kelvin",
        "km_from_hotel_kämp",
        "class",
        "self",
        "a b",
        "a-b",
        "東京",
        "x" * 300,
        "half-life",
    )
    found = field_names(asking(*[fact(name, 0.5) for name in names]))
    assert found[:6] == ("value_77_4_kelvin", "km_from_hotel_kamp", "class_", "self_", "a_b", "a_b_2")
    assert found[6] == "answer_7" and len(set(found)) == len(names)
    assert all(name.isidentifier() and name.isascii() and len(name) <= 64 for name in found)


def test_another_name_is_chosen_where_a_tool_has_it() -> None:
    offered = toys.tasks()[1].tools
    assert submit_name(asking(tools=offered)) == "submit_answer"
    assert submit_name(asking(tools=(*offered, "submit_answer"))) == "submit_answer_2"
    assert submit_name(asking(tools=(*offered, "submit_answer_2", "submit_answer"))) == "submit_answer_3"


# comparison


def test_the_golden_fields_are_right() -> None:
    assert field_shares(KINDS, golden_fields(KINDS)) == (1.0,) * 10


@pytest.mark.parametrize(
    ("name", "given", "share"),
    [
        ("actual_arr", "19:02", 0.0),
        ("date", "2013-07-10", 0.0),
        ("arr_delay_min", 4, 0.0),
        ("arr_delay_min", -4.0, 1.0),
        ("rate", 8.645, 1.0),
        ("rate", 8.66, 0.0),
        ("rate", "8.64", 0.0),
        ("flight_number", 740, 0.0),
        ("flight_number", 10**400, 0.0),
        ("rate", 10**400, 0.0),
        ("rate", math.nan, 0.0),
        ("rate", math.inf, 0.0),
        ("rate", True, 0.0),
        ("open", 1, 0.0),
        ("open", False, 0.0),
        ("wheelchair", "LIMITED", 1.0),
        ("stops", ["Lund", "oslo"], 1.0),
        ("stops", ["Lund"], 0.0),
        ("stops", ["Lund", "Lund"], 0.0),
        ("stops", ["Lund", "Oslo", "Turku"], 0.0),
        ("stops", "Lund, Oslo", 0.0),
        ("name", "são  josé", 1.0),
        ("name", "st joseph", 1.0),
        ("name", "São José or São Paulo", 0.0),
        ("name", None, 0.0),
        ("name", {"a": []}, 0.0),
        ("population", 1_030_000, 1.0),
        ("population", 1_050_000, 0.0),
    ],
)
def test_fields_are_compared_exactly(name: str, given: Any, share: float) -> None:
    at = field_names(KINDS).index(name)
    shares = field_shares(KINDS, {**golden_fields(KINDS), name: given})
    assert shares[at] == share and sum(shares) == 9.0 + share


@pytest.mark.parametrize(
    ("value", "given", "share"),
    [
        ("19:01", "7:01 PM", 1),
        ("19:01", " 19:01 ", 1),
        ("19:01", "7:02 PM", 0),
        ("19:01", "(7:01 PM)", 0),
        ("19:01", "at 7:01 PM", 0),
        ("19:01", "7:01 PM or 7:02 PM", 0),
        ("19:01", "late", 0),
        ("19:01", "", 0),
        ("2013-07-11", "July 11, 2013", 1),
        ("2013-07-11", "12 July 2013", 0),
        ("Monday", "Mon", 1),
        ("limited", "partially", 1),
        ("America/New_York", "Eastern Time", 1),
        ("America/New_York", "Pacific Time", 0),
        ("Mo-Fr 09:00-17:00", "weekdays from 9 am to 5 pm", 1),
        ("Porto", "porto", 1),
        ("Porto", "in Porto", 0),
        ("Porto", 5, 0),
        (5, "Porto", 0),
        (5, [5], 0),
        (5, [], 0),
        (10**10, 10**10 + 1, 0),
        (2.5e9, 2.5e9 + 1, 1),  # nearer than floats in a response are kept
        (2.5e9, 2.5e9 + 9, 0),
        (0.3, 0.1 + 0.2, 1),
        (("Oslo", "Lund"), ["Oslo"], 0),
        (("Oslo", "Lund"), [], 0),
    ],
)
def test_a_text_says_the_same_in_another_form_and_a_number_exactly(
    value: Any, given: Any, share: float
) -> None:
    assert field_shares(asking(fact("it", value)), {"it": given}) == (share,)


def test_a_missing_field_states_nothing() -> None:
    assert field_shares(KINDS, {}) == (0.0,) * 10
    assert field_shares(KINDS, {"unknown": "19:01"}) == (0.0,) * 10


# the episode


@pytest.mark.parametrize("reward", ["graduated", "binary", "execution"])
def test_the_golden_trace_that_submits_scores_one(task: Task, toy: Snapshot, reward: str) -> None:
    for one in (task, KINDS, *toys.tasks()):
        score = toe.score_turns(one, oracle_turns(one, "fields"), toy, reward, answer_form="fields")
        assert score.total == pytest.approx(1.0) and score.success


@pytest.mark.parametrize("reward", PRESETS)
def test_a_right_submission_is_worth_what_a_right_text_is(task: Task, toy: Snapshot, reward: str) -> None:
    text = toe.score_turns(task, oracle_turns(task), toy, reward)
    assert toe.score_turns(task, oracle_turns(task, "fields"), toy, reward, answer_form="fields") == text


def test_a_wrong_field_lowers_the_score(toy: Snapshot) -> None:
    golden = golden_fields(KINDS)
    for name in golden:
        wrong = {"stops": ["Bergen"], "open": False, "actual_arr": "00:00", "date": "1999-01-01"}
        other = wrong.get(name, "no" if isinstance(golden[name], str) else 5)
        played = worked(KINDS, toy)
        step = played.step(submit(KINDS, **{**golden, name: other}))
        assert step.terminated and played.score.answer == 0.9 and not played.score.success
        assert step.calls[0].result.text == '{"accepted":true}'


def test_the_result_says_nothing_of_right_and_wrong(task: Task, toy: Snapshot) -> None:
    right = worked(task, toy).step(submit(task))
    wrong = worked(task, toy).step(submit(task, currency="NOK"))
    assert right.text == wrong.text == '[{"tool":"submit_answer","code":"ok","response":{"accepted":true}}]'
    assert (right.credited, right.score.waste) == ((None,), 0.0) and wrong.score.answer == 0.0


@pytest.mark.parametrize("given", [{}, {"currency": 7}, {"currency": "EUR", "more": 1}, {"currency": None}])
def test_an_invalid_submission_is_a_slip_and_the_episode_goes_on(
    task: Task, toy: Snapshot, given: dict[str, Any]
) -> None:
    played = worked(task, toy)
    step = played.step(ToolCall("submit_answer", given))
    assert not played.over and step.calls[0].result.status == "invalid_arguments"
    assert step.calls[0].result.violations and step.score.waste == 0.25
    assert played.step(submit(task)).terminated and played.score.answer == 1.0 and played.score.total != 1.0


def test_white_space_around_a_text_does_not_matter(task: Task, toy: Snapshot) -> None:
    assert worked(task, toy).step(submit(task, currency=" EUR\n")).score.total == 1.0


def test_other_calls_of_the_message_are_played_first(task: Task, toy: Snapshot) -> None:
    *before, last, _ = oracle_turns(task)
    played = episode(task, toy)
    for turn in before:
        played.step(turn)
    step = played.step(Turn(calls=(submit(task), *last.calls)))
    assert [call.result.status.value for call in step.calls] == ["ok", "ok"]
    assert step.terminated and step.score.total == 1.0 and step.score.success
    assert step.credited == (None, task.golden[-1].id)


def test_the_first_valid_submission_of_a_message_counts(task: Task, toy: Snapshot) -> None:
    played = worked(task, toy)
    calls = (submit(task, currency=3), submit(task, currency="NOK"), submit(task))
    step = played.step(Turn(calls=calls))
    assert [call.result.status.value for call in step.calls] == ["invalid_arguments", "ok", "episode_over"]
    assert step.score.answer == 0.0 and step.terminated and step.score.waste == 0.5


def test_text_ends_the_episode_states_nothing_and_says_why(task: Task, toy: Snapshot) -> None:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=[task], answer_form="fields")
    env.reset()
    for turn in oracle_turns(task)[:-1]:
        _, _, _, _, info = env.step(turn)
        assert "answer_error" not in info
    _, reward, terminated, _, info = env.step("The currency is EUR.")
    assert (reward, terminated, info["score"]["answer"], info["success"]) == (0.0, True, 0.0, False)
    assert info["answer_error"] == "expected a call of submit_answer, found text, which states no field"
    _, _, _, _, late = env.step(submit(task))
    assert late["calls"][0]["code"] == "episode_over"


def test_a_task_without_facts_is_answered_by_text(toy: Snapshot) -> None:
    task = toys.tasks()[0]
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=[task], answer_form="fields")
    text, info = env.reset()
    assert (text, info) == gym.make("ToolOrch-v0", snapshot=toy, tasks=[task]).reset()
    for turn in oracle_turns(task, "fields"):
        _, _, terminated, _, info = env.step(turn)
    assert terminated and info["episode_score"] == 1.0 and "answer_error" not in info
    assert episode(task, toy).step(ToolCall("submit_answer", {})).calls[0].result.status == "unknown_tool"


def test_text_is_the_default_and_knows_no_submit_tool(task: Task, toy: Snapshot) -> None:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=[task])
    text, info = env.reset()
    assert "submit_answer" not in text + json.dumps(info)
    _, _, terminated, _, info = env.step(submit(task))
    assert not terminated and info["calls"][0]["code"] == "unknown_tool"
    with pytest.raises(UsageError, match="answer_form"):
        gym.make("ToolOrch-v0", snapshot=toy, tasks=[task], answer_form="json")


def test_a_submission_needs_no_call_of_the_budget_an_invalid_one_does(task: Task, toy: Snapshot) -> None:
    tight = EpisodeLimits(answer_form="fields", max_calls=2)
    ping = ToolCall("ping", {})
    played = episode(task, toy, tight)
    step = played.step(Turn(calls=(ping, ping, ping, submit(task))))
    assert [call.result.status.value for call in step.calls] == ["ok", "ok", "budget_spent", "ok"]
    assert step.terminated
    played = episode(task, toy, tight)
    step = played.step(
        Turn(calls=(submit(task, currency=1), submit(task, currency=2), submit(task, currency=3)))
    )
    codes = [call.result.status.value for call in step.calls]
    assert codes == ["invalid_arguments", "invalid_arguments", "budget_spent"] and step.truncated


@pytest.mark.parametrize("docs", ["full", "short", "signature"])
def test_the_first_observation_offers_the_tool_and_says_to_use_it(
    task: Task, toy: Snapshot, docs: str
) -> None:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=[task], answer_form="fields", tool_docs=docs)
    text, info = env.reset()
    head, tools = text.split("\n\nTools:\n")
    assert (
        "call submit_answer" in head.lower()
        and "without a call" not in head
        and "without any call" not in head
    )
    assert "submit_answer" in tools.split("\n\nRequest:\n")[0].splitlines()[-1]
    assert info["tools"][-1] == submit_tool(task)
    assert "call submit_answer" in info["messages"][0]["content"]


@pytest.mark.parametrize(
    "message",
    [
        '<tool_call>{"name": "submit_answer", "arguments": {"rate": 8.64, "flight_number": 739}}</tool_call>',
        "[submit_answer(rate=8.64, flight_number=739)]",
        "<tool_call><function=submit_answer><parameter=rate>8.64</parameter>"
        "<parameter=flight_number>739</parameter></function></tool_call>",
        {"content": "Here: ", "tool_calls": [{"id": "x", "type": "function", "function": {
            "name": "submit_answer", "arguments": '{"rate": 8.64, "flight_number": 739}'}}]},
    ],
    ids=["hermes", "pythonic", "qwen3_coder", "openai"],
)  # fmt: skip
def test_a_submission_is_read_in_every_format(toy: Snapshot, message: Any) -> None:
    task = asking(fact("rate", 8.64), fact("flight_number", 739))
    step = worked(task, toy).step(message)
    assert step.terminated and step.score.total == 1.0


@pytest.mark.parametrize(
    "fields",
    [{"currency": "\ud800"}, {"currency": math.nan}, {"currency": "x" * 10**6}, {"currency": [[]] * 9}],
)
def test_no_submission_raises(task: Task, toy: Snapshot, fields: dict[str, Any]) -> None:
    played = worked(task, toy)
    played.step(ToolCall("submit_answer", fields))
    assert played.score.answer == 0.0


def test_submitting_at_once_is_no_golden_call_and_no_waste(task: Task, toy: Snapshot) -> None:
    step = episode(task, toy).step(submit(task))
    assert step.terminated and (step.score.atomic, step.score.orchestration, step.score.waste) == (0, 0, 0)


def test_the_vector_form_takes_the_argument(task: Task, toy: Snapshot) -> None:
    env = gym.make_vec("ToolOrch-v0", num_envs=2, snapshot=toy, tasks=[task], answer_form="fields")
    texts, _ = env.reset(seed=0)
    assert all("submit_answer" in text for text in texts)
    _, _, terminated, _, info = env.step([submit(task), "EUR"])
    assert terminated.all() and info["answer_error"][0] is None
    assert "submit_answer" in info["answer_error"][1]


# the benchmark


def test_the_manifest_of_a_run_says_fields_and_that_of_text_says_nothing(toy: Snapshot) -> None:
    tasks = toys.tasks()
    text, fields = Arena(tasks, toy), Arena(tasks, toy, answer_form="fields")
    assert fingerprint(text)["scorer"] != fingerprint(fields)["scorer"]
    assert fingerprint(text)["prompt"] != fingerprint(fields)["prompt"]
    one, other = (manifest(arena, {}, "oracle", DEFAULT, 1) for arena in (text, fields))
    assert "answer_form" not in one and other["answer_form"] == "fields"
    assert (protocol_name(one), protocol_name(other)) == ("toolorch", "toolorch, answers as fields")
    with pytest.raises(UsageError, match="only to the protocol toolorch"):
        Arena(tasks, toy, "cfb-offline", answer_form="fields")
    with pytest.raises(UsageError, match="expected one of text, fields"):
        Arena(tasks, toy, answer_form="json")


def test_a_run_in_fields_counts_calls_as_one_in_text(task: Task, toy: Snapshot) -> None:
    def played(form: str, slip: bool = False) -> bench.EpisodeResult:
        turns = iter([*oracle_turns(task, form)[:-1], *([submit(task, currency=7)] if slip else [])])
        last = oracle_turns(task, form)[-1]

        def policy(messages: Any, tools: Any) -> Any:
            turn = next(turns, last)
            return turn if isinstance(turn, Turn) else Turn(calls=(turn,))

        (result,) = bench.run([task], policy, snapshot=toy, answer_form=form)
        return result

    text, fields, slipped = played("text"), played("fields"), played("fields", slip=True)
    assert fields.success and fields.stop_reason == "answered" and fields.score == 1.0
    assert (fields.calls, fields.wasted_calls, fields.errors) == (text.calls, 0, {})
    assert fields.log[-1]["answer"] == '{"currency": "EUR"}'
    assert (
        slipped.errors == {"wrong_type": 1} and slipped.wasted_calls == 1 and slipped.calls == text.calls + 1
    )


def test_a_run_folder_keeps_its_answer_form(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = toys.folder(tmp_path / "toy", test=toys.tasks())
    out = tmp_path / "run"
    command = ["bench", "--policy", "oracle", "--tasks", str(folder), "--out", str(out)]
    assert main([*command, "--answer-form", "fields"]) == 0
    assert json.loads((out / "manifest.json").read_text())["answer_form"] == "fields"
    episodes = (out / "episodes.jsonl").read_bytes()
    assert b"submit_answer" in episodes and b'"success":false' not in episodes
    assert main(["bench", "rescore", str(out)]) == 0
    assert (out / "episodes.jsonl").read_bytes() == episodes
    capsys.readouterr()
    assert main(command) == 2 and "answer_form" in capsys.readouterr().err


# the bundled tasks


@pytest.mark.parametrize(
    ("name", "split"), [("travel", "test"), ("travel", "handmade"), ("elements", "test")]
)
def test_the_golden_trace_of_bundled_tasks_scores_one_in_fields(name: str, split: str) -> None:
    snapshot = Snapshot.open(name)
    for task in snapshot.tasks(split)[::12]:
        assert (
            toe.score_turns(task, oracle_turns(task, "fields"), snapshot, answer_form="fields").total == 1.0
        )


@pytest.mark.data
@pytest.mark.parametrize("name", ["travel", "elements", "demo"])
def test_every_bundled_task_is_answered_in_fields(name: str) -> None:
    snapshot = Snapshot.open(name)
    for task in (task for split in snapshot.splits for task in sampling.every(snapshot.tasks(split))):
        turns = oracle_turns(task, "fields")
        assert toe.score_turns(task, turns, snapshot, answer_form="fields").total == 1.0
        if task.answer:
            assert not any(name.startswith("answer_") for name in field_names(task)), task.id
            fields = turns[-1].calls[0].arguments
            moved = dict(zip(fields, [*list(fields.values())[1:], None], strict=True))
            assert sum(field_shares(task, moved)) < len(fields), task.id
