"""The golden traces by template: a function per template asks the tools in order and names the facts.

Enters: a `Trace` and a task's entities. Leaves nothing; the trace holds the calls. A value picked from a list is
picked by a criterion that the request states, and the trace refuses a pick that is not unique.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..tracing import Ref, Reply, Trace

Choose = Callable[[Any], Any]
LEAST, MOST = min, max
PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


def _slack(ref: Ref) -> float:
    """What rounding a number for a person may lose; nothing for whole numbers and text."""
    if not isinstance(ref.value, float):
        return 0.0
    size = abs(ref.value)
    return 0.5 if size >= 100 else 0.05 if size >= 10 else 0.01 if size >= 1 else 0.01 * size


def _state(t: Trace, name: str, ref: Ref) -> None:
    t.fact(name, ref, _slack(ref))


def _mass(t: Trace, name: str, isotope: Reply) -> None:
    """A mass in Da, to three decimals: the mass number alone does not do."""
    t.fact(name, isotope.at("/mass_da"), 0.0005)


def _element(t: Trace, name: str, listed: str = "") -> Ref:
    """The id of the element of this name; `listed` is the table's spelling if that is another."""
    found = t.call("search_element", name=name)
    return found.at(found.where("/results", name=listed or name) + "/element_id")


def _isotope(t: Trace, name: str, mass_number: int) -> Ref:
    listed = t.call("list_isotopes", element_id=_element(t, name))
    return listed.at(listed.where("/isotopes", mass_number=mass_number) + "/isotope_id")


def _line(reply: Reply, listed: str, place: str) -> str:
    """The pointer of the item at an ordinal place."""
    index = PLACES[place] % len(reply.value[listed.strip("/")])
    return f"{listed}/{index}"


def _into(t: Trace, points: Reply, field: str, to_unit: str) -> Ref:
    """A temperature of an element that has one form only, in another unit."""
    if len(points.value["forms"]) != 1 or points.value["forms"][0]["sublimes"]:
        raise ValueError("several forms, or a sublimation point: choose another element")
    value = points.at(f"/forms/0/{field}")
    done = t.call("convert_unit", value=value, from_unit=points.at("/unit"), to_unit=to_unit)
    return done.at("/result")


# depth 1


def discoveries_counted(t: Trace, spans: Sequence[tuple[int, int]]) -> None:
    for first, last in spans:
        found = t.call("search_discoveries", from_year=first, to_year=last)
        _state(t, f"discovered {first} to {last}", found.at("/total"))


def notebook_converted(t: Trace, readings: Sequence[tuple[float, str, str]]) -> None:
    for value, unit, wanted in readings:
        done = t.call("convert_unit", value=value, from_unit=unit, to_unit=wanted)
        _state(t, f"{value} {unit}", done.at("/result"))


def periods_listed(t: Trace, periods: Sequence[int]) -> None:
    for period in periods:
        t.call("elements_in_period", period=period)


# depth 2


def properties_compared(t: Trace, names: Sequence[str], field: str) -> None:
    for name in names:
        seen = t.call("physical_properties", element_id=_element(t, name))
        _state(t, f"{field} of {name}", seen.at(f"/{field}"))


def electronegativities(t: Trace, names: Sequence[str], scale: str = "") -> None:
    more = {"scale": scale} if scale else {}
    for name in names:
        seen = t.call("electronegativity", element_id=_element(t, name), **more)
        _state(t, f"electronegativity of {name}", seen.at("/electronegativity"))


def discovery_labels(t: Trace, names: Sequence[str]) -> None:
    for name in names:
        story = t.call("discovery", element_id=_element(t, name))
        _state(t, f"year of {name}", story.at("/year"))
        _state(t, f"country of {name}", story.at("/country"))


def stable_isotopes_counted(t: Trace, names: Sequence[str]) -> None:
    for name in names:
        found = t.call("list_isotopes", element_id=_element(t, name), kind="stable")
        _state(t, f"stable isotopes of {name}", found.at("/total"))


# depth 3


def most_abundant_isotope(t: Trace, name: str, choose: Choose = MOST) -> None:
    found = t.call("list_isotopes", element_id=_element(t, name), kind="natural")
    line = found.best("/isotopes", "abundance_percent", choose)
    isotope = t.call("get_isotope", isotope_id=found.at(line + "/isotope_id"))
    _state(t, "mass number", found.at(line + "/mass_number"))
    _mass(t, "mass", isotope)
    _state(t, "spin", isotope.at("/spin"))


