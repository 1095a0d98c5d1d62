"""Requests: every value the user gives is in them, nothing that only a response gives, and other words too."""

import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tool_orch_env.answers.mentions import mentions
from tool_orch_env.errors import UsageError
from tool_orch_env.jsonvalues.scalars import small
from tool_orch_env.language.criteria import Criterion, criteria, select
from tool_orch_env.language.phrase_book import FOLDER, ListBook
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, Source, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.reword import Endpoint, Reworded, reword
from tool_orch_env.synth.show import drawn, told
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.synth.typos import mistyped
from tool_orch_env.task import Task

FLIGHTS = [
    {"number": 7, "out": "06:10", "in": "09:30", "carrier": "UA"},
    {"number": 9, "out": "08:00", "in": "08:45", "carrier": "UA"},
    {"number": 3, "out": "17:25", "in": "20:40", "carrier": "DL"},
]


@pytest.fixture(scope="module")
def tasks(index: Index) -> list[Task]:
    return list(synthesise(index, Targets(calls=weights("2-6")), 30, 2))


@pytest.mark.parametrize(
    "criterion, chosen",
    [
        (Criterion("min", "out"), [0]),
        (Criterion("max", "in"), [2]),
        (Criterion("min", "in"), [1]),
        (Criterion("nth", "out", 2), [1]),
        (Criterion("nth", "in", 2), []),
        (Criterion("where", "carrier", "UA"), [0, 1]),
        (Criterion("where", "carrier", "DL"), [2]),
        (Criterion("after", "out", "07:00"), [1]),
        (Criterion("before", "out", "17:00"), [1]),
        (Criterion("echo", "carrier", "UA", by="number", choose="max"), [1]),
        (Criterion("only"), [0, 1, 2]),
        (Criterion("max", "no such field"), []),
        (Criterion("max", "out", "UA", by="carrier"), [1]),
        (Criterion("min", "out", "DL", by="carrier"), [2]),
        (Criterion("min", "out", "B6", by="carrier"), []),
    ],
)
def test_a_criterion_selects_what_its_words_say(criterion: Criterion, chosen: list[int]) -> None:
    assert select(criterion, FLIGHTS) == chosen


def test_an_extreme_among_some_elements_needs_some_and_not_all_of_them() -> None:
    book = ListBook("flight", picks={("max", "out where carrier"): ("the last flight of {value}",)})
    assert criteria(FLIGHTS, 1, book, {}) == [Criterion("max", "out", "UA", by="carrier")]
    assert criteria(FLIGHTS, 0, book, {}) == criteria(FLIGHTS, 2, book, {}) == []
    assert criteria(FLIGHTS[:2], 1, book, {}) == []
    assert criteria(FLIGHTS, 1, book, {}, complete=False) == []  # a later one may have been cut off


def test_times_of_other_lengths_are_not_compared_as_text() -> None:
    assert select(Criterion("min", "out"), [{"out": "9:05"}, {"out": "10:00"}]) == []


def test_a_list_that_was_cut_short_supports_no_claim_about_its_end(index: Index) -> None:
    book = index.book.calls["search_flights"].lists["/flights"]
    flights = [{"sched_dep": f"{hour:02d}:00", "flight_number": hour} for hour in (6, 9, 20)]
    whole = {one.kind for one in criteria(flights, 2, book, {})}
    assert {"max", "where"} <= whole
    assert {one.kind for one in criteria(flights, 2, book, {}, complete=False)} == {"nth"}


def test_every_request_states_what_the_user_gives_and_hides_what_a_response_gives(
    index: Index, tasks: list[Task]
) -> None:
    for task in tasks:
        for call in task.golden:
            for name, value in call.arguments.items():
                if any(one.startswith(f"/{name}/") for one in call.bindings):
                    continue  # a part of it is bound; nobody says it
                if name in call.bindings:
                    assert small(value) or not mentions(task.request, value), (task.id, name)
                elif index.snapshot.catalog[call.tool].properties[name].get("default") != value:
                    assert mentions(task.request, value), (task.id, name, task.request)
        for fact in task.answer:
            assert small(fact.value) or not mentions(task.request, fact.value)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_a_bundled_book_speaks_of_every_tool_of_its_snapshot_and_of_no_other(name: str, index: Index) -> None:
    of_book = index if name == "travel" else Index(Snapshot.open(name))
    snapshot = of_book.snapshot
    written = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    assert set(written["call"]) == set(snapshot.catalog)
    for task in synthesise(of_book, Targets(calls=weights("2-5")), 15, 3):
        assert audit(task, snapshot) == []


def test_requests_are_varied(tasks: list[Task]) -> None:
    assert len({" ".join(task.request.split()[:3]) for task in tasks}) >= len(tasks) / 2
    assert not any("{" in task.request or "[" in task.request for task in tasks)


