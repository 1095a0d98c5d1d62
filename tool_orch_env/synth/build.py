"""Making a task from a sample: facts, request, bindings, distractors.

A task is kept only if its request states every value that the user gives, and no value that only a response supplies.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .._version import __version__
from ..answers.mentions import mentions
from ..jsonvalues.scalars import small
from ..language.criteria import Criterion
from ..task import AnswerFact, Binding, GoldenCall, Task
from .compare import ANSWER, Comparison, compared
from .fill import Pick, Sample, fresh
from .index import Index, Wish, argument, parameter
from .phrase import Phrasing
from .shapes import depth, width, written
from .targets import Targets, draw

PHRASINGS = 3
"""Number of wordings tried for one sample."""


def build(
    sample: Sample, index: Index, targets: Targets, rng: np.random.Generator, name: str, seed: int
) -> Task | None:
    """The task of a sample, with the id `name`; `None` if no wording states and hides what it must."""
    found = compared(sample, index, rng) if rng.random() < targets.compares else None
    sample, comparison = found or (sample, None)
    for _ in range(PHRASINGS):
        wanted = _wanted(sample, index, rng, comparison)
        if wanted is None:
            return None
        phrasing = Phrasing(sample, index, wanted.facts, wanted.picks, rng, comparison)
        request = phrasing.request()
        if not list(faults(request, sample, index, wanted)):
            return _task(sample, index, targets, rng, name, seed, request, wanted, phrasing.asked)
    return None


class Wanted(NamedTuple):
    """What a request asks for: facts with their call's position, criteria of all elements mentioned, a comparison."""

    facts: list[tuple[int, Wish]]
    picks: dict[Pick, Criterion]
    comparison: Comparison | None


def _wanted(
    sample: Sample, index: Index, rng: np.random.Generator, comparison: Comparison | None
) -> Wanted | None:
    """One or two facts of every call that feeds none, now and then one of another."""
    feeding = {source for links in sample.links for source, _ in links}
    wanted = Wanted([], dict(sample.picks), comparison)
    for at, number in enumerate(sample.calls):
        found = [wish for wish in index.wishes[number] if fresh(wish, at, sample, index)]
        if at in feeding:
            found = [wish for wish in found if wish.item is None] if rng.random() < 0.25 else []
        elif comparison and (at, ANSWER) == (comparison.winner, comparison.waiting):
            found = [
                wish for wish in found if wish.item is None
            ]  # one thing is compared with the other, whole
        if at not in feeding and not found:
            return None
        times = 2 if at not in feeding and len(sample.calls) <= 5 and rng.random() < 0.4 else 1
        for wish in _drawn(found, times, rng) if found else ():
            _add(wanted, at, wish, index, sample, rng)
    return wanted


def _add(wanted: Wanted, at: int, wish: Wish, index: Index, sample: Sample, rng: np.random.Generator) -> None:
    """A fact, and the criterion of its element; not a fact that the criterion itself gives away."""
    if wish.item is not None:
        key = (at, *wish.item)
        if key not in wanted.picks:
            found = index.choices(sample.calls[at], *wish.item)
            told = [one for one in found if wish.name not in (one.field, one.by)] or found
            wanted.picks[key] = told[int(rng.random() * len(told))]
    wanted.facts.append((at, wish))


def _drawn(found: list[Wish], times: int, rng: np.random.Generator) -> Iterator[Wish]:
    """Different facts of one thing; an element's facts come from one element."""
    first = found[int(rng.integers(len(found)))]
    rest = [wish for wish in found if wish.item == first.item and wish.pointer != first.pointer]
    yield first
    if times > 1 and rest:
        yield rest[int(rng.integers(len(rest)))]


def faults(request: str, sample: Sample, index: Index, wanted: Wanted) -> Iterator[str]:
    """What a request fails to state, and what it states although a response should supply it."""
    stated = set(sample.stated)
    for at, value in user_values(sample, index, wanted.picks):
        if not mentions(request, value):
            yield f"call {at + 1}: {value!r} is not stated"
    for at, links in enumerate(sample.links):
        for _, link in links:
            for bind in link.binds:
                value = argument(index.calls[sample.calls[at]].arguments, bind.parameter)
                if bind.form not in stated and not small(value) and mentions(request, value):
                    yield f"call {at + 1}: {value!r} is given away"
    for _, wish in wanted.facts:
        if not small(wish.value) and mentions(request, wish.value):
            yield f"{wish.name}: {wish.value!r} is given away"


def user_values(sample: Sample, index: Index, picks: Mapping[Pick, Criterion]) -> Iterator[tuple[int, Any]]:
    """Call position and value of everything that the request must state."""
    for at, number in enumerate(sample.calls):
        call = index.calls[number]
        bound = {parameter(name) for name in _bound(sample, at)}
        for name, value in call.arguments.items():
            schema = index.snapshot.catalog[call.tool].properties.get(name, {})
            if name not in bound and schema.get("default", ...) != value:
                yield at, value
    for (at, _, _), criterion in picks.items():
        if criterion.is_stated:
            yield at, criterion.value


