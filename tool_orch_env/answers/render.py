"""Final answers made from the facts: right ones as people write them, and wrong ones that must not count.

They serve the audit, the red team and the tests: a right answer in every layout must be read in full, and a rotated,
denied or undecided one must not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .facts import CompiledFact, Facts
from .kinds.base import Asked

LAYOUTS: tuple[str, ...] = ("prose", "list", "table", "json")


def rendered(facts: Facts, layout: str = "prose", style: int = 0) -> str:
    """A right answer in a layout of `LAYOUTS`; `style` chooses the form of each value."""
    return _LAID_OUT[layout]([(label(facts, at), form(fact, style)) for at, fact in enumerate(facts.facts)])


def rotated(facts: Facts, layout: str = "prose", style: int = 0) -> str:
    """Every value under the next fact's label; the last fact's under the first's."""
    said = [form(fact, style) for fact in facts.facts]
    labels = [label(facts, at) for at in range(len(said))]
    return _LAID_OUT[layout](list(zip(labels, said[1:] + said[:1], strict=True)))


def negated(facts: Facts, style: int = 0) -> str:
    """Every value denied under its own label."""
    return " ".join(
        f"{_capital(label(facts, at))} is not {form(fact, style)}." for at, fact in enumerate(facts.facts)
    )


def all_listed(facts: Facts) -> str:
    """Under each fact's label, its value among others of its kind, without saying which is meant."""
    return " ".join(
        f"{_capital(label(facts, at))}: {', '.join(sorted([form(fact), *others(facts, at)]))}."
        for at, fact in enumerate(facts.facts)
    )


def neighbours(facts: Facts, layout: str = "prose") -> str | None:
    """Every fact with another value of its column, or of its kind; `None` if a fact has none."""
    found = [others(facts, at)[:1] for at in range(len(facts.facts))]
    if not all(found):
        return None
    return _LAID_OUT[layout]([(label(facts, at), some[0]) for at, some in enumerate(found)])


def form(fact: CompiledFact, style: int = 0) -> str:
    """The fact's value as people write it; styles beyond the last form begin again."""
    forms = fact.kind.forms(fact.asked)
    return forms[style % len(forms)] if forms else str(fact.fact.value)


def others(facts: Facts, at: int) -> list[str]:
    """Other values that might be said in a fact's place: of its column, else made by its kind; at most six."""
    fact = facts.facts[at]
    values = [value for value in facts.column(fact.fact) if not _same(fact, value)]
    values += [value for value in _made(fact.fact.value) if not _same(fact, value)]
    found: list[str] = []
    for value in values:
        forms = fact.kind.forms(_asked(fact, value))
        if forms and forms[0] not in found:
            found.append(forms[0])
    return found[:6]


def label(facts: Facts, at: int) -> str:
    """The words that a person would put before a fact's value: the ask, and whose it is."""
    fact = facts.facts[at].fact
    words = fact.ask or _name_words(fact.name)
    owner = fact.owner or facts.owner(fact)
    return f"{words} ({owner})" if owner else words


def _asked(fact: CompiledFact, value: Any) -> Asked:
    return fact.asked._replace(value=value, tolerance=0.0, aliases=(), candidates=())


def _same(fact: CompiledFact, value: Any) -> bool:
    """Whether a value says what the fact says."""
    forms = fact.kind.forms(_asked(fact, value))
    text = forms[0].casefold() if forms else str(value).casefold()
    return any(fact.kind.same(said, fact.asked) for said in fact.kind.read(text, fact.asked))


def _made(value: Any) -> list[Any]:
    """Other values of the same shape, for a fact that is alone in its column."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1 + abs(value) // 7, value - 3 - abs(value) // 5]
    if isinstance(value, float):
        return [round(value * 1.25 + 1, 4), round(value * 0.7 - 1, 4)]
    if not isinstance(value, str):
        return []
    if value in ("yes", "no", "limited"):
        return [other for other in ("yes", "no", "limited") if other != value]
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    if value in days:
        return [day for day in days if day != value]
    if len(value) >= 5 and value[:2].isdigit() and value[2] == ":":
        return [f"{(int(value[:2]) + shift) % 24:02d}{value[2:]}" for shift in (1, 5)]
    if len(value) == 10 and value[4] == value[7] == "-":
        return [f"{value[:8]}{day:02d}" for day in (3, 17) if not value.endswith(f"{day:02d}")]
    digits = [at for at, character in enumerate(value) if character.isdigit()]
    if digits:
        last = digits[-1]
        return [f"{value[:last]}{(int(value[last]) + shift) % 10}{value[last + 1 :]}" for shift in (1, 4)]
    return []


def _name_words(name: str) -> str:
    """A fact's name as words, without the number that tells it from another of that name."""
    words = name.replace("_", " ").split()
    return " ".join(words[:-1] if len(words) > 1 and words[-1].isdecimal() and len(words[-1]) == 1 else words)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _prose(pairs: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"The {words} is {said}." for words, said in pairs)


def _list(pairs: Sequence[tuple[str, str]]) -> str:
    return "Here is what I found:\n\n" + "\n".join(
        f"- **{_capital(words)}**: {said}" for words, said in pairs
    )


def _table(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "\n".join(f"| {_capital(words)} | {said} |" for words, said in pairs)
    return f"| What | Value |\n|---|---|\n{rows}"


def _json(pairs: Sequence[tuple[str, str]]) -> str:
    members = ",\n".join(f'  "{words}": "{said}"' for words, said in pairs)
    return f"```json\n{{\n{members}\n}}\n```"


_LAID_OUT: Mapping[str, Callable[[Sequence[tuple[str, str]]], str]] = {
    "prose": _prose,
    "list": _list,
    "table": _table,
    "json": _json,
}
