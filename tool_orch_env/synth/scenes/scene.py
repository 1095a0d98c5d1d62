"""One scenario with slots filled: values and calls are worked out when something asks for them.

So the golden calls are exactly those that the facts and the decisions of a frame lead to. A call is made once, however
many steps make it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...jsonvalues import pointer
from ...language.expressions import Absent, Choice, Held, Item, Scope, Unsuitable, items, parse, plain
from ...language.scenarios import Ask, Plan, Scenario, Step
from ...language.scenarios.format import each_of
from ...language.templates import parse_template
from ...task import Binding
from .world import World


@dataclass(frozen=True, slots=True)
class Made:
    """A call of a scene. `needs` and `bindings` name other calls by key. `understood` are the arguments that the
    request says in other words."""

    key: str
    step: Step
    arguments: dict[str, Any]
    bindings: dict[str, Binding]
    needs: frozenset[str]
    understood: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact asked for. `call` and `pointer` are "" for a computed value."""

    ask: Ask
    name: str
    value: Any
    call: str
    pointer: str
    owner: str
    words: str
    aliases: tuple[str, ...]
    needs: frozenset[str]


@dataclass
class Asked:
    """What a frame asks in a scene. `needs` are the calls that its facts and its conditions read. `unasked` are asks
    without a fact, because the request asks for it in another case only."""

    facts: list[Fact] = field(default_factory=list)
    unasked: list[Ask] = field(default_factory=list)
    needs: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()


class Scene:
    """A scenario with slots filled."""

    def __init__(
        self,
        scenario: Scenario,
        tables: Mapping[str, Any],
        world: World,
        slots: Mapping[str, Held],
        plan: Plan | None = None,
    ) -> None:
        """`plan` replaces steps and values by its own."""
        self.scenario, self._world, self._tables = scenario, world, tables
        self._known: dict[str, Held | Unsuitable] = dict(slots)
        self._let, self._steps = _definitions(scenario, plan)
        self.order = tuple(self._steps)
        self.made: dict[str, Made] = {}
        self._by_call: dict[str, str] = {}
        self._replies: dict[str, Any] = {}
        self.choices: list[Choice] = []
        self.decisions: set[str] = set()

    def get(self, name: str) -> Held:
        """The value of a slot, a table, a named value or a step. Raises `Unsuitable`."""
        if name not in self._known:
            self._known[name] = Unsuitable(f"{name!r} is defined by itself")
            try:
                self._known[name] = self._worked_out(name)
            except Unsuitable as error:
                self._known[name] = error
        found = self._known[name]
        if isinstance(found, Unsuitable):
            raise found
        return found

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        """A look at the world, which is no call of the task."""
        return Held(self._world.reply(tool, {name: plain(held) for name, held in arguments.items()}))

    def chose(self, choice: Choice) -> None:
        self.choices.append(choice)

    def _worked_out(self, name: str) -> Held:
        if name in self._steps:
            return self._taken(self._steps[name])
        if name in self._tables:
            return Held(self._tables[name])
        if name in self._let:
            return parse(self._let[name]).value(self)
        raise Unsuitable(f"no value for {name!r}")

    def _taken(self, step: Step) -> Held:
        """The reply to a step's call, or the list of replies to its calls."""
        if step.each is None:
            return self._call(step, self, step.id)
        name, listed = each_of(step.each)
        whole = listed.value(self)
        held = [
            replace(self._call(step, Item(self, one, name), f"{step.id}.{at}", one), of=one)
            for at, one in enumerate(items(whole))
        ]
        return Held(held, needs=whole.needs.union(*(one.needs for one in held)), chosen=whole.chosen)

    def _call(self, step: Step, scope: Scope, key: str, member: Held | None = None) -> Held:
        """The reply. A call for a member waits for what decides that there is this member, not for the others."""
        waits = [member] if member is not None else []
        if step.when is not None:
            condition = parse(step.when).value(scope)
            self.decisions |= condition.needs
            if not condition.value:
                raise Absent(f"{step.id} is not made", condition.needs)
            waits.append(condition)
        tree = parse(step.call)
        catcher = _Catcher(scope)
        tree.value(catcher)
        assert catcher.caught is not None
        tool, held = catcher.caught
        arguments = {name: plain(one) for name, one in held.items() if plain(one) is not None}
        known = self._by_call.setdefault(self._world.written(tool, arguments), key)
        needs = frozenset[str]().union(*(one.needs for one in (*held.values(), *waits)))
        if known == key:
            reply = self._world.reply(tool, arguments)
            bindings = {
                argument: binding
                for name, one in held.items()
                if name in arguments
                for argument, binding in _bindings(name, one)
            }
            understood = frozenset(step.understood) & arguments.keys()
            self.made[key] = Made(key, step, arguments, bindings, needs, understood)
            self._replies[key] = reply
        return Held(self._replies[known], known, "", frozenset({known}))

    def tool(self, key: str) -> str:
        """The tool of a call."""
        (tool,) = parse(self.made[key].step.call).calls
        return tool

    def asked(self, asks: Iterable[Ask]) -> Asked:
        """The facts of these asks; one that depends on a call that is not made is left out.

        Raises `Unsuitable` if there is a fact without a value, or no fact at all.
        """
        found = Asked()
        for ask in asks:
            try:
                if ask.each is None:
                    self._fact(ask, self, found)
                    continue
                name, listed = each_of(ask.each)
                members = items(listed.value(self))
            except Absent as error:
                found.needs |= error.needs
                found.unasked.append(ask)
                continue
            for at, one in enumerate(members):
                try:
                    self._fact(ask, Item(self, one, name), found, f"_{at + 1}")
                except Absent as error:
                    found.needs |= error.needs
        if not found.facts:
            raise Unsuitable("no ask has a fact")
        found.decisions = frozenset(self.decisions)
        found.needs |= found.decisions
        return found

    def _fact(self, ask: Ask, scope: Scope, found: Asked, suffix: str = "") -> None:
        if ask.when is not None:
            condition = parse(ask.when).value(scope)
            self.decisions |= condition.needs
            found.needs |= condition.needs
            if not condition.value:
                if not suffix:
                    found.unasked.append(ask)
                return
        held = parse(ask.value).value(scope)
        value = plain(held)
        members = value if isinstance(value, list) else [value]
        if value in ("", []) or not all(isinstance(one, (str, int, float)) for one in members):
            raise Unsuitable(f"{ask.name}: {str(value)[:60]!r} cannot be a fact", held.needs)
        owner, words = (parse_template(text).written(scope).value for text in (ask.owner, ask.words))
        aliases = tuple(parse_template(text).written(scope).value for text in ask.aliases)
        found.needs |= held.needs
        scalar = not isinstance(value, list)
        found.facts.append(
            Fact(
                ask,
                ask.name + suffix,
                value if scalar else tuple(value),
                held.call if scalar else "",
                held.pointer if scalar else "",
                owner,
                words,
                aliases,
                held.needs,
            )
        )

    def holds(self, condition: str) -> bool:
        """Whether a condition holds; one that cannot be evaluated does not."""
        try:
            return bool(parse(condition).value(self).value)
        except Unsuitable:
            return False

    def closed(self, needs: Iterable[str]) -> list[str]:
        """These calls and all that they need, in the order of the steps."""
        waiting, found = list(needs), set[str]()
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.made[key].needs
        order = {name: at for at, name in enumerate(self.order)}
        return sorted(found, key=lambda key: (order[key.partition(".")[0]], _number(key)))

    def levels(self, keys: Iterable[str]) -> list[list[str]]:
        """Calls by the turn in which they can be made first."""
        keys = list(keys)
        level: dict[str, int] = {}

        def of(key: str) -> int:
            if key not in level:
                level[key] = max((of(one) + 1 for one in self.made[key].needs), default=0)
            return level[key]

        return [some for at in range(len(keys)) if (some := [key for key in keys if of(key) == at])]


