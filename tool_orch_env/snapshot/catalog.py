"""The tools of a snapshot: read from `tools.json`, checked and compiled when the snapshot is opened.

The `parameters` of a tool are an object schema of JSON Schema 2020-12. The schema is closed: a parameter that it does
not name is a violation, unless the schema itself sets `additionalProperties`. Responses, tasks and episodes are not
known here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import SnapshotError
from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode, plain
from . import schema
from .fold import Fold
from .rules import Complete, Concat, Filter, Prefix, Rule, Threshold, Total, Values

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MOST_TOOLS = 10_000
MOST_RULES = 8
"""Maximum derivation rules of a tool."""
_PLAIN_KEYWORDS = {"type", "properties", "required", "additionalProperties", "title", "description"}
"""Keywords of an object schema that look at one parameter at a time."""
REMEDY = "correct the file, or write the snapshot again"


class Source(BaseModel):
    """A source of values for a parameter: a pointer pattern into the responses of a tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str
    pointer: str


class ToolSpec(BaseModel):
    """One entry of `tools.json`.

    `set_like` names array parameters whose order and repetitions do not matter, `case_insensitive` string parameters
    whose case does not. `fold` says which spellings of a text parameter are equal. `sources` maps a parameter to the
    places in responses that its values come from. `known` names parameters whose values are general knowledge, such as
    the name of a country: a call need not have them from anywhere. `derive` lists the rules by which responses follow
    from recorded ones. `holds` says for which arguments the snapshot has responses; replies to others say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")
    description: str = ""
    parameters: dict[str, Any]
    domain: str = ""
    set_like: tuple[str, ...] = ()
    case_insensitive: tuple[str, ...] = ()
    sources: dict[str, tuple[Source, ...]] = {}
    known: tuple[str, ...] = ()
    fold: dict[str, Fold] = {}
    derive: tuple[Rule, ...] = Field(default=(), max_length=MOST_RULES)
    holds: dict[str, Values] = {}

    @property
    def of_format_2(self) -> bool:
        """Whether the entry says something that snapshot format 1 does not know."""
        return bool(self.fold or self.derive or self.holds or self.known)


class Tool:
    """A compiled tool. `spec` is its entry in the file; everything else is derived from it."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec
        self.name = spec.name
        self.properties: Mapping[str, Any] = spec.parameters.get("properties", {})
        self.required = frozenset(spec.parameters.get("required", ()))
        self._set_like = frozenset(spec.set_like)
        self._caseless = frozenset(spec.case_insensitive)
        self._folds = {name: fold.compiled() for name, fold in spec.fold.items()}
        # A required parameter is never dropped: the shorter call would not be the same call, but an invalid one.
        self._defaults = {
            name: encode(self.folded(name, plain(schema["default"])))
            for name, schema in self.properties.items()
            if isinstance(schema, dict) and "default" in schema and name not in self.required
        }
        self.folds = bool(self._set_like or self._caseless or self._folds)
        """Whether calls that differ in more than numbers and defaults can be the same call."""
        self.rewrites = self.folds or bool(self._defaults)
        """Whether `normalise` may change more than the spelling of numbers."""
        self.folds_text = bool(self._folds)
        """Whether a call that violates the schema can have the key of a valid one."""

    def __reduce__(self) -> tuple[Any, ...]:  # compiled validators are not pickled
        return Tool, (self.spec,)

    def normalise(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """`arguments` with defaults dropped, sets sorted and texts folded.

        Two calls are the same call if and only if `encode` returns the same text for both results. Raises
        `NotCanonical`.
        """
        result: dict[str, Any] = plain(arguments)
        return self._specials(result) if self.rewrites else result

    def _specials(self, arguments: dict[str, Any]) -> dict[str, Any]:
        result = {}
        for name, given in arguments.items():
            value = self.folded(name, given)
            if name not in self._defaults or encode(value) != self._defaults[name]:
                result[name] = value
        return result

    def folded(self, name: str, value: Any) -> Any:
        """The value of an argument as its key has it: texts folded, sets sorted."""
        if name in self._folds:
            value = self._folds[name](value)
        if name in self._caseless and isinstance(value, str):
            value = value.casefold()
        if name in self._set_like and isinstance(value, list):
            by_text = {encode(item): item for item in value}
            return [by_text[text] for text in sorted(by_text)]
        return value

    def value_of(self, arguments: Mapping[str, Any], name: str) -> Any:
        """An argument, or the default of its schema where it is left out; `None` if there is none."""
        if name in arguments:
            return arguments[name]
        declared = self.properties.get(name)
        return declared.get("default") if isinstance(declared, dict) else None

    def outside(self, arguments: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
        """The arguments outside the declared domain: name, what the domain is, and the value found.

        The domain is `holds`, else those of the `complete` rules; the call is compared with the one that has fewest
        such arguments. If there are none, the arguments whose values `holds` only describes (`says`) are outside, as
        the call has no response. Empty if the call is inside, or no domain is declared.
        """
        domains = [self.spec.holds] if self.spec.holds else []
        domains += (
            [rule.domain for rule in self.spec.derive if isinstance(rule, Complete)] if not domains else []
        )
        found = [
            [
                (name, values.described(), value)
                for name, values in domain.items()
                if (value := self.value_of(arguments, name)) is not None and not values.hold(value)
            ]
            for domain in domains
        ]
        described = [
            (name, values.says, arguments[name])
            for name, values in self.spec.holds.items()
            if values.says and name in arguments
        ]
        return min(found, key=len, default=[]) or described

    def tidied(self, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The arguments as a model means them, `None` if there is nothing to tidy.

        A `null` that can only mean leaving an optional parameter out is dropped; white space around strings is trimmed.
        """
        kept = {
            name: _trimmed(value)
            for name, value in arguments.items()
            if not (value is None and self._left_out_by_null(name))
        }
        return None if len(kept) == len(arguments) and all(kept[n] is arguments[n] for n in kept) else kept

    def _left_out_by_null(self, name: str) -> bool:
        """Whether `null` for this parameter can only mean that it is left out: it is optional, and null is invalid."""
        if name in self.required or name not in self.properties:
            return False
        errors = self.validator.iter_errors({name: None})
        return any(list(error.absolute_path)[:1] == [name] for error in errors)

    @cached_property
    def validator(self) -> "Validator":
        """A validator of draft 2020-12 with format checks. It never fetches a reference."""
        return schema.validator({"additionalProperties": False, **self.spec.parameters})

    @property
    def independent(self) -> bool:
        """Whether the schema looks at one parameter at a time: parameters valid one by one make a valid call."""
        return self.spec.parameters.keys() <= _PLAIN_KEYWORDS

    @cached_property
    def valid_by_key(self) -> bool:
        """Whether calls of one key are all valid or all invalid: texts are not folded, sets not sorted, and giving a
        default explicitly changes nothing."""
        if self.folds or not self.independent:
            return False
        given = {name: plain(self.properties[name]["default"]) for name in self._defaults}
        return not any(error.absolute_path for error in self.validator.iter_errors(given))

    @cached_property
    def function(self) -> dict[str, Any]:
        """The tool as an OpenAI function tool."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.spec.description,
                "parameters": self.spec.parameters,
            },
        }


class Catalog(Mapping[str, Tool]):
    """The tools of a snapshot by name, in the order of the file."""

    def __init__(self, specs: list[ToolSpec], where: str = "tools") -> None:
        """Raises `SnapshotError` listing every problem of every tool. `where` names the file in messages."""
        problems = [problem for spec in specs for problem in _problems(spec, where)]
        names = Counter(spec.name for spec in specs)
        problems += [
            f"{where}: {name}: two tools have this name" for name in sorted(names) if names[name] > 1
        ]
        problems += [
            f"{where}: {spec.name}.sources.{parameter}: {source.tool!r} is not a tool of this snapshot"
            for spec in specs
            for parameter, sources in spec.sources.items()
            for source in sources
            if source.tool not in names
        ]
        if problems:
            raise SnapshotError(problems, REMEDY)
        self._tools = {spec.name: Tool(spec) for spec in specs}

    @classmethod
    def parse(cls, document: Any, where: str) -> "Catalog":
        """The catalog in the parsed JSON of a `tools.json`. Raises `SnapshotError`."""
        if not isinstance(document, dict) or not isinstance(document.get("tools"), list):
            raise SnapshotError(f'{where}: expected an object with a list "tools"', REMEDY)
        if len(document["tools"]) > MOST_TOOLS:
            raise SnapshotError(
                f"{where}: expected at most {MOST_TOOLS} tools, found {len(document['tools'])}", REMEDY
            )
        specs, problems = [], []
        for index, entry in enumerate(document["tools"]):
            try:
                specs.append(ToolSpec.model_validate(entry))
            except ValidationError as error:
                name = entry.get("name", index) if isinstance(entry, dict) else index
                problems += [
                    f"{where}: {name}{pointer.join(*fault['loc'])}: {fault['msg']}"
                    for fault in error.errors()
                ]
        if problems:
            raise SnapshotError(problems, REMEDY)
        return cls(specs, where)

    def dump(self) -> dict[str, Any]:
        """The content of `tools.json`; `parse` reads it back."""
        return {
            "tools": [
                tool.spec.model_dump(mode="json", exclude_defaults=True, by_alias=True)
                for tool in self._tools.values()
            ]
        }

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)


