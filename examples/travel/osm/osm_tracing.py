"""Golden traces over list-shaped replies and nested arguments: the travel server's `Trace`, widened.

A `Ref` may stand anywhere inside an argument; its binding is then named by a JSON Pointer into the arguments.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from tracing import Ref, Reply
from tracing import Trace as FlatTrace

from tool_orch_env import pointer
from tool_orch_env.task import Binding, GoldenCall

__all__ = ["Ref", "Reply", "Trace"]


class Trace(FlatTrace):
    """Golden calls c1, c2, ... in the order in which they are asked."""

    def call(self, tool: str, *, after: Sequence[Reply] = (), **arguments: Any) -> Reply:
        """Ask a tool; every `Ref` in the arguments is bound to the reply it comes from.

        `after` are the replies that decide which value to take, though they do not hold it.
        """
        refs = dict(_refs(arguments))
        values = _values(arguments)
        status, response = self._ask(tool, values)
        if status != 200 or not response or "error" in response:
            raise ValueError(f"{tool} {values}: no success, or an empty one: {status} {response}")
        name = f"c{len(self.golden) + 1}"
        needed = {ref.call for ref in refs.values()} | {reply.call for reply in after}
        self.golden.append(
            GoldenCall(
                id=name,
                tool=tool,
                arguments=values,
                needs=tuple(sorted(needed, key=lambda call: int(call[1:]))),
                bindings={
                    place: Binding(call=ref.call, pointer=ref.pointer) for place, ref in sorted(refs.items())
                },
            )
        )
        return Reply(name, response)

    def aside(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The response to a call that is no golden call: what a template checks for itself."""
        return self._ask(tool, arguments)[1]


def _refs(value: Any, *path: str | int) -> list[tuple[str, Ref]]:
    """Every `Ref` with where it stands: a parameter's name, or a pointer if it is deeper."""
    if isinstance(value, Ref):
        return [(str(path[0]) if len(path) == 1 else pointer.join(*path), value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, item in items for found in _refs(item, *path, name)]


def _values(value: Any) -> Any:
    if isinstance(value, Ref):
        return value.value
    if isinstance(value, dict):
        return {name: _values(item) for name, item in value.items()}
    return [_values(item) for item in value] if isinstance(value, list) else value
