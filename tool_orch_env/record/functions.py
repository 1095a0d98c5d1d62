"""Python functions as a source of answers: your own code, in this process.

Schemas come from signatures, by pydantic, and descriptions from docstrings. What a function returns is recorded as
JSON. An exception is an error of the API, except `ConnectionError` and `TimeoutError`, after which the call is tried
again. Functions are called one at a time in the thread that asks, as they may not be safe to call from others.

Functions are named by whoever starts the recording. No file can name one.
"""

import asyncio
import dataclasses
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
from pydantic.json_schema import GenerateJsonSchema, PydanticJsonSchemaWarning
from pydantic_core import to_jsonable_python

from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from .drafts import Drafted
from .schema import Limits
from .source import Answer, Failed, Source

FAILED = 400
"""The status of an answer that is an exception."""
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Function:
    """A function as a tool. `call` takes JSON arguments by name and turns them into the types of the signature."""

    draft: Drafted
    call: Callable[..., Any]
    source: str
    """The module that it is from."""


def load(place: str) -> dict[str, Function]:
    """The functions at `module:name`, by tool name.

    The name may be that of a function, of a list of functions, or of an object, whose public methods are taken; without
    one, the functions that the module defines are. Modules are looked for in the current folder first.

    Raises `UsageError` if there is none, or one cannot be a tool.
    """
    module_name, _, path = place.partition(":")
    if not module_name:
        raise UsageError(f"--functions: expected module:name, found {place!r}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
        for name in path.split(".") if path else ():
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--functions {place}: {error}; expected module:name") from error
    return as_tools(found, place)


def as_tools(found: Any, place: str) -> dict[str, Function]:
    """A function, a list of them, or an object's public methods, by tool name. Raises `UsageError`."""
    functions = list(_functions(found))
    if not functions:
        raise UsageError(
            f"--functions {place}: expected a function, a list of functions or an object with public methods, "
            f"found {type(found).__name__}"
        )
    tools: dict[str, Function] = {}
    for function in functions:
        name = getattr(function, "__name__", "<lambda>")
        if name in tools:
            raise UsageError(f"--functions {place}: two functions are named {name!r}; rename one")
        tools[name] = _function(name, function, place)
    return tools


def _functions(found: Any) -> Iterable[Callable[..., Any]]:
    if isinstance(found, list | tuple):
        yield from found
    elif inspect.isroutine(found):
        yield found
    elif inspect.ismodule(found):
        yield from (
            member
            for name, member in vars(found).items()
            if not name.startswith("_") and inspect.isfunction(member) and member.__module__ == found.__name__
        )
    elif not inspect.isclass(found):
        for name in dir(type(found)):
            if not name.startswith("_") and inspect.isroutine(getattr(type(found), name)):
                yield getattr(found, name)


def _function(name: str, function: Callable[..., Any], place: str) -> Function:
    if not callable(function) or name == "<lambda>":
        raise UsageError(f"--functions {place}: {function!r:.60} is not a function with a name; define one")
    try:
        given = inspect.signature(function).parameters.values()
        if strange := [one.name for one in given if one.kind not in _BY_NAME]:
            raise UsageError(f"{name}: {strange[0]}: expected parameters that can be given by name")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # a default that JSON cannot say
            signature: Any = function
            parameters = pydantic.TypeAdapter(signature).json_schema(schema_generator=_Untitled)
        call = pydantic.validate_call(function)
    except (pydantic.errors.PydanticUserError, NameError, TypeError, ValueError) as error:
        raise UsageError(f"--functions {place}: {name}: no schema: {str(error).splitlines()[0]}") from error
    draft = Drafted("", "", parameters, {}, inspect.getdoc(function) or "")
    return Function(draft, call, str(getattr(function, "__module__", "") or place.partition(":")[0]))


class _Untitled(GenerateJsonSchema):
    """Schemas without titles for parameters, which would repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class Functions(Source):
    """Calls functions. `drop` has the patterns of volatile fields by tool."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        limits: Limits,
        secrets: Iterable[str],
        drop: Callable[[str], Iterable[str]],
    ) -> None:
        super().__init__(limits, secrets)
        self._functions, self._drop = functions, drop

    def named(self, tool: str) -> str:
        return self._functions[tool].source

    async def attempt(self, tool: str, arguments: dict[str, Any]) -> Answer:
        await self.turn()
        status = 200
        try:
            result = self._functions[tool].call(**arguments)
            if inspect.isawaitable(result):
                async with asyncio.timeout(self.limits.timeout):
                    result = await result
        except (ConnectionError, TimeoutError) as error:
            raise Failed(f"{type(error).__name__}: {error}".rstrip(": "), again=True) from error
        except (Exception, SystemExit) as error:
            status, result = FAILED, {"error": {"type": type(error).__name__, "message": _message(error)}}
        return Answer(status, "", self.kept(_as_json(result), self._drop(tool)))


def _message(error: BaseException) -> str:
    """The text of an exception; "" if it has none because it fails itself."""
    try:
        return str(error)
    except Exception:
        return ""


def _as_json(result: Any) -> Any:
    """What a function returned, as a JSON value. Raises `Failed`."""
    try:
        return to_jsonable_python(_ordered(result))
    except RecursionError as error:
        raise Failed("not JSON: nested too deep, or it contains itself", lasting=True) from error
    except Exception as error:  # code of the result runs here: properties, serializers
        said = _message(error).splitlines() or [type(error).__name__]
        raise Failed(f"not JSON: {said[0]}", lasting=True) from error


def _ordered(value: Any) -> Any:
    """The value with sets as sorted lists: their own order differs from run to run."""
    if inspect.isgenerator(value):
        raise TypeError("a generator, which may never end: return a list")
    if isinstance(value, set | frozenset):
        return sorted(map(to_jsonable_python, value), key=to_text)
    if isinstance(value, pydantic.BaseModel):
        value = value.model_dump()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if type(value) is dict:
        return {name: _ordered(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return [_ordered(item) for item in value]
    return value
