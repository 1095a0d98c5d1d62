"""Scenarios: what a file may say, how its slots are filled, and that its tasks can be played in every listed way."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import scenes

from tool_orch_env.answers.oracle import oracle_answer, oracle_turns
from tool_orch_env.cli.main import main
from tool_orch_env.episode import score_turns
from tool_orch_env.errors import ScenarioError, UsageError
from tool_orch_env.language.expressions import Choice, Held, Unsuitable, parse
from tool_orch_env.language.scenarios import read_scenarios
from tool_orch_env.language.scenarios.format import REGISTERS
from tool_orch_env.language.templates import FORMATS
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.near_duplicates import NearDuplicates
from tool_orch_env.synth.partition import Part
from tool_orch_env.synth.plans import plan_turns
from tool_orch_env.synth.rules import RULES, SCENARIO_RULES
from tool_orch_env.synth.sample import Unfillable
from tool_orch_env.synth.scenes.check import check as checked_frames
from tool_orch_env.synth.scenes.check import chosen
from tool_orch_env.synth.scenes.make import Chosen, SceneMaker, synthesise_scenes
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.synth.wording import wording
from tool_orch_env.task import Task

PLAYED = '{id = "played", call = "get_show(show_id=show.show_id)"},'
ASK = '{name = "delay", value = "played.delay_min", kind = "delay", owner = "{s.title}", words = "delay"},'
SLOT = '{name = "s", among = "list.reply.shows"},'
SHOW = 'let.show = "only(found.shows, it.title == s.title)"'
FRAME = "[[scenario.frames]]\ntext"
ANY = Targets(calls=weights("1-14"), distractors=weights("0-4"))


@pytest.fixture(scope="module")
def theatre() -> Snapshot:
    return scenes.world()


class Names:
    """A scope of plain values."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def get(self, name: str) -> Held:
        return Held(self._values[name])

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        raise Unsuitable(tool)

    def chose(self, choice: Choice) -> None:
        pass


def wins(task: Task, snapshot: Snapshot) -> bool:
    """Whether the golden trace and all other plans score 1.0."""
    traces = [oracle_turns(task)]
    traces += [plan_turns(plan, oracle_answer(task)) for plan in task.meta.get("plans", ())]
    return all(score_turns(task, turns, snapshot).total == 1.0 for turns in traces)


def test_a_task_states_what_it_is_given_and_binds_the_rest(theatre: Snapshot) -> None:
    task = scenes.task(scenes.LATE, theatre)
    first, second = task.golden
    assert first.arguments["town"] in task.request
    assert second.bindings["show_id"].call == first.id and second.needs == (first.id,)
    (pick,) = task.meta["picks"]
    assert pick["criterion"] == {"kind": "where", "field": "title", "value": task.answer[0].owner}
    assert wins(task, theatre) and audit(task, theatre, SCENARIO_RULES) == []


def test_scenarios_frames_and_entities_are_drawn_uniformly(theatre: Snapshot) -> None:
    maker = scenes.maker(scenes.LATE, theatre)
    tasks = [maker.make(number).task for number in range(120)]
    frames = Counter(task.meta["frame"] for task in tasks)
    towns = Counter(task.golden[0].arguments["town"] for task in tasks)
    assert set(frames) == {0, 1} and min(frames.values()) > 40
    assert set(towns) == {"Aland", "Corinth"} and min(towns.values()) > 40


def test_a_dead_end_is_left_by_drawing_earlier_slots_again(theatre: Snapshot) -> None:
    """Only one show of one town fits, and only the last slot tells."""
    text = scenes.changed(("played.status == 'played'", "played.delay_min == 45"))
    assert {scenes.task(text, theatre, number).answer[0].owner for number in range(12)} == {"Medea"}


