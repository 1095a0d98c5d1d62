"""Traces to environments: conversations become recordings and tasks, and nothing that is not proved does."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tool_orch_env as toe
from tool_orch_env.bench.export import conversations
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.calls.chat import recordable
from tool_orch_env.cli import main
from tool_orch_env.errors import ImporterError, UsageError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.synth.audit import audit
from tool_orch_env.task import Task
from tool_orch_env.traces import Report, import_traces
from tool_orch_env.traces.build import build
from tool_orch_env.traces.documents import Document
from tool_orch_env.traces.openai_messages import traces
from tool_orch_env.traces.understood import understood

Message = dict[str, Any]


def calls(*named: tuple[str, str, Any]) -> Message:
    """An assistant message: (id, tool, arguments)."""
    entries = [
        {"id": i, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for i, name, given in named
    ]
    return {"role": "assistant", "content": None, "tool_calls": entries}


def result(identity: str, value: Any) -> Message:
    return {"role": "tool", "tool_call_id": identity, "content": json.dumps(value)}


def function(name: str, required: Sequence[str] = (), **types: str) -> dict[str, Any]:
    properties = {parameter: {"type": kind} for parameter, kind in types.items()}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}


TOOLS = [
    function("find_customer", email="string"),
    function("list_orders", customer_id="string"),
    function("get_tracking", order_id="string"),
    function("refund", order_id="string"),
]


def support(identity: str = "s-1", city: str = "Turku") -> dict[str, Any]:
    """A customer is found, then the orders, then where the last of them is."""
    return {
        "id": identity,
        "tools": TOOLS,
        "messages": [
            {"role": "system", "content": "You help customers of shop 5512349."},
            {"role": "user", "content": f"In which city is the parcel of ann@example.org now? ({identity})"},
            calls(("a", "find_customer", {"email": "ann@example.org"})),
            result("a", {"customer_id": "cus_81Jx", "name": "Ann"}),
            calls(("b", "list_orders", {"customer_id": "cus_81Jx"})),
            result("b", {"orders": [{"order_id": "ord_99120"}]}),
            calls(("c", "get_tracking", {"order_id": "ord_99120"})),
            result("c", {"city": city, "carrier": "Posti"}),
            {"role": "assistant", "content": f"The city is {city}."},
        ],
    }


def imported(folder: Path, rows: Sequence[Any], **more: Any) -> tuple[Snapshot, list[Task], Report]:
    """The rows as JSON lines, imported."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = import_traces(path, folder / "out", **more)
    snapshot = Snapshot.open(folder / "out")
    assert verify(snapshot) == []
    return snapshot, snapshot.tasks() if snapshot.splits else [], report


def assert_sound(snapshot: Snapshot, tasks: Sequence[Task]) -> None:
    for task in tasks:
        assert audit(task, snapshot) == []
        assert toe.score_turns(task, toe.oracle_turns(task), snapshot).total == 1.0


# --- conversations become tasks


def test_a_conversation_becomes_a_task_with_needs_bindings_and_facts(tmp_path: Path) -> None:
    snapshot, [task], report = imported(tmp_path, [support()])
    assert_sound(snapshot, [task])
    assert (task.id, task.tools) == ("s-1", ("find_customer", "list_orders", "get_tracking", "refund"))
    assert [call.needs for call in task.golden] == [(), ("c0",), ("c1",)]
    binding = task.golden[2].bindings["order_id"]
    assert (binding.call, binding.pointer) == ("c1", "/orders/0/order_id")
    [fact] = task.answer
    assert (fact.name, fact.value, fact.call, fact.pointer) == ("city", "Turku", "c2", "/city")
    assert (report.tasks, report.responses, report.limited, report.left_out) == (1, 3, 0, {})
    assert snapshot.manifest["sources"] == [{"name": "rows.jsonl"}]


def test_a_trace_whose_argument_comes_from_nowhere_is_reported_and_only_recorded(tmp_path: Path) -> None:
    row = support()
    row["messages"][1]["content"] = "Where is the parcel of my friend Ann?"
    snapshot, tasks, report = imported(tmp_path, [row, support("s-2")])
    assert [task.id for task in tasks] == ["s-2"]
    [[reason]] = report.left_out.values()
    assert 'supplies find_customer.email "ann@example.org"' in reason
    assert len(snapshot) == 3


def test_a_value_of_the_system_message_is_named_as_such(tmp_path: Path) -> None:
    row = support()
    row["messages"][2] = calls(("a", "find_customer", {"email": "5512349"}))
    _, _, report = imported(tmp_path, [row, support("s-2")])
    assert "the system message states it" in report.left_out["s-1"][0]