def test_typing_errors_spare_every_value_and_are_the_same_for_the_same_seed(
    travel: Snapshot, tasks: list[Task]
) -> None:
    made = list(mistyped(tasks, travel, 0.3, seed=5))
    assert made == list(mistyped(tasks, travel, 0.3, seed=5)) != list(mistyped(tasks, travel, 0.3, seed=6))
    assert sum(one.request != other.request for one, other in zip(made, tasks, strict=True)) > len(tasks) / 2
    for one, other in zip(made, tasks, strict=True):
        assert one.model_copy(update={"request": ""}) == other.model_copy(update={"request": ""})
        assert audit(one, travel) == []
        words = other.request.split(" ")
        for word, was in zip(one.request.split(" "), words, strict=True):
            assert word == was or (word[0] == was[0] and was.strip(".,;:?()").islower())
    with pytest.raises(UsageError, match="share"):
        next(mistyped(tasks, travel, 5))


def test_a_task_is_told_with_its_request_its_calls_and_its_facts(tasks: list[Task]) -> None:
    assert drawn(tasks, 5, 1) == drawn(tasks, 5, 1) and len(drawn(tasks, 99, 1)) == len(tasks)
    for task in tasks:
        text = told(task)
        assert task.request in text and all(f" {call.id} {call.tool}(" in text for call in task.golden)
        assert all(
            f"{bound.call}{bound.pointer}" in text for c in task.golden for bound in c.bindings.values()
        )
        assert all(f"= {fact.name}: " in text for fact in task.answer)


@contextmanager
def _endpoint(reply: object, status: int = 200) -> Iterator[str]:
    """A server that speaks as much of the API as is used; `reply` makes the content from the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/chat/completions"
            content = reply(asked["messages"][-1]["content"])  # type: ignore[operator]
            body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_other_words_that_keep_every_value_are_taken(travel: Snapshot, tasks: list[Task]) -> None:
    counts = Reworded()
    with _endpoint(lambda request: f"Hello! {request} Thank you.") as url:
        made = list(reword(tasks[:4], travel, Endpoint(url, "some-model"), counts))
    assert [task.request for task in made] == [f"Hello! {task.request} Thank you." for task in tasks[:4]]
    assert (counts.accepted, counts.refused, counts.failed) == (4, 0, 0)


def test_other_words_that_lose_or_give_away_a_value_are_refused(travel: Snapshot, tasks: list[Task]) -> None:
    bound = [task for task in tasks if any(call.bindings for call in task.golden)][:3]

    def gives_away(request: str) -> str:
        (task,) = [task for task in bound if task.request == request]
        call = next(call for call in task.golden if call.bindings)
        return f"{request} It is {call.arguments[next(iter(call.bindings))]}."

    for reply in (lambda request: "Tell me about flights.", lambda request: "", gives_away):
        counts = Reworded()
        with _endpoint(reply) as url:
            assert list(reword(bound, travel, Endpoint(url, "some-model"), counts, tries=1)) == bound
        assert counts.refused == len(bound)


def test_an_endpoint_that_fails_leaves_the_request_and_is_counted(
    travel: Snapshot, tasks: list[Task]
) -> None:
    counts = Reworded()
    with _endpoint(lambda request: request, status=500) as url:
        assert list(reword(tasks[:2], travel, Endpoint(url, "m"), counts, tries=2)) == tasks[:2]
    assert counts.failed == 4
    with pytest.raises(UsageError, match="http"):
        Endpoint("file:///etc/passwd", "m")


def test_a_snapshot_without_a_book_is_spoken_of_in_plain_words() -> None:
    """An id stands for what it identifies, a date is "on" a day, a name is what a thing is called."""
    integer = {"type": "integer"}

    def schema(**properties: object) -> dict[str, object]:
        return {"type": "object", "properties": properties, "required": [*properties]}

    tools = Catalog(
        [
            ToolSpec(name="listBranches", parameters=schema(day={"type": "string"})),
            ToolSpec(
                name="get_branch",
                parameters=schema(branch_id=integer),
                sources={"branch_id": (Source(tool="listBranches", pointer="/branches/*/branch_id"),)},
            ),
            ToolSpec(
                name="get_owner",
                parameters=schema(owner_id=integer),
                sources={"owner_id": (Source(tool="get_branch", pointer="/owner_id"),)},
            ),
        ]
    )
    rows = [{"branch_id": 501, "name": "Docks"}, {"branch_id": 502, "name": "Campus"}]
    branch = {"branch_id": 501, "owner_id": 901, "height_cm": 310, "due_on": "2025-06-01"}
    made = [
        make_record(tools, "listBranches", {"day": "2025-05-11"}, 200, {"branches": rows}),
        make_record(tools, "get_branch", {"branch_id": 501}, 200, branch),
        make_record(tools, "get_owner", {"owner_id": 901}, 200, {"owner_id": 901, "age": 44}),
    ]
    book = Index(Snapshot.from_records("plain", tools, made)).book.calls
    listed = book["listBranches"].lists["/branches"]
    assert (listed.noun, listed.tail) == ("branch", "[ on {day}]")
    assert listed.picks["where", "name"] == ("the branch called {value}",)
    assert book["listBranches"].user["day"] == "{value}"
    assert book["get_branch"].np == "{branch_id}" and listed.values["branch_id"] == "{it}"
    assert book["get_branch"].values["/owner_id"] == "the owner of {it}"
    assert book["get_branch"].facts["/height_cm"].phrases == ("the height in cm of {it}",)
    assert book["get_branch"].facts["/due_on"].phrases == ("the due date of {it}",)
