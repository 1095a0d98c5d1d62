"""Short tasks of `travel` for small models: one or two golden calls, held out by entity and by kind of task.

    python examples/short_tasks.py --out build/short

Writes `train.jsonl` and `test.jsonl`. What a request names (an airport, a city, a date) and a task's kind (the tools,
and what feeds what) occur in one of the files only. The same seed gives the same bytes.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.partition import Partition
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import dump_tasks

PARTS = {"train": Partition(0.3, 1.0), "test": Partition(0.0, 0.3)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Synthesise short tasks, in two parts with nothing in common."
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=500)
    parser.add_argument("--test", type=int, default=250)
    parser.add_argument("--calls", default="1-2")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    index = Index(toe.Snapshot.open("travel"))
    targets = Targets(calls=weights(given.calls), distractors=weights("0-2"))
    for name, part in PARTS.items():
        n = getattr(given, name)
        made = list(synthesise(index, targets, n, given.seed, prefix=f"short-{name}", part=part))
        (given.out / f"{name}.jsonl").write_bytes(dump_tasks(made))
        print(f"{name}: {n} tasks, {sum(len(task.golden) > 1 for task in made)} of several calls")


if __name__ == "__main__":
    main()
