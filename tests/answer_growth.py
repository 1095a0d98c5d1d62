"""Does the time to read an answer grow linearly? `python tests/answer_growth.py` prints the slowest texts.

Repetitions of likely pieces are read at 5,000 and 20,000 characters, the most that is read. The exit status is 1 if one
takes more than twelve times as long for four times the text.
"""

import sys
import time

from fuzz.answers import FACTS
from fuzz.targets import _SAID

from tool_orch_env.answers.reading import read_answer

PIECES = (
    *_SAID,
    "a, ",
    "a (b) ",
    "| a ",
    "1, ",
    "1 - ",
    "# h\n",
    "x\n\n",
    "[x](y) ",
    '{"a": ',
    "jan 1 ",
    "12:30-",
    "ua1 ",
)


def seconds(piece: str, length: int) -> float:
    best = 1e9
    for attempt in range(2):
        text = (piece * (length // len(piece) + 1))[: length - 1] + str(attempt)
        began = time.process_time()
        read_answer(FACTS, text)
        best = min(best, time.process_time() - began)
    return best


def main() -> int:
    seen = [(seconds(piece, 20_000), seconds(piece, 5_000), piece) for piece in PIECES]
    for large, small, piece in sorted(seen, reverse=True)[:8]:
        print(f"{large:.3f} s, {large / max(small, 0.005):.1f} times a quarter: {piece!r}")
    return int(any(large > 12 * max(small, 0.005) for large, small, _ in seen))


if __name__ == "__main__":
    sys.exit(main())
