"""Tools as people have them, turned into a catalog: OpenAI function tools, or entries of `tools.json`."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import SnapshotError, UsageError
from ..snapshot.catalog import Catalog, ToolSpec

AnyTool = Mapping[str, Any] | ToolSpec
_NOT_OURS = ("type", "strict")
_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}


def catalog_of(tools: Catalog | Iterable[AnyTool]) -> Catalog:
    """The catalog of some tools; a catalog is returned as it is. Raises `UsageError` listing every problem.

    A function tool is `{"type": "function", "function": {"name", "description", "parameters"}}`; the inner object alone
    works too, and may have the other fields of `ToolSpec`.
    """
    if isinstance(tools, Catalog):
        return tools
    try:
        return Catalog.parse({"tools": [_entry(tool) for tool in tools]}, "tools")
    except SnapshotError as error:
        raise UsageError("\n".join(error.problems)) from error


def _entry(tool: AnyTool) -> Any:
    if isinstance(tool, ToolSpec):
        return tool.model_dump()
    if not isinstance(tool, Mapping):
        raise UsageError(f"tools: expected function tools, found {type(tool).__name__}")
    inner = tool.get("function", tool)
    if not isinstance(inner, Mapping):
        return inner
    entry = {name: value for name, value in inner.items() if name not in _NOT_OURS and value is not None}
    return {"parameters": _NO_PARAMETERS, **entry}