def test_detours_that_ended_in_an_error_are_recorded_and_not_golden(tmp_path: Path) -> None:
    row = support()
    row["messages"][2:2] = [
        calls(("x", "find_customer", {"email": "ann"})),
        result("x", {"error": "no such customer"}),
        calls(("y", "get_tracking", {"parcel": 1}), ("z", "no such tool", {})),
        result("y", "Error: unknown parameter"),
    ]
    snapshot, [task], report = imported(tmp_path, [row])
    assert len(task.golden) == 3 and len(snapshot) == 4
    found = snapshot.lookup("find_customer", {"email": "ann"})
    assert found is not None and found.status == 400
    assert any("only valid calls are recorded" in one for one in report.problems)
    assert any("cannot be the name of a tool" in one for one in report.problems)


def test_conflicting_answers_are_kept_apart_by_task(tmp_path: Path) -> None:
    rows = [support("s-1", "Turku"), support("s-2", "Espoo")]
    snapshot, tasks, report = imported(tmp_path, rows)
    assert_sound(snapshot, tasks)
    cities = []
    for task in tasks:
        found = snapshot.lookup("get_tracking", {"order_id": "ord_99120"}, task.id)
        assert found is not None
        cities.append(json.loads(found.text)["city"])
    assert cities == ["Turku", "Espoo"] and snapshot.lookup("get_tracking", {"order_id": "ord_99120"}) is None
    assert (report.conflicts, report.limited, report.responses) == (1, 2, 4)


def test_a_trace_that_is_no_task_never_changes_what_tasks_see(tmp_path: Path) -> None:
    other = support("s-0", "Espoo")
    other["messages"][1]["content"] = "Where is it?"
    snapshot, [task], report = imported(tmp_path, [other, support("s-1", "Turku")])
    found = snapshot.lookup("get_tracking", {"order_id": "ord_99120"})
    assert found is not None and "Turku" in found.text
    assert (task.id, report.conflicts, report.limited) == ("s-1", 1, 0)


def test_the_same_request_makes_one_task(tmp_path: Path) -> None:
    _, tasks, report = imported(tmp_path, [support(), support()])
    assert len(tasks) == 1 and report.left_out == {"s-1-2": ["it has the request of 's-1'"]}


def test_tools_without_a_schema_get_one_that_is_marked_as_inferred(tmp_path: Path) -> None:
    row = support()
    del row["tools"]
    snapshot, tasks, report = imported(tmp_path, [row])
    assert_sound(snapshot, tasks)
    schema = snapshot.catalog["list_orders"].spec.parameters
    assert schema["$comment"] == "inferred from recorded calls (1)"
    assert schema["properties"] == {"customer_id": {"type": "string"}}
    assert any(note.startswith("list_orders: no schema is given") for note in report.notes)
    assert "list_orders: no schema is given" in (tmp_path / "out" / "NOTICE.md").read_text()


def test_a_file_of_tools_takes_precedence(tmp_path: Path) -> None:
    tools = tmp_path / "tools.json"
    schema = {"$defs": {"id": {"type": "string", "minLength": 3}}, "type": "object"}
    schema["properties"] = {"order_id": {"$ref": "#/$defs/id"}}
    tools.write_text(json.dumps([{"name": "get_tracking", "parameters": schema}, {"name": "never_used"}]))
    snapshot, tasks, _ = imported(tmp_path, [support()], tools=tools)
    assert_sound(snapshot, tasks)
    assert snapshot.catalog["get_tracking"].spec.parameters == schema
    assert "never_used" not in snapshot.catalog


def test_times_and_names_that_the_request_states_in_other_words_are_understood(tmp_path: Path) -> None:
    row = support()
    row["messages"][1]["content"] += " Look at the Express Post, from 5 pm on."
    row["messages"][6] = calls(
        ("c", "get_tracking", {"order_id": "ord_99120", "by": "EXPRESS_POST", "at": "17:00"})
    )
    row["tools"] = []
    snapshot, [task], _ = imported(tmp_path, [row])
    assert task.meta["understood"] == {"c2": ["by", "at"]}
    assert_sound(snapshot, [task])
    assert not understood("from 5 am", task.golden[2]) and not understood("post, express", task.golden[2])


