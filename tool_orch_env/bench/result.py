"""What is kept of an episode: the figures, and a log that a person can read turn by turn.

Enters: nothing; this is the vocabulary between protocols, runner, metrics and report. All of it is JSON.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """One episode under one protocol.

    `success` and `stop_reason` are the protocol's. `score` is in [0, 1]: the graduated reward under `toolorch`, the
    share of golden calls matched under `cfb-offline`. `correct_calls` may exceed `golden_calls` under a lenient
    `cfb-offline`, as in the protocol it follows. A golden turn is right when all its calls are.
    """

    task_id: str
    success: bool
    score: float
    stop_reason: str
    correct_calls: int
    golden_calls: int
    turns: int
    trial: int = 0
    cause: str | None = None
    """Why the policy gave no answer, `None` if it always did."""
    strict_success: bool | None = None
    """Under a lenient `cfb-offline` run by the runner: whether the strict one calls it a success."""
    correct_turns: int = 0
    golden_turns: int = 0
    components: dict[str, float | None] = field(default_factory=dict)
    """atomic, orchestration, answer (`None` without facts), waste, total: of the graduated reward."""
    calls: int = 0
    wasted_calls: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """Kind of error (`diagnose.KINDS`) -> how many."""
    golden: dict[str, str] = field(default_factory=dict)
    """Golden call -> what became of it (`diagnose.STATES`)."""
    tokens: dict[str, int] | None = None
    """prompt and completion tokens of all turns, `None` where the policy does not tell."""
    log: tuple[dict[str, Any], ...] = ()
    """Per turn: content, answer, reward, score, calls with code, violations, credit and the head of the reply."""

    def as_dict(self) -> dict[str, Any]:
        """JSON, the same when read back."""
        return {**{one.name: getattr(self, one.name) for one in fields(self)}, "log": list(self.log)}

    def with_strict(self, success: bool) -> "EpisodeResult":
        return replace(self, strict_success=success)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "EpisodeResult":
        """Reads `as_dict` back; raises `TypeError` or `KeyError` on another shape."""
        known = {one.name for one in fields(cls)}
        kept = {name: item for name, item in value.items() if name in known}
        return cls(**{**kept, "log": tuple(kept.get("log", ()))})
