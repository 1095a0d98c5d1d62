"""Does the time to parse a message grow linearly? `python tests/parse_growth.py [SECONDS]` prints the worst texts.

Random repetitions of the parser's own markers and fragments are parsed at two lengths, four times apart. The exit
status is 1 if one took more than twelve times as long, or a megabyte of any took more than a second.
"""

import random
import sys
import time

from fuzz.calls import FRAGMENTS

from tool_orch_env.calls.parse import parse_message

SMALL, LARGE, MOST = 1 << 16, 1 << 18, 1_000_000
TOOLS = [{"type": "function", "function": {"name": "get_city", "parameters": {"type": "object"}}}]


def seconds(unit: str, length: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    best = 1e9
    for _ in range(2):
        began = time.process_time()
        parse_message(text, TOOLS)
        best = min(best, time.process_time() - began)
    return best


def main(limit: float) -> int:
    chance, end = random.Random(7), time.monotonic() + limit
    seen: list[tuple[float, float, str]] = []
    units = list(FRAGMENTS)
    while time.monotonic() < end:
        unit = units.pop() if units else "".join(chance.choices(FRAGMENTS, k=chance.randint(2, 4)))
        small, large = seconds(unit, SMALL), seconds(unit, LARGE)
        seen.append((large / max(small, 0.002), large, unit))
    worst = sorted(seen, key=lambda one: one[1])[-8:]
    megabytes = [seconds(unit, MOST) for _, _, unit in worst]
    for (growth, large, unit), megabyte in zip(worst, megabytes, strict=True):
        print(f"{large:.3f} s, {growth:.1f} times the shorter, a megabyte in {megabyte:.2f} s: {unit!r}")
    steepest = max(seen)
    print(f"{len(seen)} texts; steepest growth {steepest[0]:.1f} (linear is 4) of {steepest[2]!r}")
    return int(steepest[0] > 12 or max(megabytes) > 1)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
