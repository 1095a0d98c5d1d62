"""Prove the rules of a snapshot's tools against the live API.

Every rule is tried on calls drawn from seeded strata, with edge values, and on every recorded call that could have been
derived. What is derived must be what the API answers, byte for byte. A rule that fails once is refused, and the two
responses are shown.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, zip_longest
from typing import Any, Protocol

from ..jsonvalues.canonical import NotCanonical, encode, plain, to_text
from ..snapshot import Snapshot
from ..snapshot.catalog import Catalog, Tool
from ..snapshot.derive import derive, side_by_side
from ..snapshot.records import Record, key_of
from ..snapshot.rules import Complete, Concat
from ..snapshot.store import Recorded
from .probes import Arguments, Pool, Probe, probes, spellings
from .source import Answer, Unkept
from .sources import opened
from .spec import Spec

PROBES = 300
"""Probes of a rule, unless fewer exist."""
_WIDER = 4
"""Candidates that are looked for, per probe that is asked."""
_BARREN = 60
"""Recorded calls that are varied in vain before the search for candidates ends."""
_AT_ONCE = 8
_UNTRIED = "no call was found to try it on; does the plan have the values of `recorded`, and the call `like`?"

REMEDIES: Mapping[str, str] = {
    "prefix": "record every limit that the schema allows, or narrow the schema to those recorded",
    "threshold": "record every bound that is asked for, or narrow the schema to those recorded",
    "filter": "record every value of the parameter, or leave the parameter out of the schema",
    "concat": "record the lists that are asked for, or narrow the schema to single values",
    "complete": "record all calls of the domain, or narrow the domain to what is recorded",
    "arithmetic": "record the values that are asked for, or narrow the schema to those recorded",
    "fold": "declare fewer foldings, drop fields that echo the text, or record every spelling",
    "together": "declare one rule less, and record what it would derive",
}


class Api(Protocol):
    """The live API, as the recorder's client asks it."""

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept: ...


@dataclass(frozen=True)
class Proof:
    """The outcome of one rule: `rule` is its kind, "fold" or "together"; `index` its place in `derive`, -1 for these.

    `strata` counts the probes by shape, `overlaps` the recorded calls that were derived again. `every`: no other probes
    were found. `refused` says why the rule is not proved, "" if it is.
    """

    tool: str
    rule: str
    index: int
    seed: int
    overlaps: int = 0
    every: bool = False
    strata: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""

    @property
    def probes(self) -> int:
        return sum(self.strata.values())

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Proof":
        """The proof of an entry in a manifest. Raises `TypeError` if it is none."""
        return cls(**{name: value for name, value in entry.items() if name != "probes"})

    def as_dict(self) -> dict[str, Any]:
        """The entry in the manifest."""
        about = {"tool": self.tool, "rule": self.rule, "index": self.index, "seed": self.seed}
        if self.every:
            about["every"] = True
        counts = {
            "probes": self.probes,
            "overlaps": self.overlaps,
            "strata": dict(sorted(self.strata.items())),
        }
        return {**about, **counts, **({"refused": self.refused} if self.refused else {})}


async def prove(
    api: Api,
    catalog: Catalog,
    records: Sequence[Record],
    count: int = PROBES,
    seed: int = 0,
    only: Collection[str] | None = None,
) -> list[Proof]:
    """A proof of every rule, of every tool's folds, and of the rules of a tool together.

    `records` are those of the snapshot; they are what is derived from. `only` names the tools to prove, by default all.
    The outcome depends only on these, the seed and the API.
    """
    shared = sorted((record for record in records if not record.task), key=lambda record: record.key)
    held = {record.key: Recorded(record.status, record.text) for record in shared}
    subjects = [
        subject
        for tool in catalog.values()
        if only is None or tool.name in only
        for subject in _subjects(tool, Pool(tool, [r for r in shared if r.tool == tool.name], shared), held)
    ]
    return [await _proved(api, subject, count, seed) for subject in subjects]


def proofs_of(spec: Spec, snapshot: Snapshot, count: int = PROBES, seed: int = 0) -> list[Proof]:
    """The proofs of a snapshot's rules against the API of a spec. Tools that the spec lacks are left out."""

    async def ask() -> list[Proof]:
        async with opened(spec) as client:
            return await prove(
                client, snapshot.catalog, list(snapshot.records()), count, seed, only=spec.catalog.keys()
            )

    return asyncio.run(ask())