def _problems(spec: ToolSpec, where: str) -> Iterator[str]:
    """Problems that make a tool unusable."""
    place = f"{where}: {spec.name}.parameters"
    found = list(schema.faults(spec.parameters, place))
    if not found and spec.parameters.get("type") != "object":
        found = [f'{place}: expected "type": "object", found {spec.parameters.get("type")!r}']
    if found:
        yield from found
        return
    properties = spec.parameters.get("properties", {})
    for field in ("set_like", "case_insensitive", "sources", "known", "fold", "holds"):
        for name in getattr(spec, field):
            if name not in properties and not (field == "sources" and _first(name) in properties):
                yield f"{where}: {spec.name}.{field}: {name!r} is not a parameter"

    for index, rule in enumerate(spec.derive):
        for problem in _rule_problems(rule, spec):
            yield f"{where}: {spec.name}.derive.{index} ({rule.rule}): {problem}"


def _rule_problems(rule: Rule, spec: ToolSpec) -> Iterator[str]:
    """Why a rule cannot be applied to its tool."""
    properties = spec.parameters.get("properties", {})
    required = set(spec.parameters.get("required", ()))
    if isinstance(rule, Complete):
        yield from (f"{name!r} is not a parameter" for name in rule.domain if name not in properties)
        yield from (
            f"domain: {name!r} is required, and not in it" for name in sorted(required - rule.domain.keys())
        )
        yield from _value_problems("like", rule.like, spec)
    elif rule.parameter not in properties:
        yield f"{rule.parameter!r} is not a parameter"
    elif isinstance(rule, Filter):
        declared = properties[rule.parameter]
        if rule.parameter in required or (isinstance(declared, dict) and "default" in declared):
            yield f"{rule.parameter!r}: expected an optional parameter without default"
    elif not isinstance(rule, Concat):
        for value in rule.recorded:
            if value is not None:
                yield from _value_problems("recorded", {rule.parameter: value}, spec, partly=True)
            elif rule.parameter in required:
                yield f"recorded: null stands for a call without {rule.parameter!r}, which is required"
    yield from _pointer_problems(rule)


