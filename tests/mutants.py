"""Would the tests notice if the reward were wrong? `make mutants`, or `python tests/mutants.py reward.graduated`.

Cosmic Ray changes each module that decides the reward in one place at a time (a number, a comparison, an operator, a
condition), and the tests that tests/mutants.toml names judge every such mutant. A mutant they pass has to be listed
there with the reason why it changes nothing; any other survivor ends the run with status 1.

Where tests/mutants.toml says `quick`, the tests are collected once, and a fork of this process puts each mutant in the
place of the imported module. Mutants are made in a copy of the tree, build/mutants/tree, so that a run which is cut
short leaves no wrong source behind. What was judged is kept there: `--survivors` judges again only what survived, and
`--report` nothing. `--sample 150 --seed 1` tries 150 mutants of each module, and the report states their share.
"""

import argparse
import difflib
import importlib
import multiprocessing
import os
import random
import re
import resource
import shlex
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from cosmic_ray import mutating, plugins
from cosmic_ray.commands import init
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

HERE = Path(__file__).parent
JUDGED = HERE.parent / "build" / "mutants"
TREE = JUDGED / "tree"
SETTINGS = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))
PYTEST = "-x -q --no-header --tb=no --assert=plain -p no:cacheprovider -W ignore::pytest.PytestAssertRewriteWarning"
TIMEOUT = 20
"""Seconds of processor time: a mutant under which the tests take longer is killed. By the clock, 100 times that."""

Explained = tuple[str, str, str]
"""A module, a line of it and its replacement, with `ANY_NUMBER` for numbers that are a matter of degree."""
ANY_NUMBER = "another number"
_NUMBER = re.compile(r" *-?\d+(?:\.\d+)?")


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


class Sample(NamedTuple):
    """How many mutants of each module are tried, all if `size` is 0, and the seed that chooses them."""

    size: int
    seed: int

    def of(self, module: str, items: list[WorkItem]) -> list[WorkItem]:
        """The chosen ones: the same for the same source and seed, and a smaller sample is a part of a larger one."""
        if not 0 < self.size < len(items):
            return items
        random.Random(f"{self.seed} {module}").shuffle(items)
        return items[: self.size]


def judge(module: str, survivors: bool, sample: Sample) -> None:
    """The mutants of a module under its tests; ends the program if these fail without any mutant.

    What was judged before and had the same source stays judged, but for survivors if those are asked for.
    """
    source, seen = Path("tool_orch_env", *module.split(".")).with_suffix(".py"), JUDGED / f"{module}.py"
    same = survivors and seen.is_file() and seen.read_bytes() == source.read_bytes()
    with use_db(JUDGED / f"{module}.sqlite") as session:
        if not same:
            init([source], session, {})
            shutil.copy2(source, seen)
        judged = dict(session.results)
        waiting = [
            item
            for item in sample.of(module, tried(session))
            if item.job_id not in judged or judged[item.job_id].test_outcome is TestOutcome.SURVIVED
        ]
        tests = f"{PYTEST} {SETTINGS['tests'][module]}"
        judging = judge_in_place if module in SETTINGS["quick"] else judge_anew
        if not judging(module, waiting, tests, session):
            raise SystemExit(f"{module}: its tests fail without a mutant: pytest {tests}")


def judge_anew(_: str, items: list[WorkItem], tests: str, session: WorkDB) -> bool:
    """Judge mutants by importing the package anew for each. False if the tests fail without any. The package must not
    have been imported: its mutants would not be seen."""
    assert "tool_orch_env" not in sys.modules
    for name in (
        "gymnasium",
        "hypothesis.strategies",
        "jsonschema",
        "networkx",
        "pydantic",
        "scipy.optimize",
    ):
        importlib.import_module(name)  # once, as every mutant is judged in a fork of this process
    sys.dont_write_bytecode = False  # mutants read the bytecode of all that they do not change
    if run_tests(tests, 10 * TIMEOUT)[0] is not TestOutcome.SURVIVED:
        return False
    sys.dont_write_bytecode = True
    for item in items:
        session.set_result(item.job_id, mutating.mutate_and_test(item.mutations, tests, TIMEOUT))
    return True


