"""Comparing scalars: which values count as equal, which coincide by chance, and which names are alike.

Values are compared as the caller of an API would: the text "32.5" equals the number 32.5, and surrounding white space
is ignored. Nothing else is folded.
"""

import re

from .canonical import encode

_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,18}")
MOMENT = re.compile(r"\d{4}-\d{2}(-\d{2})?([T ]\d{2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?")
_TOKENS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LEAST_NUMBER = 100
_TELLING_NUMBER = 10_000
_TELLING_LENGTH = 7


def form(value: object) -> str | None:
    """A text that is equal for values that count as equal.

    `None` for values that are never passed on from a response to a call: booleans, null, "", lists and objects.
    """
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _number(float(text)) if _DECIMAL.fullmatch(text) else text or None
    return _number(value) if isinstance(value, (int, float)) else None


def _number(value: float) -> str:
    return encode(int(value) if isinstance(value, float) and value.is_integer() else value)


def telling(value: object) -> bool:
    """Whether a value is so specific that it hardly occurs in a response by chance: ids, coordinates, long names.

    Whole numbers from 10,000 in magnitude, other numbers with at least three decimals, and texts of at least seven
    characters that are not a date or time.
    """
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        decimals = len(repr(float(value)).partition(".")[2])
        return decimals >= 3 if value != int(value) else abs(value) >= _TELLING_NUMBER
    text = str(value)
    return len(text) >= _TELLING_LENGTH and not MOMENT.fullmatch(text)


def small(value: object) -> bool:
    """Whether a value is a whole number below 100 in magnitude: counts and hours coincide by chance."""
    return isinstance(value, (int, float)) and value == int(value) and abs(value) < _LEAST_NUMBER


def words(name: str) -> list[str]:
    """The words of a name in lower case: `flightId` and `flight_id` both give `["flight", "id"]`."""
    return [word.lower() for word in _TOKENS.findall(name)]


def affinity(parameter: str, place: str) -> int:
    """Similarity of a parameter's name and the end of a pointer.

    2 if the last name has the same words, 1 if the last two names share a word with the parameter, else 0.
    """
    names = [token for token in place.split("/") if token and token != "*"]
    wanted, last = words(parameter), words(names[-1]) if names else []
    if len(wanted) == len(last) and all(map(one_word, wanted, last)):
        return 2
    near = last + (words(names[-2]) if len(names) > 1 else [])
    return int(any(one_word(a, b) for a in wanted for b in near))


def one_word(a: str, b: str) -> bool:
    """Whether two words are the same: equal, or one of at least three letters begins the other (`dest`,
    `destination`)."""
    shorter, longer = sorted((a, b), key=len)
    return a == b or (len(shorter) >= 3 and longer.startswith(shorter))
