"""Mask secrets in a trace before anything is made of it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..importers.draft import UNRECORDED
from ..jsonvalues.canonical import to_text
from ..record.scrub import SHORTEST, Scrub
from .trace import Trace


def scrubbed(trace: Trace, secrets: Iterable[str]) -> Trace:
    """The trace with secrets masked. Calls whose arguments hold one are left out; too short secrets are ignored."""
    known = {secret for secret in secrets if len(secret) >= SHORTEST}
    if not known:
        return trace
    scrub = Scrub(known)
    calls, problems = [], list(map(scrub.text, trace.problems))
    for call in trace.calls:
        if _masked(call.arguments, scrub) != call.arguments:
            problems.append(f"{call.tool}: not recorded, its arguments contain a secret")
        elif call.result is UNRECORDED:
            calls.append(call)
        else:
            calls.append(replace(call, result=_masked(call.result, scrub)))
    return replace(
        trace,
        id=scrub.text(trace.id),
        calls=tuple(calls),
        request=scrub.text(trace.request),
        context=scrub.text(trace.context),
        answer=scrub.text(trace.answer),
        functions={name: _masked(dict(one), scrub) for name, one in trace.functions.items()},
        problems=tuple(problems),
    )


def _masked(value: Any, scrub: Scrub) -> Any:
    """A JSON value with secrets masked. Most have none, which their text shows faster than their parts."""
    text = to_text(value)
    return value if "\\" not in text and scrub.text(text) == text else scrub.json(value)