def judge_in_place(module: str, items: list[WorkItem], tests: str, session: WorkDB) -> bool:
    """Judge mutants by putting each in the place of the imported module. False if the tests fail without any."""

    def judge(run: Callable[[], int], seconds: float) -> None:
        replaced = importlib.import_module(f"tool_orch_env.{module}")
        source = Path(str(replaced.__file__)).read_text(encoding="utf-8")
        for item in items:
            mutated = mutant(source, item)

            def run_mutant(mutated: str = mutated) -> int:
                put_in_place(replaced, mutated)
                return run()

            lines = difflib.unified_diff(source.splitlines(), mutated.splitlines(), lineterm="")
            result = outcome(run_mutant, min(TIMEOUT, 2 + 10 * seconds))
            session.set_result(
                item.job_id, WorkResult(WorkerOutcome.NORMAL, "", result, "\n".join(["", *lines]))
            )

    return pytest.main(shlex.split(tests), plugins=[Collected(judge)]) == pytest.ExitCode.OK


class Collected:
    """A pytest plugin that runs the collected tests once and, if they pass, hands `judge` what runs them again, and how
    many seconds of processor time they took."""

    def __init__(self, judge: Callable[[Callable[[], int], float], None]) -> None:
        self._judge = judge

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = session.items

        def run() -> int:
            """The number of failed tests, 0 or 1: the first ends the run."""
            for item, after in zip(items, (*items[1:], items[0]), strict=True):
                item._initrequest()  # type: ignore[attr-defined]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    return 1
            return 0

        begun = time.process_time()
        if items and not session.testsfailed and run() == 0:
            seconds = time.process_time() - begun
            session.config.pluginmanager.unregister(name="terminalreporter")  # mutants fail in silence
            self._judge(run, seconds)
        return True


def mutant(source: str, item: WorkItem) -> str:
    """The source with what a work item changes in it."""
    change = item.mutations[0]
    operator = plugins.get_operator(change.operator_name)(**(change.operator_args or {}))
    return str(mutating.mutate_code(source, operator, change.occurrence))


def put_in_place(module: ModuleType, source: str) -> None:
    """Run other source in an imported module, and bind what other modules have imported from it by name anew."""
    before = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    exec(compile(source, str(module.__file__), "exec"), vars(module))
    for other in list(sys.modules.values()):
        if other is not module and other.__name__.startswith(("tool_orch_env", "test_")):
            for name, value in before.items():
                if vars(other).get(name) is value:
                    setattr(other, name, vars(module)[name])


def tried(session: WorkDB) -> list[WorkItem]:
    """The mutants by place, but for the operators that are left out."""
    left_out = re.compile("|".join(SETTINGS["left_out"]))
    items = (item for item in session.work_items if not left_out.fullmatch(item.mutations[0].operator_name))
    return sorted(items, key=lambda item: item.mutations[0].start_pos)


def run_tests(tests: str, timeout: float) -> tuple[TestOutcome, str]:
    """What Cosmic Ray asks of a test command, without starting Python and importing everything for each mutant."""
    return outcome(lambda: int(pytest.main(shlex.split(tests))), timeout), ""


def outcome(run: Callable[[], int], timeout: float) -> TestOutcome:
    """Whether a mutant survives `run` in a fork: it ends in time, and returns 0."""
    child = multiprocessing.get_context("fork").Process(target=_quietly, args=(run, int(timeout)))
    child.start()
    child.join(100 * timeout)
    if child.exitcode is None:
        child.kill()
        child.join()
    return TestOutcome.KILLED if child.exitcode else TestOutcome.SURVIVED