def longest_lived(t: Trace, names: Sequence[str]) -> None:
    for name in names:
        found = t.call("list_isotopes", element_id=_element(t, name), kind="radioactive")
        line = found.best("/isotopes", "half_life_s", MOST)
        isotope = t.call("get_isotope", isotope_id=found.at(line + "/isotope_id"))
        _state(t, f"mass number of {name}", found.at(line + "/mass_number"))
        _state(t, f"half-life of {name}", isotope.at("/half_life"))


def points_converted(t: Trace, name: str, fields: Sequence[str], to_unit: str, listed: str = "") -> None:
    points = t.call("phase_points", element_id=_element(t, name, listed))
    for field in fields:
        _state(t, field, _into(t, points, field, to_unit))


def ionization_converted(t: Trace, names: Sequence[str], ordinal: int) -> None:
    for name in names:
        listed = t.call("ionization_energies", element_id=_element(t, name))
        energy = listed.at(listed.where("/energies", ordinal=ordinal) + "/energy")
        done = t.call("convert_unit", value=energy, from_unit=listed.at("/unit"), to_unit="kJ/mol")
        _state(t, f"ionisation energy of {name}", done.at("/result"))


def member_of_group(t: Trace, text: str, places: Sequence[str], field: str) -> None:
    found = t.call("search_group", text=text)
    if found.value["total"] != 1:
        raise ValueError(f"{text!r} is not one group")
    members = t.call("elements_in_group", group_id=found.at("/results/0/group_id"))
    for place in places:
        line = _line(members, "/elements", place)
        seen = t.call("physical_properties", element_id=members.at(line + "/element_id"))
        _state(t, f"{place} member", members.at(line + "/name"))
        _state(t, f"{field} of the {place} member", seen.at(f"/{field}"))


def sides_of_element(t: Trace, name: str, sides: Sequence[str]) -> None:
    around = t.call("table_neighbours", element_id=_element(t, name))
    for side in sides:
        other = t.call("get_element", element_id=around.at(f"/{side}/element_id"))
        _state(t, f"{side} neighbour", other.at("/name"))
        _state(t, f"CAS number of the {side} neighbour", other.at("/cas"))


def discovered_then_measured(t: Trace, span: tuple[int, int], choose: Choose, to_unit: str) -> None:
    found = t.call("search_discoveries", from_year=span[0], to_year=span[1])
    line = found.best("/elements", "year", choose)
    points = t.call("phase_points", element_id=found.at(line + "/element_id"))
    _state(t, "element", found.at(line + "/name"))
    _state(t, "melting point", _into(t, points, "melting_point", to_unit))


def ion_in_angstrom(t: Trace, ions: Sequence[tuple[str, int, str, str | None]]) -> None:
    for name, charge, coordination, spin in ions:
        radii = t.call("ionic_radii", element_id=_element(t, name))
        line = radii.where("/radii", charge=charge, coordination=coordination, spin=spin)
        size = radii.at(line + "/ionic_radius")
        done = t.call("convert_unit", value=size, from_unit=radii.at("/unit"), to_unit="angstrom")
        _state(t, f"radius of {name} {charge}+", done.at("/result"))


# depth 4


def decay_product(t: Trace, name: str, mass_number: int) -> None:
    modes = t.call("decay_modes", isotope_id=_isotope(t, name, mass_number))
    product = t.call("get_isotope", isotope_id=modes.at("/modes/0/daughter_id"))
    _state(t, "mode", modes.at("/modes/0/mode"))
    _mass(t, "mass of the product", product)


def branches(t: Trace, name: str, mass_number: int) -> None:
    modes = t.call("decay_modes", isotope_id=_isotope(t, name, mass_number))
    for index, which in enumerate(("first", "second")):
        product = t.call("get_isotope", isotope_id=modes.at(f"/modes/{index}/daughter_id"))
        _state(t, f"share of the {which} branch", modes.at(f"/modes/{index}/share_percent"))
        _mass(t, f"mass of the {which} product", product)


def neighbour_of_member(t: Trace, text: str, place: str, side: str) -> None:
    found = t.call("search_group", text=text)
    members = t.call("elements_in_group", group_id=found.at("/results/0/group_id"))
    line = _line(members, "/elements", place)
    around = t.call("table_neighbours", element_id=members.at(line + "/element_id"))
    story = t.call("discovery", element_id=around.at(f"/{side}/element_id"))
    _state(t, "neighbour", around.at(f"/{side}/name"))
    _state(t, "year", story.at("/year"))
    _state(t, "country", story.at("/country"))


