"""What is kept of a reply of Nominatim or Valhalla: the fields named here, the rest is dropped.

Enters: a reply as JSON. Leaves: the same, trimmed. Two things are changed: `osm_type` and `osm_id` become one `id`,
and the coordinates that Nominatim gives as text become numbers.
"""

from typing import Any

from tool_orch_env.jsonvalues.canonical import plain

# Tags that say something about a place. A list of what stays, so that no telephone, e-mail, social or web
# address of anyone slips through.
TAGS = (  # noqa: SIM905
    "access architect artist_name artwork_type backrest bicycle_parking brand branch building:levels capacity "
    "clothes covered cuisine delivery denomination diet:vegan diet:vegetarian fee height heritage "
    "internet_access layer level lit lottery material maxspeed memorial operator opening_hours outdoor_seating "
    "religion rooms seasonal second_hand self_service shelter smoking stars start_date surface takeaway "
    "toilets:wheelchair tourism wheelchair wikidata"
).split()

_STAY = dict.fromkeys(("name", "category", "type", "display_name"), "keep")
_PLACE: dict[str, Any] = {"id": "id", **_STAY, "lat": "number", "lon": "number"}
_SUMMARY = {"time": "keep", "length": "keep"}
_STEPS = [dict.fromkeys(("instruction", "street_names", "length", "time"), "keep")]

# An object keeps the fields named here, a list what its one item says. "keep": as it is; "number": a text made a
# number; "id": osm_type and osm_id as one text, N606949807. What a reply lacks is not made up.
KEEP: dict[str, Any] = {
    "places": [_PLACE],
    "details": [{**_PLACE, "address": "keep", "extratags": dict.fromkeys(TAGS, "keep")}],
    "spot": {"error": "keep", **_PLACE, "address": "keep"},
    "walks": {"sources_to_targets": [[dict.fromkeys(("time", "distance"), "keep")]], "units": "keep"},
    "route": {
        "trip": {"summary": _SUMMARY, "legs": [{"summary": _SUMMARY, "maneuvers": _STEPS}], "units": "keep"}
    },
    "area": {"features": [{"properties": {"contour": "keep", "metric": "keep"}, "geometry": "keep"}]},
    "error": dict.fromkeys(("error_code", "error", "status_code", "status"), "keep"),
}


def trimmed(value: Any, keep: Any) -> Any:
    """What `keep` (see `KEEP`) leaves of a reply."""
    if isinstance(keep, list):
        return [trimmed(item, keep[0]) for item in value]
    if isinstance(keep, dict):
        return {name: _field(value, name, how) for name, how in keep.items() if _present(value, name, how)}
    return plain(float(value)) if keep == "number" else value


def _present(value: Any, name: str, how: Any) -> bool:
    return isinstance(value, dict) and ("osm_id" if how == "id" else name) in value


def _field(value: dict[str, Any], name: str, how: Any) -> Any:
    if how == "id":
        return f"{value['osm_type'][0].upper()}{value['osm_id']}"
    return trimmed(value[name], how)