def _quietly(run: Callable[[], int], seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    code = 1
    try:
        code = run()
    finally:
        os._exit(code)


def judged(module: str, sample: Sample) -> Iterator[Mutant]:
    """What became of each mutant that was tried; ends the program if some were not."""
    with use_db(JUDGED / f"{module}.sqlite", WorkDB.Mode.open) as session:
        results = dict(session.results)
        for item in sample.of(module, tried(session)):
            if item.job_id not in results:
                raise SystemExit(f"{module}: the run was cut short; go on with --survivors")
            yield _mutant(module, item.mutations[0].start_pos[0], results[item.job_id])


def _mutant(module: str, number: int, result: WorkResult) -> Mutant:
    diff = (result.diff or "").splitlines()[3:]
    line, becomes = ("\n".join(one[1:].strip() for one in diff if one.startswith(sign)) for sign in "-+")
    return Mutant(module, line, becomes, number, result.test_outcome is TestOutcome.KILLED)


def count(module: str) -> int:
    """How many mutants a module has."""
    with use_db(JUDGED / f"{module}.sqlite", WorkDB.Mode.open) as session:
        return len(tried(session))


def report(modules: list[str], sample: Sample) -> int:
    """Print figures and survivors; returns how many of these nothing explains."""
    print("| module | mutants | tried | killed | change nothing | unexplained |\n|" + " --- |" * 6)
    unexplained: list[Mutant] = []
    unused: set[Explained] = set()
    for module in modules:
        mutants, total = sorted(judged(module, sample), key=lambda one: one.number), count(module)
        survivors = [one for one in mutants if not one.killed]
        listed = set(explained(module))
        new = [one for one in survivors if not listed & set(_explanations(one))]
        share = f"{len(mutants)} ({len(mutants) / total:.0%})"
        killed, same = len(mutants) - len(survivors), len(survivors) - len(new)
        print("|", " | ".join(map(str, (module, total, share, killed, same, len(new)))), "|")
        unexplained += new
        # what is listed may be among those not tried
        tried_for = listed if len(mutants) == total else {one[:3] for one in mutants}
        unused |= (listed & tried_for) - {of for one in survivors for of in _explanations(one)}
    for one in unexplained:
        print(f"\n{one.module}:{one.number} survives\n- {one.line}\n+ {one.becomes}")
    for name, line, becomes in sorted(unused):
        print(f"\n{name}.py: listed as changing nothing, and no survivor\n- {line}\n+ {becomes}")
    return len(unexplained) + len(unused)


def explained(module: str) -> Iterator[Explained]:
    """The explanations that tests/mutants.toml has for a module."""
    for one in SETTINGS["same"]:
        if one["module"] == module:
            yield module, one["line"], one["becomes"]
    for one in SETTINGS["degree"]:
        if one["module"] == module:
            yield from ((module, line, ANY_NUMBER) for line in one["lines"])


def _explanations(one: Mutant) -> Iterator[Explained]:
    """Those that would explain a mutant."""
    yield one[:3]
    if _NUMBER.sub("#", one.line) == _NUMBER.sub("#", one.becomes):
        yield one.module, one.line, ANY_NUMBER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "modules", nargs="*", help="of tool_orch_env; all that tests/mutants.toml lists by default"
    )
    parser.add_argument(
        "--survivors", action="store_true", help="judge only what survived the last time, or was not reached"
    )
    parser.add_argument("--report", action="store_true", help="only tell what was judged the last time")
    parser.add_argument(
        "--sample", type=int, default=0, help="how many mutants of each module; all by default"
    )
    parser.add_argument("--seed", type=int, default=1, help="chooses the sample")
    options = parser.parse_args()
    sample = Sample(options.sample, options.seed)
    modules = options.modules or list(SETTINGS["tests"])
    if not options.report:
        copy_tree()
        os.chdir(TREE)
        sys.path[0] = str(TREE)
        mutating.run_tests = run_tests
        for module in sorted(modules, key=SETTINGS["quick"].__contains__):  # those import the package
            judge(module, options.survivors, sample)
    sys.exit(1 if report(modules, sample) else 0)


if __name__ == "__main__":
    main()
