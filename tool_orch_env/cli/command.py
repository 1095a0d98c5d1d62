"""Declare a command in one place: its options, help, examples and function.

`@command(...)` above a function turns it into a `Command`. The function's name and docstring become the command's
name and help; the first line of the docstring is its summary. Docstrings and examples are printed as they are, so
they fit 80 columns. Commands import what they need when they run, which keeps `--help` fast.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, NamedTuple

Run = Callable[[argparse.Namespace], int]
"""Runs a command and returns its exit status."""


class Option(NamedTuple):
    """An option or a positional argument: the arguments of `ArgumentParser.add_argument`."""

    flags: tuple[str, ...]
    settings: dict[str, Any]


def option(*flags: str, **settings: Any) -> Option:
    """An option, as `ArgumentParser.add_argument` takes it. A default is shown in the help."""
    if settings.get("default") not in (None, "") and settings["help"] is not argparse.SUPPRESS:
        settings["help"] += " (default: %(default)s)"
    return Option(flags, settings)


def old_spelling(flag: str, dest: str, **settings: Any) -> Option:
    """An earlier name of an option. It works and is not shown."""
    return option(flag, dest=dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **settings)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or a group of subcommands; one with `run` and subcommands is both."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    run: Run | None = None
    subcommands: tuple["Command", ...] = ()

    def __call__(self, arguments: argparse.Namespace) -> int:
        """Run the command and return its exit status."""
        assert self.run is not None
        return self.run(arguments)

    def add_to(self, commands: Any) -> None:
        """Add the command's parser to what `ArgumentParser.add_subparsers` returned."""
        parser = commands.add_parser(
            self.name,
            help=self.help.partition("\n")[0],
            description=self.help,
            epilog=epilog(self.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for one in self.options:
            parser.add_argument(*one.flags, **one.settings)
        if self.subcommands:
            found = parser.add_subparsers(title="subcommands", metavar="COMMAND", required=self.run is None)
            for subcommand in self.subcommands:
                subcommand.add_to(found)
        parser.set_defaults(run=self.run)


def command(
    *options: Option,
    examples: tuple[str, ...],
    name: str | None = None,
    subcommands: tuple[Command, ...] = (),
) -> Callable[[Run], Command]:
    """Turn a function into a command."""

    def declare(run: Run) -> Command:
        return Command(name or run.__name__, cleandoc(run.__doc__ or ""), options, examples, run, subcommands)

    return declare


def epilog(examples: tuple[str, ...]) -> str:
    """The examples as they are shown at the end of a help text."""
    return "\n".join(["examples:", *(f"  {example}" for example in examples)])
