"""The tool by which an agent answers under `answer_form="fields"`: `submit_answer`, one parameter per fact.

A parameter is named and described by the words that ask for its fact, never by anything that has to be found. Where an
ask or a name holds a value of the answer, the parameter is `answer_1`, `answer_2`, …, by the order of the facts. The
type of a parameter follows from the fact's kind. A task without facts has no such tool; its answer is text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple

from ..jsonvalues import pointer
from ..task import AnswerFact, Task
from .text import folded

ANSWER_FORMS = ("text", "fields")
"""How the final answer is given: as text, or as a call of `submit_answer`."""
SUBMIT = "submit_answer"
MAX_NAME = 64
"""Characters of a parameter's name: what the strictest API takes."""
DESCRIPTION = (
    "Submit the final answer: every value that the request asks for. Call it when nothing else is left to call; "
    "it ends the episode."
)


def submits(task: Task, answer_form: str) -> bool:
    """Whether the task's answer is a call of its submit tool: it has facts, and the form is `fields`."""
    return answer_form == "fields" and bool(task.answer)


def submit_name(task: Task) -> str:
    """`submit_answer`, or the first of `submit_answer_2`, `submit_answer_3`, … that no offered tool is called."""
    name, number = SUBMIT, 1
    while name in task.tools:
        number += 1
        name = f"{SUBMIT}_{number}"
    return name


def submit_tool(task: Task) -> dict[str, Any]:
    """The OpenAI function tool that takes the answer of a task with facts, as a new dict. All fields are required."""
    names, described = field_names(task), _descriptions(task)
    properties = {
        name: {**_type(fact).schema, "description": text}
        for name, text, fact in zip(names, described, task.answer, strict=True)
    }
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(names),
        "additionalProperties": False,
    }
    function = {"name": submit_name(task), "description": DESCRIPTION, "parameters": parameters}
    return {"type": "function", "function": function}


def golden_fields(task: Task) -> dict[str, Any]:
    """The arguments of the submit tool that state every fact."""
    values = (list(v) if isinstance(v := fact.value, tuple) else v for fact in task.answer)
    return dict(zip(field_names(task), values, strict=True))


def field_names(task: Task) -> tuple[str, ...]:
    """The submit tool's parameters, one per fact, in the order of the facts: distinct ASCII identifiers."""
    used: set[str] = set()
    return tuple([_free(_slug(said), used) for said in _asks(task)])


def kind_of(fact: AnswerFact) -> str:
    """The kind that the fact declares, else one that follows from the form of its value."""
    if fact.kind is not None:
        return fact.kind
    value = fact.value
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, tuple):
        return "list"
    if isinstance(value, str):
        return next((kind for kind, form in _FORMS.items() if form(value)), "name")
    return "delay" if "delay" in _words(fact.name) else "number"


_FORMS: Mapping[str, Any] = {
    "clock": re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]").fullmatch,
    "date": re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])").fullmatch,
    "yes_no": ("yes", "no", "limited").__contains__,
}
"""Kinds of text whose values all have one form."""


class _Type(NamedTuple):
    """A parameter's schema, and what its description adds: the form or the unit."""

    schema: dict[str, Any]
    hint: str = ""


_TEXTS: Mapping[str, _Type] = {
    "clock": _Type({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}, "HH:MM, 24-hour"),
    "date": _Type({"type": "string", "format": "date"}, "YYYY-MM-DD"),
    "yes_no": _Type({"type": "string", "enum": ["yes", "no", "limited"]}),
}
_HINTS: Mapping[str, str] = {
    "weekday": "the day's English name, such as Monday",
    "moment": "ISO 8601, such as 2013-07-10T16:00",
    "hours": "as recorded",
    "tag": "as recorded",
    "zone": "an IANA name, such as Europe/Oslo",
}
"""What is said of kinds of text without one form."""


def _type(fact: AnswerFact) -> _Type:
    value, kind = fact.value, kind_of(fact)
    if isinstance(value, tuple):
        items = {"type": _json_type(value, fact.tolerance)}
        return _Type({"type": "array", "items": items}, "all of them, in any order")
    if isinstance(value, str):
        if kind in _TEXTS and _FORMS[kind](value):
            return _TEXTS[kind]
        return _Type({"type": "string"}, _HINTS.get(kind, ""))
    return _Type({"type": _json_type((value,), fact.tolerance)}, _number_hint(fact, kind))


def _json_type(values: Sequence[Any], tolerance: float) -> str:
    """The JSON type of all values: `integer` only where they are exact."""
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, int) for value in values) and not tolerance:
        return "integer"
    return "number" if all(isinstance(value, (int, float)) for value in values) else "string"


def _number_hint(fact: AnswerFact, kind: str) -> str:
    if isinstance(fact.value, bool):
        return ""
    unit = _unit(fact)
    hints = [f"in {unit}"] if unit else []
    if kind in ("delay", "duration"):
        hints = hints or ["in minutes"]
    if kind == "delay":
        hints.append("negative if early")
    if not hints and fact.tolerance:
        hints = ["in the unit that the request asks for"]
    return ", ".join(hints)


_UNITS: Mapping[str, str] = {
    "min": "minutes",
    "km": "kilometres",
    "km2": "square kilometres",
    "miles": "miles",
    "ft": "feet",
    "mph": "miles per hour",
    "hpa": "hectopascals",
    "pct": "percent",
    "percent": "percent",
    "da": "daltons",
    "f": "degrees Fahrenheit",
    "c": "degrees Celsius",
}
"""Units by the words that name them in facts and responses."""


