"""Writing the task of a filled scenario: request, golden calls, facts, offered tools, and the other plans."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ..._version import __version__
from ...jsonvalues import pointer
from ...jsonvalues.scalars import form
from ...language.criteria import Criterion, of_choice, select
from ...language.expressions import Choice, Unsuitable, parse, plain
from ...language.scenarios import Scenarios
from ...language.templates import parse_template
from ...snapshot.catalog import Catalog
from ...task import AnswerFact, Binding, GoldenCall, Task
from ..targets import Targets, draw
from .scene import Fact, Scene
from .search import Filled
from .world import World


class Builder:
    """Writes tasks from fillings of the scenarios of one file."""

    def __init__(self, file: Scenarios, world: World, targets: Targets) -> None:
        self._file, self._world, self._targets = file, world, targets
        self._catalog: Catalog = world.snapshot.catalog

    def task(self, filled: Filled, rng: np.random.Generator, name: str, seed: int) -> Task:
        """The task with the id `name`. Raises `Unsuitable` if the filling makes none."""
        scene, asked = filled.scene, filled.asked
        keys = scene.closed(asked.needs)
        if all(scene.made[key].step.optional for key in keys):
            raise Unsuitable("no call is needed")
        ids = {key: f"c{at + 1}" for at, key in enumerate(keys)}
        golden = tuple(_golden(scene, key, ids) for key in keys)
        plans = list(self._plans(filled, keys))
        tools = {call.tool for call in golden}
        planned = {call["tool"] for plan in plans for turn in plan["turns"] for call in turn}
        return Task(
            id=name,
            snapshot=self._world.snapshot.name,
            request=self._request(filled),
            tools=self._offered(tools, planned, rng),
            golden=golden,
            answer=tuple(_answer(fact, ids) for fact in asked.facts),
            meta=self._meta(filled, golden, ids, plans, seed),
        )

    def _request(self, filled: Filled) -> str:
        scene = Scene(filled.scenario, self._file.tables, self._world, filled.slots)
        held = parse_template(filled.frame.text).written(scene)
        if held.needs:
            raise Unsuitable(f"the frame reveals what only {', '.join(sorted(held.needs))} can tell")
        paragraphs = re.split(r"\n\s*\n", held.value.strip())
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    def _plans(self, filled: Filled, keys: list[str]) -> Iterator[dict[str, Any]]:
        """Other plans as turns of calls; one that makes the golden calls is none."""
        own = {filled.scene.tool(key) + str(filled.scene.made[key].arguments) for key in keys}
        for plan in filled.scenario.plans:
            scene = Scene(filled.scenario, self._file.tables, self._world, filled.slots, plan)
            if plan.when is not None and not scene.holds(plan.when):
                continue
            wanted = [(fact.name, fact.value) for fact in filled.asked.facts]
            try:
                asked = scene.asked(filled.scenario.asked_by(filled.frame))
            except Unsuitable:  # it makes a call that is not recorded
                continue
            if [(fact.name, fact.value) for fact in asked.facts] != wanted:
                raise Unsuitable(f"the plan {plan.says!r} finds other facts")
            levels = scene.levels(scene.closed(asked.needs))
            made = [[(scene.tool(key), scene.made[key].arguments) for key in level] for level in levels]
            if {tool + str(arguments) for level in made for tool, arguments in level} != own:
                turns = [[{"tool": tool, "arguments": given} for tool, given in level] for level in made]
                yield {"says": plan.says, "turns": turns}

    def _offered(self, golden: set[str], planned: set[str], rng: np.random.Generator) -> tuple[str, ...]:
        """The golden tools, those of the plans and the distractors, shuffled. `closeness` of the distractors are
        tempting, the more so the more often."""
        used = golden | planned
        stand_ins = {tool for group in self._file.substitutes if used & set(group) for tool in group}
        others = [tool for tool in sorted(self._catalog) if tool not in used and tool not in stand_ins]
        tempting = {tool: self._temptation(tool, golden) for tool in others}
        offered = sorted(used)
        for _ in range(min(draw(self._targets.distractors, rng), len(others))):
            near, far = (
                [tool for tool in others if (tempting[tool] > 0) is wanted] for wanted in (True, False)
            )
            pool = near if not far or (near and rng.random() < self._targets.closeness) else far
            chances = np.array([tempting[tool] or 1 for tool in pool], dtype=float)
            chosen = pool[int(rng.choice(len(pool), p=chances / chances.sum()))]
            others.remove(chosen)
            offered.append(chosen)
        return tuple(offered[at] for at in rng.permutation(len(offered)).tolist())

    def _temptation(self, tool: str, golden: set[str]) -> int:
        """How much a tool looks as if it could serve: the number of golden tools that feed it or that it feeds, that
        take an argument of the same name, and that are of its domain."""
        spec, properties = self._catalog[tool].spec, self._catalog[tool].properties
        fed_by = {one.tool for sources in spec.sources.values() for one in sources}
        found = 0
        for name in golden:
            other = self._catalog[name]
            feeds = {one.tool for sources in other.spec.sources.values() for one in sources}
            found += (name in fed_by) + (tool in feeds) + (other.spec.domain == spec.domain)
            found += bool((properties.keys() & other.properties.keys()) - {"limit"})
        return found

    def _meta(
        self,
        filled: Filled,
        golden: Sequence[GoldenCall],
        ids: Mapping[str, str],
        plans: list[dict[str, Any]],
        seed: int,
    ) -> dict[str, Any]:
        scene = filled.scene
        levels = scene.levels(ids)
        feeds = [f"{'.'.join(str(int(one[1:]) - 1) for one in call.needs)}>{call.tool}" for call in golden]
        understood = {
            ids[key]: sorted(scene.made[key].understood) for key in ids if scene.made[key].understood
        }
        picks, choices, reads = self._chosen(filled, ids)
        waited = {need for call in golden for need in set(call.needs) - _sources(call)}
        reads = [name for name in ids.values() if name in waited or name in reads]
        return {
            "scenario": filled.scenario.id,
            "frame": filled.scenario.frames.index(filled.frame),
            "register": filled.frame.register_,
            "domains": sorted({self._catalog[call.tool].spec.domain or call.tool for call in golden}),
            "depth": len(levels),
            "width": max(map(len, levels)),
            "template": " ".join(feeds),
            "picks": picks,
            **({"choices": choices} if choices else {}),
            **({"reads": reads} if reads else {}),
            **({"understood": understood} if understood else {}),
            **({"spare": spare} if (spare := _spare(scene, ids)) else {}),
            **({"plans": plans} if plans else {}),
            **({"unasked": unasked} if (unasked := _unasked(filled)) else {}),
            "seed": seed,
            "generator": __version__,
        }

    def _chosen(
        self, filled: Filled, ids: Mapping[str, str]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
        """Elements chosen from one list, choices among several replies, and the calls that are read to decide."""
        picks: list[dict[str, Any]] = []
        choices: list[dict[str, Any]] = []
        reads = set(filled.asked.decisions)
        for fact in filled.asked.facts:
            if not fact.call:
                reads |= fact.needs
        for choice in filled.scene.choices:
            if choice.chosen.call not in ids or not {one.call for one in choice.among} <= ids.keys():
                continue
            pick = self._pick(choice, filled.scene)
            if pick is not None:
                entry = {"call": ids[choice.chosen.call], **pick}
                picks += [entry] if entry not in picks else []
            else:
                entry = _choice(choice, ids)
                choices += [entry] if entry not in choices else []
                reads |= choice.chosen.needs
        return picks, choices, sorted(ids[key] for key in reads if key in ids)

    def _pick(self, choice: Choice, scene: Scene) -> dict[str, Any] | None:
        """The choice as a criterion on one list of a reply; `None` if it is none."""
        listed, _, item = choice.chosen.pointer.rpartition("/")
        if not item.isdecimal() or {one.call for one in choice.among} != {choice.chosen.call}:
            return None
        made = scene.made[choice.chosen.call]
        rows = pointer.resolve(self._world.reply(scene.tool(made.key), made.arguments), listed)
        criterion: Criterion = of_choice(choice)
        if not isinstance(rows, list) or select(criterion, rows) != [int(item)]:
            return None
        return {"list": listed, "item": int(item), "criterion": criterion.as_dict()}


def _spare(scene: Scene, ids: Mapping[str, str]) -> dict[str, list[int]]:
    """The positions of items that can be left out, by golden call. Raises `Unsuitable` as the expression does, and
    where it leaves nothing to ask for."""
    found = {}
    for key in ids:
        made = scene.made[key]
        if made.step.spare is None or not (positions := plain(parse(made.step.spare).value(scene))):
            continue
        if any(
            isinstance(one, list) and set(positions) >= set(range(len(one)))
            for one in made.arguments.values()
        ):
            raise Unsuitable(f"{made.step.id}: every item is spare")
        found[ids[key]] = positions
    return found


def _sources(call: GoldenCall) -> set[str]:
    """The calls that an argument is taken from."""
    return {binding.call for binding in call.bindings.values()}


def _unasked(filled: Filled) -> list[dict[str, str]]:
    """The facts that the request asks for in another case only, without values."""
    found = []
    for ask in filled.asked.unasked:
        with suppress(Unsuitable):
            owner, words = (parse_template(text).written(filled.scene) for text in (ask.owner, ask.words))
            found.append({"name": ask.name, "owner": owner.value, "ask": words.value, "kind": ask.kind or ""})
    return found


def _choice(choice: Choice, ids: Mapping[str, str]) -> dict[str, Any]:
    among = [{"call": ids[one.call], "pointer": one.pointer} for one in choice.among]
    places = [(one.call, one.pointer) for one in choice.among]
    return {
        "among": among,
        "chosen": places.index((choice.chosen.call, choice.chosen.pointer)),
        **{
            name: text
            for name, text in (("where", choice.condition), ("by", choice.key), ("choose", choice.choose))
            if text
        },
    }


def _golden(scene: Scene, key: str, ids: Mapping[str, str]) -> GoldenCall:
    """The golden call. A need that another need implies is left out, unless a value is taken from it."""
    made = scene.made[key]
    bindings = {
        argument: Binding(call=ids[binding.call], pointer=binding.pointer)
        for argument, binding in made.bindings.items()
        if form(_at(made.arguments, argument)) is not None
    }
    bound = {binding.call for binding in bindings.values()}
    implied = {
        one for need in made.needs for one in scene.closed([need]) if one != need and ids[one] not in bound
    }
    return GoldenCall(
        id=ids[key],
        tool=scene.tool(key),
        arguments=made.arguments,
        needs=tuple(ids[one] for one in ids if one in made.needs - implied),
        bindings=bindings,
        optional=made.step.optional,
    )


def _at(arguments: Mapping[str, Any], place: str) -> Any:
    return pointer.resolve(arguments, place) if place.startswith("/") else arguments[place]


def _answer(fact: Fact, ids: Mapping[str, str]) -> AnswerFact:
    numeric = isinstance(fact.value, (int, float)) and not isinstance(fact.value, bool)
    tolerance = max(fact.ask.tolerance, round(abs(fact.value) * fact.ask.share, 6)) if numeric else 0.0
    return AnswerFact(
        name=fact.name,
        value=fact.value,
        call=ids[fact.call] if fact.call else None,
        pointer=fact.pointer if fact.call else None,
        tolerance=tolerance,
        kind=fact.ask.kind,
        owner=fact.owner,
        ask=fact.words,
        aliases=fact.aliases,
    )
