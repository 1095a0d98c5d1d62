"""A live API small enough to think about, the rules that hold for it, and the calls recorded from it.

shops(name, kind, limit) by whole name; near(place, radius_km, limit) by distance; lookup(ids); get(id); walks(origin,
targets), a row of a matrix; convert(value, from_unit, to_unit). `Api` is asked as the recorder's client is; its
subclasses break one promise each.
"""

import unicodedata
from typing import Any

from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.client import Answer
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import Record, make_record

NAMES = ("Café Ursula", "Kappeli", "Fazer", "Old  Mill", "Straße 7")
KINDS = ("cafe", "cafeteria", "bar")
SHOPS = [
    {
        "id": f"n{number}",
        "name": NAMES[number * number % len(NAMES)],
        "kind": KINDS[number % len(KINDS)],
        "size": number * 7 % 11,
    }
    for number in range(1, 31)
]
PLACES = ("north", "south", "east")
UNITS = {
    "kelvin": ("heat", 1, 0),
    "celsius": ("heat", 1, 273.15),
    "metre": ("length", 1, 0),
    "foot": ("length", 0.3048, 0),
}


def folded(text: str) -> str:
    """The name that the API looks for."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())
    while plain.endswith(", town") and plain != ", town":
        plain = plain.removesuffix(", town").rstrip()
    return {"the caff": "cafe ursula"}.get(plain, plain)


def distance(place: str, shop: dict[str, Any]) -> float:
    return round((PLACES.index(place) * 37 + int(shop["id"][1:]) * 53) % 97 / 10, 1)


class Api:
    """Every rule in `CATALOG` holds for it."""

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Answer:
        self.asked += 1
        status, body = getattr(self, tool)(**arguments)
        return Answer(status, "application/json", to_text(body))

    def shops(self, name: str, kind: str | None = None, limit: int = 5) -> tuple[int, Any]:
        hits = [shop for shop in SHOPS if folded(shop["name"]) == folded(name) and self.of_kind(shop, kind)]
        hits.sort(key=lambda shop: (-shop["size"], shop["id"]))
        return 200, {
            "total": len(hits),
            "limit": limit,
            "shops": self.cut(hits, limit),
            "more": len(hits) > limit,
        }

    def of_kind(self, shop: dict[str, Any], kind: str | None) -> bool:
        return kind in (None, shop["kind"])

    def cut(self, hits: list[Any], limit: int) -> list[Any]:
        return hits[:limit]

    def near(self, place: str, radius_km: float = 2.0, limit: int = 10) -> tuple[int, Any]:
        if place not in PLACES:
            return 404, {"error": f"no place {place}"}
        hits = sorted((distance(place, shop), shop["id"]) for shop in SHOPS)
        hits = [(km, name) for km, name in hits if self.within(km, radius_km)]
        lines = [{"id": name, "km": km} for km, name in hits[:limit]]
        return 200, {"radius_km": float(radius_km), "total": len(hits), "found": lines}

    def within(self, km: float, radius_km: float) -> bool:
        return km <= radius_km

    def lookup(self, ids: list[str]) -> tuple[int, Any]:
        by_id = {shop["id"]: shop for shop in SHOPS}
        return 200, [by_id[name] for name in self.ordered(ids) if name in by_id]

    def ordered(self, ids: list[str]) -> list[str]:
        return list(dict.fromkeys(ids))

    def get(self, id: str) -> tuple[int, Any]:
        found = [shop for shop in SHOPS if shop["id"] == id]
        return (
            (200, found[0]) if found else (404, {"error": {"code": "not_found", "message": f"no shop {id}"}})
        )

    def walks(self, origin: str, targets: list[str]) -> tuple[int, Any]:
        minutes = [self.minutes(origin, target, targets) for target in targets]
        return 200, {
            "origin": origin,
            "walks": [{"to": t, "min": m} for t, m in zip(targets, minutes, strict=True)],
        }

    def minutes(self, origin: str, target: str, targets: list[str]) -> float:
        return int(target[1:]) * 1.25 + len(origin)

    def convert(self, value: float, from_unit: str, to_unit: str) -> tuple[int, Any]:
        (kind, factor, offset), (other, by, shift) = UNITS[from_unit], UNITS[to_unit]
        if kind != other:
            return 400, {"error": f"{from_unit} is no unit of {other}"}
        return 200, {"value": float(value), "result": float(f"{(value * factor + offset - shift) / by:.6g}")}


class SortsAfterCutting(Api):
    """The list is cut by size and then sorted by id."""

    def cut(self, hits: list[Any], limit: int) -> list[Any]:
        return sorted(hits[:limit], key=lambda shop: shop["id"])


class FiltersByPrefix(Api):
    """`cafe` also finds the cafeteria."""

    def of_kind(self, shop: dict[str, Any], kind: str | None) -> bool:
        return kind is None or shop["kind"].startswith(kind)


class OpenRadius(Api):
    def within(self, km: float, radius_km: float) -> bool:
        return km < radius_km


class SortsIds(Api):
    def ordered(self, ids: list[str]) -> list[str]:
        return sorted(set(ids))


class KeepsRepeats(Api):
    def ordered(self, ids: list[str]) -> list[str]:
        return ids


class DependsOnShape(Api):
    """One walk of about two in a hundred matrices takes longer."""

    def minutes(self, origin: str, target: str, targets: list[str]) -> float:
        usual = super().minutes(origin, target, targets)
        odd = len(targets) > 1 and sum(int(t[1:]) * (i + 1) for i, t in enumerate(targets)) % 50 == 0
        return usual + 0.25 if odd and target == targets[-1] else usual


class KnowsMore(Api):
    """A shop that no call has recorded."""

    def get(self, id: str) -> tuple[int, Any]:
        return (200, {**SHOPS[0], "id": id}) if id == "n31" else super().get(id)


class KnowsCase(Api):
    def shops(self, name: str, kind: str | None = None, limit: int = 5) -> tuple[int, Any]:
        return super().shops(name if name != name.upper() else "nothing", kind, limit)


class RoundsOtherwise(Api):
    def convert(self, value: float, from_unit: str, to_unit: str) -> tuple[int, Any]:
        status, body = super().convert(value, from_unit, to_unit)
        if status == 200 and value < 0:
            body["result"] = float(f"{body['result']:.5g}")
        return status, body


def _object(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _limit(most: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


TEXT = {"type": "string", "minLength": 1}
ID = {"type": "string", "pattern": "^n[0-9]+$"}
IDS = {"type": "array", "items": ID, "minItems": 1, "maxItems": 10}
UNIT = {"type": "string", "enum": list(UNITS)}
LISTED = [{"tool": "shops", "pointer": "/shops/*/id"}]

SPECS: dict[str, dict[str, Any]] = {
    "shops": {
        "parameters": _object(["name"], name=TEXT, kind=TEXT, limit=_limit(20, 5)),
        "fold": {
            "name": {
                "case": True,
                "accents": True,
                "space": True,
                "suffixes": [", Town"],
                "aliases": {"The Caff": "Café Ursula"},
            }
        },
        "derive": [
            {
                "rule": "prefix",
                "parameter": "limit",
                "at": "/shops",
                "recorded": [20],
                "whole": {"total": "/total"},
                "fields": {"/limit": {"argument": "limit"}, "/more": "more"},
            },
            {
                "rule": "filter",
                "parameter": "kind",
                "at": "/shops",
                "field": "/kind",
                "whole": {"total": "/total"},
                "fields": {"/total": "length"},
            },
            {
                "rule": "complete",
                "domain": {"name": {}, "limit": {}},
                "like": {"name": "nothing", "limit": 20},
                "fields": {"/limit": {"argument": "limit"}},
            },
        ],
    },
    "near": {
        "parameters": _object(
            ["place"],
            place={"type": "string", "enum": [*PLACES, "west"]},
            limit=_limit(40, 10),
            radius_km={"type": "number", "exclusiveMinimum": 0, "maximum": 10, "default": 2},
        ),
        "derive": [
            {
                "rule": "threshold",
                "parameter": "radius_km",
                "at": "/found",
                "field": "/km",
                "keep": "at_most",
                "recorded": [10],
                "whole": {"total": "/total"},
                "fields": {"/total": "length", "/radius_km": {"argument": "radius_km"}},
                "errors": "same",
            },
            {
                "rule": "prefix",
                "parameter": "limit",
                "at": "/found",
                "recorded": [40],
                "whole": {"total": "/total"},
                "errors": "same",
            },
        ],
    },
    "lookup": {
        "parameters": _object(["ids"], ids=IDS),
        "sources": {"ids": LISTED},
        "derive": [
            {"rule": "concat", "parameter": "ids", "at": "", "missing": "skip"},
            {"rule": "complete", "domain": {"ids": {}}, "like": {"ids": ["n99"]}},
        ],
    },
    "get": {
        "parameters": _object(["id"], id=ID),
        "sources": {"id": LISTED},
        "derive": [
            {
                "rule": "complete",
                "domain": {"id": {}},
                "like": {"id": "n99"},
                "fields": {"/error/message": {"text": "no shop {id}"}},
            }
        ],
    },
    "walks": {
        "parameters": _object(
            ["origin", "targets"], origin={"type": "string", "enum": list(PLACES)}, targets=IDS
        ),
        "derive": [{"rule": "concat", "parameter": "targets", "at": "/walks", "repeated": "each"}],
    },
    "convert": {
        "parameters": _object(
            ["value", "from_unit", "to_unit"], value={"type": "number"}, from_unit=UNIT, to_unit=UNIT
        ),
        "derive": [
            {
                "rule": "arithmetic",
                "parameter": "value",
                "recorded": [1],
                "errors": "same",
                "fields": {
                    "/value": {"argument": "value"},
                    "/result": {
                        "formula": [
                            "/",
                            [
                                "-",
                                [
                                    "+",
                                    [
                                        "*",
                                        "value",
                                        _factor := {
                                            "of": "from_unit",
                                            "in": {k: u[1] for k, u in UNITS.items()},
                                        },
                                    ],
                                    {"of": "from_unit", "in": {k: u[2] for k, u in UNITS.items()}},
                                ],
                                {"of": "to_unit", "in": {k: u[2] for k, u in UNITS.items()}},
                            ],
                            {**_factor, "of": "to_unit"},
                        ],
                        "digits": 6,
                    },
                },
            }
        ],
    },
}


def catalog(**changed: dict[str, Any]) -> Catalog:
    """The tools with their rules; `changed` replaces fields of a tool's entry."""
    return Catalog(
        [
            ToolSpec.model_validate({"name": name, **spec, **changed.get(name, {})})
            for name, spec in SPECS.items()
        ]
    )


