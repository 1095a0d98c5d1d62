"""Draw docs/episode.svg again: what `tool-orch demo` prints, without the line of how long it took.

    .venv/bin/python .ci/episode_svg.py

The picture names no web font, so that nothing is fetched where it is shown.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 96
PLACE = Path(__file__).parent.parent / "docs" / "episode.svg"
_WEB_FONT = re.compile(r'(src: local\("[^"]*"\)),\s*url\([^;]*;')


def main() -> None:
    environ = {**os.environ, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "tool_orch_env", "demo"]
    shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(Text.from_ansi(shown.rstrip().rpartition("\n")[0]))
    svg = console.export_svg(title="tool-orch demo", unique_id="episode")
    PLACE.write_text(_WEB_FONT.sub(r"\1;", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
