"""The credit of an emitted call, measured against one golden call of the same tool.

Credit is in [0, 1], and 1 if and only if the call is exact: its canonical arguments equal the golden ones, or both
calls are recorded with the same response, a success that is not empty, and the arguments that matter are the same.
Other calls earn the credit weights whose conditions they meet, from the tool's name to a successful result.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass

from ..calls.types import AnsweredCall, Status
from ..jsonvalues.canonical import encode


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """A compiled golden call. `values` maps each parameter to the canonical text of its value.

    `response` is the recorded text if it is a success and not empty, else `None`: only such a response can make another
    call equal to this one. `fixed` are the parameters of which such a call may not have another value: those that are
    required, bound, or stated by the request. `index` counts the golden calls that are not optional, and is -1 for an
    optional call; `needs` are such indices.
    """

    index: int
    id: str
    tool: str
    key: str
    values: dict[str, str]
    response: str | None
    needs: tuple[int, ...]
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CreditWeights:
    """The credit weights: each at least 0, summing to 1."""

    name: float = 0.10
    """Weight of the tool's name."""
    parameters: float = 0.15
    """Weight of the F1 score of the parameter names."""
    types: float = 0.15
    """Weight of the share of golden parameters whose value satisfies the schema."""
    values: float = 0.50
    """Weight of the share of golden parameters with the right canonical value."""
    executed: float = 0.10
    """Weight of a result that is a recorded success."""


_ALMOST = 1.0 - 2**-20
"""Maximum credit of a call that is not exact: a credit of 1 means exact, whatever the weights."""


Aliases = Callable[[CompiledCall, str], Container[str]]
"""The canonical texts that mean the same as a golden call's value of a parameter."""


def credit(
    call: AnsweredCall,
    golden: CompiledCall,
    weights: CreditWeights,
    aliases: Aliases = lambda golden, name: (),
) -> float:
    """The credit of an emitted call of the golden call's tool, in [0, 1]; 1 if and only if the call is exact."""
    if call.key == golden.key:
        return 1.0
    result = call.result
    assert call.arguments is not None
    emitted = {name: encode(value) for name, value in call.arguments.items()}
    if (
        result.status is Status.OK
        and golden.response is not None
        and result.text == golden.response
        and all(
            emitted[name] == golden.values[name] or emitted[name] in aliases(golden, name)
            for name in golden.fixed & emitted.keys()
        )
    ):
        return 1.0
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
