"""The table of what each trainer's learner saw: docs/trainers_seen.md, made of the rows that the tests wrote.

    python tests/trainers/seen.py            check the page against the rows of the last `make trainers`
    python tests/trainers/seen.py --write    write the page from them

A trainer whose tests did not run leaves no row: it is reported as not run, never as passed. That is a fault, unless it
needs a Python that is not here.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SEEN = ROOT / "build" / "trainers_seen"
PAGE = ROOT / "docs" / "trainers_seen.md"
TRAINERS = {
    "TRL GRPOTrainer": "",
    "OpenEnv": "",
    "verifiers v1": "",
    "verl agent loop, v1 trainer": "",
    "verl agent loop, older worker": "",
    "verl tool_agent": "",
    "tinker-cookbook": "",
    "SkyRL": "",
    "SkyRL, pay: end": "",
    "GEM": "",
    "TorchRL": "",
    "ART": "",
    "MCP": "",
    "Agent Lightning": "3.12",
    "NeMo Gym": "3.13",
}
"""Every trainer, and the Python that it needs where that is not the project's own."""

HEAD = """# What the learner saw

One scripted episode of one task, played through the real package of each trainer: a call that its schema refuses, three
right calls, one golden call left out, a right answer. `ToolOrch-v0` itself pays 0, 0.1789, 0.2, 0.2, 0.2: **0.7789**.
The golden trace, played beside it, sums to 1 everywhere. The rows are written by the tests (`make trainers`), which
fail if this page says anything else; what did not run is not in it.

| trainer | package | Python | per-step rewards | sum | components | where it reaches the learner |
| --- | --- | --- | --- | --- | --- | --- |
"""


def main() -> int:
    rows = {
        row["trainer"]: row for row in map(json.loads, (p.read_text() for p in sorted(SEEN.glob("*.json"))))
    }
    unknown = sorted(set(rows) - set(TRAINERS))
    missing = [name for name in TRAINERS if name not in rows]
    for name in missing:
        needs = (
            f"needs Python {TRAINERS[name]}, which is not here" if TRAINERS[name] else "its tests did not run"
        )
        print(f"NOT RUN: {name}: {needs}")
    if "--write" in sys.argv:
        PAGE.write_text(HEAD + "".join(map(line, (rows[name] for name in TRAINERS if name in rows))))
        return 0
    said = PAGE.read_text()
    stale = [name for name, row in rows.items() if line(row) not in said]
    for name in stale:
        print(
            f"{PAGE.name}: {name}: the tests saw {line(rows[name]).strip()}; run with --write and read the change"
        )
    return int(bool(unknown or stale or [name for name in missing if not TRAINERS[name]]))


def line(row: dict[str, Any]) -> str:
    steps = "no" if row["steps"] is None else ", ".join(f"{step:g}" for step in row["steps"])
    parts = "no" if row["components"] is None else ", ".join(n for n in row["components"] if n != "total")
    cells = [row["trainer"], row["package"], row["python"], steps, f"{row['sum']:g}", parts, row["place"]]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
