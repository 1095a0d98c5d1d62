"""The tables: read once from the database file inside the package `mendeleev`, nulls and mistakes as they are.

Enters: nothing. Leaves: rows by id. Refuses what is not free to pass on or not right: columns that the package
credits to Wikipedia or to a publisher's web pages, free prose, and branching ratios that lost their exponent.

Ids (`el-`, `iso-`, `grp-`, `ser-` and eight hexadecimal digits) are this project's own: digests, so that no one
knows them from memory.
"""

import sqlite3
from functools import cache
from hashlib import blake2b
from importlib.resources import as_file, files
from typing import Any

Row = dict[str, Any]

# atomic numbers whose densities are estimates that the package took from Wikipedia
ESTIMATED_DENSITY = {85, 87, *range(99, 119)}

# what the package's documentation gives as a year: 365.2422 days, 31,556,926 s
YEAR_S = 31_556_926
SECONDS = {
    "ysec": 1e-24,
    "zsec": 1e-21,
    "asec": 1e-18,
    "psec": 1e-12,
    "nsec": 1e-9,
    "usec": 1e-6,
    "msec": 1e-3,
    "sec": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "year": YEAR_S,
    "kyear": YEAR_S * 1e3,
    "Myear": YEAR_S * 1e6,
    "Gyear": YEAR_S * 1e9,
    "Tyear": YEAR_S * 1e12,
    "Pyear": YEAR_S * 1e15,
    "Eyear": YEAR_S * 1e18,
    "Zyear": YEAR_S * 1e21,
    "Yyear": YEAR_S * 1e24,
}

# mode: its name, and how the daughter differs in protons and nucleons; `None` where there is not one daughter
MODES: dict[str, tuple[str, tuple[int, int] | None]] = {
    "A": ("alpha decay", (-2, -4)),
    "B-": ("beta-minus decay", (1, 0)),
    "2B-": ("double beta-minus decay", (2, 0)),
    "B+": ("beta-plus decay or electron capture", (-1, 0)),
    "2B+": ("double beta-plus decay or electron capture", (-2, 0)),
    "EC": ("electron capture", (-1, 0)),
    "EC+B+": ("electron capture and positron emission", (-1, 0)),
    "e+": ("positron emission", (-1, 0)),
    "n": ("neutron emission", (0, -1)),
    "2n": ("emission of two neutrons", (0, -2)),
    "3n": ("emission of three neutrons", (0, -3)),
    "4n": ("emission of four neutrons", (0, -4)),
    "p": ("proton emission", (-1, -1)),
    "2p": ("emission of two protons", (-2, -2)),
    "3p": ("emission of three protons", (-3, -3)),
    "B-n": ("beta-minus delayed neutron emission", (1, -1)),
    "B-p": ("beta-minus delayed proton emission", (0, -1)),
    "B-d": ("beta-minus delayed deuteron emission", (0, -2)),
    "B-t": ("beta-minus delayed triton emission", (0, -3)),
    "B-A": ("beta-minus delayed alpha emission", (-1, -4)),
    "B-SF": ("beta-minus delayed fission", None),
    "B+p": ("beta-plus delayed proton emission", (-2, -1)),
    "B+A": ("beta-plus delayed alpha emission", (-3, -4)),
    "B+pA": ("beta-plus delayed proton and alpha emission", (-4, -5)),
    "B+SF": ("beta-plus delayed fission", None),
    "SF": ("spontaneous fission", None),
}
# these exclude each other, so their shares of one isotope add up to 100 %
_PRIMARY = {"A", "B-", "2B-", "B+", "2B+", "EC", "EC+B+", "e+", "n", "2n", "3n", "4n", "p", "2p", "3p"}


def opaque(kind: str, *key: str | int) -> str:
    """The id of a thing: `el-1a2b3c4d`."""
    text = "/".join(map(str, (kind, *key)))
    return f"{kind}-{blake2b(text.encode(), digest_size=4, person=b'elements').hexdigest()}"


def tidy(value: float | None) -> float | None:
    """Without the noise of binary arithmetic: twelve significant digits."""
    return None if value is None else float(f"{value:.12g}")


def _rows(query: str) -> list[Row]:
    with as_file(files("mendeleev") / "elements.db") as path:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()


def _by_id(kind: str, column: str, rows: list[Row]) -> dict[str, Row]:
    """Rows under their opaque ids, in order; raises `RuntimeError` if two share one."""
    found = {opaque(kind, row[column]): row for row in rows}
    if len(found) != len(rows):
        raise RuntimeError(f"two rows share an id of kind {kind}")
    return {name: {"id": name, **row} for name, row in found.items()}


