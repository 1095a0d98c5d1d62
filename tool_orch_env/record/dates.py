"""Days of a plan that are relative to the day of the recording: `${today}`, `${today+7}`, `${today-1}`.

The day stays the same when a recording is resumed later: it is the first day of the manifest's `captured`, which the
spec states, or else the day of the first answer in the journal.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .journal import Entry
from .schema import Step

_RELATIVE = re.compile(r"\$\{today(?:([+-])(\d{1,4}))?\}")


def pinned(captured: str | None, entries: Mapping[str, Entry]) -> date:
    """The day that a recording's plan is relative to."""
    if captured:
        try:
            return date.fromisoformat(captured[:10])
        except ValueError:
            pass  # a spec may say it in words
    days = [entry.at[:10] for entry in entries.values() if entry.at]
    return date.fromisoformat(min(days)) if days else datetime.now(UTC).date()


def dated(step: Step, today: date) -> Step:
    """The step with every relative day filled in."""
    given = step.model_dump(by_alias=True, exclude_unset=True)
    filled = _filled(given, today)
    return step if filled == given else Step.model_validate(filled)


def _filled(value: Any, today: date) -> Any:
    if isinstance(value, str):
        return _RELATIVE.sub(lambda match: _day(match, today), value) if "${today" in value else value
    if isinstance(value, dict):
        return {name: _filled(item, today) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, today) for item in value)
    return value


def _day(match: re.Match[str], today: date) -> str:
    days = int(match[2] or 0)
    return (today + timedelta(days=-days if match[1] == "-" else days)).isoformat()
