"""The kinds of facts, by name."""

from collections.abc import Mapping

from .base import Asked as Asked
from .base import Kind as Kind
from .base import Said as Said
from .numeric import NUMERIC
from .textual import TEXTUAL

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*NUMERIC, *TEXTUAL)}
"""Every fact kind by its name."""
