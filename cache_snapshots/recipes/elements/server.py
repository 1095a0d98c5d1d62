"""A thin HTTP service over the tables: one GET route per tool, typed errors, an OpenAPI document.

Enters: path and query parameters. Leaves: JSON objects with status 200, or 404 and 400 with a body that says what
is wrong. Knows nothing of snapshots or tasks. Run it by hand with
`uvicorn cache_snapshots.recipes.elements.server:app`.
"""

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse

from . import tables
from .tables import Row, opaque, tidy

Body = dict[str, Any]
app = FastAPI(title="elements", version="2.0.0", description="The periodic table: elements and isotopes.")


class Fault(Exception):
    """No success: `status`, a `code`, the `resource` concerned, and a sentence."""

    def __init__(self, resource: str, message: str, status: int = 404, code: str = "not_found") -> None:
        self.status = status
        self.body = {"error": {"code": code, "resource": resource, "message": message}}


@app.exception_handler(Fault)
async def _fault(request: Request, fault: Fault) -> JSONResponse:
    return JSONResponse(fault.body, status_code=fault.status)


def _id(kind: str, text: str) -> Any:
    return Path(pattern=f"^{kind}-[0-9a-f]{{8}}$", description=text)


LONGEST = 40
"""Characters of a text that is searched for, at most."""


def _text(least: int, text: str) -> Any:
    told = f"{text} Case and accents do not matter."
    return Query(min_length=least, max_length=LONGEST, description=told)


ElementId = Annotated[
    str, _id("el", "Id of one of the 118 elements, as search_element and every list of elements give it.")
]
IsotopeId = Annotated[str, _id("iso", "Id of one of the 945 isotopes, from list_isotopes or decay_modes.")]
GroupId = Annotated[str, _id("grp", "Id of one of the 18 groups, from search_group or get_element.")]
SeriesId = Annotated[str, _id("ser", "Id of one of the 10 series, from search_series or get_element.")]
Period = Annotated[int, Path(ge=1, le=20, description="Number of the period (row): 1 to 7, nothing beyond.")]
Year = Annotated[int, Query(ge=1000, le=2100, description="Calendar year, counted in.")]

# other spellings of names in the table
SPELLINGS = {"aluminium": "aluminum", "sulphur": "sulfur", "caesium": "cesium"}


def folded(text: str) -> str:
    """`text` without case, accents and the white space around it. "²" stays another character than "2"."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).strip()


def _element(element_id: str) -> Row:
    if element_id not in tables.elements():
        raise Fault("element", f"no element has the id {element_id}")
    return tables.elements()[element_id]


def _isotope(isotope_id: str) -> Row:
    if isotope_id not in tables.isotopes():
        raise Fault("isotope", f"no isotope has the id {isotope_id}")
    return tables.isotopes()[isotope_id]


def _line(element: Row) -> Body:
    """An element as a line of a list: enough to choose by, the rest is get_element's."""
    return {
        "element_id": element["id"],
        "name": element["name"],
        "symbol": element["symbol"],
        "atomic_weight": element["atomic_weight"],
    }


def _listed(some: Iterable[Row], **head: Any) -> Body:
    lines = [_line(element) for element in some]
    return {**head, "total": len(lines), "elements": lines}


@app.get("/elements", operation_id="search_element", tags=["elements"])
def search_element(
    name: Annotated[str, _text(2, "English name of an element, or a part of it.")],
    limit: Annotated[int, Query(ge=1, le=20, description="At most this many results.")] = 5,
) -> Body:
    """Find elements by name. An element that bears exactly this name comes first, then names that begin with it.

    All 118 elements are held. Symbols are not searched, and a misspelt name is not found."""
    wanted = SPELLINGS.get(folded(name), folded(name))
    hits = [element for element in tables.elements().values() if wanted in folded(element["name"])]

    def rank(element: Row) -> tuple[bool, bool, str]:
        found = folded(element["name"])
        return found != wanted, not found.startswith(wanted), found

    return {"total": len(hits), "results": [_line(hit) for hit in sorted(hits, key=rank)[:limit]]}


@app.get("/elements/{element_id}", operation_id="get_element", tags=["elements"])
def get_element(element_id: ElementId) -> Body:
    """Atomic number and weight, place in the table, electron configuration and CAS number of one element."""
    element = _element(element_id)
    group = element["group_id"]
    return {
        **_line(element),
        "atomic_number": element["atomic_number"],
        "period": element["period"],
        "group_id": None if group is None else opaque("grp", group),
        "group_number": group,
        "series_id": opaque("ser", element["series_id"]),
        "series": tables.series()[opaque("ser", element["series_id"])]["name"],
        "block": element["block"],
        "electron_configuration": element["electronic_configuration"],
        "cas": element["cas"],
        "radioactive": bool(element["is_radioactive"]),
    }