def test_what_nothing_fits_is_reported_with_the_reason(theatre: Snapshot) -> None:
    text = scenes.changed(("played.status == 'played'", "played.delay_min > 1000"))
    with pytest.raises(Unfillable, match=r"sense: played\.delay_min > 1000"):
        scenes.task(text, theatre)


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ((("id = \"late\"", "id = late"),), 6, "not TOML"),
        ((("goal =", "gaol ="),), 7, "gaol: unknown key"),
        ((("played.status ==", "played.status = "),), 19, "not an expression"),
        ((('kind = "delay"', 'kind = "lateness"'),), 21, "kind: expected one of"),
        ((("owner = \"{s.title}\"", "owner = \"{s.title\""),), 21, "to be closed"),
        ((("found.shows, it.title", "fund.shows, it.title"),), 18, "expected a defined name, found 'fund'"),
        ((("after {s.title}", "after {t.title}"),), 25, "found 't'"),
        ((("get_show(show_id=show.show_id)", "open('x')"),), 15, "unknown function 'open'"),
        ((("let.town = \"list.arguments.town\"", "let.town = \"show.title\""),), 5, "in a circle"),
        ((('register = "ticket"', 'register = "poem"'),), 28, "register: expected one of"),
        ((("show_id=show.show_id)", "show_id=1) if town == 'Q' else None"),), 15, "expected one call"),
        ((("show_id=show.show_id)", "show_id=get_show(show_id=1).show_id)"),), 15, "expected one call"),
        ((('snapshot = "theatre"', 'snapshot = "theatre"\ntables = {day = 2013-08-30}'),), 4, "not JSON"),
        ((("played.status == 'played'", "len({s.title: 1}) == 1"),), 19, "expected texts as names"),
        ((("played.status == 'played'", "not " * 100 + "False"),), 19, "nested too deeply"),
        ((("played.status == 'played'", "played.delay_min < 1e999"),), 19, "beyond the range of a double"),
        ((('register = "ticket"', 'asks = ["delay", "delay"]'),), 5, "expected every ask once"),
        ((('snapshot = "theatre"', 'snapshot = "theatre"\ntables = {town = 1}'),), 6, "no table has, found 'town'"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_file_and_line(
    changes: tuple[tuple[str, str], ...], line: int, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenes.file(scenes.changed(*changes))
    assert any(one.startswith(f"theatre.toml:{line}:") and words in one for one in caught.value.problems), (
        caught.value.problems
    )
    assert "docs/scenarios.md" in str(caught.value)


SOME = "[1, 2, 3, 4, 5, 6, 7, 8, 9]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"only({SOME}, it == " * 9 + "1" + ")" * 9, "steps"),
        ("[x for x in many for y in many]", "steps"),
        ("[x for x in rows for y in rows]", "at most 10000 elements"),
        ("long + long", "more than 10000 characters"),
        ("big * big", "too large|beyond the range"),
        ("1e300 * 1e300", "beyond the range"),
    ],
)
def test_an_expression_that_explodes_has_no_value(text: str, words: str) -> None:
    names = Names(many=list(range(1000)), rows=list(range(150)), long="x" * 6000, big=10**200)
    with pytest.raises(Unsuitable, match=words):
        parse(text).value(names)


def test_values_that_are_used_twice_at_every_level_do_not_explode(theatre: Snapshot) -> None:
    doubled = "\n".join(f'let.a{at + 1} = "[a{at}, a{at}]"' for at in range(40))
    text = scenes.changed(
        ("sense = ", f'let.a0 = "[1, 1]"\n{doubled}\nsense = '), ("played.delay_min", "len(a40)")
    )
    with pytest.raises(Unfillable, match="at most 10000 elements"):
        scenes.task(text, theatre)


def test_rounding_to_many_places_is_bounded() -> None:
    assert parse("round(15.5, -30000000)").value(Names()).value == 0
    assert parse("round(155, -1)").value(Names()).value == 160


@pytest.mark.parametrize("value", ["found.shows", "[[1]]", "found"])
def test_an_object_or_a_list_of_them_cannot_be_a_fact(value: str, theatre: Snapshot) -> None:
    with pytest.raises(Unfillable, match="cannot be a fact"):
        scenes.task(scenes.changed(("played.delay_min", value)), theatre)


