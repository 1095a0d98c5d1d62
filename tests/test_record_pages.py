"""Plans that turn pages, fill lists from several rows, and name days relative to that of the recording."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from tool_orch_env.errors import SpecError
from tool_orch_env.record.dates import dated, pinned
from tool_orch_env.record.estimate import estimate
from tool_orch_env.record.functions import as_tools
from tool_orch_env.record.http import Report, record, sample
from tool_orch_env.record.journal import Entry
from tool_orch_env.record.schema import Step
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.snapshot import Snapshot

ASKED: Counter[str] = Counter()
NAMES = [f"town {number}" for number in range(23)]


def counted(country: str = "NO", page: Annotated[int, Field(ge=0)] = 1, size: int = 10) -> dict[str, Any]:
    """Towns by page; the last page is empty."""
    ASKED[f"counted {country} {page}"] += 1
    return {"items": NAMES[(page - 1) * size : page * size] if country == "NO" else []}


def offset(skip: int = 0) -> list[str]:
    """Towns from one on."""
    return NAMES[skip : skip + 10]


def cursored(country: str, cursor: str | None = None) -> dict[str, Any]:
    """Towns by cursor; the last page has none."""
    ASKED[f"cursored {country} {cursor}"] += 1
    start = int(cursor or 0)
    more = {"next": str(start + 10)} if start + 10 < len(NAMES) else {"next": None}
    return {"items": [{"id": start + n} for n in range(len(NAMES[start : start + 10]))], "meta": more}


def endless(cursor: int = 0) -> dict[str, int]:
    """Always has another page."""
    return {"next": cursor + 1}


def stuck(cursor: str | None = None) -> dict[str, str]:
    """Always the same cursor."""
    return {"next": "a"}


def together(ids: list[int], unit: str = "m") -> dict[str, Any]:
    """Several towns at once."""
    return {"ids": ids}


def on(day: date) -> dict[str, date]:
    """A day."""
    return {"day": day}


TOOLS = [counted, offset, cursored, endless, stuck, together, on]


def read(folder: Path, *plan: dict[str, Any], **more: Any) -> Spec:
    path = folder / "spec.yaml"
    path.write_text(json.dumps({"name": "towns", "captured": "2026-11-22", "plan": list(plan), **more}))
    return read_spec(path, functions=as_tools(TOOLS, "towns"))


def run(folder: Path, *plan: dict[str, Any], **more: Any) -> tuple[Report, list[dict[str, Any]]]:
    folder.mkdir(exist_ok=True)
    ASKED.clear()
    report = record(read(folder, *plan, **more), folder / "out")
    return report, [arguments for _, arguments in Snapshot.open(folder / "out").calls()]


def test_pages_are_counted_until_one_is_empty(tmp_path: Path) -> None:
    over = [{"values": {"country": ["NO", "FI"]}}]
    report, calls = run(
        tmp_path, {"call": "counted", "over": over, "pages": {"argument": "page", "until": "/items"}}
    )
    pages = sorted((call["country"], call.get("page", 1)) for call in calls)
    assert pages == [("FI", 1), ("NO", 1), ("NO", 2), ("NO", 3), ("NO", 4)] and report.faults == []
    report, calls = run(
        tmp_path / "more",
        {"call": "offset", "pages": {"argument": "skip", "until": "/*", "start": 0, "step": 10}},
    )
    assert sorted(call.get("skip", 0) for call in calls) == [0, 10, 20, 30]


def test_a_cursor_leads_on_until_it_is_null_and_later_steps_get_every_page(tmp_path: Path) -> None:
    turn = {
        "call": "cursored",
        "arguments": {"country": "NO"},
        "pages": {"argument": "cursor", "cursor": "/meta/next"},
    }
    rows = [{"from": "cursored", "each": "/items/*", "take": {"/ids/*": "/id"}, "together": 4}]
    report, calls = run(tmp_path, turn, {"call": "together", "over": rows})
    assert [call["cursor"] for call in calls if "country" in call and "cursor" in call] in (
        ["10", "20"],
        ["20", "10"],
    )
    lists = sorted(call["ids"] for call in calls if "ids" in call)
    assert lists == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
        [10, 11, 12, 13],
        [14, 15, 16, 17],
        [18, 19],
        [20, 21, 22],
    ]
    assert report.faults == []


def test_a_stopped_recording_turns_on_from_the_page_it_had_reached(tmp_path: Path) -> None:
    turn = {
        "call": "cursored",
        "arguments": {"country": "NO"},
        "pages": {"argument": "cursor", "cursor": "/meta/next"},
    }
    run(tmp_path, turn, limits={"calls": 2})
    assert sum(ASKED.values()) == 2
    spec = read(tmp_path, turn)
    found = estimate(spec, tmp_path / "out")
    assert (found.calls, found.recorded, found.exact) == (3, 2, False)
    report, calls = run(tmp_path, turn)
    assert (len(calls), report.reused, sum(ASKED.values())) == (3, 2, 1)
    assert estimate(spec, tmp_path / "out").exact
    assert run(tmp_path, turn)[0].asked == 0


def test_pages_that_do_not_end_are_a_fault_and_a_cursor_that_stays_is_an_end(tmp_path: Path) -> None:
    report, calls = run(
        tmp_path,
        {"call": "endless", "pages": {"argument": "cursor", "cursor": "/next", "most": 5}},
        {"call": "stuck", "pages": {"argument": "cursor", "cursor": "/next"}},
    )
    assert len(calls) == 5 + 2
    [fault] = report.faults
    assert (fault.tool, fault.arguments, fault.why) == (
        "endless",
        {"cursor": 5},
        "not asked: more than 5 pages (pages.most)",
    )


def test_a_sample_takes_first_pages_only(tmp_path: Path) -> None:
    spec = read(tmp_path, {"call": "counted", "pages": {"argument": "page", "until": "/items"}})
    assert sample(spec, tmp_path / "out", 5).asked == 1


def test_lists_are_filled_from_values_and_files_too(tmp_path: Path) -> None:
    (tmp_path / "ids.jsonl").write_text("".join(f'{{"id": {n}, "unit": "ft"}}\n' for n in range(5)))
    _, calls = run(
        tmp_path,
        {"call": "together", "over": [{"values": {"/ids/*": [7, 8, 9]}, "together": 2}]},
        {
            "call": "together",
            "over": [{"file": "ids.jsonl", "take": {"/ids/*": "/id", "unit": "/unit"}, "together": 3}],
        },
    )
    found = sorted(json.dumps(call) for call in calls)
    assert found == [
        '{"ids": [0, 1, 2], "unit": "ft"}',
        '{"ids": [3, 4], "unit": "ft"}',
        '{"ids": [7, 8]}',
        '{"ids": [9]}',
    ]


def test_days_are_relative_to_the_day_that_the_manifest_has(tmp_path: Path) -> None:
    plan = [
        {"call": "on", "over": [{"values": {"day": ["${today}", "${today+7}", "2026-01-01"]}}]},
        {"call": "on", "over": [{"all": "day", "minimum": "${today-2}", "maximum": "${today-1}"}]},
    ]
    report, calls = run(tmp_path, *plan)
    days = ["2026-01-01", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-29"]
    assert sorted(call["day"] for call in calls) == days and report.faults == []
    _, calls = run(tmp_path / "now", *plan, captured=None)
    today = datetime.now(UTC).date()
    assert (today + timedelta(days=7)).isoformat() in [call["day"] for call in calls]
    assert Snapshot.open(tmp_path / "now" / "out").manifest["captured"] == today.isoformat()


def test_a_resumed_recording_keeps_the_day_of_its_first_answer() -> None:
    entries = {day: Entry(0, 0, 200, at=f"{day}T10:00:00Z") for day in ("2026-11-24", "2026-11-23")}
    assert pinned(None, entries) == date(2026, 11, 23)
    assert pinned("2026-11-01/2026-11-03", entries) == date(2026, 11, 1)
    assert pinned("some time in May", entries) == date(2026, 11, 23)
    assert pinned(None, {}) == datetime.now(UTC).date()
    step = Step.model_validate(
        {"call": "on", "arguments": {"n": 1.5, "words": ["from ${today-1}", "${today+x}"]}}
    )
    assert dated(step, date(2026, 3, 1)).arguments == {"n": 1.5, "words": ["from 2026-02-28", "${today+x}"]}
    plain = Step.model_validate({"call": "on", "arguments": {"day": "2026-01-01"}})
    assert dated(plain, date(2026, 3, 1)) is plain


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ({"argument": "page"}, "expected either `cursor` or `until`"),
        ({"argument": "page", "cursor": "/a", "until": "/b"}, "expected either `cursor` or `until`"),
        ({"argument": "pgae", "until": "/items"}, "plan.0: counted has no parameter 'pgae'"),
        ({"argument": "country", "cursor": "/next"}, "plan.0: 'country' is given twice"),
        ({"argument": "page", "until": "items"}, "plan.0.pages: 'items' is not a JSON Pointer"),
    ],
)
def test_problems_of_pages_are_told_before_anything_is_called(tmp_path: Path, pages: Any, why: str) -> None:
    with pytest.raises(SpecError) as raised:
        read(tmp_path, {"call": "counted", "arguments": {"country": "NO"}, "pages": pages})
    assert why in str(raised.value)
