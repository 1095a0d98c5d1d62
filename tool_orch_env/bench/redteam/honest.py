"""Honest and careless agents: they do the work, and err in a way that one number describes.

A *pick* is a golden call that takes a value from another call's reply, such as the id of the flight that the request
describes. An agent makes each pick right with probability p. Otherwise it first takes a sibling: another row of
the same list, or, if the value is in no list, another recorded call of the same tool.

- An *honest* agent sees the mistake in the reply and makes the right call in the next turn. Each wrong pick costs
  one call and one turn. It ends with every fact right.
- A *careless* agent goes on from the wrong reply: later calls and the answer's facts take their values from it, and a
  call whose value is not in it is not made.
"""

from copy import deepcopy
from typing import Any

import numpy as np

from ...answers.oracle import oracle_answer, spoken
from ...calls.types import ToolCall, Turn
from ...task import AnswerFact, GoldenCall
from .target import Arguments, Target, set_argument, taken, value_text

Trace = list[Turn | str]


def honest(target: Target, rng: np.random.Generator, p: float) -> Trace:
    """The trace of an honest agent whose picks are right with probability `p`, in [0, 1].

    One turn per group of calls that can be made together, then the answer. Agents of different `p` with equal
    generators draw the same numbers: what the one with the lower `p` picks right, the other picks right.
    """
    return _repaired(target, _wrong_picks(target, rng, p))


def careless(target: Target, rng: np.random.Generator, p: float) -> Trace:
    """The trace of a careless agent whose picks are right with probability `p`, in [0, 1]; as `honest` otherwise."""
    wrong = _wrong_picks(target, rng, p)
    return _unrepaired(target, wrong) if wrong else _repaired(target, {})


def first_half(target: Target) -> Trace:
    """The first half of the golden calls, at least one, one per turn, and an answer that states nothing."""
    half = target.order[: max(1, len(target.order) // 2)]
    return [*(Turn(calls=(call.as_call(),)) for call in half), Turn(answer="Done.")]


def _wrong_picks(target: Target, rng: np.random.Generator, p: float) -> dict[str, Arguments]:
    """The arguments that wrong picks are made with, by the id of the golden call."""
    wrong = {}
    for call in target.order:
        luck, which = rng.random(2)
        siblings = target.siblings(call) if call.bindings and luck >= p else []
        if siblings:
            wrong[call.id] = siblings[int(which * len(siblings))]
    return wrong


def _repaired(target: Target, wrong: dict[str, Arguments]) -> Trace:
    turns: Trace = []
    done: set[str] = set()
    slipped: set[str] = set()
    while len(done) < len(target.order):
        ready = [call for call in target.order if call.id not in done and set(call.needs) <= done]
        calls = []
        for call in ready:
            if call.id in wrong and call.id not in slipped:
                slipped.add(call.id)
                calls.append(ToolCall(call.tool, deepcopy(wrong[call.id])))
            else:
                done.add(call.id)
                calls.append(call.as_call())
        turns.append(Turn(calls=tuple(calls)))
    return [*turns, Turn(answer=oracle_answer(target.task))]


def _unrepaired(target: Target, wrong: dict[str, Arguments]) -> Trace:
    replies: dict[str, Any] = {}
    turns: Trace = []
    for layer in target.layers:
        calls = []
        for call in layer:
            arguments = _arguments(target, call, replies)
            if arguments == call.arguments:  # what it saw was right, so it is up to the pick
                arguments = wrong.get(call.id, arguments)
            if arguments is not None:
                calls.append(ToolCall(call.tool, deepcopy(arguments)))
                replies[call.id] = target.reply(call.tool, arguments)
        if calls:
            turns.append(Turn(calls=tuple(calls)))
    stated = [text for fact in target.task.answer if (text := _stated(target, fact, replies))]
    return [*turns, Turn(answer="; ".join(stated) + "." if stated else "Done.")]


def _arguments(target: Target, call: GoldenCall, replies: dict[str, Any]) -> Arguments | None:
    """The arguments of a golden call with what the replies so far hold; `None` if they lack a value."""
    arguments = deepcopy(call.arguments)
    for argument, binding in call.bindings.items():
        if replies.get(binding.call) == target.replies[binding.call]:
            continue  # the source is right, so the golden value is
        value = taken(replies.get(binding.call), binding.pointer)
        if value is None:
            return None
        set_argument(arguments, argument, value)
    return arguments


def _stated(target: Target, fact: AnswerFact, replies: dict[str, Any]) -> str | None:
    name = fact.name.replace("_", " ")
    if fact.call is None or fact.pointer is None or replies.get(fact.call) == target.replies[fact.call]:
        return f"{name}: {value_text(fact)}"
    value = taken(replies.get(fact.call), fact.pointer)
    return f"{name}: {spoken(value)}" if isinstance(value, (str, bool, int, float)) else None
