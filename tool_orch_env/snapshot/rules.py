"""The rules by which a response follows exactly from recorded ones, as `tools.json` declares them.

These are declarations only: `derive` applies them, and the prover of the recorder checks them against the live API.
"""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..jsonvalues.canonical import encode, plain

Number = int | float
MOST_CANDIDATES = 16
"""Maximum recorded values that a rule names."""
_SHOWN = 12
"""Maximum values of a list that a description shows."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Values(_Declared):
    """The values of one argument inside a domain; without a field, any valid value. A list must hold only such values.

    `enum` lists them. `minimum` and `maximum` bound numbers, `from` and `to` bound texts in code-point order (ISO dates
    and times). All bounds are inclusive. `says` describes values that only the responses list; it bounds nothing.
    """

    says: str = ""
    enum: tuple[Any, ...] | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None

    def hold(self, value: Any) -> bool:
        """Whether `value`, or every item of a list, is one of them."""
        if isinstance(value, list):
            return all(self.hold(item) for item in value)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return (
            (self.enum is None or encode(plain(value)) in self._listed)
            and (self.minimum is None or (number and value >= self.minimum))
            and (self.maximum is None or (number and value <= self.maximum))
            and (self.from_ is None or (isinstance(value, str) and value >= self.from_))
            and (self.to is None or (isinstance(value, str) and value <= self.to))
        )

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(encode(plain(one)) for one in self.enum or ())

    def described(self) -> str:
        """A phrase such as "2013-07-01 to 2013-07-28", "at most 30", or "any value"; `says` if there is one."""
        if self.says:
            return self.says
        if self.enum is not None:
            shown = ", ".join(str(one) for one in self.enum[:_SHOWN])
            more = len(self.enum) - _SHOWN
            return f"one of {shown}" + (f" and {more} more" if more > 0 else "")
        low = self.minimum if self.from_ is None else self.from_
        high = self.maximum if self.to is None else self.to
        if low is not None and high is not None:
            return f"{low} to {high}"
        if low is None and high is None:
            return "any value"
        return f"at least {low}" if high is None else f"at most {high}"


class Argument(_Declared):
    """The value of an argument, as the API echoes it: null if it is left out and has no default."""

    argument: str


class Text(_Declared):
    """A text in which `{name}` stands for the argument `name`."""

    text: str


class Formula(_Declared):
    """A number computed in double precision, then rounded to `digits` significant digits or to `decimals`.

    An operand is a number, the name of a numeric argument, the pointer of a number in the recorded response, a list
    `[operator, operand, operand]`, or `{"of": name, "in": {value: number}}`, a table indexed by an argument.
    """

    formula: Any
    digits: int | None = Field(default=None, ge=1, le=17)
    decimals: int | None = Field(default=None, ge=0, le=17)


Change = Literal["length", "more"] | Argument | Text | Formula
"""How a field changes: `length` is the number of elements left, `more` whether the list goes on after them."""
Fields = dict[str, Change]
"""Changes by pointer. All other fields are as recorded. Pointers lead through objects only."""


class Total(_Declared):
    """The recorded list is whole if it has as many elements as this field says."""

    total: str


class Below(_Declared):
    """The recorded list is whole if it has fewer elements than this parameter allows."""

    below: str


Whole = Total | Below | Literal["always"]


class _Rule(_Declared):
    """What all rules share. `errors`: whether an error that the recorded call got is also the answer ("same")."""

    fields: Fields = {}
    errors: Literal["same", "unknown"] = "unknown"


class Prefix(_Rule):
    """`parameter` says how many elements of the list at `at` there are at most: the first ones of a longer list.

    `recorded` are the values that were recorded, null for a call without the parameter. A list that is whole (by
    `whole`, or because it is shorter than its limit) answers every higher limit too.
    """

    rule: Literal["prefix"]
    parameter: str
    at: str
    recorded: tuple[int | None, ...] = Field(min_length=1, max_length=MOST_CANDIDATES)
    whole: Total | None = None


class Threshold(_Rule):
    """`parameter` bounds the number at `field` of each element of the list at `at`.

    `keep` says which elements stay. `recorded` are the wider bounds that were recorded, null for a call without the
    parameter. Only a whole list is used.
    """

    rule: Literal["threshold"]
    parameter: str
    at: str
    field: str
    keep: Literal["at_most", "below", "at_least", "above"]
    recorded: tuple[Number | None, ...] = Field(min_length=1, max_length=MOST_CANDIDATES)
    whole: Whole


class Filter(_Rule):
    """`parameter` keeps the elements of the list at `at` whose `field` equals it. Only a whole list is used.

    The recorded call leaves the parameter out, which must be optional and without default.
    """

    rule: Literal["filter"]
    parameter: str
    at: str
    field: str
    whole: Whole


class Concat(_Rule):
    """`parameter` is a list, and the response to it the list at `at` with the elements of its single look-ups.

    `order`: `given`, as in the call, or the pointer of a field by which the elements are sorted. `repeated`: what a
    repeated value adds, nothing (`once`) or its elements again (`each`). `missing`: how to treat values whose own
    look-up is an error or has no elements: `skip`, `error` (the response to the first of them is the answer), or
    `unknown` (nothing is derived).
    """

    rule: Literal["concat"]
    parameter: str
    at: str
    order: str = "given"
    repeated: Literal["once", "each"] = "once"
    missing: Literal["skip", "error", "unknown"] = "unknown"


class Complete(_Rule):
    """Inside `domain`, a call without a recorded or derived response has the response to the call `like`.

    A call with an argument that `domain` does not name is outside, unless the argument is a default.
    """

    rule: Literal["complete"]
    domain: dict[str, Values] = Field(min_length=1)
    like: dict[str, Any]


class Arithmetic(_Rule):
    """The response is that of a recorded value of the numeric `parameter`, with `fields` computed anew."""

    rule: Literal["arithmetic"]
    parameter: str
    recorded: tuple[Number, ...] = Field(min_length=1, max_length=MOST_CANDIDATES)

    @model_validator(mode="after")
    def _computes(self) -> "Arithmetic":
        if not self.fields:
            raise ValueError("fields: expected at least one")
        return self


Rule = Annotated[Prefix | Threshold | Filter | Concat | Complete | Arithmetic, Field(discriminator="rule")]
