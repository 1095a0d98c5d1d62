"""The red team: a library of exploits, played against a reward next to honest agents.

`attack` plays them on a task set and returns a `Report`. `tool-orch redteam` prints it.
"""

from .report import Report as Report
from .report import attack as attack
