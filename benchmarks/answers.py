"""What reading a final answer costs: `python benchmarks/answers.py`.

Each of the 300 tasks of `travel`'s test split is answered in full, bare and followed by an account of the work up to
2 KB. Milliseconds of processor time per answer, after one answer of the task was read, next to `json.loads` of the same
bytes as a JSON string.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.answers.reading import read_answer
from tool_orch_env.taskset import open_task_set

ACCOUNT = (
    " I first looked up the city and its airports, then compared the flights of that morning: the one at 06:15 was "
    "sold out, and the one at 07:40 had 12 seats left."
)
LONG = 2048


def milliseconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return 1000 * (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=300)
    given = parser.parse_args()
    task_set = open_task_set("travel", "test")
    table = Table("answer", "bytes, mean", "ms, median", "ms, 95th percentile", "over json.loads, median")
    for name, size in (("bare", 0), ("2 KB", LONG)):
        rows = []
        for task_id in task_set.ids[: given.tasks]:
            compiled = task_set.compiled(task_id)
            answer = oracle_answer(compiled.task)
            padded = (answer + "\n\n" + ACCOUNT * (size // len(ACCOUNT) + 1))[:size] if size else answer
            read_answer(compiled.trace.facts, answer[:-1])  # reads the replies, which later answers share
            text = json.dumps(padded)
            reading = milliseconds(lambda: read_answer(compiled.trace.facts, padded))  # noqa: B023
            loading = milliseconds(lambda: [json.loads(text) for _ in range(100)]) / 100  # noqa: B023
            rows.append((len(padded.encode()), reading, reading / max(loading, 1e-6)))
        sizes, times, ratios = map(np.asarray, zip(*rows, strict=True))
        cells = [f"{sizes.mean():.0f}", f"{np.median(times):.2f}", f"{np.quantile(times, 0.95):.2f}"]
        table.add_row(name, *cells, f"{np.median(ratios):.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
