"""The kinds of facts that are numbers."""

from .base import Kind
from .measures import Measure
from .money import Money, Rate
from .plain import Count, Number, Year
from .spans import Delay, Duration

NUMERIC: tuple[Kind, ...] = (Number(), Count(), Measure(), Money(), Rate(), Delay(), Duration(), Year())
"""One of each, in no order that matters."""
