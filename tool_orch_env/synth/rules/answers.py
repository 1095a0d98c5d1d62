"""The rules `said` and `told_apart`: right answers as people write them win, and wrong ones made from them do not."""

from collections.abc import Iterator

from ...answers.facts import Facts
from ...answers.reading import read_answer
from ...answers.render import LAYOUTS, all_listed, form, label, negated, others, rendered
from ..findings import Finding
from .checked import Checked

STYLES = 3
"""How many forms of each value are tried."""


def said(checked: Checked) -> Iterator[Finding]:
    """Facts that are not read in a right answer; each is reported once."""
    if not checked.task.answer:
        return
    seen = set()
    for layout in LAYOUTS:
        for style in range(STYLES):
            text = rendered(checked.facts, layout, style)
            for reading in read_answer(checked.facts, text):
                if reading.share < 1.0 and reading.name not in seen:
                    seen.add(reading.name)
                    message = f"{reading.name}: not read in {text[:120]!r} ({reading.why})"
                    yield Finding("", "", "said", message)


def told_apart(checked: Checked) -> Iterator[Finding]:
    """Wrong answers that are read in full."""
    facts = checked.facts
    if not facts.facts:
        return
    wrong = {"denied": negated(facts)}
    if swapped := _rotated(facts):
        wrong["rotated"] = swapped
    if any(others(facts, at) for at in range(len(facts.facts))):
        wrong["undecided"] = all_listed(facts)
    for what, text in wrong.items():
        if all(reading.share == 1.0 for reading in read_answer(facts, text)):
            yield Finding("", "", "told_apart", f"a {what} answer is read in full: {text[:120]!r}")


def _rotated(facts: Facts) -> str:
    """The values of each kind rotated among its facts, "" if that changes nothing."""
    said = [form(one) for one in facts.facts]
    turned = list(said)
    for kind in {one.kind.name for one in facts.facts}:
        places = [at for at, one in enumerate(facts.facts) if one.kind.name == kind]
        for at, other in zip(places, places[1:] + places[:1], strict=True):
            turned[at] = said[other]
    if turned == said:
        return ""
    return " ".join(f"The {label(facts, at)} is {value}." for at, value in enumerate(turned))
