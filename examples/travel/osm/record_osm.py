"""Records the answers of Nominatim and Valhalla over the Helsinki extract, as JSON lines.

    examples/travel/osm/start.sh DATA
    python examples/travel/osm/record_osm.py --out responses-osm.jsonl

Needs the `[travel]` extra and both servers (see README.md). Nothing reads a clock: the same servers over the
same map give the same bytes.
"""

import argparse
from collections import Counter
from pathlib import Path

import plan
from ask import Servers

import examples


def main() -> None:
    parser = argparse.ArgumentParser(description="Record Nominatim and Valhalla over Helsinki.")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--nominatim", default="http://127.0.0.1:8088")
    parser.add_argument("--valhalla", default="http://127.0.0.1:8002")
    arguments = parser.parse_args()
    servers = Servers({"nominatim": arguments.nominatim, "valhalla": arguments.valhalla})
    plan.explore(servers)
    examples.build(servers)  # so that every golden call is held
    arguments.out.write_text(servers.lines(), encoding="utf-8")
    for tool, count in sorted(Counter(record.tool for record in servers.records.values()).items()):
        print(f"{tool:16} {count:5}")
    print(f"{arguments.out}: {len(servers.records)} responses, {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