class _Catcher:
    """A scope that catches the arguments of a step's call."""

    def __init__(self, outer: Scope) -> None:
        self._outer = outer
        self.caught: tuple[str, dict[str, Held]] | None = None

    def get(self, name: str) -> Held:
        return self._outer.get(name)

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        self.caught = tool, arguments
        return Held(None)

    def chose(self, choice: Choice) -> None:
        self._outer.chose(choice)


def _bindings(place: str, held: Held) -> Iterable[tuple[str, Binding]]:
    """The bindings of an argument, leaf by leaf."""
    value = held.value
    if isinstance(value, (list, dict)):
        root = place if place.startswith("/") else pointer.join(place)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in members:
            inner = one
            if not isinstance(one, Held):
                there = held.pointer + pointer.join(name) if held.call else ""
                inner = Held(one, held.call, there, held.needs)
            yield from _bindings(root + pointer.join(name), inner)
    elif held.call:
        yield place, Binding(call=held.call, pointer=held.pointer)


def _definitions(scenario: Scenario, plan: Plan | None) -> tuple[Mapping[str, str], Mapping[str, Step]]:
    """Named values and steps, those of a plan in place."""
    own_steps = {one.id: one for one in plan.steps} if plan else {}
    own_values = plan.let if plan else {}
    values = {name: text for name, text in scenario.let.items() if name not in own_steps}
    steps = {one.id: one for one in scenario.steps if one.id not in own_values}
    return {**values, **own_values}, {**steps, **own_steps}


def _number(key: str) -> int:
    return int(key.partition(".")[2] or 0)
