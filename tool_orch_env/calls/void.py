"""Void episodes: those that this side broke, not the agent. Their cause is a text, `CODE: detail`.

A void episode says nothing of the agent. It is to be left out of training and of figures, or played again; it is never
an episode with reward 0.
"""

import sqlite3
from collections.abc import Mapping
from enum import StrEnum

from ..errors import LiveError, SnapshotError

MAX_DETAIL = 280
"""Characters of the detail of a cause."""


class VoidCode(StrEnum):
    """Why an episode is void: the first word of its cause."""

    LIVE_FAILED = "live_failed"
    STORE_FAILED = "store_failed"
    INTERNAL_ERROR = "internal_error"
    SESSION_LOST = "session_lost"
    SESSION_IDLE = "session_idle"
    CAPACITY = "capacity"
    SERVER_RESTARTED = "server_restarted"
    SERVER_GONE = "server_gone"


VOID_MEANINGS: Mapping[VoidCode, str] = {
    VoidCode.LIVE_FAILED: 'the API behind `on_miss="live"` gave no answer: no connection, too late, a server error',
    VoidCode.STORE_FAILED: "recorded responses or the overlay could not be read: a file is gone or damaged",
    VoidCode.INTERNAL_ERROR: "an exception inside this package, or memory is used up",
    VoidCode.SESSION_LOST: "the connection or the worker process that played the episode is gone",
    VoidCode.SESSION_IDLE: "the server closed the session because no message came for too long",
    VoidCode.CAPACITY: "the server closed or refused the session because it has as many as it may",
    VoidCode.SERVER_RESTARTED: "the server was stopped or started again in the middle of the episode",
    VoidCode.SERVER_GONE: "the client cannot reach the server any more",
}
"""What each code means."""


def cause(code: VoidCode, detail: object = "") -> str:
    """The text `CODE: detail`, the detail on one line and cut at `MAX_DETAIL` characters."""
    text = " ".join(str(detail).split()).encode(errors="replace").decode()
    text = text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"
    return f"{code.value}: {text}" if text else code.value


def cause_of(error: Exception) -> str:
    """The cause that an exception during a step is."""
    if isinstance(error, LiveError):
        return cause(VoidCode.LIVE_FAILED, error)
    if isinstance(error, SnapshotError):
        return cause(VoidCode.STORE_FAILED, "; ".join(error.problems))
    if isinstance(error, OSError | sqlite3.Error):
        return cause(VoidCode.STORE_FAILED, f"{type(error).__name__}: {error}")
    return cause(VoidCode.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