@app.get("/elements/{element_id}/neighbours", operation_id="table_neighbours", tags=["table"])
def table_neighbours(element_id: ElementId) -> Body:
    """The elements beside one in the periodic table: left and right in its period, above and below in its group."""
    element = _element(element_id)
    number, period, group = element["atomic_number"], element["period"], element["group_id"]

    def only(some: Iterable[Row]) -> Body | None:
        return next((_line(other) for other in some), None)

    def beside(step: int) -> Body | None:
        everyone = tables.elements().values()
        return only(o for o in everyone if o["atomic_number"] == number + step and o["period"] == period)

    def along(step: int) -> Body | None:
        everyone = tables.elements().values()
        return only(o for o in everyone if group and o["group_id"] == group and o["period"] == period + step)

    return {
        "element_id": element_id,
        "left": beside(-1),
        "right": beside(1),
        "above": along(-1),
        "below": along(1),
    }


@app.get("/groups", operation_id="search_group", tags=["table"])
def search_group(
    text: Annotated[str, _text(1, "Name, number (1 to 18) or CAS label (IA to VIIIA) of a group.")],
) -> Body:
    """Find groups (columns) of the periodic table, for example by "Halogens", "17" or "VIIA".

    Groups 1, 2, 11 and 13 to 18 have names, of which a part of three letters or more will do: alkali metals, alkaline
    earths, coinage metals, boron group, carbon group, pnictogens, chalcogens, halogens, noble gases."""
    wanted = folded(text)
    hits = [
        group
        for group in tables.groups().values()
        if wanted in (str(group["group_id"]), folded(group["symbol"]))
        or (len(wanted) > 2 and wanted in folded(group["name"]))
    ]
    return {
        "total": len(hits),
        "results": [
            {
                "group_id": group["id"],
                "number": group["group_id"],
                "label": group["symbol"],
                "name": group["name"] or None,
            }
            for group in hits
        ],
    }


@app.get("/groups/{group_id}/elements", operation_id="elements_in_group", tags=["table"])
def elements_in_group(group_id: GroupId) -> Body:
    """The elements of one group, from top to bottom."""
    if group_id not in tables.groups():
        raise Fault("group", f"no group has the id {group_id}")
    group = tables.groups()[group_id]
    everyone = tables.elements().values()
    return _listed((e for e in everyone if e["group_id"] == group["group_id"]), group_id=group_id)


@app.get("/series", operation_id="search_series", tags=["table"])
def search_series(
    name: Annotated[str, _text(3, "Name of the series, or a part of it.")],
) -> Body:
    """Find series, the ten families of elements: nonmetals, noble gases, alkali metals, alkaline earth metals,
    metalloids, halogens, poor metals, transition metals, lanthanides and actinides."""
    wanted = folded(name)
    hits = [series for series in tables.series().values() if wanted in folded(series["name"])]
    lines = [{"series_id": series["id"], "name": series["name"]} for series in hits]
    return {"total": len(lines), "results": lines}


@app.get("/series/{series_id}/elements", operation_id="elements_in_series", tags=["table"])
def elements_in_series(series_id: SeriesId) -> Body:
    """The elements of one series, by atomic number."""
    if series_id not in tables.series():
        raise Fault("series", f"no series has the id {series_id}")
    series = tables.series()[series_id]
    everyone = tables.elements().values()
    return _listed((e for e in everyone if e["series_id"] == series["series_id"]), series_id=series_id)


@app.get("/periods/{period}/elements", operation_id="elements_in_period", tags=["table"])
def elements_in_period(period: Period) -> Body:
    """The elements of one period, from left to right."""
    return _listed((e for e in tables.elements().values() if e["period"] == period), period=period)


Kind = Literal["all", "natural", "stable", "radioactive"]


@app.get("/elements/{element_id}/isotopes", operation_id="list_isotopes", tags=["isotopes"])
def list_isotopes(
    element_id: ElementId,
    kind: Annotated[
        Kind,
        Query(description="All, or only those with a natural abundance, the stable or the radioactive ones."),
    ] = "all",
) -> Body:
    """Isotopes of one element by mass number, with abundance in percent and half-life in seconds.

    The half-life is null if the isotope is stable or it is not known. Held are those found in nature, those with a
    half-life of an hour or more, and those into which these decay."""
    number = _element(element_id)["atomic_number"]
    chosen = {
        "all": lambda isotope: True,
        "natural": lambda isotope: isotope["abundance"] is not None,
        "stable": lambda isotope: not isotope["radioactive"],
        "radioactive": lambda isotope: isotope["radioactive"],
    }[kind]
    everyone = tables.isotopes().values()
    hits = [isotope for isotope in everyone if isotope["atomic_number"] == number and chosen(isotope)]
    return {
        "element_id": element_id,
        "total": len(hits),
        "isotopes": [
            {
                "isotope_id": isotope["id"],
                "mass_number": isotope["mass_number"],
                "abundance_percent": tidy(isotope["abundance"]),
                "half_life_s": isotope["half_life_s"],
            }
            for isotope in hits
        ],
    }


