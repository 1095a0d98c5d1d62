"""`tool-orch snapshot coverage`: shares by tool and kind, unanswered calls and open rows."""

import random

from ...coverage import Coverage, Share
from ...jsonvalues.canonical import to_text
from .console import console, escape, line, share, shortened, table

_OPEN_ROWS = 50
"""Open rows that are listed; `--json` has all."""


def coverage(title: str, found: Coverage) -> None:
    """Answered shares by tool and kind, and of rows."""
    shown = table(
        title, "tool", *(f">{kind}" for kind in found.kinds), ">answered", ">95 % interval", ">calls"
    )
    for tool in [*found.tools, None]:
        whole = found.share(tool)
        low, high = whole.interval
        shown.add_row(
            escape(tool or "all"),
            *(_percent(found.share(tool, kind)) for kind in found.kinds),
            _percent(whole),
            f"{low:.1%} to {high:.1%}" if whole.total else "-",
            f"{whole.total:,}",
        )
    console.print(shown)
    variants = found.share().total
    line(
        f"{found.tasks} tasks, {found.calls} golden calls, {variants:,} variants, "
        f"{variants - found.share().answered:,} of them unanswered"
    )
    if found.outside:
        line(f"outside what the snapshot holds by its own declaration: {found.outside:,} of the unanswered")
    if found.skipped:
        line(f"skipped: {found.skipped} tasks with a golden call that has no response")
    line(
        f"rows that tasks choose from: {found.rows.answered:,} of {found.rows.total:,} others "
        f"have an answered follow-up ({_percent(found.rows)})"
    )


def _percent(of: Share) -> str:
    return share(of.answered, of.total)


def unanswered(found: Coverage, count: int, seed: int) -> None:
    """`count` unanswered calls, drawn by `seed`, in the order of the tasks."""
    some = sorted(random.Random(seed).sample(range(len(found.unanswered)), min(count, len(found.unanswered))))
    for task, variant in (found.unanswered[number] for number in some):
        line(
            f"{variant.kind}: {variant.tool} {shortened(to_text(variant.arguments), 160)}"
            f"  ({', '.join(filter(None, (variant.how, task)))})"
        )


def open_rows(found: Coverage) -> None:
    """Rows without an answered follow-up."""
    for task, row in found.open_rows[:_OPEN_ROWS]:
        line(f"open: {row.tool} {shortened(to_text(row.arguments), 160)}  ({task} {row.call}, row {row.row})")
    if len(found.open_rows) > _OPEN_ROWS:
        line(f"open: and {len(found.open_rows) - _OPEN_ROWS:,} more; --json lists all")
