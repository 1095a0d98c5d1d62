"""`tool-orch completion`.

shtab writes the script from the parser, so that pressing Tab does not start Python, whose import of gymnasium would
cost 0.2 s each time.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ..errors import requires_extra
from .command import command, option


@command(
    option("shell", choices=("bash", "zsh"), help="shell to complete in"),
    examples=(
        "tool-orch completion bash > ~/.bash_completion",
        "tool-orch completion zsh > ~/.zfunc/_tool-orch    # a folder of $fpath",
    ),
)
def completion(arguments: argparse.Namespace) -> int:
    """Print a shell completion script.

    It completes commands, options, their choices and file names. Write it to
    a file that the shell loads, and again after an upgrade. Needs the extra
    [completion].
    """
    with requires_extra("completion", "completion"):
        import shtab
    for action in _actions(arguments.parser):
        if action.type is Path:
            action.complete = shtab.DIR if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(arguments.parser, arguments.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The actions of a parser and of its subparsers."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _actions(subparser)
