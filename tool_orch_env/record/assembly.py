"""The parameters of a tool while they are collected from an operation.

Names are made fit for model APIs (letters, digits, `_.-`, at most 64) and unique; a place keeps the name that the API
knows.
"""

import re
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from .request import Place

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_MOST_NAME = 64


@dataclass
class Assembly:
    """Parameters of one operation while they are collected."""

    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def add(self, name: str, schema: Any, required: bool, place: Place) -> str:
        """Add a parameter and return its name: made fit for model APIs, and unique."""
        made = self.free(name, place.at)
        self.properties[made] = schema
        self.places[made] = (
            place if made == name or place.name is not None else place.model_copy(update={"name": name})
        )
        if required:
            self.required.append(made)
        return made

    def in_path(self) -> dict[str, str]:
        """Name in the path -> name of the parameter."""
        return {
            name if place.name is None else place.name: name
            for name, place in self.places.items()
            if place.at == "path"
        }

    def free(self, name: str, at: str) -> str:
        """The name that a parameter gets."""
        plain = (_UNFIT.sub("_", name).strip("_") if _UNFIT.search(name) else name)[:_MOST_NAME] or "value"
        placed = f"{at}_{plain}"
        numbered = (f"{placed[: _MOST_NAME - 5]}_{number}" for number in count(2))
        candidates = chain([plain, placed[:_MOST_NAME]], numbered)
        return next(candidate for candidate in candidates if candidate not in self.properties)
