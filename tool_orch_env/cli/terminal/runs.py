"""`tool-orch bench`: the progress of a run, its summary, a comparison of two. Void episodes are counted apart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...bench.diagnose import KINDS
from ...bench.manifest import protocol_name
from ...bench.run_log import Record
from .console import console, escape, line, progress_bar, table


class RunBar:
    """Progress of a run, with success, score and policy errors so far."""

    def __init__(self, total: int, finished: Iterable[Record]) -> None:
        self._bar = progress_bar("bench", "figures")
        self._n, self._success, self._score, self._errors, self._void = 0, 0, 0.0, 0, 0
        self._task = self._bar.add_task("bench", total=total, figures="")
        for record in finished:
            self.done(record)

    def __enter__(self) -> "RunBar":
        self._bar.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._bar.stop()

    def done(self, record: Record) -> None:
        """Count one episode."""
        self._n += 1
        if record["result"].get("void"):
            self._void += 1
        else:
            self._success += record["result"]["success"]
            self._score += record["result"]["score"]
            self._errors += record["fault"] is not None
        played = max(1, self._n - self._void)
        figures = f"success {self._success / played:.1%}  score {self._score / played:.3f}"
        figures += f"  policy errors {self._errors}" if self._errors else ""
        figures += f"  void {self._void}" if self._void else ""
        self._bar.update(self._task, completed=self._n, figures=figures)


def summary(manifest: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Figures with intervals, errors by kind, groups of tasks, and why episodes ended."""
    counts = f"{found['episodes']} episodes, {found['tasks']} tasks"
    title = f"{manifest['policy']} · {protocol_name(manifest)} · {counts}"
    shown = table(title, "figure", ">value", ">95 % interval")
    passes = {name: one for name, one in found["pass"].items() if not name.endswith("1")}
    for name, figure in {**found["figures"], **passes}.items():
        shown.add_row(name, f"{figure['value']:.3f}", f"{figure['low']:.3f} to {figure['high']:.3f}")
    console.print(shown)
    if found["void"]["episodes"]:
        _void(found["void"])
    if found["errors"]:
        _errors(found["errors"])
    _groups(found["by"])
    if found["facts_refused"]:
        line(f"Facts refused: {found['facts_refused']} (every golden call answered, not every fact stated)")
    for label, name in (("stops", "Episodes ended"), ("causes", "Policy errors")):
        if found[label]:
            line(f"{name}: " + ", ".join(f"{kind} {count}" for kind, count in found[label].items()))


def _void(found: Mapping[str, Any]) -> None:
    causes = ", ".join(f"{code} {count}" for code, count in found["causes"].items())
    text = f"Void: {found['episodes']} episodes ({found['share']:.1%}), left out of every figure: {causes}. "
    text += "The environment failed in them; rerun the same command to play them again."
    console.print(escape(text), style="red", soft_wrap=True)


def _errors(found: Mapping[str, Any]) -> None:
    shown = table("Errors, with 95 % intervals", "kind", ">count", ">per episode", "meaning")
    for kind, some in found.items():
        shown.add_row(kind, str(some["count"]), _with_interval(some["per_episode"]), KINDS[kind])
    console.print(shown)


def _groups(groups: Mapping[str, Any]) -> None:
    """Success and score by domain, depth and number of golden calls."""
    title = "By domain, depth and golden calls, with 95 % intervals"
    shown = table(title, "group", ">episodes", ">success", ">score")
    for label, some in groups.items():
        if [*some] == [""]:  # tools without a domain
            continue
        for name, one in some.items():
            cells = [_with_interval(one["figures"][figure]) for figure in ("success", "score")]
            shown.add_row(escape(f"{label} {name}"), str(one["episodes"]), *cells)
        shown.add_section()
    console.print(shown)
    if len(groups.get("domain", ())) > 1:
        line("An episode whose calls span several domains counts in each.")


def _with_interval(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"


def policy_errors(records: Sequence[Record]) -> None:
    """The first policy error of each kind, and what to do."""
    first: dict[str, Record] = {}
    for record in records:
        if record["fault"]:
            first.setdefault(record["result"]["cause"], record)
    for record in first.values():
        console.print(escape(f"{record['task_id']}: {record['fault']}"), style="red", soft_wrap=True)
    if first:
        line("Rerun the same command with --retry-failed to play these episodes again.")


def comparison(names: Sequence[str], found: Mapping[str, Any]) -> None:
    """Paired differences of two runs; those whose interval excludes 0 are in bold."""
    first, second = names
    if found["differing"]:
        differing = ", ".join(found["differing"])
        console.print(escape(f"Compared although the runs differ in {differing}."), style="red")
    title = f"{second} − {first}, paired over {found['tasks']} tasks"
    shown = table(title, "figure", f">{first}", f">{second}", ">difference", ">95 % interval")
    for name, one in found["figures"].items():
        gap = one["difference"]
        bold = "[bold]" if gap["low"] > 0 or gap["high"] < 0 else ""
        shown.add_row(
            name,
            f"{one['first']['value']:.3f}",
            f"{one['second']['value']:.3f}",
            f"{bold}{gap['value']:+.3f}",
            f"{gap['low']:+.3f} to {gap['high']:+.3f}",
        )
    console.print(shown)


def leaderboard(groups: Sequence[Mapping[str, Any]]) -> None:
    """One table for each group of comparable runs; runs that lack episodes are at its end, not ranked."""
    for group in groups:
        priced = any(row["cost"] is not None for row in group["runs"])
        title = f"{group['benchmark']} · {group['tasks']} · {group['protocol']}"
        cost = (">cost",) if priced else ()
        shown = table(title, "run", ">episodes", ">success", ">score", ">calls", ">tokens", *cost)
        for row in group["runs"]:
            have = row["figures"]
            cells = [_with_interval(have["success"]) if "success" in have else "–"]
            cells += [
                f"{have[name]['value']:.{digits}f}" if name in have else "–"
                for name, digits in (("score", 3), ("calls", 1), ("completion tokens", 0))
            ]
            if priced:
                cells.append("–" if row["cost"] is None else f"{row['cost']:.2f}")
            shown.add_row(escape(row["run"]), str(row["episodes"]), *cells)
        console.print(shown)
        for row in group["runs"]:
            if row["missing"] or row["void"]:
                line(f"{row['run']}: not ranked: {row['missing']} episodes not played, {row['void']} void")
