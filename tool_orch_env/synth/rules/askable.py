"""The rule `askable`: elements are chosen by what a person chooses by.

A scenario file may declare the fields of a list by which people choose. For other lists, numbers, dates and times may
be compared, but neither coordinates nor names in alphabetical order.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from ...jsonvalues import pointer
from ...language.expressions import IT, ExpressionError, parse
from ..findings import Finding
from .checked import Checked

_PLACES = frozenset({"latitude", "longitude", "lat", "lon", "lng"})


def askable(checked: Checked) -> Iterator[Finding]:
    """Criteria that nobody has."""
    for pick in checked.task.meta.get("picks", ()):
        why = _strange(pick, checked)
        if why:
            yield Finding(pick["call"], "", "askable", f"{pick['list']}/{pick['item']}: chosen {why}")


def _strange(pick: Mapping[str, Any], checked: Checked) -> str:
    criterion = pick["criterion"]
    kind, field = criterion["kind"], criterion.get("field", "")
    if kind in ("nth", "nth_max") and not field:
        return f"as number {criterion.get('value')} of a list in no order"
    if kind in ("only", "echo"):
        return ""
    fields = fields_of(criterion) if kind == "holds" else {field, *_also(criterion)}
    tool = checked.calls[pick["call"]].tool
    declared = checked.declared.askable.get(f"{tool} {pick['list']}".strip()) if checked.declared else None
    if declared is not None:
        strange = sorted(fields - {*declared, ""})
        return f"by {', '.join(strange)}, by which nobody chooses there" if strange else ""
    if kind in ("min", "max", "nth", "nth_max"):
        if field in _PLACES:
            return f"by {field}"
        if _alphabetical(pick, field, checked):
            return f"by {field} in alphabetical order"
    return ""


def _also(criterion: Mapping[str, Any]) -> set[str]:
    """The field that a filtered extreme filters by."""
    return {criterion["by"]} if criterion["kind"] in ("min", "max") and criterion.get("by") else set()


def fields_of(criterion: Mapping[str, Any]) -> set[str]:
    """The fields of `it` in the expressions of a criterion."""
    found = set()
    for text in (criterion.get("value"), criterion.get("by")):
        try:
            tree = parse(text).tree if text else None
        except (ExpressionError, TypeError):  # the rule `ambiguity` reports it
            tree = None
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == IT:
                found.add(node.attr)
    return found


def _alphabetical(pick: Mapping[str, Any], field: str, checked: Checked) -> bool:
    try:
        rows = pointer.resolve(checked.replies[pick["call"]], pick["list"])
        value = rows[pick["item"]].get(field)
    except (LookupError, TypeError, AttributeError):
        return False
    return isinstance(value, str) and not value[:1].isdecimal()