def test_parallel_calls_do_not_take_values_from_each_other(tmp_path: Path) -> None:
    row = support()
    first, second = row["messages"][2], row["messages"][4]
    first["tool_calls"] += second["tool_calls"]
    row["messages"][4:5] = []
    _, tasks, report = imported(tmp_path, [row, support("s-2")])
    assert [task.id for task in tasks] == ["s-2"] and "list_orders.customer_id" in report.left_out["s-1"][0]


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    def written() -> dict[str, bytes]:
        out = tmp_path / "out"
        return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}

    imported(tmp_path, [support("s-1"), support("s-2", "Espoo")])
    before = written(), (tmp_path / "out.journal.jsonl").read_bytes()
    imported(tmp_path, [support("s-1"), support("s-2", "Espoo")])
    assert before == (written(), (tmp_path / "out.journal.jsonl").read_bytes())


def test_secrets_are_masked_everywhere(tmp_path: Path) -> None:
    row = support()
    row["messages"][1]["content"] += " My key is hunter-2222."
    row["messages"][7] = result("c", {"city": "Turku", "carrier": "Posti", "key": "hunter-2222"})
    imported(tmp_path, [row, support("s-2")], secrets=["hunter-2222"])
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "rows.jsonl":
            assert b"hunter-2222" not in path.read_bytes() or path.suffix == ".gz"


# --- the forms of a conversation


def responses_items() -> dict[str, Any]:
    row = support()
    items: list[Any] = [{"type": "message", "role": "user", "content": row["messages"][1]["content"]}]
    for message in row["messages"][2:-1]:
        for call in message.get("tool_calls", ()):
            given = call["function"]
            items.append({"type": "function_call", "call_id": call["id"], **given})
        if message["role"] == "tool":
            output = message["content"]
            items.append(
                {"type": "function_call_output", "call_id": message["tool_call_id"], "output": output}
            )
    text = [{"type": "output_text", "text": "The city is Turku."}]
    last = [{"type": "reasoning", "summary": []}, {"type": "message", "role": "assistant", "content": text}]
    flat = [{"type": "function", **tool["function"]} for tool in TOOLS]
    return {"id": "s-1", "input": items, "output": last, "tools": flat}


def function_calls() -> dict[str, Any]:
    row = support()
    messages: list[Any] = []
    for message in row["messages"]:
        if message.get("tool_calls"):
            given = message["tool_calls"][0]["function"]
            messages.append({"role": "assistant", "content": None, "function_call": given})
            name = given["name"]
        elif message["role"] == "tool":
            messages.append({"role": "function", "name": name, "content": message["content"]})
        else:
            messages.append(message)
    return {"id": "s-1", "messages": messages, "functions": [tool["function"] for tool in TOOLS]}


@pytest.mark.parametrize("form", [responses_items, function_calls])
def test_older_and_newer_forms_say_the_same(form: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    _, expected, _ = imported(tmp_path / "one", [support()])
    _, found, _ = imported(tmp_path / "two", [form()])
    assert found == expected


def test_a_file_may_be_one_conversation_or_a_list_of_them(tmp_path: Path) -> None:
    for name, value in (("one", support()["messages"]), ("two", [support(), support("s-2")])):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(value, indent=1))
        report = import_traces(path, tmp_path / name)
        assert report.tasks == (1 if name == "one" else 2)
    assert Snapshot.open(tmp_path / "one").tasks()[0].id == "one"


# --- wrong and hostile files


WRONG: list[tuple[str, str, str, str]] = [
    ("openai-messages", '{"log": {"entries": []}}', "this is an HTTP Archive", "use --format har"),
    ("openai-messages", "interactions: []\nversion: 1\n", "this is a VCR cassette", "use --format vcr"),
    (
        "openai-messages",
        '{"resourceSpans": []}',
        "this is a file of OpenTelemetry",
        "use --format otel-genai",
    ),
    (
        "otel-genai",
        json.dumps(support()),
        "this is a file of OpenAI messages",
        "use --format openai-messages",
    ),
    ("openai-messages", '{"openapi": "3.1.0"}', "this is an OpenAPI document", "pass it to --openapi"),
    ("openai-messages", '{"request": "x", "golden": []}', "this is a task file", "--tasks"),
    ("openai-messages", '{"task_id": "x", "trial": 0}', "the log of a benchmark run", "bench export"),
    (
        "openai-messages",
        '{"conversations": [], "functions": [], "id": "a"}',
        "the data set complexfuncbench",
        "use --format complexfuncbench",
    ),
    ("openai-messages", '{"conversations": []}', "ShareGPT", "convert it"),
    ("openai-messages", '{"b": 1, "a": 2}', "an object with a, b", "check the file"),
    ("openai-messages", "[1, 2", "not JSON", "correct the file"),
    ("openai-messages", "a: &x [1]\nb: !!python/object:os.system {}\n", "YAML", "correct the file"),
    ("openai-messages", "[" * 5000, "nested", "correct the file"),
    ("vcr", "- " * 500 + "a", "nested deeper", "correct the file"),
    ("openai-messages", '{"messages": []}', "an object with messages", "check the file"),
]


