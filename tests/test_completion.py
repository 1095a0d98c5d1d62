"""`tool-orch completion`: the scripts complete what the parser accepts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tool_orch_env.cli import main

pytest.importorskip("shtab", reason="the extra [completion] is not installed")

ASK = """
source tool-orch.bash
COMP_WORDS=($1)
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
function=$(complete -p tool-orch | sed "s/.*-F \\([^ ]*\\).*/\\1/")
$function tool-orch "${COMP_WORDS[-1]}"
printf "%s\\n" "${COMPREPLY[@]}"
"""


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture) -> Path:
    """A folder with the script for bash and a file."""
    assert main(["completion", "bash"]) == 0
    (tmp_path / "tool-orch.bash").write_text(capsys.readouterr().out)
    (tmp_path / "spec.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tool-orch ", {"demo", "bench", "snapshot", "completion"}),
        ("tool-orch sn", {"snapshot"}),
        ("tool-orch snapshot ", {"show", "verify", "stats", "diff", "merge"}),
        ("tool-orch bench --conc", {"--concurrency"}),
        ("tool-orch bench --protocol ", {"toolorch", "cfb-offline"}),
        ("tool-orch serve ", {"openenv", "mcp"}),
        ("tool-orch synth --phrase-book sp", {"spec.yaml"}),
        ("tool-orch record sp", {"spec.yaml"}),
    ],
)
def test_bash_completes_commands_options_choices_and_files(
    folder: Path, typed: str, offered: set[str]
) -> None:
    command = ["bash", "--norc", "-c", ASK, "bash", typed]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    assert offered <= set(done.stdout.split()), done.stderr


def test_the_script_for_zsh_is_one(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["completion", "zsh"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("#compdef tool-orch") and "--phrase-book" in shown
    (tmp_path / "_tool-orch").write_text(shown)
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n", str(tmp_path / "_tool-orch")], check=True)
