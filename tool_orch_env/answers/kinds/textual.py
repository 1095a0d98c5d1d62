"""The kinds of facts that are no quantities."""

from .base import Kind
from .clocks import Clock
from .codes import Code
from .dates import Date, Weekday
from .hours import Hours
from .lists import List
from .moments import Moment
from .names import Name, Tag
from .yes_no import YesNo
from .zones import Zone

TEXTUAL: tuple[Kind, ...] = (
    Clock(), Date(), Moment(), Weekday(), Zone(), Hours(), Name(), Code(), Tag(), YesNo(), List(),
)  # fmt: skip
