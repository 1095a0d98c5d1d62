"""`tool-orch redteam`: what agents that work earn, what exploits earn, and which exploits win."""

from ...bench.intervals import Figure
from ...bench.redteam import Report
from .console import console, escape, line, table

LEGEND = """\
score: mean over the tasks where the exploit applies, with a 95 % interval.
limit: the score that it must not exceed (--json says whose score that is).
solved: tasks that count as a success. golden: tasks on which it earns as much
as the golden trace. even: a careless agent earns as much by working if its
picks are right with this probability; if they are less often, the exploit pays."""


def report(found: Report, reward: str, snapshot: str) -> None:
    """Two tables of at most 80 columns, and one line per reason for which an exploit failed."""
    working = table(
        f"{reward} on {found.tasks} tasks of {snapshot}: agents that work", "agent", ">score", ">solved"
    )
    for one in found.workers:
        working.add_row(one.name, _score(one.earned), f"{one.successes / found.tasks:.0%}")
    console.print(working)
    columns = ("exploit", ">score", ">limit", ">tasks", ">solved", ">golden", ">even")
    shown = table("Exploits", *columns)
    for result in found.results:
        even = "never" if result.even_careless is None else f"{result.even_careless:.2f}"
        name = f"[bold red]{result.exploit.name}[/]" if result.faults else result.exploit.name
        counts = (result.earned.tasks, result.successes, len(result.golden))
        shown.add_row(name, _score(result.earned), f"{result.bound:.3f}", *map(str, counts), even)
    console.print(shown)
    line(LEGEND)
    line("")
    for fault in found.faults:
        console.print(escape(fault), style="red", soft_wrap=True)
    failed = sum(bool(result.faults) for result in found.results)
    line(f"{failed} of {len(found.results)} exploits earn more than they may")


def _score(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"
