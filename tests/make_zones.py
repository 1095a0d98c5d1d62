"""Makes `tool_orch_env/answers/kinds/zones.txt` from CLDR (by Babel) and the IANA time zones.

A line for zones of one CLDR metazone with the same offsets: offsets in minutes (January, July), abbreviations, English
names, zone ids; parts separated by tabs, all in lower case and without accents.
"""

import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

PLACES = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


def plain(text: str) -> str:
    text = unicodedata.normalize("NFD", text.replace("’", "'"))
    return "".join(c for c in text if not unicodedata.combining(c)).lower()


def main(year: int = 2025) -> str:
    metazones, aliases = get_global("meta_zones"), get_global("zone_aliases")
    names = Locale("en").meta_zones
    lines: dict[tuple[str, ...], tuple[set[str], list[str], list[str]]] = {}
    for zone in sorted(available_timezones()):
        if not zone.startswith(PLACES):
            continue
        meta = metazones.get(zone) or metazones.get(aliases.get(zone, ""), zone)
        when = [datetime(year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)) for month in (1, 7)]
        offsets = " ".join(str(int(moment.utcoffset().total_seconds() // 60)) for moment in when)
        said = names.get(meta, {})
        short, long, zones = lines.setdefault((meta, offsets), (set(), [], []))
        short |= {m.tzname().lower() for m in when if m.tzname().isalpha()}
        short |= {s.lower() for s in dict(said.get("short", {})).values()}
        long[:] = list(dict.fromkeys(plain(name) for name in dict(said.get("long", {})).values()))
        zones.append(zone.lower())
    return "".join(
        "\t".join((offsets, " ".join(sorted(short)), ",".join(long), " ".join(zones))) + "\n"
        for (_, offsets), (short, long, zones) in sorted(lines.items())
    )


if __name__ == "__main__":
    place = Path(__file__).parent.parent / "tool_orch_env/answers/kinds/zones.txt"
    sys.stdout.write(f"{place.write_text(main(), encoding='utf-8')} characters\n")
