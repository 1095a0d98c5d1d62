"""What a scenario file holds, as pydantic models. Expressions and templates are parsed when the file is read.

A scenario is read on demand: its asks name values, values name steps, and only the steps that the asks of a frame lead
to become golden calls.
"""

import ast
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from keyword import iskeyword
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ...answers.kinds import KINDS
from ...jsonvalues.canonical import canonical
from ..expressions import FUNCTIONS, IT, Expression, ExpressionError, parse
from ..templates import Template, parse_template

REGISTERS = (
    "message",
    "e-mail",
    "ticket",
    "dictation",
    "chat",
    "worried",
    "formal",
    "implicit",
    "note",
    "forum",
)


def _expression(text: str) -> str:
    parse(text)
    return text


def _template(text: str) -> str:
    parse_template(text)
    return text


def _call(text: str) -> str:
    parsed = parse(text)
    called = [one.func for one in ast.walk(parsed.tree) if isinstance(one, ast.Call)]
    tools = [one for one in called if isinstance(one, ast.Name) and one.id in parsed.calls]
    if len(tools) != 1 or not isinstance(parsed.tree, ast.Call) or parsed.tree.func is not tools[0]:
        raise ExpressionError(
            f"expected one call of a tool, such as get_flight(flight_id=f.id): {text[:60]!r}"
        )
    return text


def _each(text: str) -> str:
    name, found, listed = text.partition(" in ")
    if not found:
        raise ExpressionError(f"expected `name in list`, found {text[:60]!r}")
    _name(name.strip())
    parse(listed)
    return text


def _name(text: str) -> str:
    if (
        not text.isidentifier()
        or iskeyword(text)
        or text in FUNCTIONS
        or text in (IT, "of", "only", "least", "most")
    ):
        raise ValueError("expected a name of letters, digits and _, no function and no word of Python")
    return text


def _json(value: Any) -> Any:
    canonical(value)
    return value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_name)]
