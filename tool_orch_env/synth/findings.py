"""What the audit finds."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a task. `call` (an id) and `argument` are "" if the rule does not concern one."""

    call: str
    argument: str
    rule: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
