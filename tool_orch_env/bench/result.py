"""The result of one episode: its figures and a turn-by-turn log.

Protocols, runner, metrics and report exchange this type. Everything in it is JSON.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """One episode under one protocol.

    The protocol decides `success` and `stop_reason`. `score` is in [0, 1]: the graduated reward under `toolorch`, the
    share of golden calls matched under `cfb-offline`. Under lenient `cfb-offline`, `correct_calls` may exceed
    `golden_calls`, as in the original protocol. A golden turn is correct if all of its calls are.
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
    """The policy's error if it failed to answer, else `None`."""
    strict_success: bool | None = None
    """Success under strict `cfb-offline`. Set by the runner for lenient `cfb-offline` runs, else `None`."""
    correct_turns: int = 0
    golden_turns: int = 0
    components: dict[str, float | None] = field(default_factory=dict)
    """Components of the graduated reward: atomic, orchestration, answer (`None` without facts), waste, total."""
    calls: int = 0
    wasted_calls: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """Kind of error (`diagnose.KINDS`) -> count."""
    golden: dict[str, str] = field(default_factory=dict)
    """Golden call id -> state (`diagnose.STATES`)."""
    void: str | None = None
    """Why the episode is void, as `CODE: detail`, else `None`. No figure counts a void episode."""
    tokens: dict[str, int] | None = None
    """`prompt` and `completion` tokens summed over all turns; `None` if the policy does not report them."""
    facts: tuple[dict[str, Any], ...] = ()
    """What the final answer says of each fact (`FactReading.as_dict`), in the order of the task. Empty without an
    answer, and in runs from before readings were kept."""
    log: tuple[dict[str, Any], ...] = ()
    """Per turn: content, answer, reward, score, and calls with code, violations, credit and the start of the reply."""

    @property
    def facts_refused(self) -> bool:
        """Whether every golden call is answered, but the final answer does not state every fact."""
        answered = bool(self.log) and self.log[-1]["answer"] is not None
        facts = self.components.get("answer")
        return answered and facts is not None and facts < 1.0 == self.components.get("orchestration")

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON; `from_dict` reads it back unchanged."""
        whole = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**whole, "facts": list(self.facts), "log": list(self.log)}

    def with_strict(self, success: bool) -> "EpisodeResult":
        return replace(self, strict_success=success)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "EpisodeResult":
        """Inverse of `as_dict`. Ignores unknown keys; raises `TypeError` if a field is missing."""
        known = {one.name for one in fields(cls)}
        kept = {name: item for name, item in value.items() if name in known}
        return cls(**{**kept, **{name: tuple(kept.get(name, ())) for name in ("facts", "log")}})
