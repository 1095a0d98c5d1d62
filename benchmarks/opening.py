"""Measure everything before the first step: imports, opening the bundled snapshot, the first reset.

    python benchmarks/opening.py

Each figure is the median over fresh processes, in milliseconds of wall time, with its range. The figures of a package
exclude those of gymnasium alone, measured in the same process.
"""

import argparse
import statistics
import subprocess
import sys

from rich.console import Console
from rich.table import Table

PROBE = """
import time, json
def timed(code):
    start = time.perf_counter(); exec(code, globals()); return (time.perf_counter() - start) * 1000
out = {}
out["import gymnasium"] = timed("import gymnasium as gym")
out["import tool_orch_env"] = timed("import tool_orch_env as toe")
out["the imports that opening needs"] = timed(
    "import tool_orch_env.snapshot, tool_orch_env.env, jsonschema, referencing"
)
out["open travel"] = timed("snapshot = toe.Snapshot.open('travel')")
out["gym.make"] = timed("env = gym.make('ToolOrch-v0', snapshot=snapshot)")
out["first reset"] = timed("env.reset(seed=0)")
out["first step"] = timed("env.step('{\\"name\\": \\"search_city\\", \\"arguments\\": {\\"name\\": \\"Houston\\"}}')")
print(json.dumps(out))
"""


def main() -> None:
    import json

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes (default 15)")
    rounds = parser.parse_args().rounds
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=True).stdout)
        for _ in range(rounds)
    ]
    table = Table(title=f"medians of {rounds} fresh processes, milliseconds")
    for column in ("what", "median", "range"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what in runs[0]:
        column = [run[what] for run in runs]
        table.add_row(what, f"{statistics.median(column):.1f}", f"{min(column):.1f} to {max(column):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
