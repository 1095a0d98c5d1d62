"""Rules of the audit that ask whether a task is one that a person would set, and that an answer can win.

They are off by default; `tool-orch audit --rules` turns them on.

- `purpose`: every golden call supplies a value that a later call, a decision or an ask uses, and no group of calls
  shares nothing with the rest;
- `askable`: elements are chosen by what a person chooses by, never by their position in a list;
- `closure`: equivalent formulations of every golden call are answered, and the trace with each in place scores 1.0;
- `said`: right answers as people write them are read in full;
- `told_apart`: rotated, denied and undecided answers are not;
- `sound`: times of day are compared within one time zone and day, and choices come out as the task says;
- `minimal`: no golden call only supplies what the reply before it already says of the same thing.
"""

from collections.abc import Callable, Iterator, Mapping

from ..findings import Finding
from .answers import said, told_apart
from .askable import askable
from .checked import Checked as Checked
from .closure import closure
from .minimal import minimal
from .purpose import purpose
from .sound import sound

Rule = Callable[[Checked], Iterator[Finding]]
RULES: Mapping[str, Rule] = {
    "purpose": purpose,
    "askable": askable,
    "closure": closure,
    "said": said,
    "told_apart": told_apart,
    "sound": sound,
    "minimal": minimal,
}
"""The rules by name, in the order in which they are checked."""
SCENARIO_RULES = tuple(name for name in RULES if name != "closure")
"""The rules that every task made from a scenario passes. `closure` depends on what was recorded."""
