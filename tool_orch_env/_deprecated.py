"""The import paths and names of version 0.1.0: they work for one release, with a `DeprecationWarning`."""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PACKAGE = __name__.partition(".")[0]

_MODULES: Mapping[str, tuple[str, ...]] = {
    "answer": ("answers.reading",),
    "assign": ("reward.assignment",),
    "bench.arguments": ("cli.bench",),
    "bench.chat": ("calls.chat",),
    "bench.commands": ("cli.bench",),
    "bench.ledger": ("bench.run_log",),
    "bench.openai_policy": ("bench.policies.openai_chat",),
    "bench.show": ("cli.terminal.runs", "cli.terminal.console", "bench.manifest"),
    "bench.vllm_policy": ("bench.policies.vllm_server",),
    "call": ("calls.types", "jsonvalues.canonical"),
    "catalog": ("snapshot.catalog",),
    "check": ("calls.validate",),
    "credit": ("reward.credit",),
    "engine": ("executors", "executors.base"),
    "engine_ray": ("executors.ray_cluster",),
    "folder": ("snapshot.folder",),
    "observe": ("calls.render",),
    "parse": ("calls.parse",),
    "pointer": ("jsonvalues.pointer",),
    "recorded": ("snapshot.records",),
    "replay": ("calls.results",),
    "rubric": ("reward.golden", "snapshot.records"),
    "schema": ("snapshot.schema",),
    "score": ("reward.config", "reward.graduated", "reward.scorer"),
    "score_execution": ("reward.execution",),
    "score_published": ("reward.published",),
    "slots.board": ("slots.encoding",),
    "slots.brief": ("slots.request_encoding",),
    "slots.lexicon": ("slots.vocabulary",),
    "slots.pool": ("slots.candidates",),
    "slots.statement": ("slots.request_graph",),
    "stated": ("answers.states", "answers.mentions", "answers.text"),
    "store": ("snapshot.store",),
    "survey": ("snapshot.stats",),
    "synth.book": ("language.phrase_book",),
    "synth.criteria": ("language.criteria",),
    "synth.graph": ("language.graph",),
    "synth.likeness": ("synth.near_duplicates",),
    "synth.part": ("synth.partition",),
    "tell": (
        "cli.terminal.console",
        "cli.terminal.episodes",
        "cli.terminal.snapshots",
        "cli.terminal.tasks",
    ),
    "values": ("jsonvalues.scalars",),
    "ways": ("reward.alternatives",),
}
"""Where the names of a module are now, in the order in which they are looked for."""

_NAMES: Mapping[str, str] = {
    "Alike": "NearDuplicates",
    "Answered": "AnsweredCall",
    "Board": "Encoding",
    "Book": "PhraseBook",
    "Brief": "RequestEncoding",
    "Code": "Status",
    "Engine": "Executor",
    "Failure": "ParseError",
    "Golden": "CompiledCall",
    "Holdings": "ToolStats",
    "Ledger": "RunLog",
    "Lexicon": "Vocabulary",
    "Live": "LiveApi",
    "MEANING": "STATUS_MEANINGS",
    "Part": "Partition",
    "PoolRow": "CandidateRow",
    "Reply": "CallResult",
    "Rubric": "CompiledTrace",
    "Rungs": "CreditWeights",
    "Statement": "RequestGraph",
    "Ways": "Alternatives",
    "check": "validate",
    "compare_runs": "compare",
    "faults": "not_recorded",
    "holdings": "tool_stats",
    "open_engine": "open_executor",
    "parse": "parse_message",
    "policy_faults": "policy_errors",
    "run": "bench",
    "state": "request_graph",
}
"""Names that are spelt otherwise where a module moved to."""


def moved(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` for names that left it: name to `module` or `module:new name`, from the package."""

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, new = names[name].partition(":")
        _warn(f"{module}.{name}", f"{_PACKAGE}.{home}.{new or name}")
        return getattr(import_module(f"{_PACKAGE}.{home}"), new or name)

    return find


class _OldPaths(MetaPathFinder, Loader):
    """Imports a module of version 0.1.0 as one that looks its names up where they are now."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, old = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == _PACKAGE and old in _MODULES else None

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__.partition(".")[2]
        homes = [f"{_PACKAGE}.{home}" for home in _MODULES[old]]
        _warn(module.__name__, " and ".join(homes))

        def find(name: str) -> Any:
            for home in map(import_module, homes):
                for spelling in (name, _NAMES.get(name, name)):
                    if spelling in vars(home):
                        return vars(home)[spelling]
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__getattr__ = find  # type: ignore[method-assign]


def install() -> None:
    """Let old import paths work in this process; called when the package is imported."""
    if not any(isinstance(finder, _OldPaths) for finder in sys.meta_path):
        sys.meta_path.append(_OldPaths())


def _warn(old: str, new: str) -> None:
    warnings.warn(
        f"{old} has moved to {new}; the old path goes with the next release", DeprecationWarning, stacklevel=3
    )
