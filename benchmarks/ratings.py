"""Requests to be rated by a reader who does not know where they are from, and the means of the ratings.

    python benchmarks/ratings.py draw --seed 1 --out DIR [FILE ...]
    python benchmarks/ratings.py join DIR

`draw` takes 30 requests each of `test` and `hard`, 30 of `handmade`, and all of the published files named, mixes them,
and writes `requests.txt`, for the reader, and `key.json`. The reader writes `ratings.csv`, one line per request: its
number, and whether it is natural, coherent and clear, from 1 to 5, separated by commas. `join` prints means with 95 %
intervals by set, and the ten requests from scenarios that were rated worst.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np

import tool_orch_env as toe
from tool_orch_env import importers
from tool_orch_env.bench.intervals import mean

SCALES = ("natural", "coherent", "clear")


def draw(files: list[Path], seed: int, out: Path) -> None:
    rng = np.random.default_rng(seed)
    sets = {split: toe.load_tasks("travel", split) for split in ("test", "hard", "handmade")}
    chosen = {
        split: [tasks[at] for at in rng.choice(len(tasks), 30, replace=False)]
        for split, tasks in sets.items()
    }
    for path in files:
        chosen["published"] = chosen.get("published", []) + importers.load(path)[1]
    rows = [(name, task) for name, tasks in chosen.items() for task in tasks]
    rows = [rows[at] for at in rng.permutation(len(rows))]
    out.mkdir(parents=True, exist_ok=True)
    key = [{"set": name, "id": task.id, "request": task.request} for name, task in rows]
    (out / "key.json").write_text(json.dumps(key, indent=1, ensure_ascii=False), encoding="utf-8")
    text = "\n\n".join(f"[{number}]\n{row['request']}" for number, row in enumerate(key, 1))
    (out / "requests.txt").write_text(text + "\n", encoding="utf-8")


def join(out: Path) -> None:
    key = json.loads((out / "key.json").read_text(encoding="utf-8"))
    with (out / "ratings.csv").open(encoding="utf-8") as file:
        given = {
            int(row[0]): [float(one) for one in row[1:4]] for row in csv.reader(file) if row[0].isdigit()
        }
    print("set         requests  " + "  ".join(f"{name:>18}" for name in SCALES))
    for name in dict.fromkeys(row["set"] for row in key):
        some = np.array([given[number] for number, row in enumerate(key, 1) if row["set"] == name])
        cells = []
        for at in range(len(SCALES)):
            found = mean(some[:, at].tolist())
            assert found is not None
            cells.append(f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]")
        print(f"{name:10}  {len(some):8}  " + "  ".join(f"{cell:>18}" for cell in cells))
    ours = [number for number, row in enumerate(key, 1) if row["set"] in ("test", "hard")]
    for number in sorted(ours, key=lambda one: sum(given[one][:2]))[:10]:
        row = key[number - 1]
        print(f"\n{given[number]} {row['set']} {row['id']}\n{row['request']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("draw", help="write requests.txt and key.json")
    one.add_argument("files", nargs="*", type=Path, metavar="FILE", help="published files")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--out", type=Path, required=True)
    commands.add_parser("join", help="means of ratings.csv").add_argument("out", type=Path)
    given = parser.parse_args()
    if given.command == "draw":
        draw(given.files, given.seed, given.out)
    else:
        join(given.out)


if __name__ == "__main__":
    main()
