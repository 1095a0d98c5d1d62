"""Search for inputs that break a law: `python -m fuzz [TARGET ...] --seconds N`, or `make fuzz SECONDS=N`.

Each target is searched in a process of its own, beginning with its seeds and its kept corpus; what reaches new code
is then minimised and kept. An input that breaks a law is left in build/fuzz/TARGET/, and the exit status is 1. A line
per search goes to build/fuzz/searches.jsonl: seconds by the clock and of processor, executions, inputs kept.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from . import corpus
from .targets import TARGETS

BUILD = Path("build/fuzz")
_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)|Done (\d+) runs")


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none")
    parser.add_argument("--seconds", type=int, default=60, help="per target")
    given = parser.parse_args()
    if set(given.targets) - set(TARGETS):
        parser.error(f"targets are {', '.join(TARGETS)}")
    return max([searched(name, given.seconds) for name in given.targets or TARGETS])


def searched(target: str, seconds: int) -> int:
    """Search one target and keep what was found; the exit status of the search."""
    folder = BUILD / target
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus.read(target)):
        (inputs / f"kept-{number}").write_bytes(data)
    began, spent = time.monotonic(), _processor_time()
    status, said = _child(target, f"-max_total_time={seconds}", "-print_final_stats=1", str(inputs))
    took, spent = time.monotonic() - began, _processor_time() - spent
    runs = max((int(a or b) for a, b in _RUNS.findall(said)), default=0)
    kept = _minimised(target, inputs, folder / "least") if status == 0 else len(corpus.read(target))
    line = {
        "target": target,
        "seconds": round(took),
        "processor": round(spent),
        "executions": runs,
        "kept": kept,
        "broke": status != 0,
    }
    with (BUILD / "searches.jsonl").open("a") as log:
        print(json.dumps(line), file=log)
    print(
        f"{target}: {runs} executions in {took:.0f} s ({spent:.0f} s of processor), {kept} inputs kept"
        + (", BROKEN" if status else "")
    )
    if status:
        print(said[-6000:])
    return status


def _minimised(target: str, inputs: Path, least: Path) -> int:
    """Keep the fewest inputs that reach the same code."""
    least.mkdir(exist_ok=True)
    for old in least.iterdir():
        old.unlink()
    status, said = _child(target, "-merge=1", str(least), str(inputs))
    assert status == 0, said[-2000:]
    found = [path.read_bytes() for path in least.iterdir()]
    corpus.write(target, found)
    return len(found)


def _processor_time() -> float:
    """Seconds of processor that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _child(target: str, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "fuzz.search", target, *options, f"-artifact_prefix={BUILD / target}/"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return min(run.returncode and 1, 1), run.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
