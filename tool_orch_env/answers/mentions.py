"""Whether a text, a request above all, mentions a value in one of its usual forms. Final answers are read by `reader`.

Only surface forms are compared; there is no language model.

- Numbers: any numeric token within the tolerance ("1,234.5", "-3", "40%"); whole numbers up to twelve also as words.
- Dates (`2013-07-10`): ISO, or day, month name and year in the usual orders ("10 July 2013", "July 10th, 2013").
- Date-times: the text itself, or its date and its time of day ("16:00", "4 pm").
- Booleans: "yes", "true" or "no", "false".
- Other strings: the words themselves on word boundaries, ignoring case, Unicode normalisation and spacing.
"""

import re
from datetime import date, datetime
from functools import lru_cache

from .text import folded

MONTHS = tuple(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
WORDS = tuple("zero one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905

_NUMBER = re.compile(
    r"(?<![\w.^])[-+−]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)(?:e[-+−]?[0-9]{1,3}(?!\w))?(?!\d)"
)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?")


def mentions(text: str, value: object, tolerance: float = 0.0) -> bool:
    """Whether `text` mentions `value`. `tolerance` is absolute, and used for numbers only."""
    plain = folded(text)
    if isinstance(value, bool):
        return any(_has(plain, word) for word in (("yes", "true") if value else ("no", "false")))
    if isinstance(value, (int, float)):
        return _states_number(plain, value, tolerance)
    if not isinstance(value, str):
        return False
    return any(_has(plain, form) for form in _forms(value)) or _states_moment(plain, value)


@lru_cache(maxsize=1024)
def _boundary(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(form)}(?!\w)")


def _has(plain: str, form: str) -> bool:
    return bool(form) and form in plain and _boundary(form).search(plain) is not None


@lru_cache(maxsize=256)
def numbers(plain: str) -> tuple[float, ...]:
    """The numbers written in digits in a folded text, in order. Whole numbers are `int`, and exact."""
    found = (match.replace(",", "").replace("−", "-") for match in _NUMBER.findall(plain))
    return tuple(
        float(number) if "." in number or "e" in number else int(number)
        for number in found
        if len(number) < 300
    )


def _states_number(plain: str, value: float, tolerance: float) -> bool:
    # a hair of slack, as 0.1 + 0.2 is meant to be 0.3; none for a whole number, which may be an id
    slack = tolerance if isinstance(value, int) else tolerance + 1e-9 * abs(value)
    if any(abs(number - value) <= slack for number in numbers(plain)):
        return True
    return value in range(len(WORDS)) and _has(plain, WORDS[int(value)])


@lru_cache(maxsize=4096)
def _forms(value: str) -> tuple[str, ...]:
    if _ISO_DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return (folded(value),)
        return (value, *_date_forms(day))
    return (folded(value),)


def _date_forms(day: date) -> tuple[str, ...]:
    name = MONTHS[day.month - 1]
    suffix = "th" if 10 <= day.day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    days = {f"{day.day}", f"{day.day:02d}", f"{day.day}{suffix}"}
    months = {name, name[:3], f"{name[:3]}.", *({"sept", "sept."} if day.month == 9 else ())}
    orders = (
        "{d} {m} {y}",
        "{d} {m}, {y}",
        "{d} of {m} {y}",
        "{d} of {m}, {y}",
        "{m} {d} {y}",
        "{m} {d}, {y}",
    )
    return tuple(
        order.format(d=d, m=m, y=day.year) for order in orders for d in sorted(days) for m in sorted(months)
    )


def _states_moment(plain: str, value: str) -> bool:
    match = _ISO_TIME.fullmatch(value)
    if match is None:
        return False
    day, hour, minute = match[1], int(match[2]), int(match[3])
    try:
        datetime.fromisoformat(f"{day}T{match[2]}:{match[3]}")
    except ValueError:
        return False
    noon = f"{hour % 12 or 12}", "am" if hour < 12 else "pm"
    clock = {f"{noon[0]}:{minute:02d} {noon[1]}", f"{noon[0]}:{minute:02d}{noon[1]}"}
    if minute == 0:
        clock |= {f"{noon[0]} {noon[1]}", f"{noon[0]}{noon[1]}"}
    if not any(_has(plain, form) for form in _forms(day)):
        return False
    bare = re.compile(rf"(?<![\w:])0?{hour}:{minute:02d}(?!\w)(?! ?[ap]\.?m)")  # 4:00, but not 4:00 pm
    return bare.search(plain) is not None or any(_has(plain, form) for form in clock)
