"""Folding of text parameters: which spellings of a text are the same text to the API.

A fold belongs to the replay key. Calls that differ only in what their tool folds have one key, one recorded response
and one score.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

_RUN = re.compile(r"\s+")
LONGEST = 1024
"""Texts of more characters are not folded; no API knows them by name, and folding them takes long."""


class Fold(BaseModel):
    """How one string parameter, or every string of a list parameter, is folded.

    `case`: upper and lower case are equal. `accents`: marks above and below letters are ignored. `trim`: white space
    around the text is ignored. `space`: so it is, and a run of white space inside counts as one space. `suffixes` are
    cut off the end (", Helsinki"). `aliases` maps other names to the one they stand for. Suffixes and aliases are
    themselves compared under the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: bool = False
    accents: bool = False
    trim: bool = False
    space: bool = False
    suffixes: tuple[str, ...] = ()
    aliases: dict[str, str] = {}

    @model_validator(mode="after")
    def _changes_something(self) -> "Fold":
        if not (self.case or self.accents or self.trim or self.space or self.suffixes or self.aliases):
            raise ValueError("a fold that changes nothing")
        if "" in self.suffixes:
            raise ValueError("suffixes: expected texts that are not empty")
        return self

    def compiled(self) -> Callable[[Any], Any]:
        """The fold as a function of an argument. Folding twice changes nothing more."""
        suffixes = tuple(self._spelling(text, trim=False) for text in self.suffixes)
        aliases = {
            self._short(other, suffixes): self._short(name, suffixes) for other, name in self.aliases.items()
        }

        def folded(value: Any) -> Any:
            if isinstance(value, list):
                return [folded(item) for item in value]
            if not isinstance(value, str) or len(value) > LONGEST:
                return value
            short = self._short(value, suffixes)
            return aliases.get(short, short)

        return folded

    def _short(self, text: str, suffixes: tuple[str, ...]) -> str:
        """The text in its folded spelling, without suffixes. A text that is all suffix keeps it."""
        text, trims = self._spelling(text), self.trim or self.space
        end = len(text)
        while cut := next((s for s in suffixes if len(s) < end and text.endswith(s, 0, end)), ""):
            rest = end - len(cut)
            while trims and rest and text[rest - 1].isspace():
                rest -= 1
            if not rest:
                break
            end = rest
        return text[:end]

    def _spelling(self, text: str, trim: bool = True) -> str:
        if self.case:
            text = text.casefold()
        if self.accents:  # not NFKD: that would also equate "²" and "2", which few APIs do
            parts = unicodedata.normalize("NFD", text)
            text = unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))
        if self.space:
            text = _RUN.sub(" ", text)
        return text.strip() if trim and (self.trim or self.space) else text
