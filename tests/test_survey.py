"""Counts of a snapshot, and differences between two."""

import json
from pathlib import Path

import pytest
import toy as toys

from tool_orch_env.episode import Episode
from tool_orch_env.errors import UsageError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.snapshot.stats import difference, tool_stats
from tool_orch_env.taskset import TaskSet


def test_responses_errors_and_empty_ones_are_counted_by_tool(toy: Snapshot) -> None:
    found = tool_stats(toy)
    assert list(found) == list(toy.catalog)
    search, city = found["search_city"], found["get_city"]
    assert (search.responses, search.errors, search.empty) == (5, 0, 1)  # nothing is found in Atlantis
    assert (city.responses, city.errors, city.empty) == (5, 1, 0)
    assert sum(some.responses for some in found.values()) == len(toy)
    assert sum(some.bytes for some in found.values()) == sum(len(r.text.encode()) for r in toy.records())
    assert search.golden == search.recorded == 2 and found["ping"].golden == 0


def test_hit_rates_come_from_a_log(toy: Snapshot, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    lines = [
        {"calls": [{"tool": "ping", "code": "ok"}, {"tool": "ping", "code": "not_recorded"}]},
        {"tool": "get_city", "code": "api_error"},
        {"tool": "get_city", "code": "invalid_arguments"},
        {"tool": None, "code": "unparsable"},
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = tool_stats(toy, log)
    assert (found["ping"].hits, found["ping"].misses) == (1, 1)
    assert (found["get_city"].hits, found["get_city"].misses) == (1, 0)
    log.write_text('{"calls": [{"name": "ping"}]}\n')
    with pytest.raises(UsageError, match=r"run\.jsonl:1: expected an info"):
        tool_stats(toy, log)


def test_two_versions_differ_by_key(toy: Snapshot) -> None:
    tools = toys.catalog()
    records = [record for record in toy.records() if record.tool != "ping"]
    records[0] = records[0]._replace(text='{"other":1}')
    records.append(make_record(tools, "get_country", {"code": "DK"}, 200, {"name": "Denmark"}))
    other = Snapshot.from_records("toy", tools, records)
    found = difference(toy, other)
    assert [r.tool for r in found.removed] == ["ping"] and [r.key for r in found.changed] == [records[0].key]
    assert [r.arguments for r in found.added] == [{"code": "DK"}]
    assert found.same == len(toy) - 2 and not found.tools_changed
    assert not difference(toy, toy)


class Told:
    """A live API that answers one call and refuses the others: the seam, without a recorder."""

    def answer(self, key: str, tool: str, arguments: dict[str, object]) -> object:
        from tool_orch_env.snapshot.store import Recorded

        return Recorded(200, '{"name":"Denmark"}') if arguments == {"code": "DK"} else "no such country"


def test_an_episode_asks_its_live_api_for_valid_misses_only(toy: Snapshot) -> None:
    from tool_orch_env.episode import EpisodeLimits

    task_set = TaskSet(toy, toys.tasks())
    episode = Episode(task_set.compiled("toy-0"), limits=EpisodeLimits(on_miss="live"), live=Told())
    calls = [{"name": "get_country", "arguments": {"code": code}} for code in ("NO", "DK", "XX", 7)]
    step = episode.step(calls)
    codes = ["ok", "ok", "not_recorded", "invalid_arguments"]
    assert [answered.result.status for answered in step.calls] == codes
    assert "no such country" in step.calls[2].result.text
    with pytest.raises(UsageError, match="needs record="):
        Episode(task_set.compiled("toy-0"), limits=EpisodeLimits(on_miss="live"))