def test_a_file_that_does_not_fit_the_snapshot_is_refused(tmp_path: Path, theatre: Snapshot) -> None:
    path = tmp_path / "s.toml"
    for old, new, words in (
        ("list_shows(town=town)", "list_plays(town=town)", "found 'list_plays'"),
        ("list_shows(town=town)", "list_shows(place=town)", "found 'place'"),
        ("list_shows(town=town)", "list_shows()", "needs 'town'"),
        ('tool = "list_shows"', 'tool = "no_such"', "found 'no_such'"),
        (
            "\n[[scenario]]",
            '\n[clocks]\nstarts = {zone = "zone_of(id=it.id).zone"}\n[[scenario]]',
            "found 'zone_of'",
        ),
    ):
        path.write_text(scenes.changed((old, new)))
        with pytest.raises(ScenarioError, match=words):
            chosen(path, theatre)
    with pytest.raises(UsageError, match="or one of elements, travel"):
        read_scenarios("nowhere")


BRANCH = (
    ('sense = "played.status == \'played\'"', ""),
    (
        PLAYED,
        '{id = "played", call = "get_show(show_id=show.show_id)"},\n'
        '  {id = "venue", call = "get_venue(venue_id=played.venue_id)", '
        "when = \"played.status == 'played' and\\n  played.delay_min > 30\"},",
    ),
    (
        ASK,
        '{name = "status", value = "played.status", owner = "{s.title}", words = "status"},\n'
        '  {name = "venue", value = "venue.name", owner = "{s.title}", words = "venue"},',
    ),
)  # fmt: skip


def test_a_branch_is_taken_only_if_its_condition_holds(theatre: Snapshot) -> None:
    """The condition has a line break. Values and asks that depend on a call that is not made are left out."""
    seen = Counter()
    for number in range(30):
        task = scenes.task(scenes.changed(*BRANCH), theatre, number)
        late = task.answer[0].owner in ("Faust", "Lear", "Medea")
        assert [call.tool for call in task.golden][2:] == (["get_venue"] if late else [])
        assert [fact.name for fact in task.answer] == (["status", "venue"] if late else ["status"])
        assert task.meta["reads"] == ["c2"] and wins(task, theatre)
        assert [one["name"] for one in task.meta.get("unasked", ())] == ([] if late else ["venue"])
        if late:
            assert "c2" in task.golden[2].needs
        seen[late] += 1
    assert min(seen.values()) > 0


def test_a_pick_on_a_step_that_is_not_made_stops_nothing(theatre: Snapshot) -> None:
    text = scenes.changed(
        *BRANCH[:2],
        (
            "let.town =",
            'let.big = "only([venue], it.seats > 0)"\nlet.town =',
        ),
        (
            ASK,
            '{name = "status", value = "played.status", owner = "{s.title}", words = "status"},\n'
            '  {name = "seats", value = "big.seats", kind = "count", owner = "{s.title}", words = "seats"},',
        ),
    )
    tasks = [scenes.task(text, theatre, number) for number in range(20)]
    assert {len(task.answer) for task in tasks} == {1, 2}
    assert all(wins(task, theatre) for task in tasks)


COMPARED = (
    (SLOT, ""),
    (SHOW, 'let.worst = "most(plays, it.delay_min)"'),
    (
        PLAYED,
        '{id = "plays", each = "x in found.shows", call = "get_show(show_id=x.show_id)"},\n'
        '  {id = "venue", call = "get_venue(venue_id=worst.venue_id)"},',
    ),
    ("played.status == 'played'", "all([p.status == 'played' or p.delay_min == 0 for p in plays])"),
    ("after {s.title} in", "somewhere in"),
    ("{s.title}, {town}", "worst of {town}"),
    (
        ASK,
        '{name = "venue", value = "venue.name", owner = "the worst show", words = "venue"},',
    ),
)  # fmt: skip


