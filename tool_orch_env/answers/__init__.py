"""Final answers: kinds of facts, whether a text states a value, and what an answer says of each fact of a task."""

from .states import states as states
