"""Scenarios: goals that people have, and how they ask for them. docs/scenarios.md says how to write one.

`read_scenarios` reads a file, `Scenarios` and `Scenario` are what it holds. The files in this folder are those of the
bundled snapshots. Whether a snapshot can fill a scenario is for `synth.scenes` to find out.
"""

from .format import Ask as Ask
from .format import Draw as Draw
from .format import Frame as Frame
from .format import Plan as Plan
from .format import Scenario as Scenario
from .format import Scenarios as Scenarios
from .format import Step as Step
from .read import COMMON as COMMON
from .read import FOLDER as FOLDER
from .read import read_scenarios as read_scenarios