@pytest.mark.parametrize(("form", "text", "problem", "remedy"), WRONG)
def test_a_wrong_file_is_refused_by_its_look(
    form: str, text: str, problem: str, remedy: str, tmp_path: Path
) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text)
    with pytest.raises(ImporterError) as raised:
        import_traces(path, tmp_path / "out", form)
    assert problem in str(raised.value) and remedy in str(raised.value) and "given.txt" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_shared_parts_of_yaml_do_not_expand_without_bound(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(ImporterError, match="expand to more than"):
        import_traces(path, tmp_path / "out", "vcr")


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94.")
    with pytest.raises(ImporterError, match="pickle"):
        import_traces(path, tmp_path / "out", "openai-messages")


def test_a_folder_reports_the_files_that_are_not_read_and_follows_no_links(tmp_path: Path) -> None:
    folder, outside = tmp_path / "logs", tmp_path / "outside.json"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "one.json").write_text(json.dumps(support()))
    (folder / "two.json").write_text("{")
    (folder / "three.har").write_text('{"log": {"entries": []}}')
    outside.write_text(json.dumps(support("outside")))
    (folder / "link.json").symlink_to(outside)
    report = import_traces(folder, tmp_path / "out", "openai-messages")
    assert report.traces == 1 and len(report.problems) == 2


def test_traces_without_a_single_result_are_an_error(tmp_path: Path) -> None:
    row = support()
    row["messages"] = [message for message in row["messages"] if message["role"] != "tool"]
    with pytest.raises(ImporterError, match="no call with a result"):
        imported(tmp_path, [row])
    with pytest.raises(UsageError, match="--openapi"):
        path = tmp_path / "a.har"
        path.write_text('{"log": {"entries": []}}')
        import_traces(path, tmp_path / "out")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
odd_calls = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b"]) | json_values,
        "function": st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["find_customer", "x y", ""]) | json_values,
                "arguments": st.sampled_from(['{"email": "a"}', "{", "[]", '{"email": NaN}']) | json_values,
            },
        ),
    },
)
odd_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system", "function"])},
    optional={
        "content": json_values,
        "tool_calls": st.lists(odd_calls | json_values, max_size=3) | json_values,
        "function_call": json_values,
        "tool_call_id": st.sampled_from(["a", "b"]) | json_values,
        "type": st.sampled_from(["message", "function_call", "function_call_output"]) | json_values,
        "call_id": st.sampled_from(["a"]) | json_values,
        "name": st.just("find_customer") | json_values,
        "arguments": st.just("{}") | json_values,
        "output": json_values,
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(odd_messages | json_values, min_size=1, max_size=6))
def test_whatever_an_agent_wrote_nothing_raises(messages: list[Any]) -> None:
    row = {"messages": [{"role": "user", "content": "hello"}, *messages], "tools": [*TOOLS, *messages]}
    found = list(traces([Document("rows.jsonl:1", "rows-0001", row)]))
    built = build("odd", found, {})
    assert all(
        audit(task, Snapshot.from_records("odd", built.catalog, [a.record for a in built.answers])) == []
        for task in built.tasks
    )


# --- the bench's own conversations


def exported(name: str, split: str, limit: int, policy: str = "oracle") -> list[dict[str, Any]]:
    snapshot = Snapshot.open(name)
    tasks = snapshot.tasks(split)[:limit]
    rng = np.random.default_rng(0)
    records = [
        {
            "task_id": task.id,
            "trial": 0,
            "actions": [recordable(turn) for turn in POLICIES[policy](task, snapshot, rng)],
            "result": {"score": 1.0},
        }
        for task in tasks
    ]
    return list(conversations(Arena(tasks, snapshot), records))


@pytest.mark.parametrize(
    ("name", "split", "limit", "least"),
    [("demo", "test", 10, 3), ("demo", "train", 10, 2), ("travel", "test", 20, 10)],
)
def test_the_benchs_own_conversations_come_back_as_tasks_that_score_one(
    name: str, split: str, limit: int, least: int, tmp_path: Path
) -> None:
    snapshot, tasks, report = imported(tmp_path, exported(name, split, limit))
    assert len(tasks) >= least and len(tasks) + len(report.left_out) == report.traces
    assert_sound(snapshot, tasks)
    original = {task.id: task for task in Snapshot.open(name).tasks(split)}
    for task in tasks:
        other = original[task.id]
        assert [(call.tool, call.arguments) for call in task.golden] == [
            (call.tool, call.arguments) for layer in other.layers for call in layer
        ]
        assert {fact.value for fact in task.answer} <= {fact.value for fact in other.answer}
    for reasons in report.left_out.values():
        assert all(reason.startswith("neither the request") for reason in reasons)


