"""Coverage: how many sensible calls a snapshot answers.

An agent does not only make the golden calls. It writes the same intent in another way, looks beside it, and follows
what a reply offers. `measure` makes such variants of every golden call (`KINDS`), from schemas, declared edges, the
phrase book and the golden replies, and counts how many have a response, recorded or derived. What is recorded does not
influence which variants are made.

`leak` looks at the rows that a task chooses from: where only the golden row can be followed up, a `not_recorded`
reveals the answer.
"""

from .calls_file import read_calls as read_calls
from .measure import BY_HAND as BY_HAND
from .measure import Coverage as Coverage
from .measure import Share as Share
from .measure import measure as measure
from .variants import KINDS as KINDS
from .variants import Variant as Variant