def year_of_isotope(t: Trace, name: str, mass_number: int) -> None:
    isotope = t.call("get_isotope", isotope_id=_isotope(t, name, mass_number))
    year = isotope.at("/discovery_year")
    found = t.call("search_discoveries", from_year=year, to_year=year)
    _state(t, "year", year)
    for index, line in enumerate(found.value["elements"], 1):
        _state(t, f"element {index}", found.at(f"/elements/{index - 1}/name"))
        assert line["year"] == year.value


def family_of_element(t: Trace, name: str, choose: Choose, field: str) -> None:
    element = t.call("get_element", element_id=_element(t, name))
    family = t.call("elements_in_series", series_id=element.at("/series_id"))
    line = family.best("/elements", "atomic_weight", choose)
    seen = t.call("physical_properties", element_id=family.at(line + "/element_id"))
    _state(t, "series", element.at("/series"))
    _state(t, "element", family.at(line + "/name"))
    _state(t, field, seen.at(f"/{field}"))


def row_of_element(t: Trace, name: str, place: str, field: str, to_unit: str) -> None:
    element = t.call("get_element", element_id=_element(t, name))
    row = t.call("elements_in_period", period=element.at("/period"))
    line = _line(row, "/elements", place)
    points = t.call("phase_points", element_id=row.at(line + "/element_id"))
    _state(t, "element", row.at(line + "/name"))
    _state(t, field, _into(t, points, field, to_unit))


# depth 5


def element_of_product(t: Trace, name: str, mass_number: int, aspect: str) -> None:
    modes = t.call("decay_modes", isotope_id=_isotope(t, name, mass_number))
    product = t.call("get_isotope", isotope_id=modes.at("/modes/0/daughter_id"))
    element_id = product.at("/element_id")
    if aspect == "discovery":
        _state(t, "year", t.call("discovery", element_id=element_id).at("/year"))
    elif aspect == "electronegativity":
        seen = t.call("electronegativity", element_id=element_id)
        _state(t, "electronegativity", seen.at("/electronegativity"))
    else:
        _state(t, "CAS number", t.call("get_element", element_id=element_id).at("/cas"))
    _state(t, "neutrons", product.at("/neutrons"))


def two_steps_down(t: Trace, name: str, mass_number: int) -> None:
    modes = t.call("decay_modes", isotope_id=_isotope(t, name, mass_number))
    further = t.call("decay_modes", isotope_id=modes.at("/modes/0/daughter_id"))
    product = t.call("get_isotope", isotope_id=further.at("/modes/0/daughter_id"))
    _state(t, "first mode", modes.at("/modes/0/mode"))
    _state(t, "second mode", further.at("/modes/0/mode"))
    _mass(t, "mass", product)


def isotope_of_family_member(t: Trace, text: str, place: str) -> None:
    found = t.call("search_group", text=text)
    members = t.call("elements_in_group", group_id=found.at("/results/0/group_id"))
    line = _line(members, "/elements", place)
    listed = t.call("list_isotopes", element_id=members.at(line + "/element_id"))
    chosen = listed.best("/isotopes", "half_life_s", MOST)
    isotope = t.call("get_isotope", isotope_id=listed.at(chosen + "/isotope_id"))
    _state(t, "element", members.at(line + "/name"))
    _state(t, "mass number", isotope.at("/mass_number"))
    _state(t, "half-life", isotope.at("/half_life"))
    _state(t, "year", isotope.at("/discovery_year"))


def extreme_of_series(t: Trace, name: str, choose: Choose, to_unit: str) -> None:
    found = t.call("search_series", name=name)
    family = t.call("elements_in_series", series_id=found.at("/results/0/series_id"))
    line = family.best("/elements", "atomic_weight", choose)
    points = t.call("phase_points", element_id=family.at(line + "/element_id"))
    _state(t, "element", family.at(line + "/name"))
    for field in ("melting_point", "boiling_point"):
        _state(t, field, _into(t, points, field, to_unit))


def above_in_group(t: Trace, name: str) -> None:
    """The element's group, its topmost member, that one's right neighbour, and its boiling point."""
    element = t.call("get_element", element_id=_element(t, name))
    members = t.call("elements_in_group", group_id=element.at("/group_id"))
    around = t.call("table_neighbours", element_id=members.at("/elements/0/element_id"))
    points = t.call("phase_points", element_id=around.at("/right/element_id"))
    if len(points.value["forms"]) != 1:
        raise ValueError("several forms: choose another element")
    _state(t, "element", around.at("/right/name"))
    _state(t, "boiling point", points.at("/forms/0/boiling_point"))