def test_calls_that_a_policy_wrote_as_text_are_exported_as_calls(tmp_path: Path) -> None:
    snapshot = Snapshot.open("demo")
    task = snapshot.tasks("test")[0]
    call = task.golden[0]
    text = f"<tool_call>{json.dumps({'name': call.tool, 'arguments': call.arguments})}</tool_call>"
    actions = [f"Let me look. {text}", "<tool_call>{oops</tool_call>", "Done."]
    record = {"task_id": task.id, "trial": 1, "actions": actions, "result": {"score": 0.1}}
    [row] = conversations(Arena([task], snapshot), [record])
    assert row["id"] == f"{task.id}#1"
    [entry] = row["messages"][2]["tool_calls"]
    assert json.loads(entry["function"]["arguments"]) == call.arguments
    assert row["messages"][3]["tool_call_id"] == entry["id"]
    assert [message["role"] for message in row["messages"][4:]] == ["assistant", "assistant"]


def test_replies_of_the_package_itself_are_not_recorded_as_an_apis(tmp_path: Path) -> None:
    rows = exported("demo", "test", 3, "junk") + exported("demo", "train", 3)
    snapshot, _, report = imported(tmp_path, rows)
    assert any("its reply is invalid_arguments" in problem for problem in report.problems)
    assert all(record.status == 200 for record in snapshot.records())


def test_the_command_line_imports_exports_and_imports_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text(json.dumps(support()) + "\n")
    assert main(["import", "rows.jsonl", "--out", "one"]) == 0  # the format is detected
    assert "4 tools, 3 responses, 1 tasks with 1 facts from 1 traces" in capsys.readouterr().out
    assert main(["bench", "--policy", "oracle", "--tasks", "one", "--out", "run"]) == 0
    assert main(["bench", "export", "run", "--out", "again.jsonl"]) == 0
    capsys.readouterr()
    assert main(["import", "again.jsonl", "--format", "openai-messages", "--out", "two", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"] == 1
    [one], [two] = (Snapshot.open(f"./{name}").tasks() for name in ("one", "two"))
    assert one.golden == two.golden and one.request == two.request


def test_a_line_that_cannot_be_read_is_a_problem_of_that_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [
        json.dumps(support()),
        '{"messages": "\\ud800"}',
        "{",
        '{"messages": []}',
        json.dumps(support("s-2")),
    ]
    path.write_text("\n".join(lines))
    report = import_traces(path, tmp_path / "out")
    assert report.tasks == 2
    assert [problem.partition(": ")[0] for problem in sorted(report.problems)] == [
        f"rows.jsonl:{n}" for n in (2, 3, 4)
    ]


def test_a_schema_that_is_no_schema_does_not_stop_the_others(tmp_path: Path) -> None:
    row = support()
    odd = {
        "type": "object",
        "properties": {"email": {"enum": {"$ref": "#/x"}}, "a": True, "b": {"type": "str"}},
    }
    row["tools"][0] = {"type": "function", "function": {"name": "find_customer", "parameters": odd}}
    row["tools"][3] = {
        "type": "function",
        "function": {"name": "refund", "parameters": {"$ref": "#/nowhere"}},
    }
    other = support("s-2")
    other["tools"] = [
        {"name": "find_customer", "parameters": {"type": "object", "properties": {"email": False}}}
    ]
    snapshot, tasks, _ = imported(tmp_path, [row, other])
    assert len(tasks) == 2
    assert_sound(snapshot, tasks)


def test_ids_of_any_kind_become_ids_of_tasks_and_resume(tmp_path: Path) -> None:
    rows = [support('a "b"\\\n@é', "Turku"), support('a "b"\\\n@é', "Espoo"), support("x" * 900, "Oulu")]
    for number, row in enumerate(rows):
        row["messages"][1]["content"] += f" {number}"
    for _ in range(2):  # the second time, the journal is read
        snapshot, tasks, _ = imported(tmp_path, rows)
        assert_sound(snapshot, tasks)
    assert [task.id for task in tasks] == ["a_b_", "a_b_-2", "x" * 120]


def test_short_secrets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 6 characters"):
        imported(tmp_path, [support()], secrets=["abc"])