def test_what_a_comparison_chooses_waits_for_all_that_is_compared(theatre: Snapshot) -> None:
    task = scenes.task(scenes.changed(*COMPARED), theatre)
    *_, last = task.golden
    assert last.tool == "get_venue" and set(last.needs) == {"c2", "c3", "c4"}
    (choice,) = task.meta["choices"]
    assert [one["call"] for one in choice["among"]] == ["c2", "c3", "c4"]
    assert (choice["by"], choice["choose"], choice["chosen"]) == ("it.delay_min", "max", 0)
    assert wins(task, theatre)


def test_the_member_that_a_comparison_chooses_depends_on_it_too(theatre: Snapshot) -> None:
    """`best.of` is a value of the request, but which of them is known only after the comparison."""
    text = scenes.changed(
        ('{name = "list", tool = "list_shows"},', '{name = "codes", among = "[[\'SEK\', \'NOK\']]"},'),
        (SLOT, ""),
        ('{id = "found", call = "list_shows(town=town)"},', ""),
        (
            PLAYED,
            '{id = "rates", each = "c in codes", call = "rate(currency=c)"},\n'
            '  {id = "again", call = "list_shows(town=\'Aland\' if best.of == \'SEK\' else \'Corinth\')",'
            ' understood = "town"},',
        ),
        ('let.town = "list.arguments.town"', ""),
        (SHOW, 'let.best = "most(rates, it.rate)"'),
        ("sense = \"played.status == 'played'\"", ""),
        (
            ASK,
            '{name = "shows", value = "again.total", kind = "count", owner = "the town", words = "shows"},',
        ),
        ("after {s.title} in {town}", "for {codes|list}"),
        ("{s.title}, {town}", "{codes|or}"),
    )  # fmt: skip
    task = scenes.task(text, theatre)
    assert [call.tool for call in task.golden] == ["rate", "rate", "list_shows"]
    assert task.golden[2].needs == ("c1", "c2")
    assert wins(task, theatre)


def test_a_frame_cannot_reveal_what_only_a_reply_tells(theatre: Snapshot) -> None:
    text = scenes.changed(
        ("last bus after", "last bus after {played.venue_id} and"), ("Refund request,", "{played.venue_id}")
    )
    with pytest.raises(Unfillable, match="the frame reveals what only"):
        scenes.task(text, theatre)


PLAN = """\
plans = [{says = "the board", let = {show = "only(posted.shows, it.title == s.title)"}}]

[[scenario.frames]]
text"""


def test_another_plan_scores_in_full_even_if_it_makes_a_call_twice(theatre: Snapshot) -> None:
    """`each` over two equal towns makes one call, in the golden trace and in the plan."""
    text = scenes.changed(
        (FRAME, PLAN),
        (
            '{id = "played",',
            '{id = "posted", call = "board(town=town)"},\n  {id = "twice", each = "t in [town, town]", '
            'call = "board(town=t)"},\n  {id = "played",',
        ),
        ("(posted.shows, it.title", "(twice[1].shows, it.title"),
    )
    for number in range(6):
        task = scenes.task(text, theatre, number)
        (plan,) = task.meta["plans"]
        assert [[call["tool"] for call in turn] for turn in plan["turns"]] == [["board"], ["get_show"]]
        assert "board" in task.tools and wins(task, theatre)


def test_a_plan_that_finds_other_facts_is_refused(theatre: Snapshot) -> None:
    text = scenes.changed(
        (FRAME, PLAN),
        ('{id = "played",', '{id = "posted", call = "board(town=town)"},\n  {id = "played",'),
        ("(posted.shows, it.title == s.title)", "(posted.shows, it.title == 'Carmen')"),
        ("played.status == 'played'", "s.title == 'Faust'"),
    )
    with pytest.raises(Unfillable, match="the plan 'the board' finds other facts"):
        scenes.task(text, theatre)