def _nuclide(isotope: Row) -> str:
    symbol = tables.elements()[opaque("el", isotope["atomic_number"])]["symbol"]
    return f"{symbol}-{isotope['mass_number']}"


@app.get("/isotopes/{isotope_id}", operation_id="get_isotope", tags=["isotopes"])
def get_isotope(isotope_id: IsotopeId) -> Body:
    """Mass, abundance, half-life, nuclear spin and parity, and year of discovery of one isotope."""
    isotope = _isotope(isotope_id)
    known = isotope["half_life"] is not None
    return {
        "isotope_id": isotope_id,
        "nuclide": _nuclide(isotope),
        "element_id": opaque("el", isotope["atomic_number"]),
        "mass_number": isotope["mass_number"],
        "neutrons": isotope["mass_number"] - isotope["atomic_number"],
        "mass_da": tidy(isotope["mass"]),
        "abundance_percent": tidy(isotope["abundance"]),
        "radioactive": isotope["radioactive"],
        "half_life": tidy(isotope["half_life"]),
        "half_life_unit": isotope["half_life_unit"] if known else None,
        "half_life_s": isotope["half_life_s"],
        "spin": isotope["spin"],
        "parity": isotope["parity"],
        "discovery_year": isotope["discovery_year"],
    }


@app.get("/isotopes/{isotope_id}/decay-modes", operation_id="decay_modes", tags=["isotopes"])
def decay_modes(isotope_id: IsotopeId) -> Body:
    """How one isotope decays, most frequent mode first, and the isotope that each mode leads to."""
    isotope = _isotope(isotope_id)
    modes = [_mode(isotope, row) for row in tables.decay_modes().get(isotope["row"], [])]
    return {"isotope_id": isotope_id, "nuclide": _nuclide(isotope), "total": len(modes), "modes": modes}


def _mode(isotope: Row, row: Row) -> Body:
    name, change = tables.MODES.get(row["mode"], (f"emission of {row['mode']}", None))
    daughter = None
    if change is not None:
        made = opaque("iso", isotope["atomic_number"] + change[0], isotope["mass_number"] + change[1])
        daughter = tables.isotopes().get(made)
    return {
        "mode": name,
        "observed": not row["is_allowed_not_observed"],
        "share_percent": row["share"],
        "daughter_id": daughter and daughter["id"],
        "daughter": daughter and _nuclide(daughter),
    }


@app.get("/elements/{element_id}/ionization-energies", operation_id="ionization_energies", tags=["atoms"])
def ionization_energies(
    element_id: ElementId,
    count: Annotated[int, Query(ge=1, le=30, description="How many, counted from the first.")] = 5,
) -> Body:
    """Successive ionisation energies of one element in eV: the first removes the first electron, and so on."""
    element = _element(element_id)
    rows = tables.by_atomic_number("ionizationenergies").get(element["atomic_number"], [])
    known = [row for row in rows if row["ionization_energy"] is not None][:count]
    return {
        "element_id": element_id,
        "unit": "eV",
        "total": len(known),
        "energies": [
            {
                "ordinal": row["ion_charge"] + 1,
                "species": row["species_name"],
                "energy": tidy(row["ionization_energy"]),
            }
            for row in known
        ],
    }


Scale = Literal["pauling", "allen", "ghosh", "mullay"]


@app.get("/elements/{element_id}/electronegativity", operation_id="electronegativity", tags=["atoms"])
def electronegativity(
    element_id: ElementId,
    scale: Annotated[
        Scale, Query(description="Scale; Allen's values are in eV, Ghosh's in 1/pm.")
    ] = "pauling",
) -> Body:
    """Electronegativity of one element on one scale."""
    element = _element(element_id)
    value = element[f"en_{scale}"]
    if value is None:
        raise Fault("electronegativity", f"the {scale} scale has no value for {element['name']}")
    return {"element_id": element_id, "scale": scale, "electronegativity": tidy(value)}


@app.get("/elements/{element_id}/ionic-radii", operation_id="ionic_radii", tags=["atoms"])
def ionic_radii(element_id: ElementId) -> Body:
    """Shannon radii of an element's ions in pm by charge, coordination and spin state (HS high, LS low)."""
    element = _element(element_id)
    rows = tables.by_atomic_number("ionicradii").get(element["atomic_number"], [])
    return {
        "element_id": element_id,
        "unit": "pm",
        "total": len(rows),
        "radii": [
            {
                "charge": row["charge"],
                "coordination": row["coordination"],
                "spin": row["spin"] or None,
                "crystal_radius": tidy(row["crystal_radius"]),
                "ionic_radius": tidy(row["ionic_radius"]),
            }
            for row in rows
        ],
    }