def _bound(sample: Sample, at: int) -> dict[str, Binding]:
    """The bindings of a call: what its links bring that the user does not give."""
    return {
        bind.parameter: Binding(call=f"c{source + 1}", pointer=bind.pointer)
        for source, link in sample.links[at]
        for bind in link.binds
        if bind.form not in sample.stated
    }


def _task(
    sample: Sample,
    index: Index,
    targets: Targets,
    rng: np.random.Generator,
    name: str,
    seed: int,
    request: str,
    wanted: Wanted,
    asked: Mapping[int, tuple[str, str]],
) -> Task:
    golden = tuple(_golden(sample, index, at, wanted.comparison) for at in range(len(sample.calls)))
    used = sorted(set(sample.tools))
    return Task(
        id=name,
        snapshot=index.snapshot.name,
        request=request,
        tools=_offered(used, index, targets, rng),
        golden=golden,
        answer=tuple(_answer(wanted.facts, asked)),
        meta=_meta(sample, wanted, index, seed),
    )


def _golden(sample: Sample, index: Index, at: int, comparison: Comparison | None) -> GoldenCall:
    call = index.calls[sample.calls[at]]
    bindings = _bound(sample, at)
    needed = {binding.call for binding in bindings.values()}
    if comparison and at == comparison.waiting:
        needed.add(f"c{comparison.loser + 1}")
    needs = sorted(needed, key=lambda one: int(one[1:]))
    return GoldenCall(
        id=f"c{at + 1}", tool=call.tool, arguments=call.arguments, needs=tuple(needs), bindings=bindings
    )


def _answer(facts: list[tuple[int, Wish]], asked: Mapping[int, tuple[str, str]]) -> Iterator[AnswerFact]:
    names: dict[str, int] = {}
    for number, (at, wish) in enumerate(facts):
        names[wish.name] = names.get(wish.name, 0) + 1
        name = wish.name if names[wish.name] == 1 else f"{wish.name}_{names[wish.name]}"
        ask, owner = asked.get(number, ("", ""))
        yield AnswerFact(
            name=name,
            value=wish.value,
            call=f"c{at + 1}",
            pointer=wish.pointer,
            tolerance=_tolerance(wish),
            kind=wish.ask.kind,
            owner=owner,
            ask=ask,
        )


def _tolerance(wish: Wish) -> float:
    """Absolute; a share in the book becomes that share of the value."""
    given = wish.ask.tolerance
    if not isinstance(wish.value, (int, float)) or not given:
        return 0.0
    return round(abs(wish.value) * given, 6) if given < 0.1 else given


def _meta(sample: Sample, wanted: Wanted, index: Index, seed: int) -> dict[str, Any]:
    sources = [[source for source, _ in links] for links in sample.links]
    if wanted.comparison and wanted.comparison.waiting != ANSWER:
        sources[wanted.comparison.waiting].append(wanted.comparison.loser)
    tools = [
        f"{'.'.join(map(str, needed))}>{tool}" for tool, needed in zip(sample.tools, sources, strict=True)
    ]
    return {
        "domains": sorted({index.domain[tool] for tool in sample.tools}),
        "depth": depth(sample.shape),
        "width": width(sample.shape),
        "shape": written(sample.shape),
        "template": " ".join(tools),
        "picks": [
            {"call": f"c{at + 1}", "list": place, "item": item, "criterion": criterion.as_dict()}
            for (at, place, item), criterion in sorted(wanted.picks.items(), key=lambda pair: pair[0])
        ],
        **({"compared": [wanted.comparison.as_dict()]} if wanted.comparison else {}),
        **_mined(sample, index),
        "seed": seed,
        "generator": __version__,
    }


def _mined(sample: Sample, index: Index) -> dict[str, Any]:
    """The mined edges into what the task binds: the scorer takes them for other ways, as it does declared ones."""
    bound = {flow[:2] for links in sample.links for _, link in links for flow in link.flows}
    found = [
        [*edge.source, *edge.target] for edge in index.edges if not edge.declared and edge.target in bound
    ]
    return {"mined": found} if found else {}


def _offered(used: list[str], index: Index, targets: Targets, rng: np.random.Generator) -> tuple[str, ...]:
    """The golden tools and the distractors, shuffled. Distractors that could stand in for a golden tool are not
    drawn."""
    stand_ins = {tool for group in index.book.substitutes if group & set(used) for tool in group}
    others = [tool for tool in sorted(index.snapshot.catalog) if tool not in used and tool not in stand_ins]
    near = {edge.target.tool for edge in index.edges if edge.source.tool in used}
    near |= {edge.source.tool for edge in index.edges if edge.target.tool in used}
    domains = {index.domain[tool] for tool in used}
    close = [tool for tool in others if tool in near or index.domain[tool] in domains]
    far = [tool for tool in others if tool not in close]
    wanted = min(draw(targets.distractors, rng), len(others))
    offered = list(used)
    for _ in range(wanted):
        pool = close if far == [] or (close and rng.random() < targets.closeness) else far
        offered.append(pool.pop(int(rng.integers(len(pool)))))
    return tuple(offered[i] for i in rng.permutation(len(offered)).tolist())
