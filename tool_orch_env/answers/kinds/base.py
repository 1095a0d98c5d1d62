"""What a fact kind is: how values of one kind are read in a text, compared, and written.

A kind is a stateless object. `read` finds every saying of a value of the kind in a folded text (`text.fold`), right or
wrong, negated or not: whose value it is, and whether it is denied, is for the reader of answers to decide. Open kinds
(clocks, numbers, dates) find any value; closed kinds (names, map tags) cannot know a name from any other word, and find
`asked.value`, its aliases, and `asked.candidates`.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple


class Asked(NamedTuple):
    """What is asked, as a kind sees it.

    `value` is the fact's value as recorded, `tolerance` absolute in `unit`. `unit` is the unit of `value` in the
    spelling of `units.UNITS` ("min", "km", "EUR"), "" for none or unknown. `aliases` are other texts for the same
    value. `candidates` are other values that might be said in its place, for closed kinds. `request` is the folded
    request: what it says need not be repeated (a year, a unit).
    """

    value: Any
    tolerance: float = 0.0
    unit: str = ""
    aliases: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    request: str = ""


class Said(NamedTuple):
    """One saying of a value: its span in the folded text, and the value in the kind's own normal form.

    `slack` is half a unit of the last digit said, in the unit of `value`: "10.3 million" is 10,300,000 with a slack of
    50,000. Sayings of equal `value` are one value said twice.
    """

    start: int
    end: int
    value: Any
    slack: float = 0.0


class Kind(ABC):
    """A fact kind."""

    name: ClassVar[str]

    @abstractmethod
    def read(self, text: str, asked: Asked) -> list[Said]:
        """Every saying of a value of this kind in a folded text, from left to right, none overlapping another.

        Linear in the length of the text, or nearly so. Never raises, whatever the text is.
        """

    @abstractmethod
    def same(self, said: Said, asked: Asked) -> bool:
        """Whether a saying states the value asked for."""

    @abstractmethod
    def forms(self, asked: Asked) -> list[str]:
        """The value as people write it: at least four forms where there are as many, the plainest first.

        Every form is read back as `asked.value`.
        """
