"""OpenTelemetry spans with the GenAI conventions, in their older and newer forms, say what the conversation said."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_traces import TOOLS, assert_sound, imported, support

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.traces import import_traces
from tool_orch_env.traces.documents import Document
from tool_orch_env.traces.otel_genai import recognises, traces

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_790_000_000_000_000_000
Spans = list[dict[str, Any]]


def parts(message: dict[str, Any]) -> dict[str, Any]:
    """A chat message in the newer form."""
    if message["role"] == "tool":
        response = json.loads(message["content"])
        one = {"type": "tool_call_response", "id": message["tool_call_id"], "response": response}
        return {"role": "tool", "parts": [one]}
    found: list[Any] = []
    if message.get("content"):
        found.append({"type": "text", "content": message["content"]})
    for call in message.get("tool_calls", ()):
        given = json.loads(call["function"]["arguments"])
        found.append(
            {"type": "tool_call", "id": call["id"], "name": call["function"]["name"], "arguments": given}
        )
    return {"role": message["role"], "parts": found}


def span(
    number: int, name: str, attributes: dict[str, Any], events: Any = (), trace: str = TRACE
) -> dict[str, Any]:
    """A span as the Python SDK prints it."""
    return {
        "name": name,
        "context": {"trace_id": f"0x{trace}", "span_id": f"0x{number:016x}", "trace_state": "[]"},
        "parent_id": None,
        "start_time": f"2026-11-22T10:00:{number:02d}.000000Z",
        "status": {"status_code": "UNSET"},
        "attributes": attributes,
        "events": list(events),
    }


def chats(row: dict[str, Any]) -> list[tuple[list[Any], Any]]:
    """What each call of the model was sent, and what it wrote."""
    messages = row["messages"]
    return [(messages[:i], one) for i, one in enumerate(messages) if one["role"] == "assistant"]


def newer(row: dict[str, Any], text: bool = False, trace: str = TRACE) -> Spans:
    """`gen_ai.input.messages` and `gen_ai.output.messages`, as JSON texts if `text`; and the agent's own span."""

    def written(value: Any) -> Any:
        return json.dumps(value) if text else value

    [system, *_] = row["messages"]
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.input.messages": written([parts(row["messages"][1])]),
        "gen_ai.output.messages": written([{**parts(row["messages"][-1]), "finish_reason": "stop"}]),
    }
    found = [span(1, "invoke_agent support", agent, trace=trace)]
    for number, (sent, wrote) in enumerate(chats(row), 2):
        given = {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": written([{"type": "text", "content": system["content"]}]),
            "gen_ai.input.messages": written([parts(one) for one in sent[1:]]),
            "gen_ai.output.messages": written([{**parts(wrote), "finish_reason": "stop"}]),
            "gen_ai.tool.definitions": written([{"type": "function", **tool["function"]} for tool in TOOLS]),
        }
        found.append(span(number, "chat model", given, trace=trace))
    return found


def older(row: dict[str, Any]) -> Spans:
    """An event for each message. The conventions had no tools."""
    found = []
    for number, (sent, wrote) in enumerate(chats(row), 1):
        events = [
            {
                "name": f"gen_ai.{one['role']}.message",
                "timestamp": f"2026-11-22T10:00:{number:02d}.{place:06d}Z",
                "attributes": {**one, "id": one.get("tool_call_id")},
            }
            for place, one in enumerate(sent)
        ]
        choice = {"index": 0, "finish_reason": "stop", "message": json.dumps(wrote)}
        time = f"2026-11-22T10:00:{number:02d}.900000Z"
        events.append({"name": "gen_ai.choice", "timestamp": time, "attributes": choice})
        found.append(span(number, "chat model", {"gen_ai.system": "openai"}, events))
    return found


