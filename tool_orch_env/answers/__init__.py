"""Final answers: does a text state a value, and which share of a task's facts does an answer state?"""

from .stated import states as states
