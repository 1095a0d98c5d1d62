"""Lines, tables and progress bars. Text is printed as it is: markup in it has no effect, nor what a terminal obeys."""

from collections.abc import Iterable
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.markup import escape as without_markup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, track
from rich.table import Table

from ..showable import showable

T = TypeVar("T")
console = Console(highlight=False)
"""Standard output."""


def escape(text: str) -> str:
    """The text in rich's markup, to be shown as it is."""
    return without_markup(showable(text))


def line(text: str) -> None:
    """Print one line."""
    console.print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    """Print one line to standard error."""
    Console(stderr=True).print(escape(text), style="yellow", soft_wrap=True)


def counted(items: Iterable[T], total: int, what: str) -> Iterable[T]:
    """The items, with a progress bar on standard error."""
    return track(items, description=what, total=total, console=Console(stderr=True), transient=True)


def progress_bar(description: str, field: str) -> Progress:
    """A progress bar on standard error; `field` names a text that is shown after the count."""
    return Progress(
        TextColumn(description),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{{task.fields[{field}]}}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def table(title: str, *columns: str) -> Table:
    """An empty table. A column whose name begins with ">" is aligned right."""
    made = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    made.pad_edge = False
    made.min_width = len(title)  # else the title would be wrapped
    for name in columns:
        right = name.startswith(">")
        made.add_column(escape(name.removeprefix(">")), justify="right" if right else "left", overflow="fold")
    return made


def shortened(text: str, limit: int) -> str:
    """The text, cut off at `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def share(part: int, whole: int) -> str:
    """A percentage, "-" of nothing."""
    return f"{part / whole:.1%}" if whole else "-"
