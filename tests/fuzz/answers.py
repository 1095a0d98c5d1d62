"""The law of reading answers: it never raises, and what it says of a fact is within bounds and in the text."""

from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.reading import read_answer
from tool_orch_env.task import AnswerFact, GoldenCall, Task

ROWS = {
    "flights": [
        {
            "number": 739,
            "dep": "07:55",
            "arr": "10:20",
            "delay_min": -7,
            "name": "Kiasma",
            "date": "2013-11-11",
        },
        {
            "number": 1098,
            "dep": "09:10",
            "arr": "11:45",
            "delay_min": 12,
            "name": "Ateneum",
            "date": "2013-11-12",
        },
    ],
    "km": 0.61,
    "price": 379.59,
    "access": "limited",
    "zone": "America/New_York",
    "hours": "Mo-Fr 09:00-17:00",
    "tag": "bus_stop;tram_stop",
    "code": "KFLL",
}
_WANTED = {
    "dep": ("/flights/0/dep", None), "arr": ("/flights/0/arr", None), "delay": ("/flights/0/delay_min", "delay"),
    "name": ("/flights/0/name", None), "name_2": ("/flights/1/name", None), "date": ("/flights/0/date", None),
    "number": ("/flights/0/number", "code"), "distance_km": ("/km", None), "price": ("/price", "money"),
    "access": ("/access", None), "zone": ("/zone", None), "opening_hours": ("/hours", None), "tag": ("/tag", "tag"),
    "icao_code": ("/code", None),
}  # fmt: skip


def _value(place: str) -> object:
    value: object = ROWS
    for token in place[1:].split("/"):
        value = value[int(token)] if isinstance(value, list) else value[token]  # type: ignore[index]
    return value


TASK = Task(
    id="fuzz",
    snapshot="toy",
    request="When did the first flight of 11 November 2013 leave and land? Name Kiasma's hours, price and access.",
    tools=("f",),
    golden=(GoldenCall(id="c", tool="f", arguments={"near": "Kiasma"}),),
    answer=tuple(
        AnswerFact.model_validate(
            {"name": name, "value": _value(place), "call": "c", "pointer": place, "kind": kind}
        )
        for name, (place, kind) in _WANTED.items()
    ),
)
FACTS = Facts(TASK, lambda: {"c": ROWS})


def reading(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found = read_answer(FACTS, text)
    assert found == read_answer(FACTS, text)
    for one in found:
        assert 0.0 <= one.share <= 1.0
        assert text[one.start : one.end] == one.quote
        assert bool(one.share) or one.why