def asking(name: str, value: str, owner: str = "{p.title}", more: str = "") -> str:
    """An ask for every play; `name` is its kind too."""
    kind = {"early": "count", "venue": "code", "shows": "count"}.get(name, name)
    ask = f'{{name = "{name}", value = "{value}", kind = "{kind}", owner = "{owner}", words = "{name}"'
    return f"  {ask}{more}}},\n"


def test_figures_of_a_group_and_their_aliases_become_facts(theatre: Snapshot) -> None:
    """A count may be zero, per-member figures are numbered, and every alias of a list counts."""
    asks = (
        asking("early", "len([p for p in plays if p.delay_min < 0])", "shows")
        + asking("delay", "p.delay_min", more=', each = "p in plays"')
        + asking(
            "venue",
            "p.venue_id",
            more=', each = "p in [plays[0]]", aliases = ["the {town} house", "house {p.venue_id}"]',
        )
    )
    text = scenes.changed(
        (SLOT, ""),
        (PLAYED, '{id = "plays", each = "x in found.shows", call = "get_show(show_id=x.show_id)"},'),
        (SHOW, ""),
        ("played.status == 'played'", "town == 'Aland' and 'Medea' not in [x.title for x in found.shows]"),
        *COMPARED[4:6],
        (ASK, asks),
    )
    task = scenes.task(text, theatre)
    facts = {fact.name: fact for fact in task.answer}
    assert facts["early"].value == 0 and facts["early"].call is None
    assert [facts[f"delay_{at}"].value for at in (1, 2, 3)] == [70, 20, 35]
    assert facts["venue_1"].aliases == ("the Aland house", "house 501")
    assert task.meta["reads"] == ["c1", "c2", "c3", "c4"] and wins(task, theatre)


def test_a_frame_makes_only_the_calls_that_its_asks_need(theatre: Snapshot) -> None:
    text = scenes.changed(
        (ASK, f"{ASK}\n{asking('shows', 'found.total', '{town}')}"),
        ('text = "Refund', 'asks = "shows"\ntext = "How many shows are on in {town}? Not: Refund'),
    )
    tasks = [scenes.task(text, theatre, number) for number in range(12)]
    assert {task.meta["frame"]: len(task.golden) for task in tasks if task.meta["frame"]} == {1: 1}


def test_dates_can_be_moved_by_a_slot() -> None:
    held = parse("days_after(day, n) if weekday(day) == 'Friday' else year(day)")
    assert held.value(Names(day="2013-11-29", n=3)).value == "2013-12-02"
    assert held.value(Names(day="2013-11-28", n=3)).value == 2013


def test_the_same_seed_makes_the_same_bytes(theatre: Snapshot) -> None:
    def some(seed: int) -> list[str]:
        maker = scenes.maker(scenes.LATE, theatre, seed)
        return [maker.make(number).task.to_json() for number in range(8)]

    assert some(3) == some(3) != some(4)


def test_one_process_and_two_make_the_same_bytes(tmp_path: Path) -> None:
    made = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path, workers in zip(made, ("1", "2"), strict=True):
        arguments = ["--scenarios", "--n", "18", "--calls", "1-14", "--seed", "5", "--workers", workers]
        assert main(["synth", "--snapshot", "elements", *arguments, "--out", str(path)]) == 0
    assert made[0].read_bytes() == made[1].read_bytes()


def test_sizes_are_kept(travel: Snapshot) -> None:
    some = chosen("travel", travel, ("planes_day", "country_brief", "first_flight_there"))
    tasks = list(synthesise_scenes(travel, some, Targets(calls=weights("4-6"), depth=weights("3-4")), 8, 1))
    assert all(4 <= len(task.golden) <= 6 and 3 <= task.depth <= 4 for task in tasks)


