"""How right one emitted call is, measured against one golden call of the same tool.

Enters: an answered call and a compiled golden call. Leaves: credit in [0, 1], 1 exactly if the call is
exact: its canonical arguments equal the golden ones, or both are recorded with the same response that is a
success and holds something. Otherwise the ladder of `CreditWeights`, each rung more precise than the one before.
"""

from dataclasses import dataclass
from typing import Any

from ..calls.types import AnsweredCall, Status
from ..jsonvalues.canonical import encode


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """One golden call, compiled. `values` maps parameter to canonical text of its value.

    `response` is the recorded text where it is a success that holds something, else `None`: only such a
    response can make another call equal to this one. `needs` are indices of golden calls that are not
    optional; `index` is -1 for an optional call.
    """

    index: int
    id: str
    tool: str
    key: str
    values: dict[str, str]
    response: str | None
    needs: tuple[int, ...]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CreditWeights:
    """Weights of the credit ladder: at least 0, summing to 1."""

    name: float = 0.10
    """The tool is one that is still wanted."""
    parameters: float = 0.15
    """F1 of the parameter names."""
    types: float = 0.15
    """Share of golden parameters whose value satisfies the schema."""
    values: float = 0.50
    """Share of golden parameters whose canonical value is right."""
    executed: float = 0.10
    """The result is a recorded success."""


_ALMOST = 1.0 - 2**-20
"""What a call that is not exact earns at most: credit 1 means exact, whatever the weights."""


def credit(call: AnsweredCall, golden: CompiledCall, weights: CreditWeights) -> float:
    """How right an emitted call of the golden call's tool is, in [0, 1]; 1 exactly if it is exact."""
    if call.key == golden.key:
        return 1.0
    result = call.result
    if result.status is Status.OK and golden.response is not None and result.text == golden.response:
        return 1.0
    assert call.arguments is not None
    emitted = {name: encode(value) for name, value in call.arguments.items()}
    shared = emitted.keys() & golden.values.keys()
    wanted = len(golden.values)
    broken = {violation.pointer.split("/")[1] for violation in result.violations if violation.pointer}
    right = sum(emitted[name] == golden.values[name] for name in shared)
    names = 2 * len(shared) / (len(emitted) + wanted) if emitted or wanted else 1.0
    return min(
        _ALMOST,
        weights.name
        + weights.parameters * names
        + weights.types * (len(shared - broken) / wanted if wanted else 1.0)
        + weights.values * (right / wanted if wanted else 1.0)
        + weights.executed * (result.status is Status.OK),
    )
