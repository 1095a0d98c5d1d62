"""Values that know where they are recorded, and the calls that were read to find them."""

from dataclasses import dataclass
from typing import Any

from ...jsonvalues import pointer

IT = "it"
"""The name of an element in the condition and the key of a choice."""


class Unsuitable(Exception):
    """An expression has no value here. `needs` are the calls that were read."""

    def __init__(self, why: str, needs: frozenset[str] = frozenset()) -> None:
        super().__init__(why)
        self.needs = needs


class Absent(Unsuitable):
    """A value depends on a call that is not made, because its `when` does not hold."""


@dataclass(frozen=True, slots=True)
class Held:
    """A value, the call and pointer at which it is recorded ("" if it is not), and the calls read to find it.

    `value` is JSON, or a list or object of `Held`. `of` is the member for which a call was made (`each`). `chosen` are
    the calls that were read to decide that it is this value: a member of it depends on them, but not on what the
    other members depend on.
    """

    value: Any
    call: str = ""
    pointer: str = ""
    needs: frozenset[str] = frozenset()
    of: "Held | None" = None
    chosen: frozenset[str] = frozenset()

    def also(self, *others: "Held") -> "Held":
        """The same value, which also depends on what the others depend on."""
        return self.after(frozenset[str]().union(*(other.needs for other in others)))

    def after(self, needs: frozenset[str]) -> "Held":
        """The same value, which was decided on by these calls as well."""
        if not needs:
            return self
        return Held(self.value, self.call, self.pointer, self.needs | needs, self.of, self.chosen | needs)


def step(held: Held, name: Any) -> Held:
    """A member or an element of a value. Raises `Unsuitable` if there is none."""
    value = held.value
    if name == "of" and held.of is not None:
        return held.of.also(held)
    if isinstance(value, dict) and isinstance(name, str) and name in value:
        found = value[name]
    elif isinstance(value, list) and isinstance(name, int) and -len(value) <= name < len(value):
        name %= len(value)
        found = value[name]
    else:
        raise Unsuitable(f"nothing at {name!r}", held.needs)
    if isinstance(found, Held):
        return found.after(held.chosen) if held.chosen else found
    place = held.pointer + pointer.join(name) if held.call else ""
    return Held(found, held.call, place, held.needs)


def items(held: Held) -> list[Held]:
    """The elements of a list. Raises `Unsuitable` for anything else."""
    if not isinstance(held.value, list):
        raise Unsuitable(f"expected a list, found {str(plain(held))[:40]!r}", held.needs)
    return [step(held, at) for at in range(len(held.value))]


def plain(held: Any) -> Any:
    """The JSON value, without where it comes from."""
    value = held.value if isinstance(held, Held) else held
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