def test_a_file_is_checked_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "check", "--snapshot", "elements", "--only", "light_and_strong"]) == 0
    assert "light_and_strong" in capsys.readouterr().out
    path = tmp_path / "mine.toml"
    path.write_text(scenes.LATE)
    assert main(["synth", "check", str(path), "--snapshot", "elements"]) == 2
    assert "expected a tool of snapshot 'elements'" in capsys.readouterr().err
    assert main(["synth", "show", str(path)]) == 2


@pytest.mark.parametrize("name", ["travel", "elements"])
def test_every_bundled_scenario_makes_a_sound_task(name: str) -> None:
    """It passes the audit with the rules, or it would not be made; golden trace and plans score 1.0."""
    snapshot = Snapshot.open(name)
    some = chosen(name, snapshot)
    tasks = list(synthesise_scenes(snapshot, some, ANY, len(some.file.scenario), 11))
    assert {task.meta["scenario"] for task in tasks} == {one.id for one in some.file.scenario}
    assert all(wins(task, snapshot) for task in tasks)
    assert all(len(one.frames) >= 8 for one in some.file.scenario)


@pytest.mark.data
@pytest.mark.parametrize("name", ["travel", "elements"])
def test_every_frame_of_the_bundled_scenarios_makes_sound_tasks(name: str) -> None:
    """In two tries; the second only for scenarios in which the first failed."""
    snapshot = Snapshot.open(name)
    once = checked_frames(chosen(name, snapshot), snapshot, 11, 1)
    failed = tuple(sorted({one.scenario.id for one in once if not one.found}))
    twice = checked_frames(chosen(name, snapshot, failed), snapshot, 11, 2) if failed else ()
    assert [f"{one.scenario.id} {one.frame}: {one.reason}" for one in twice if not one.found] == []


def test_requests_of_the_bundled_scenarios_are_short_and_unlike_each_other() -> None:
    openings: Counter[str] = Counter()
    for name in ("travel", "elements"):
        for scenario in read_scenarios(name).scenario:
            registers = {frame.register_ for frame in scenario.frames}
            assert len(registers) >= 8 and "implicit" in registers
            for frame in scenario.frames:
                assert len(frame.text.split()) <= 110
                openings[" ".join(frame.text.split()[:3]).lower()] += 1
    assert max(openings.values()) <= 3


def test_tasks_of_scenarios_go_through_a_task_file(tmp_path: Path, theatre: Snapshot) -> None:
    task = scenes.task(scenes.LATE, theatre)
    assert Task.model_validate(json.loads(task.to_json())) == task


def test_the_scenario_of_the_docs_makes_a_task(tmp_path: Path, travel: Snapshot) -> None:
    page = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text()
    path = tmp_path / "docs.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    (task,) = synthesise_scenes(travel, chosen(path, travel), ANY, 1, 0)
    assert wins(task, travel)
    for name in (*RULES, *REGISTERS, *FORMATS):
        assert f"`{name}`" in page or name == "text", name


def test_slots_of_two_parts_have_no_entity_in_common() -> None:
    """Recorded calls and long lists are divided by hash; short lists are not."""
    text = scenes.changed(
        (
            '{name = "list", tool = "list_shows"},',
            '{name = "n", among = "numbers"}, {name = "list", tool = "list_shows"},',
        ),
        ("in {town}. How", "in {town} (ticket {n}). How"),
        ("{town}: by", "{town}, ticket {n}: by"),
        ('snapshot = "theatre"', f'snapshot = "theatre"\ntables = {{numbers = {list(range(100))}}}'),
    )
    numbers = {}
    for part in (Part(0.0, 0.5), Part(0.5, 1.0)):
        maker = SceneMaker(scenes.world(), Chosen(scenes.file(text), part=part), ANY, 3)
        requests = [maker.make(number).task.request for number in range(60)]
        numbers[part] = {re.search(r"ticket (\d+)", request)[1] for request in requests}
        assert any("Aland" in one for one in requests) and any("Corinth" in one for one in requests)
    first, second = numbers.values()
    assert len(first) > 10 and len(second) > 10 and not first & second