@cache
def elements() -> dict[str, Row]:
    """By element id, in the order of atomic numbers."""
    query = """select atomic_number, name, symbol, atomic_weight, period, group_id, series_id, block,
        electronic_configuration, cas, is_radioactive, density, molar_heat_capacity, heat_of_formation,
        electron_affinity, abundance_crust, abundance_sea, en_pauling, en_allen, en_ghosh, en_mullay,
        discoverers, discovery_year, discovery_location from elements order by atomic_number"""
    found = _by_id("el", "atomic_number", _rows(query))
    for row in found.values():
        row["density"] = None if row["atomic_number"] in ESTIMATED_DENSITY else row["density"]
    return found


@cache
def groups() -> dict[str, Row]:
    """The eighteen groups by id."""
    return _by_id("grp", "group_id", _rows("select * from groups order by group_id"))


@cache
def series() -> dict[str, Row]:
    """The package's ten series by id."""
    query = "select id as series_id, name from series order by series_id"
    return _by_id("ser", "series_id", _rows(query))


@cache
def isotopes() -> dict[str, Row]:
    """By isotope id, in the order of atomic and mass numbers: those worth asking for.

    Those found in nature, those with a half-life of an hour or more, and all into which these are seen to decay.
    `half_life_s`: seconds, `None` if stable or not known.
    """
    query = "select id as row, * from isotopes order by atomic_number, mass_number"
    everyone = {(row["atomic_number"], row["mass_number"]): row for row in _rows(query)}
    for row in everyone.values():
        known = row["half_life"] is not None
        row["half_life_s"] = tidy(row["half_life"] * SECONDS[row["half_life_unit"]]) if known else None
        # the table calls what flies apart at once not radioactive; only what is found in nature can be stable
        row["radioactive"] = bool(row["is_radioactive"]) or row["abundance"] is None
    waiting = [key for key, row in everyone.items() if _lasting(row)]
    kept = set()
    while waiting:
        key = waiting.pop()
        if key in everyone and key not in kept:
            kept.add(key)
            waiting += _daughters(everyone[key])
    found = {opaque("iso", *key): row for key, row in everyone.items() if key in kept}
    if len(found) != len(kept):
        raise RuntimeError("two isotopes share an id")
    return {name: {**row, "id": name} for name, row in found.items()}


def _lasting(isotope: Row) -> bool:
    if isotope["abundance"] is not None:
        return True
    return isotope["half_life_s"] is not None and isotope["half_life_s"] >= SECONDS["hour"]


def _daughters(isotope: Row) -> list[tuple[int, int]]:
    """Atomic and mass numbers of what the modes that were seen lead to."""
    changes = [
        MODES.get(mode["mode"], ("", None))[1]
        for mode in decay_modes().get(isotope["row"], [])
        if not mode["is_allowed_not_observed"]
    ]
    number, mass = isotope["atomic_number"], isotope["mass_number"]
    return [(number + change[0], mass + change[1]) for change in changes if change]


@cache
def decay_modes() -> dict[int, list[Row]]:
    """By row number of the isotope, in the table's order, most frequent first.

    `share`: percent; given where the shares of an isotope's primary modes add up to 100. Elsewhere the package has
    lost exponents (5.44e-5 became 5.44), and a share would be false.
    """
    found: dict[int, list[Row]] = {}
    for row in _rows("select * from isotopedecaymodes order by id"):
        found.setdefault(row["isotope_id"], []).append(row)
    for modes in found.values():
        primary = [row for row in modes if row["mode"] in _PRIMARY and row["intensity"] is not None]
        whole = abs(sum(row["intensity"] for row in primary) - 100) <= 0.5
        for row in modes:
            exact = whole and row in primary and row["relation"] == "="
            row["share"] = tidy(row["intensity"]) if exact else None
    return found


@cache
def by_atomic_number(table: str) -> dict[int, list[Row]]:
    """Rows of `phasetransitions`, `ionicradii` or `ionizationenergies` by atomic number."""
    order = {"ionizationenergies": "ion_charge", "ionicradii": "charge, id"}.get(table, "id")
    found: dict[int, list[Row]] = {}
    for row in _rows(f"select * from {table} order by atomic_number, {order}"):
        found.setdefault(row["atomic_number"], []).append(row)
    return found
