"""TRL: `GRPOTrainer(environment_factory=environments(factory), reward_funcs=episode_score, ...)`.

TRL expects classes whose methods are the tools, all of them made before training. To need few, tasks share sets of
tools: `toolsets.merged` offers each task its own tools and some more. The dataset column `environment` selects the
class and `task_id` the task; `tool-orch export --format trl` writes both. TRL learns from one scalar per rollout: the
episode's score. It has no notion of a final answer, so `episode_score` takes the last message as the answer, unless the
rollout has called `submit_answer` (`answer_form="fields"`). That tool takes one object; the row's system prompt lists
its fields. TRL makes calls one at a time, each as its own turn. A void episode has the score `None`, which TRL leaves
out of the group's baseline and gives no advantage.

Python annotations cannot express all of JSON Schema: ranges, patterns and nested fields go into the description.
"""

import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Literal, Union

from ..answers.submit import DESCRIPTION, submit_name, submit_tool, submits
from ..calls.render import function_tools
from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from ..task import Task
from .session import Message, Session, SessionFactory
from .toolsets import merged

_TYPES: dict[Any, Any] = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": bool,
    "object": dict,
    "null": type(None),
}
_SAID = frozenset({"type", "description", "title", "enum", "anyOf", "oneOf", "default"})
"""Keywords of a parameter's schema that its annotation and description already express."""
CLASSES = 32
"""How many environment classes there are at most for the tasks of a factory, where the tasks allow it."""
ANSWER = "answer"
"""The one parameter of `submit_answer`: an object with the task's fields."""


class ToolEnvironment:
    """The tools of one rollout. TRL pools instances: `reset` begins a new episode."""

    def __init__(self, *factories: SessionFactory) -> None:
        self._factories = factories
        self._session: Session = factories[0]()

    def reset(self, task_id: str | None = None, seed: int | None = None, **row: Any) -> None:
        """Begin the row's task. Its prompt is in the dataset."""
        having = (one for one in self._factories if task_id in one.task_set.tasks)
        self._session = next(having, self._factories[0])().reset(task_id, seed)


def environments(*factories: SessionFactory) -> dict[str, Callable[[], ToolEnvironment]]:
    """The value for `environment_factory`: environment constructors by the name in the column `environment`.

    Pass the factory of the training rows, and that of the evaluation rows if there are any. Raises `UsageError` if a
    parameter's name is not a valid Python argument name.
    """
    played = [merged(factory, CLASSES) for factory in factories]
    makers: dict[str, Callable[[], ToolEnvironment]] = {}
    for factory in played:
        for task in factory.task_set.tasks.values():
            name = toolset(task, factory.answer_form)
            if name not in makers:
                tools = function_tools(task, factory.task_set.snapshot.catalog)
                submit = submit_name(task) if submits(task, factory.answer_form) else None
                makers[name] = partial(_environment_class(name, tools, submit), *played)
    return makers


def toolset(task: Task, answer_form: str = "text") -> str:
    """The name of a task's set of tools, a hash of their names and that of the submit tool."""
    tools = [*sorted(task.tools), *([submit_name(task)] if submits(task, answer_form) else [])]
    return f"tools_{blake2b(to_text(tools).encode(), digest_size=6).hexdigest()}"


def prompt(session: Session) -> str:
    """The system prompt of a row. It lists the fields of the answer, which differ between tasks of one class."""
    if session.submit_name is None:
        return session.native_prompt
    fields = submit_tool(session.task)["function"]["parameters"]["properties"]
    return f"{session.native_prompt} The fields of its parameter {ANSWER}: {to_text(fields)}"


def episode_score(
    completions: Sequence[Sequence[Message]],
    environments: Sequence[ToolEnvironment],
    log_metric: Callable[[str, float], None] | None = None,
    **_: Any,
) -> list[float | None]:
    """The reward function: the episode score of every rollout, in [0, 1], and `None` for a void one.

    Logs the components with `log_metric`, and the share of void rollouts as `void`.
    """
    scores: list[float | None] = []
    for messages, environment in zip(completions, environments, strict=True):
        session = environment._session
        last = messages[-1] if messages else {}
        if not session.done and last.get("role") == "assistant" and not last.get("tool_calls"):
            session.step(last)
        scores.append(None if session.void else session.episode_score)
        for name, value in session.components().items() if log_metric and not session.void else ():
            log_metric(f"tool_orch/{name}", value)  # type: ignore[misc]  # not None in this loop
    if log_metric and scores:
        log_metric("tool_orch/void", scores.count(None) / len(scores))
    return scores