@app.get("/elements/{element_id}/phase-points", operation_id="phase_points", tags=["matter"])
def phase_points(element_id: ElementId) -> Body:
    """Melting and boiling points in kelvin at standard pressure, and critical points, of an element's forms.

    Where `sublimes` is true the boiling point is a sublimation point. Where `transition` is true the melting point is
    that of a change into another form."""
    element = _element(element_id)
    rows = tables.by_atomic_number("phasetransitions").get(element["atomic_number"], [])
    return {
        "element_id": element_id,
        "unit": "kelvin",
        "total": len(rows),
        "forms": [
            {
                "form": row["allotrope"],
                "melting_point": tidy(row["melting_point"]),
                "boiling_point": tidy(row["boiling_point"]),
                "critical_temperature": tidy(row["critical_temperature"]),
                "critical_pressure_mpa": tidy(row["critical_pressure"]),
                "sublimes": bool(row["is_sublimation_point"]),
                "transition": bool(row["is_transition"]),
            }
            for row in rows
        ],
    }


@app.get("/elements/{element_id}/physical-properties", operation_id="physical_properties", tags=["matter"])
def physical_properties(element_id: ElementId) -> Body:
    """Density, heat capacity, heat of formation of the gas, electron affinity and abundance of one element."""
    element = _element(element_id)
    return {
        "element_id": element_id,
        "density_g_cm3": tidy(element["density"]),
        "molar_heat_capacity_j_mol_k": tidy(element["molar_heat_capacity"]),
        "heat_of_formation_kj_mol": tidy(element["heat_of_formation"]),
        "electron_affinity_ev": tidy(element["electron_affinity"]),
        "crust_mg_kg": tidy(element["abundance_crust"]),
        "sea_mg_l": tidy(element["abundance_sea"]),
    }


@app.get("/elements/{element_id}/discovery", operation_id="discovery", tags=["history"])
def discovery(element_id: ElementId) -> Body:
    """Who discovered one element, when and in which country; null where it was known in antiquity."""
    element = _element(element_id)
    return {
        "element_id": element_id,
        "discoverers": element["discoverers"],
        "year": element["discovery_year"],
        "country": element["discovery_location"],
    }


@app.get("/discoveries", operation_id="search_discoveries", tags=["history"])
def search_discoveries(from_year: Year, to_year: Year) -> Body:
    """Elements discovered from one year to another, earliest first."""
    everyone = tables.elements().values()
    hits = [e for e in everyone if e["discovery_year"] and from_year <= e["discovery_year"] <= to_year]
    hits.sort(key=lambda element: (element["discovery_year"], element["atomic_number"]))
    lines = [
        {
            "element_id": element["id"],
            "name": element["name"],
            "year": element["discovery_year"],
            "country": element["discovery_location"],
        }
        for element in hits
    ]
    return {"from_year": from_year, "to_year": to_year, "total": len(lines), "elements": lines}


Unit = Literal[
    "kelvin", "celsius", "fahrenheit", "eV", "kJ/mol", "cm-1", "pm", "angstrom", "second", "day", "year"
]

# unit: quantity, factor and offset to the quantity's first unit (CODATA 2018 for energies)
UNITS: dict[str, tuple[str, float, float]] = {
    "kelvin": ("temperature", 1, 0),
    "celsius": ("temperature", 1, 273.15),
    "fahrenheit": ("temperature", 5 / 9, 459.67 * 5 / 9),
    "eV": ("energy", 1, 0),
    "kJ/mol": ("energy", 1 / 96.48533212, 0),
    "cm-1": ("energy", 1 / 8065.543937, 0),
    "pm": ("length", 1, 0),
    "angstrom": ("length", 100, 0),
    "second": ("time", 1, 0),
    "day": ("time", 86400, 0),
    "year": ("time", tables.YEAR_S, 0),
}


@app.get("/convert", operation_id="convert_unit", tags=["units"])
def convert_unit(
    value: Annotated[float, Query(ge=-1e36, le=1e36, description="The number to convert.")],
    from_unit: Annotated[Unit, Query(description="Unit of the number.")],
    to_unit: Annotated[Unit, Query(description="Unit wanted.")],
) -> Body:
    """Convert a temperature, an energy, a length or a time. The result has six significant digits."""
    (quantity, factor, offset), (other, by, shift) = UNITS[from_unit], UNITS[to_unit]
    if quantity != other:
        told = f"{from_unit} is a unit of {quantity}, {to_unit} one of {other}"
        raise Fault("unit", told, status=400, code="incompatible_units")
    result = (value * factor + offset - shift) / by
    value += 0.0  # -0.0 is 0
    return {"value": value, "from_unit": from_unit, "to_unit": to_unit, "result": float(f"{result:.6g}")}
