"""A small language for values in recorded responses: `most(board.flights, it.sched_dep)`.

The syntax is that of Python expressions, a subset of which is evaluated by walking the syntax tree; no Python is run.
Every value carries where it is recorded (`Held.call` and `Held.pointer`), and every result the calls that were read to
find it (`Held.needs`), so that whatever depends on a comparison also depends on all that was compared.

=====================================  ==========================================================================
`a.b`, `a[0]`, `a["b"]`                a member or an element; `a.of` is the member that an `each` step was made for
`==  !=  <  <=  >  >=  in  not in`     comparisons, chained as in Python; `and`, `or`, `not`, `x if c else y`
`+  -  *  /`                           on numbers; `+` also joins texts
`[x.a for x in list if x.b > 3]`       at most two `for` in one expression
`only(list, condition)`                the only element, with `it` for an element; without a condition the list has one
`least(list, key)`, `most(list, key)`  the element with the best key, which no other may share
`FUNCTIONS`                            plain functions of values, such as `len`, `sum`, `days_after`
=====================================  ==========================================================================

Whatever cannot be evaluated raises `Unsuitable`: a missing member, `null` in a comparison, two best elements, or more
work than the bounds in `evaluate` allow.
"""

from .evaluate import Choice as Choice
from .evaluate import Item as Item
from .evaluate import Scope as Scope
from .functions import FUNCTIONS as FUNCTIONS
from .functions import WEEKDAYS as WEEKDAYS
from .held import IT as IT
from .held import Absent as Absent
from .held import Held as Held
from .held import Unsuitable as Unsuitable
from .held import items as items
from .held import plain as plain
from .held import step as step
from .syntax import Expression as Expression
from .syntax import ExpressionError as ExpressionError
from .syntax import parse as parse