def test_a_task_of_the_same_frame_and_entities_is_a_near_duplicate(theatre: Snapshot) -> None:
    tasks = [scenes.task(scenes.LATE, theatre, number) for number in range(60)]
    faust = [task for task in tasks if task.answer[0].owner == "Faust"]
    by_frame = [next(task for task in faust if task.meta["frame"] == frame) for frame in (0, 1)]
    renamed = by_frame[0].golden[0].model_copy(update={"tool": "board"})
    other_way = by_frame[0].model_copy(
        update={"id": "x", "request": "Another", "golden": (renamed, *by_frame[0].golden[1:])}
    )
    seen = NearDuplicates(by_frame[:1])
    assert seen.like(other_way) == (by_frame[0].id, 1.0)
    assert NearDuplicates(by_frame[1:]).like(other_way) is None


def test_the_files_of_a_folder_share_their_tables(tmp_path: Path, theatre: Snapshot) -> None:
    (tmp_path / "common.toml").write_text('format = 1\nsnapshot = "theatre"\ntables.towns = ["Aland"]\n')
    alone = scenes.LATE.replace('format = 1\nsnapshot = "theatre"\n', "")
    (tmp_path / "one.toml").write_text(
        alone.replace('name = "s"', 'name = "t", among = "towns"}, {name = "s"')
    )
    (tmp_path / "two.toml").write_text(alone.replace('id = "late"', 'id = "later"'))
    assert [one.id for one in read_scenarios(tmp_path).scenario] == ["late", "later"]
    (tmp_path / "two.toml").write_text(alone)
    with pytest.raises(ScenarioError, match="found late twice"):
        read_scenarios(tmp_path)
    (tmp_path / "two.toml").write_text(alone.replace('id = "late"', "id = 3"))
    with pytest.raises(ScenarioError, match=r"two\.toml:4"):
        read_scenarios(tmp_path)
    (tmp_path / "two.toml").write_text("[tables]\ntowns = 1\n" + alone.replace('id = "late"', 'id = "later"'))
    with pytest.raises(ScenarioError, match="two named towns"):
        read_scenarios(tmp_path)
    for path in tmp_path.glob("[ot]*.toml"):
        path.unlink()
    with pytest.raises(UsageError, match="expected scenario files"):
        read_scenarios(tmp_path)


def test_distractors_are_the_tools_that_tempt(theatre: Snapshot) -> None:
    """With closeness 1, those that share an argument, a domain or an edge with a golden tool: no rate of a currency."""
    maker = SceneMaker(
        theatre,
        Chosen(scenes.file(scenes.LATE)),
        Targets(calls=weights("1-9"), distractors=weights("2"), closeness=1.0),
        1,
    )
    for number in range(20):
        task = maker.make(number).task
        assert set(task.tools) - {call.tool for call in task.golden} == {"board", "get_venue"}


def test_wording_counts_labels_openings_and_words(theatre: Snapshot) -> None:
    tasks = [scenes.task(scenes.LATE, theatre, number) for number in range(20)]
    found = wording(tasks, theatre)
    assert (found.tasks, found.scenarios, found.frames, found.calls) == (20, 1, 2, 2.0)
    assert found.lettered == 0 and found.unconnected == 0 and found.words_per_call < 10
    assert found.common_opening >= 0.3 and found.openings <= 0.4
    lettered = [
        task.model_copy(update={"request": f"Compare flight A and flight B of {n}"})
        for n, task in enumerate(tasks)
    ]
    assert wording(lettered, theatre).lettered == 1.0 and wording(lettered, theatre).openings == 0.05
    for text in (
        "At 30 degrees F and 5 degrees C, I think.",
        "Was it so? A friend says yes.",
        "call a cab (now) to Gate",
    ):
        assert wording([tasks[0].model_copy(update={"request": text})], theatre).lettered == 0, text
    with pytest.raises(ValueError, match="at least one task"):
        wording([], theatre)