def proved(catalog: Catalog, proofs: Sequence[Proof]) -> Catalog:
    """The catalog without the rules that were refused. Where rules fail together, none of the tool's is kept."""
    refused = {(proof.tool, proof.index) for proof in proofs if proof.refused and proof.rule != "fold"}
    specs = []
    for name, tool in catalog.items():
        rules = [
            rule
            for index, rule in enumerate(tool.spec.derive)
            if (name, index) not in refused and (name, -1) not in refused
        ]
        specs.append(tool.spec.model_copy(update={"derive": tuple(rules)}))
    return Catalog(specs)


class _Subject:
    """What is proved at once: one rule, the folds of a tool, or its rules together."""

    def __init__(
        self,
        tool: Tool,
        pool: Pool,
        held: Mapping[str, Recorded],
        rule: str,
        index: int = -1,
    ) -> None:
        self.tool, self.rule, self.index = tool, rule, index
        self._pool, self._held = pool, held

    def overlaps(self) -> Iterator[tuple[Record, Recorded]]:
        """Recorded calls, each with its response as it is derived from the others."""
        for record in self._pool.records if self.rule not in ("fold", "complete") else ():
            found = self._follows(record.arguments, recorded=True)
            if found is not None:
                yield record, found

    def candidates(self, rng: random.Random) -> Iterator[tuple[str, Arguments, Recorded]]:
        """Valid calls that are answered by this rule, each once, with their stratum and derived response.

        Ends when many recorded calls in a row have been varied without a new one.
        """
        records = _interleaved(self._pool.records, rng)
        seen: set[str] = set()
        barren = 0
        for record in cycle(records):
            barren += 1
            for stratum, arguments in self._varied(record, rng):
                given = self._new(arguments, seen)
                found = None if given is None else self._derived(record, given)
                if given is not None and found is not None:
                    barren = 0
                    yield stratum, given, found
            if barren > _BARREN:
                return

    def _varied(self, record: Record, rng: random.Random) -> Iterator[Probe]:
        if self.rule == "fold":
            once = list(spellings(self.tool, record.arguments, rng))
            yield from once
            for _, arguments in once:
                twice = [other for _, other in spellings(self.tool, arguments, rng)]
                yield "two at once", rng.choice(twice or [arguments])
        elif self.rule != "together":
            yield from probes(self.tool.spec.derive[self.index], self._pool, record.arguments, record, rng)
        else:
            yield from self._several(record, rng)

    def _several(self, record: Record, rng: random.Random) -> Iterator[Probe]:
        """One probe after the other, by two or three rules in random order, and another spelling at the end."""
        rules = self.tool.spec.derive
        kinds = rng.sample(rules, rng.randint(2, min(3, len(rules))))
        arguments = record.arguments
        for rule in kinds:
            made = list(probes(rule, self._pool, arguments, record, rng))
            if made:
                arguments = rng.choice(made)[1]
        other = list(spellings(self.tool, arguments, rng))
        if other and rng.random() < 0.5:
            arguments = rng.choice(other)[1]
        yield " + ".join(sorted({rule.rule for rule in kinds})), arguments

    def _new(self, arguments: Arguments, seen: set[str]) -> Arguments | None:
        """The arguments in plain form, `None` if they were seen before or are not valid."""
        try:
            given: Arguments = plain(arguments)
        except NotCanonical:
            return None
        text = encode(given)
        if text in seen:
            return None
        seen.add(text)
        return None if next(iter(self.tool.validator.iter_errors(given)), None) else given

    def _derived(self, record: Record, arguments: Arguments) -> Recorded | None:
        """What would be answered; `None` for a call that is recorded as it is, or that nothing follows for."""
        key = key_of(self.tool, arguments)
        if self.rule == "fold":
            other = encode(arguments) != encode(plain(record.arguments))
            return self._held.get(key) if other and key == record.key else None
        return None if key in self._held else self._follows(arguments)

    def _follows(self, arguments: Arguments, recorded: bool = False) -> Recorded | None:
        """The response that follows by this rule alone or, where that needs the others, not without it.

        `complete` says nothing about a `recorded` call, and is not used for one.
        """
        rules = self.tool.spec.derive
        usable = [rule for rule in rules if not (recorded and isinstance(rule, Complete))]
        if self.rule == "together":
            return derive(self.tool, arguments, self._held.get, usable)
        rule = rules[self.index]
        if not isinstance(rule, Complete):
            found = derive(self.tool, arguments, self._held.get, [rule])
            if found is not None or not isinstance(rule, Concat):
                return found
        others = [other for other in usable if other is not rule]
        if derive(self.tool, arguments, self._held.get, others) is not None:
            return None
        return derive(self.tool, arguments, self._held.get, usable)


