"""A small world for scenarios: theatres of two towns, their shows, and what a ticket costs.

list_shows(town) -> shows; get_show(show_id) -> how it went; get_venue(venue_id); board(town) lists the same shows;
rate(currency). Show 22 has no delay, because it was cancelled.
"""

from tool_orch_env import snapshot as snapshots
from tool_orch_env.language.scenarios.format import Scenarios
from tool_orch_env.language.scenarios.read import parse_scenarios
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, Source, ToolSpec
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.synth.scenes.make import Chosen, SceneMaker
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Task

SHOWS = {
    "Aland": [
        (11, "Faust", "19:00", 70, 501),
        (12, "Carmen", "20:30", 20, 501),
        (13, "Lear", "21:00", 35, 502),
    ],
    "Corinth": [(21, "Medea", "18:15", 45, 503), (22, "Orpheus", "19:45", None, 503)],
}
VENUES = {501: "Old Playhouse", 502: "Harbour Stage", 503: "Amphitheatre"}


def catalog() -> Catalog:
    string, integer = {"type": "string"}, {"type": "integer"}

    def schema(name: str, kind: dict, **more: dict) -> dict:
        return {"type": "object", "properties": {name: kind, **more}, "required": [name]}

    shows = (
        Source(tool="list_shows", pointer="/shows/*/show_id"),
        Source(tool="board", pointer="/shows/*/show_id"),
    )
    venues = (Source(tool="get_show", pointer="/venue_id"),)
    return Catalog(
        [
            ToolSpec(name="list_shows", domain="shows", parameters=schema("town", string, limit=integer)),
            ToolSpec(name="board", domain="shows", parameters=schema("town", string, limit=integer)),
            ToolSpec(
                name="get_show",
                domain="shows",
                parameters=schema("show_id", integer),
                sources={"show_id": shows},
            ),
            ToolSpec(
                name="get_venue",
                domain="venues",
                parameters=schema("venue_id", integer),
                sources={"venue_id": venues},
            ),
            ToolSpec(name="rate", domain="money", parameters=schema("currency", string)),
        ]
    )


def world(**more: int) -> Snapshot:
    """`more` are further arguments of every recorded call of the lists."""
    tools, made = catalog(), list[Record]()
    for town, shows in SHOWS.items():
        rows = [{"show_id": number, "title": title, "starts": starts} for number, title, starts, *_ in shows]
        for tool in ("list_shows", "board"):
            given = {"town": town, **more}
            made.append(make_record(tools, tool, given, 200, {"total": len(rows), "shows": rows}))
        for number, title, starts, delay, venue in shows:
            detail = {
                "show_id": number,
                "title": title,
                "starts": starts,
                "delay_min": delay,
                "status": "cancelled" if delay is None else "played",
                "venue_id": venue,
            }
            made.append(make_record(tools, "get_show", {"show_id": number}, 200, detail))
    for number, name in VENUES.items():
        reply = {"venue_id": number, "name": name, "seats": number * 3}
        made.append(make_record(tools, "get_venue", {"venue_id": number}, 200, reply))
    for currency, rate in (("SEK", 8.65), ("NOK", 7.9)):
        made.append(make_record(tools, "rate", {"currency": currency}, 200, {"rate": rate}))
    return snapshots.Snapshot.from_records("theatre", tools, made)


LATE = """
format = 1
snapshot = "theatre"

[[scenario]]
id = "late"
goal = "know how late a show began"
asker = "somebody who missed the last bus"
draw = [
  {name = "list", tool = "list_shows"},
  {name = "s", among = "list.reply.shows"},
]
steps = [
  {id = "found", call = "list_shows(town=town)"},
  {id = "played", call = "get_show(show_id=show.show_id)"},
]
let.town = "list.arguments.town"
let.show = "only(found.shows, it.title == s.title)"
sense = "played.status == 'played'"
asks = [
  {name = "delay", value = "played.delay_min", kind = "delay", owner = "{s.title}", words = "delay"},
]

[[scenario.frames]]
text = "We missed the last bus after {s.title} in {town}. How many minutes late did it begin?"

[[scenario.frames]]
register = "ticket"
text = "Refund request, {s.title}, {town}: by how much was the start delayed?"
"""


def file(text: str) -> Scenarios:
    return parse_scenarios(text, "theatre.toml")


def changed(*replacements: tuple[str, str]) -> str:
    """`LATE` with other text in places; each must be there."""
    text = LATE
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def maker(text: str, snapshot: Snapshot, seed: int = 0) -> SceneMaker:
    targets = Targets(calls=weights("1-12"), distractors=weights("0-2"))
    return SceneMaker(snapshot, Chosen(file(text)), targets, seed)


def task(text: str, snapshot: Snapshot | None = None, number: int = 0) -> Task:
    return maker(text, snapshot or world()).make(number).task
