"""Would the tests notice if the reward were wrong? `make mutants`, or `python tests/mutants.py reward.graduated`.

Cosmic Ray changes each module that decides the reward in one place at a time (a number, a comparison, an operator, a
condition), and the tests that tests/mutants.toml names judge every such mutant. A mutant they pass has to be listed
there with the reason why it changes nothing; any other survivor ends the run with status 1.

Mutants are made in a copy of the tree, build/mutants/tree, so that a run which is cut short leaves no wrong source
behind. What was judged is kept beside it: `--survivors` judges again only what survived, `--report` nothing.
"""

import argparse
import multiprocessing
import os
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# every mutant is judged in a fork of this process, for which these need not be imported again
import gymnasium  # noqa: F401
import hypothesis.strategies  # noqa: F401
import jsonschema  # noqa: F401
import networkx  # noqa: F401
import pydantic  # noqa: F401
import pytest
import scipy.optimize  # noqa: F401
from cosmic_ray import mutating
from cosmic_ray.commands import init
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkItem, WorkResult

HERE = Path(__file__).parent
JUDGED = HERE.parent / "build" / "mutants"
TREE = JUDGED / "tree"
SETTINGS = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))
PYTEST = "-x -p no:cacheprovider -W ignore::pytest.PytestAssertRewriteWarning"
TIMEOUT = 20.0
"""Seconds; a mutant under which the tests take longer is killed."""


class Mutant(NamedTuple):
    """`line` is the source line, `becomes` what the mutant has in its place; both stripped."""

    module: str
    line: str
    becomes: str
    number: int
    killed: bool


def copy_tree() -> None:
    """What the tests read: the package, themselves and, as links, the bundled snapshots and the pages."""
    shutil.rmtree(TREE, ignore_errors=True)
    for name in ("tool_orch_env", "tests"):
        shutil.copytree(HERE.parent / name, TREE / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(HERE.parent / "pyproject.toml", TREE)
    for name in ("cache_snapshots", "docs"):
        (TREE / name).symlink_to(HERE.parent / name)


def judge(module: str, survivors: bool) -> None:
    """Every mutant of a module under its tests; ends the program if these fail without any mutant.

    What was judged before and had the same source stays judged, but for survivors if those are asked for.
    """
    tests = f"{PYTEST} {SETTINGS['tests'][module]}"
    if run_tests(tests, TIMEOUT)[0] is not TestOutcome.SURVIVED:
        raise SystemExit(f"{module}: its tests fail without a mutant: pytest {tests}")
    source, seen = Path("tool_orch_env", *module.split(".")).with_suffix(".py"), JUDGED / f"{module}.py"
    same = survivors and seen.is_file() and seen.read_bytes() == source.read_bytes()
    with use_db(JUDGED / f"{module}.sqlite") as session:
        if not same:
            init([source], session, {})
            shutil.copy2(source, seen)
        judged = dict(session.results)
        for item in tried(session):
            if item.job_id not in judged or judged[item.job_id].test_outcome is TestOutcome.SURVIVED:
                session.set_result(item.job_id, mutating.mutate_and_test(item.mutations, tests, TIMEOUT))


def tried(session: WorkDB) -> list[WorkItem]:
    """The mutants by place, but for the operators that are left out."""
    left_out = re.compile("|".join(SETTINGS["left_out"]))
    items = (item for item in session.work_items if not left_out.fullmatch(item.mutations[0].operator_name))
    return sorted(items, key=lambda item: item.mutations[0].start_pos)


def run_tests(tests: str, timeout: float) -> tuple[TestOutcome, str]:
    """What Cosmic Ray asks of a test command, without starting Python and importing everything for each mutant."""
    child = multiprocessing.get_context("fork").Process(target=_run_pytest, args=(shlex.split(tests),))
    child.start()
    child.join(timeout)
    if child.exitcode is None:
        child.kill()
        child.join()
    return TestOutcome.KILLED if child.exitcode else TestOutcome.SURVIVED, ""


def _run_pytest(arguments: list[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.exit(pytest.main(arguments))


def judged(module: str) -> Iterator[Mutant]:
    """What became of each mutant that was tried; ends the program if some were not."""
    with use_db(JUDGED / f"{module}.sqlite", WorkDB.Mode.open) as session:
        results = dict(session.results)
        for item in tried(session):
            if item.job_id not in results:
                raise SystemExit(f"{module}: the run was cut short; go on with --survivors")
            yield _mutant(module, item.mutations[0].start_pos[0], results[item.job_id])


def _mutant(module: str, number: int, result: WorkResult) -> Mutant:
    diff = (result.diff or "").splitlines()[3:]
    line, becomes = ("\n".join(one[1:].strip() for one in diff if one.startswith(sign)) for sign in "-+")
    return Mutant(module, line, becomes, number, result.test_outcome is TestOutcome.KILLED)


def report(modules: list[str]) -> int:
    """Print figures and survivors; returns how many of these nothing explains."""
    explained = {(one["module"], one["line"], one["becomes"]) for one in SETTINGS["same"]}
    print("| module | mutants | killed | change nothing | unexplained |\n| --- | --- | --- | --- | --- |")
    unexplained: list[Mutant] = []
    unused = {one for one in explained if one[0] in modules}
    for module in modules:
        mutants = list(judged(module))
        survivors = [one for one in mutants if not one.killed]
        new = [one for one in survivors if one[:3] not in explained]
        row = (module, len(mutants), len(mutants) - len(survivors), len(survivors) - len(new), len(new))
        print("|", " | ".join(map(str, row)), "|")
        unused -= {one[:3] for one in survivors}
        unexplained += new
    for one in unexplained:
        print(f"\n{one.module}:{one.number} survives\n- {one.line}\n+ {one.becomes}")
    for name, line, becomes in sorted(unused):
        print(f"\n{name}.py: listed as changing nothing, and no survivor\n- {line}\n+ {becomes}")
    return len(unexplained) + len(unused)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "modules", nargs="*", help="of tool_orch_env; all that tests/mutants.toml lists by default"
    )
    parser.add_argument(
        "--survivors", action="store_true", help="judge only what survived the last time, or was not reached"
    )
    parser.add_argument("--report", action="store_true", help="only tell what was judged the last time")
    options = parser.parse_args()
    modules = options.modules or list(SETTINGS["tests"])
    if not options.report:
        copy_tree()
        os.chdir(TREE)
        sys.path[0] = str(TREE)
        sys.dont_write_bytecode = True
        mutating.run_tests = run_tests
        for module in modules:
            judge(module, options.survivors)
    sys.exit(1 if report(modules) else 0)


if __name__ == "__main__":
    main()