def _value_problems(
    what: str, arguments: dict[str, Any], spec: ToolSpec, partly: bool = False
) -> Iterator[str]:
    """Violations of the schema; `partly`: the other arguments are left out."""
    parameters = {k: v for k, v in spec.parameters.items() if not (partly and k == "required")}
    for error in schema.validator({"additionalProperties": False, **parameters}).iter_errors(
        plain(arguments)
    ):
        yield f"{what}{pointer.join(*error.absolute_path)}: {error.message}"


def _pointer_problems(rule: Rule) -> Iterator[str]:
    at = getattr(rule, "at", None)
    whole = getattr(rule, "whole", None)
    places = [*rule.fields, *([whole.total] if isinstance(whole, Total) else [])]
    places += [rule.field] if isinstance(rule, (Filter, Threshold)) else []
    places += [at] if at is not None else []
    places += [rule.order] if isinstance(rule, Concat) and rule.order != "given" else []
    for place in places:
        try:
            pointer.tokens(place)
        except ValueError as error:
            yield str(error)
    nested = [*rule.fields, *([] if at is None else [at])]
    for one in nested:
        if any(other is not one and (other + "/").startswith(one + "/") for other in nested):
            yield f"fields: {one!r} is changed as a whole and in part"
    if isinstance(rule, (Prefix, Threshold, Filter, Concat)):
        return
    if "length" in rule.fields.values() or "more" in rule.fields.values():
        yield 'fields: "length" and "more" need a list'


def _trimmed(value: Any) -> Any:
    """The value itself, unless it is a string, or a list with a string, with white space around it."""
    if isinstance(value, str):
        trimmed = value.strip()
        return value if len(trimmed) == len(value) else trimmed
    if isinstance(value, list) and any(isinstance(one, str) and one != one.strip() for one in value):
        return [_trimmed(one) for one in value]
    return value


def _first(path: str) -> str | None:
    """The parameter at the start of a JSON Pointer into the arguments, `None` if it is not such a pointer."""
    try:
        return pointer.tokens(path)[0]
    except (ValueError, IndexError):
        return None