CATALOG = catalog()


def plan() -> list[tuple[str, dict[str, Any]]]:
    """The calls that are recorded."""
    ids = [shop["id"] for shop in SHOPS]
    units = list(UNITS)
    return [
        *(("shops", {"name": name, "limit": 20}) for name in (*NAMES, "nothing")),
        ("shops", {"name": "Kappeli"}),
        ("shops", {"name": "Fazer", "kind": "bar", "limit": 3}),
        *(("near", {"place": place, "radius_km": 10, "limit": 40}) for place in (*PLACES, "west")),
        ("near", {"place": "north", "limit": 3}),
        *(("lookup", {"ids": [name]}) for name in (*ids, "n99")),
        ("lookup", {"ids": ["n3", "n2", "n3"]}),
        ("lookup", {"ids": ["n4", "n9"]}),
        *(("get", {"id": name}) for name in (*ids, "n99")),
        *(("walks", {"origin": place, "targets": [name]}) for place in PLACES for name in ids),
        *(("convert", {"value": 1, "from_unit": a, "to_unit": b}) for a in units for b in units),
    ]


def recorded(api: Api, tools: Catalog = CATALOG) -> list[Record]:
    """The responses to the planned calls."""
    made = []
    for tool, arguments in plan():
        status, body = getattr(api, tool)(**arguments)
        made.append(make_record(tools, tool, arguments, status, body))
    return made


def snapshot(api: Api | None = None, tools: Catalog = CATALOG) -> Snapshot:
    return Snapshot.from_records("toy-api", tools, recorded(api or Api(), tools))