def _interleaved(records: Sequence[Record], rng: random.Random) -> list[Record]:
    """The records in random order, but so that each shape of response, by status and size, comes early."""
    shuffled = list(records)
    rng.shuffle(shuffled)
    shapes: dict[tuple[int, int], list[Record]] = {}
    for record in shuffled:
        shapes.setdefault((record.status, len(record.text).bit_length()), []).append(record)
    return [one for row in zip_longest(*(shapes[shape] for shape in sorted(shapes))) for one in row if one]


def _subjects(tool: Tool, pool: Pool, held: Mapping[str, Recorded]) -> Iterator[_Subject]:
    if tool.folds:
        yield _Subject(tool, pool, held, "fold")
    for index, rule in enumerate(tool.spec.derive):
        yield _Subject(tool, pool, held, rule.rule, index)
    if len(tool.spec.derive) > 1:
        yield _Subject(tool, pool, held, "together")


async def _proved(api: Api, subject: _Subject, count: int, seed: int) -> Proof:
    rng = random.Random(f"{seed} {subject.tool.name} {subject.rule} {subject.index}")
    overlaps = 0
    for record, found in subject.overlaps():
        overlaps += 1
        if (record.status, record.text) != (found.status, found.text):
            why = _refusal(subject, "recorded", record.arguments, record, found)
            return Proof(subject.tool.name, subject.rule, subject.index, seed, overlaps, refused=why)
    chosen, every = _chosen(subject, count, rng)
    strata: Counter[str] = Counter()
    why = "" if chosen or overlaps else _UNTRIED
    waiting = iter(chosen)
    while not why and (some := list(islice(waiting, _AT_ONCE))):
        answers = await asyncio.gather(*(api.ask(subject.tool.name, call) for _, call, _ in some))
        for (stratum, call, found), answer in zip(some, answers, strict=True):
            strata[stratum] += 1
            why = why or _difference(subject, stratum, call, found, answer)
    return Proof(subject.tool.name, subject.rule, subject.index, seed, overlaps, every, dict(strata), why)


def _chosen(
    subject: _Subject, count: int, rng: random.Random
) -> tuple[list[tuple[str, Arguments, Recorded]], bool]:
    """Probes drawn from all strata in turn, and whether there are no others."""
    strata: dict[str, list[tuple[str, Arguments, Recorded]]] = {}
    found = list(islice(subject.candidates(rng), count * _WIDER))
    for candidate in found:
        strata.setdefault(candidate[0], []).append(candidate)
    for some in strata.values():
        rng.shuffle(some)
    chosen: list[tuple[str, Arguments, Recorded]] = []
    while len(chosen) < count and any(strata.values()):
        chosen += [some.pop() for _, some in sorted(strata.items()) if some]
    return chosen[:count], len(found) <= count


def _difference(
    subject: _Subject, stratum: str, call: Arguments, found: Recorded, answer: Answer | Unkept
) -> str:
    """Why a probe refutes a rule, "" if it does not."""
    if isinstance(answer, Unkept):
        return f"{to_text(call)} ({stratum}): the API gave no answer to compare with: {answer.why}"
    real = Recorded(answer.status, answer.text)
    if (real.status, real.text) == (found.status, found.text):
        return ""
    return _refusal(subject, stratum, call, real, found)


def _refusal(
    subject: _Subject, stratum: str, call: Arguments, real: Record | Recorded, found: Recorded
) -> str:
    return (
        f"{to_text(call)} ({stratum}): the derived response is not the API's\n{side_by_side(real, found)}\n"
        f"  What to do: {REMEDIES[subject.rule]}"
    )


def refusals(proofs: Sequence[Proof]) -> list[str]:
    """One text for each rule that was refused."""
    return [
        f"{proof.tool}: {proof.rule}{'' if proof.index < 0 else f' (derive.{proof.index})'} is refused: {proof.refused}"
        for proof in proofs
        if proof.refused
    ]