def _environment_class(name: str, tools: Sequence[Message], submit: str | None) -> type[ToolEnvironment]:
    made = [_method(tool["function"]) for tool in tools]
    if submit is not None:
        parameter = {"type": "object", "description": "The fields that the system prompt lists."}
        parameters = {"properties": {ANSWER: parameter}, "required": [ANSWER]}
        function = {"name": submit, "description": DESCRIPTION, "parameters": parameters}
        made.append(_method(function, lambda given: given.get(ANSWER, given)))
    methods = {}
    for index, method in enumerate(made):
        taken = hasattr(ToolEnvironment, method.__name__) or method.__name__ in ("get_reward",)
        plain = method.__name__.isidentifier() and not method.__name__.startswith("_") and not taken
        methods[method.__name__ if plain else f"tool_{index}"] = method  # TRL calls it by __name__
    return type(name, (ToolEnvironment,), methods)


def _method(function: Message, read: Callable[[dict[str, Any]], Any] = dict) -> Callable[..., str]:
    """A method that makes one call, with the signature and docstring that `get_json_schema` expects.

    `read` returns the arguments of the call from those of the method.
    """
    name, schema = function["name"], function["parameters"]
    parameters: Mapping[str, Any] = schema.get("properties", {})
    required = schema.get("required", ())
    for parameter in parameters:
        if not parameter.isidentifier() or keyword.iskeyword(parameter) or parameter == "self":
            raise UsageError(
                f"{name}: parameter {parameter!r} cannot be a Python argument, as TRL requires; use OpenEnv instead"
            )

    def method(self: ToolEnvironment, /, **arguments: Any) -> str:
        return str(self._session.step({"name": name, "arguments": read(arguments)}).messages[0]["content"])

    ordered = sorted(parameters, key=lambda parameter: parameter not in required)
    signature = _signature({parameter: parameters[parameter] for parameter in ordered}, required)
    method.__name__ = method.__qualname__ = name
    method.__signature__ = signature  # type: ignore[attr-defined]  # mypy does not know this attribute
    method.__annotations__ = {one.name: one.annotation for one in list(signature.parameters.values())[1:]}
    method.__annotations__["return"] = str
    lines = [f"    {parameter}: {_described(parameters[parameter])}" for parameter in ordered]
    head = _line(function["description"]) or f"Call {name}."
    method.__doc__ = "\n".join([head, "", "Args:", *lines]) if lines else head
    return method


def _signature(parameters: Mapping[str, Any], required: Sequence[str]) -> inspect.Signature:
    """`self`, then the parameters. Optional ones default to `None`, which is never passed on."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = [inspect.Parameter("self", kind)]
    for name, schema in parameters.items():
        default = inspect.Parameter.empty if name in required else None
        found.append(inspect.Parameter(name, kind, annotation=_annotation(schema), default=default))
    return inspect.Signature(found)


def _annotation(schema: Any) -> Any:
    """The Python type closest to a JSON Schema that `get_json_schema` can express."""
    if not isinstance(schema, dict):
        return Any
    values = schema.get("enum")
    if values and all(type(value) in (str, int, float, bool, type(None)) for value in values):
        return Literal[tuple(values)]
    kind = schema.get("type")
    options = (
        schema.get("anyOf")
        or schema.get("oneOf")
        or ([{**schema, "type": one} for one in kind] if isinstance(kind, list) else None)
    )
    if options:
        return Union[tuple(_annotation(option) for option in options)]  # noqa: UP007 - the number of options varies
    if kind == "array":
        return list[_annotation(schema["items"])] if isinstance(schema.get("items"), dict) else list  # type: ignore[misc]
    return _TYPES.get(kind, Any)


def _described(schema: Any) -> str:
    """The description on one line, followed by the JSON Schema keywords that the annotation cannot express."""
    if not isinstance(schema, dict):
        return "Any value."
    left = {key: value for key, value in schema.items() if key not in _SAID}
    if set(left) == {"items"} and set(left["items"]) <= _SAID:
        left = {}
    text = _line(schema.get("description", "")) or "No description."
    text += f" Default {to_text(schema['default'])}." if "default" in schema else ""
    return f"{text} JSON Schema: {to_text(left)}" if left else text


def _line(text: str) -> str:
    """The text on one line, with nothing in it that looks like a docstring section."""
    for section in ("Args:", "Returns:", "Raises:"):
        text = text.replace(section, section[:-1])
    return " ".join(text.split())