Table = Annotated[Any, AfterValidator(_json)]
Expr = Annotated[str, AfterValidator(_expression)]
Text = Annotated[str, AfterValidator(_template)]
Call = Annotated[str, AfterValidator(_call)]
Each = Annotated[str, AfterValidator(_each)]
Exprs = Annotated[tuple[Expr, ...], BeforeValidator(_one_or_more)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


def _one_of(known: Collection[str]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in known:
            raise ValueError(f"expected one of {', '.join(known)}, found {text!r}")
        return text

    return AfterValidator(check)


KindName = Annotated[str, _one_of(KINDS)]
Register = Annotated[str, _one_of(REGISTERS)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Draw(_Model):
    """One slot: a recorded call of `tool` (`name.arguments`, `name.reply`), or an element of the list `among`.

    `where` are conditions. An expression here may call tools, to look around in the recorded world: such calls are not
    part of the task.
    """

    name: Name
    tool: str | None = None
    among: Expr | None = None
    where: Exprs = ()

    @model_validator(mode="after")
    def _one_source(self) -> "Draw":
        if (self.tool is None) == (self.among is None):
            raise ValueError("expected either `tool` or `among`")
        return self


class Step(_Model):
    """One call, or one for each element of a list (`each`), made only if `when` holds.

    `understood` are arguments that the request says in other words ("Newark" for EWR). An `optional` call earns nothing
    and costs nothing. `spare` are the positions in the call's list argument whose items can be left out, because other
    replies rule them out.
    """

    id: Name
    call: Call
    each: Each | None = None
    when: Expr | None = None
    optional: bool = False
    understood: Names = ()
    spare: Expr | None = None

    @model_validator(mode="after")
    def _spares_of_one(self) -> "Step":
        if self.spare is not None and self.each is not None:
            raise ValueError("expected `spare` in a step of one call, found it beside `each`")
        return self


class Ask(_Model):
    """A fact that is asked for, or one for each element of a list (`each`), if `when` holds.

    `kind`, `tolerance` and `aliases` are those of an answer fact; `share` is a tolerance as a share of the value.
    `owner` says whose the fact is, `words` what is asked.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    value: Expr
    kind: KindName | None = None
    owner: Text = ""
    words: Text = ""
    each: Each | None = None
    when: Expr | None = None
    tolerance: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    share: float = Field(default=0.0, ge=0.0, lt=1.0)
    aliases: Texts = ()


class Frame(_Model):
    """One way to word the request, used if `when` holds. `asks` are the asks that it makes, in the order in
    which it makes them, by default all."""

    text: Text
    register_: Register = Field(alias="register", default="message")
    asks: Names = ()
    when: Expr | None = None


class Plan(_Model):
    """Another sensible way to the same facts: steps and values that replace those of the same name, or are new."""

    says: str
    steps: tuple[Step, ...] = ()
    let: dict[Name, Expr] = {}
    when: Expr | None = None


class Scenario(_Model):
    """A goal that a person has.

    `draw` are the slots, `let` named values, `steps` the calls, `sense` conditions on recorded values without which
    nobody would ask.
    """

    id: Name
    goal: str
    asker: str
    draw: tuple[Draw, ...] = ()
    let: dict[Name, Expr] = {}
    steps: tuple[Step, ...] = Field(min_length=1)
    sense: Exprs = ()
    asks: tuple[Ask, ...] = Field(min_length=1)
    frames: tuple[Frame, ...] = Field(min_length=1)
    plans: tuple[Plan, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "Scenario":
        named = [one.name for one in self.draw] + list(self.let) + [one.id for one in self.steps]
        for kind, names in (("name", named), ("ask", [ask.name for ask in self.asks])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"expected every {kind} once, found {', '.join(twice)} twice")
        asks = {ask.name for ask in self.asks}
        for at, frame in enumerate(self.frames):
            if strange := sorted({*frame.asks} - asks):
                raise ValueError(f"frames.{at}.asks: expected names of asks, found {', '.join(strange)}")
            if len({*frame.asks}) < len(frame.asks):
                raise ValueError(f"frames.{at}.asks: expected every ask once, found {', '.join(frame.asks)}")
        return self

    def asked_by(self, frame: Frame) -> list[Ask]:
        """The asks of a frame, in the order in which it makes them."""
        by_name = {ask.name: ask for ask in self.asks}
        return [by_name[name] for name in frame.asks] or list(self.asks)


class Scenarios(_Model):
    """A scenario file.

    `tables` are constants by name. `askable` lists, by tool and list ("search_flights /flights"), the fields by which a
    person chooses. `clocks` says of fields with a time of day which field has their time zone, and which time they
    follow (the audit's `sound`). `substitutes` are groups of tools that do each other's work: of each group only tools
    that the task or one of its plans uses are offered.
    """

    format: Literal[1]
    snapshot: str
    tables: dict[Name, Table] = {}
    askable: dict[str, tuple[str, ...]] = {}
    clocks: dict[str, "Clock"] = {}
    substitutes: tuple[tuple[str, ...], ...] = ()
    scenario: tuple[Scenario, ...] = Field(min_length=1)

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Names that are not defined, and definitions in a circle, with their place in the file."""
        ids = [one.id for one in self.scenario]
        for at, scenario in enumerate(self.scenario):
            if ids.index(scenario.id) != at:
                yield ("scenario", at, "id"), f"{scenario.id!r} is already used"
            for name in sorted(_own_names(scenario).union(*_plan_names(scenario)) & self.tables.keys()):
                yield ("scenario", at), f"expected a name that no table has, found {name!r}"
            for place, message in _undefined(scenario, frozenset(self.tables)):
                yield ("scenario", at, *place), message
            if circle := _circle(scenario):
                yield ("scenario", at), f"definitions in a circle: {circle}"


class Clock(_Model):
    """What is known of a field with a time of day. `zone` is an expression over `it`, the object with the field, whose
    value is the time zone; it may call tools. "" if all times are in one zone. `follows` is the field with an earlier
    time of the same event, "" if there is none."""

    zone: Annotated[str, AfterValidator(lambda text: _expression(text) if text else text)] = ""
    follows: str = ""


def _own_names(scenario: Scenario) -> set[str]:
    return {*(one.name for one in scenario.draw), *scenario.let, *(one.id for one in scenario.steps)}


def _plan_names(scenario: Scenario) -> list[set[str]]:
    return [{*plan.let, *(one.id for one in plan.steps)} for plan in scenario.plans]


def each_of(text: str) -> tuple[str, Expression]:
    """The name and the list of an `each`."""
    name, _, listed = text.partition(" in ")
    return name.strip(), parse(listed)


def _uses(scenario: Scenario) -> Iterator[tuple[tuple[str | int, ...], Expression, frozenset[str]]]:
    """Every expression with its place and the names that are bound around it."""
    none = frozenset[str]()
    drawn = frozenset[str]()
    for at, draw in enumerate(scenario.draw):
        if draw.among:
            yield ("draw", at, "among"), parse(draw.among), none
        drawn |= {draw.name}
        for condition in draw.where:
            yield ("draw", at, "where"), parse(condition), none
    yield from ((("let", name), parse(text), none) for name, text in scenario.let.items())
    yield from _step_uses(scenario.steps, ())
    yield from ((("sense",), parse(text), none) for text in scenario.sense)
    for at, ask in enumerate(scenario.asks):
        bound = none
        if ask.each:
            name, listed = each_of(ask.each)
            bound = frozenset({name})
            yield ("asks", at, "each"), listed, none
        yield ("asks", at, "value"), parse(ask.value), bound
        if ask.when:
            yield ("asks", at, "when"), parse(ask.when), bound
        for field, texts in (("owner", [ask.owner]), ("words", [ask.words]), ("aliases", ask.aliases)):
            yield from ((("asks", at, field), slot, bound) for text in texts for slot in slots(text))
    for at, frame in enumerate(scenario.frames):
        yield from ((("frames", at, "text"), slot, none) for slot in slots(frame.text))
        if frame.when:
            yield ("frames", at, "when"), parse(frame.when), none
    for at, plan in enumerate(scenario.plans):
        yield from _step_uses(plan.steps, ("plans", at))
        yield from ((("plans", at, "let", name), parse(text), none) for name, text in plan.let.items())
        if plan.when:
            yield ("plans", at, "when"), parse(plan.when), none


def _step_uses(
    steps: tuple[Step, ...], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Expression, frozenset[str]]]:
    for at, one in enumerate(steps):
        bound = frozenset[str]()
        if one.each:
            name, listed = each_of(one.each)
            bound = frozenset({name})
            yield (*place, "steps", at, "each"), listed, frozenset()
        yield (*place, "steps", at, "call"), parse(one.call), bound
        if one.when:
            yield (*place, "steps", at, "when"), parse(one.when), bound


def slots(text: str) -> list[Expression]:
    """The expressions in a template."""
    found: Template = parse_template(text)
    return [expression for expression, _ in found.slots]


def _undefined(scenario: Scenario, tables: frozenset[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    known = tables | _own_names(scenario)
    extra = _plan_names(scenario)
    for place, expression, bound in _uses(scenario):
        own = extra[int(place[1])] if place[0] == "plans" else set()
        for name in sorted(expression.names - bound - known - own):
            yield place, f"expected a defined name, found {name!r} in {expression.text.strip()[:60]!r}"
        if expression.calls and place[0] != "draw" and place[-1] != "call":
            yield place, f"only draws and steps call tools, found {expression.text.strip()[:60]!r}"


def uses(scenario: Scenario, plan: Plan | None = None) -> dict[str, frozenset[str]]:
    """The names that each slot, value and step uses directly, with the plan's own in place."""
    found: dict[str, set[str]] = {}
    for place, expression, bound in _uses(scenario):
        match place:
            case ("draw", int(at), *_):
                name = scenario.draw[at].name
            case ("let", name):
                pass
            case ("steps", int(at), *_):
                name = scenario.steps[at].id
            case _:
                continue
        found.setdefault(name, set()).update(expression.names - bound)
    return {name: frozenset(names) - {name} for name, names in found.items()}


def _circle(scenario: Scenario) -> str:
    drawn = {one.name for one in scenario.draw}
    graph = {name: names - drawn for name, names in uses(scenario).items() if name not in drawn}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""