def any_value(value: Any) -> dict[str, Any]:
    """A value as OTLP writes it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": k, "value": any_value(v)} for k, v in value.items()]}}
    return {"stringValue": value}


def attributes(given: dict[str, Any]) -> list[Any]:
    return [{"key": key, "value": any_value(value)} for key, value in given.items()]


def otlp(row: dict[str, Any]) -> list[Any]:
    """The newer form as an OTLP exporter writes it to a file."""
    spans = [
        {
            "traceId": TRACE,
            "spanId": one["context"]["span_id"][2:],
            "name": one["name"],
            "startTimeUnixNano": str(START + place),
            "attributes": attributes(one["attributes"]),
            "status": {},
        }
        for place, one in enumerate(newer(row))
    ]
    return [{"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]} for one in reversed(spans)]


def logs(row: dict[str, Any]) -> list[Any]:
    """The older events as log records."""
    records = [
        {
            "traceId": TRACE,
            "spanId": one["context"]["span_id"][2:],
            "timeUnixNano": str(START + number * 1000 + place),
            "attributes": attributes({"event.name": event["name"]}),
            "body": any_value({k: v for k, v in event["attributes"].items() if v is not None}),
        }
        for number, one in enumerate(older(row))
        for place, event in enumerate(one["events"])
    ]
    return [{"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}]


def with_tool_spans(row: dict[str, Any]) -> Spans:
    """Results are in the spans of the executed tools alone."""
    found = []
    results = {one["tool_call_id"]: one["content"] for one in row["messages"] if one["role"] == "tool"}
    for number, (sent, wrote) in enumerate(chats(row)):
        given = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": [parts(one) for one in sent if one["role"] != "tool"],
            "gen_ai.output.messages": [parts(wrote)],
        }
        found.append(span(2 * number + 1, "chat model", given))
        for call in wrote.get("tool_calls", ()):
            executed = {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": call["function"]["name"],
                "gen_ai.tool.call.id": call["id"],
                "gen_ai.tool.call.arguments": call["function"]["arguments"],
                "gen_ai.tool.call.result": results[call["id"]],
            }
            found.append(span(2 * number + 2, "execute_tool", executed))
    return found


FORMS = {
    "newer": newer,
    "as texts": lambda row: newer(row, text=True),
    "older": older,
    "OTLP": otlp,
    "logs": logs,
    "tool spans": with_tool_spans,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_makes_the_task_of_the_conversation(form: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    _, [expected], _ = imported(tmp_path / "one", [support()])
    snapshot, [task], report = imported(tmp_path, FORMS[form](support()))
    assert_sound(snapshot, [task])
    assert (task.request, task.golden, task.answer) == (expected.request, expected.golden, expected.answer)
    assert task.id == TRACE and not report.problems
    assert ("refund" in task.tools) == (form in ("newer", "as texts", "OTLP"))
    assert snapshot.manifest["captured"].startswith("2026-")


def test_spans_of_several_traces_may_be_mixed_and_printed_over_several_lines(tmp_path: Path) -> None:
    other = TRACE[::-1]
    rows = [*newer(support("s-1"), trace=TRACE), *newer(support("s-2"), trace=other)]
    rows = rows[::2] + rows[1::2]
    path = tmp_path / "spans.txt"
    path.write_text("\n".join(json.dumps(one, indent=4) for one in rows))
    report = import_traces(path, tmp_path / "out")
    assert (report.traces, report.tasks) == (2, 2)
    assert {task.id for task in Snapshot.open(tmp_path / "out").tasks()} == {TRACE, other}


def test_a_tool_that_failed_by_its_span_is_an_error(tmp_path: Path) -> None:
    rows = with_tool_spans(support())
    extra = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "refund",
        "gen_ai.tool.call.id": "r",
        "gen_ai.tool.call.arguments": {"order_id": "ord_99120"},
        "gen_ai.tool.call.result": "not today",
        "error.type": "Refused",
    }
    snapshot, [task], _ = imported(tmp_path, [*rows, span(50, "execute_tool refund", extra)])
    found = snapshot.lookup("refund", {"order_id": "ord_99120"})
    assert found is not None and found.status == 400
    assert "refund" not in {call.tool for call in task.golden}


def test_turns_of_one_conversation_are_joined(tmp_path: Path) -> None:
    rows = newer(support())
    for number, one in enumerate(rows):
        one["attributes"]["gen_ai.conversation.id"] = "talk-5"
        one["context"]["trace_id"] = f"0x{number:032x}"
    _, [task], _ = imported(tmp_path, rows)
    assert task.id == "talk-5" and len(task.golden) == 3


names = st.sampled_from(
    ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.name", "gen_ai.tool.call.id", "parts", "type",
     "gen_ai.tool.call.result", "gen_ai.operation.name", "content", "role", "tool_calls", "message", "id"]
)  # fmt: skip
words = st.sampled_from(
    ["text", "tool_call", "tool_call_response", "execute_tool", "user", "assistant", "x", "[{}]"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
odd_spans = st.fixed_dictionaries(
    {"name": json_values, "context": st.just({"trace_id": TRACE}) | json_values},
    optional={
        "attributes": st.dictionaries(names, json_values, max_size=5) | json_values,
        "events": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["gen_ai.choice", "gen_ai.tool.message", "x"]),
                    "attributes": json_values,
                }
            )
            | json_values,
            max_size=3,
        )
        | json_values,
        "start_time": st.sampled_from(["2026-01-01", "now", 5, 10**40, -1]) | json_values,
        "status": json_values,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(odd_spans | st.dictionaries(st.just("resourceSpans"), json_values) | json_values, max_size=4))
def test_whatever_spans_hold_nothing_raises(values: list[Any]) -> None:
    list(traces([Document("x", "x", value) for value in values]))
    for value in values:
        if isinstance(value, (dict, list)):
            recognises(value)