def _unit(fact: AnswerFact) -> str:
    """The unit by the last word of the value's name in the response, or else by a word of the fact's name."""
    leaf = pointer.tokens(fact.pointer)[-1:] if fact.pointer else ()
    for word in [*(_words(leaf[0])[-1:] if leaf else ()), *reversed(_words(fact.name))]:
        if word in _UNITS and (len(word) > 1 or leaf):
            return _UNITS[word]
    return ""


def _descriptions(task: Task) -> Iterator[str]:
    """What each parameter's description says: the ask, its place among equal ones, and the form or unit."""
    asks = [_stem(fact, task) if said else "" for fact, said in zip(task.answer, _asks(task), strict=True)]
    times, seen = Counter(asks), Counter[str]()
    for number, (fact, ask) in enumerate(zip(task.answer, asks, strict=True), 1):
        seen[ask] += 1
        if not ask:
            text = f"Value {number} of the {len(asks)} asked for, in the order of the request"
        else:
            text = ask[:1].upper() + ask[1:]
            if times[ask] > 1:
                text += f", number {seen[ask]} of {times[ask]} in the order of the request"
        hint = _type(fact).hint
        yield f"{text}; {hint}." if hint else f"{text}."


def _asks(task: Task) -> list[str]:
    """The words that name each parameter; "" where they would give away a value of the answer."""
    secret = _Secrets(task)
    found = []
    for fact in task.answer:
        ask = _bare(fact.ask) or fact.name
        ask = "" if secret.shown_by(ask, fact) else ask
        found.append(f"{ask} of {fact.owner}" if ask and fact.ask and secret.known(fact.owner, fact) else ask)
    return found


def _stem(fact: AnswerFact, task: Task) -> str:
    """The ask as a description says it: old facts have a name alone, with a number where several are alike."""
    if fact.ask:
        owned = _Secrets(task).known(fact.owner, fact)
        return f"{_bare(fact.ask)} of {fact.owner}" if owned else _bare(fact.ask)
    stem = _NUMBERED.sub("", fact.name)
    alike = sum(_NUMBERED.sub("", other.name) == stem for other in task.answer) > 1
    return (stem if alike else fact.name).replace("_", " ")


class _Secrets:
    """What the words of a parameter must not hold: values of the answer, and values that are found on the way."""

    def __init__(self, task: Task) -> None:
        self._request = set(_words(task.request))
        self._values = [(fact, _words(str(value))) for fact in task.answer for value in _each(fact)]
        self._passed = [
            words
            for call in task.golden
            for name in call.bindings
            if (words := _words(str(call.arguments.get(name, "")))) and not self._request.issuperset(words)
        ]

    def shown_by(self, said: str, fact: AnswerFact) -> bool:
        """Whether the words hold a value: a number that the request has too may be part of the question."""
        words = _words(_NUMBERED.sub("", said))
        return any(_within(passed, words) for passed in self._passed) or any(
            _within(value, words)
            for of, value in self._values
            if of is fact or not "".join(value).isdigit() or not self._request.issuperset(value)
        )

    def known(self, owner: str, fact: AnswerFact) -> bool:
        """Whether the request names whose fact it is, and naming it shows nothing."""
        words = [word for word in _words(owner) if word not in _SMALL]
        return bool(words) and self._request.issuperset(words) and not self.shown_by(owner, fact)


_NUMBERED = re.compile(r"_[0-9]{1,2}\Z")
_SMALL = frozenset({"a", "an", "the", "of", "in", "at", "on", "to", "from", "for", "and", "s"})
_YES_NO = frozenset({("yes",), ("no",), ("limited",), ("true",), ("false",)})


def _each(fact: AnswerFact) -> tuple[Any, ...]:
    return (*fact.value, *fact.aliases) if isinstance(fact.value, tuple) else (fact.value, *fact.aliases)


def _within(value: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words of a value stand in other words, one after another. Yes and no give nothing away."""
    size = len(value)
    if not size or tuple(value) in _YES_NO:
        return False
    return any(words[at : at + size] == value for at in range(len(words) - size + 1))


def _words(text: str) -> list[str]:
    """The words and numbers of a text or an identifier, folded."""
    return re.findall(r"[^\W_]+", folded(text))


def _bare(ask: str) -> str:
    """The ask without its article and its end."""
    return re.sub(r"\A(?:the|an?)\s+", "", ask.strip().rstrip(".?"), flags=re.IGNORECASE)


def _slug(said: str) -> str:
    """The words as an ASCII identifier, cut between words; "" if nothing is left of them."""
    plain = unicodedata.normalize("NFKD", said).encode("ascii", "ignore").decode().lower()
    name = "_".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))
    name = f"value_{name}" if name[:1].isdigit() else name
    if len(name) > MAX_NAME - 4:
        name = name[: MAX_NAME - 4].rpartition("_")[0] or name[: MAX_NAME - 4]
    return f"{name}_" if iskeyword(name) or name == "self" else name


def _free(name: str, used: set[str]) -> str:
    """The name, with a number where it is used already; `answer_1`, `answer_2`, … for none."""
    number = len(used) + 1 if not name else 1
    free = name or f"answer_{number}"
    while free in used:
        number += 1
        free = f"{name or 'answer'}_{number}"
    used.add(free)
    return free
