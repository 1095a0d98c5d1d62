"""Final answers: whether a text states a value, and the share of a task's facts that an answer states."""

from .stated import states as states
