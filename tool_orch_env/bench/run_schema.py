"""What the lines and the manifest of a run's folder may hold.

Runs come from other people and from broken disks. Everything that reads a run is checked here first, so figures,
reports and scorers can rely on types and ranges. Fields that older versions did not write have defaults, unknown
fields are ignored, and whether a result was earned is for `verify` to say.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError, model_validator

Text = InstanceOf[str]
"""Any text, lone surrogates included: a model may have written them."""
Reason = Annotated[Text, Field(min_length=1)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Tokens = dict[Literal["prompt", "completion"], Count]


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Fact(_Stored):
    name: Text
    quote: Text
    span: Annotated[list[Count], Field(min_length=2, max_length=2)]
    share: Share
    why: Text


class _Call(_Stored):
    tool: Text
    arguments: Text
    code: Text
    violations: list[dict[Text, Any]]
    credited_to: Text | None
    reply: Text


class _Turn(_Stored):
    content: Text
    answer: Text | None
    reward: Number
    score: Number
    calls: list[_Call]


class _Result(_Stored):
    """As `result.EpisodeResult`."""

    task_id: Text
    success: bool
    score: Share
    stop_reason: Reason
    correct_calls: Count
    golden_calls: Count
    turns: Count
    trial: Count = 0
    cause: Reason | None = None
    strict_success: bool | None = None
    correct_turns: Count = 0
    golden_turns: Count = 0
    components: dict[Text, Number | None] = {}
    calls: Count = 0
    wasted_calls: Count = 0
    errors: dict[Text, Count] = {}
    golden: dict[Text, Text] = {}
    void: Reason | None = None
    tokens: Tokens | None = None
    facts: list[_Fact] = []
    log: list[_Turn] = []


class _Record(_Stored):
    """One line of `episodes.jsonl`."""

    task_id: Text
    trial: Count
    actions: list[InstanceOf[str] | InstanceOf[dict] | InstanceOf[list]]  # type: ignore[type-arg]  # any JSON
    tokens: list[Tokens | None]
    fault: Reason | None
    result: _Result

    @model_validator(mode="after")
    def _agrees(self) -> "_Record":
        of_episode = self.task_id, self.trial, self.fault
        of_result = self.result.task_id, self.result.trial, self.result.cause
        if of_result != of_episode:
            raise ValueError(f"the result is of another episode: expected {of_episode}, found {of_result}")
        if len(self.tokens) != len(self.actions):
            raise ValueError(f"expected tokens of {len(self.actions)} actions, found {len(self.tokens)}")
        return self


class _Time(_Stored):
    """One line of `times.jsonl`."""

    task_id: Text
    trial: Count
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    ended: Text | None = None


class _Source(_Stored):
    tasks: Text
    snapshot: Text | None = None
    limit: Annotated[int, Field(ge=1)] | None = None


class _Manifest(_Stored):
    """`manifest.json`."""

    format: int
    policy: Text
    protocol: Text
    strict: bool
    deciding: dict[Text, list[Text]]
    judge: Text | None
    answer_form: Text = "text"
    trials: Annotated[int, Field(ge=1)]
    settings: dict[Text, Text | bool | int | Number]
    source: _Source
    fingerprint: dict[Text, Text]


STORED: dict[str, type[_Stored]] = {
    "manifest.json": _Manifest,
    "episodes.jsonl": _Record,
    "times.jsonl": _Time,
}


def problems(file: str, value: Any) -> list[str]:
    """What is wrong with the content of `manifest.json` or a line of another file, one sentence each."""
    try:
        STORED[file].model_validate(value)
    except ValidationError as error:
        return [
            ": ".join([".".join(map(str, one["loc"])), one["msg"]]).removeprefix(": ")
            for one in error.errors(include_url=False)
        ]
    return []
