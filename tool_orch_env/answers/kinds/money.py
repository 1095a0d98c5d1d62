"""Amounts of money and rates of exchange."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from . import currencies, units
from .base import Asked, Kind, Said
from .numerals import LETTERS, Numeral, numerals
from .plain import grouped, is_formula, is_year_said, plainly
from .precision import is_stated, number_of

_LETTER_APART = re.compile(r" ([mk])(?!\w)")
_EQUALS = re.compile(
    r" ?(?:=|:|≈|~|is|buys|buy|bought|got|gets|equals|equal|was|to|for|cost|costs|converts|converted|per|in)(?!\w)"
)
_IS = re.compile(r" ?(?:[=:≈]|(?:is|buys|bought|got|gets|equals|was|costs?)(?!\w))")
_WORD = re.compile(r" ?[^\W\d_]{1,20}")


class Amount(NamedTuple):
    """A number with the currencies it may be in; empty if none was said."""

    start: int
    end: int
    value: float
    slack: float
    codes: frozenset[str]


class Money(Kind):
    """An amount of money. A number without a currency counts as said in the one asked for; one in another does not."""

    name = "money"

    def read(self, text: str, asked: Asked) -> list[Said]:
        code = asked.unit.upper()
        return [
            Said(amount.start, amount.end, amount.value, amount.slack)
            for amount in amounts(text, asked)
            if not amount.codes or code not in currencies.PLAIN or code in amount.codes
        ]

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, asked)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(asked.value)
        if value is None:
            return []
        long, short = _cents(value)
        code = asked.unit.upper()
        if code not in currencies.PLAIN:
            return [long, short, f"an amount of {long}", f"{long} {asked.unit}".strip()]
        plural, symbol, _ = currencies.PLAIN[code]
        sign, size = ("-", long[1:]) if long.startswith("-") else ("", long)
        forms = [f"{long} {code}", f"{code} {long}", f"{long} {plural}", short]
        if symbol:
            forms += [f"{sign}{symbol}{size}", f"{long} {symbol}"]
        return forms


class Rate(Kind):
    """A rate of exchange, or any other. The "1 EUR" of "1 EUR = 1.533 USD" is no saying of it."""

    name = "rate"

    def read(self, text: str, asked: Asked) -> list[Said]:
        value = number_of(asked.value)
        one = value is not None and abs(value - 1) <= 1e-9
        code = asked.unit.upper()
        return [
            Said(amount.start, amount.end, amount.value, amount.slack)
            for amount in amounts(text, asked)
            if (amount.value != 1 or not (_is_first(text, amount) if one else _is_base(text, amount)))
            and (not amount.codes or code not in currencies.PLAIN or code in amount.codes)
        ]

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, asked)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(asked.value)
        if value is None:
            return []
        number, code = plainly(value), asked.unit.upper()
        unit = f" {code}" if code in currencies.PLAIN else ""
        forms = [
            number,
            f"a rate of {number}",
            f"1 EUR = {number}{unit}",
            f"one euro was worth {number}{unit}",
        ]
        return [*forms, f"{number}{unit} per 1 EUR"]


def _is_base(text: str, amount: Amount) -> bool:
    """Whether a 1 is the side that is compared with: it has a currency, or a word and "=", "buys", "per" behind it."""
    if amount.codes:
        return True
    word = _WORD.match(text, amount.end)
    return word is not None and _EQUALS.match(text, word.end()) is not None


def _is_first(text: str, amount: Amount) -> bool:
    """The same where the rate itself is 1: only what is on the left, or behind "per"."""
    return bool(amount.codes) and (
        _IS.match(text, amount.end) is not None or text.endswith((" per ", "/"), 0, amount.start)
    )


def amounts(text: str, asked: Asked) -> Iterator[Amount]:
    """The numbers of a text that may be amounts, with their currencies. Measures and years are none."""
    value = number_of(asked.value)
    years = value is not None and 1900 <= abs(value) <= 2100
    taken = 0
    for numeral in numerals(text):
        if numeral.shape != "number" or numeral.label or (not years and is_year_said(text, numeral)):
            continue
        amount = _amount(text, _scaled(text, numeral), taken)
        if amount is not None:
            taken = amount.end
            yield amount


def _scaled(text: str, numeral: Numeral) -> Numeral:
    """The number with its letter as a multiplier: "$1.3m", "$1.3 m"."""
    if numeral.letter:
        return numeral.scaled()
    apart = _LETTER_APART.match(text, numeral.end)
    if apart is None or text[numeral.start - 1 : numeral.start] not in ("$", "€", "£", "¥"):
        return numeral
    return numeral._replace(letter=apart[1]).scaled()._replace(end=apart.end())


def _amount(text: str, numeral: Numeral, taken: int) -> Amount | None:
    start, end = numeral.start, numeral.end
    if is_formula(text, start, end):
        return Amount(start, end, numeral.value, numeral.slack, frozenset())
    before = currencies.before(text, max(taken, start - 12), start)
    after = currencies.after(text, end)
    if before is not None:
        codes, start = before
    elif after is not None:
        codes, end = after
    elif units.after(text, end) is not None and not _is_letter(text, end):
        return None
    else:
        codes = frozenset()
    return Amount(start, end, numeral.value, numeral.slack, codes)


def _is_letter(text: str, end: int) -> bool:
    """Whether the unit behind a number is a single letter or "in", which may be any word."""
    found = units.after(text, end)
    return found is not None and found[0] in ("a", "d", "in", *LETTERS)


def _cents(value: float) -> tuple[str, str]:
    """An amount as it is written: with thousands grouped and at least two decimals, and in plain digits."""
    if isinstance(value, int):
        return grouped(value), plainly(value)
    long = grouped(value)
    places = len(long.partition(".")[2])
    return long + "0" * (2 - places), plainly(value)
