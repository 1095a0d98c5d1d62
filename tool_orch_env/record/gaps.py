"""What a recording leaves open: valid calls that its own replies and schemas invite, and that the plan does not make.

Every declared edge is followed from every recorded reply, and every tool whose required parameters have finitely many
values is counted through. A gap names the plan line that closes it. Calls that need several rows at a time, or a value
that nothing declares, are not counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..jsonvalues.canonical import plain, to_text
from ..snapshot.catalog import Tool
from ..snapshot.records import key_of
from . import plan
from .finite import every_call
from .follow import expanded
from .schema import Follow, Step
from .spec import Spec

Replies = Callable[[str], Iterable[tuple[dict[str, Any], Any]]]
"""Step name -> arguments and response of each of its successful calls."""


class Gap(NamedTuple):
    """Calls of one tool that are invited and not planned.

    `missing` of `invited` calls are not planned; `first` has the arguments of one. `line` is the plan line that makes
    them all, as YAML.
    """

    tool: str
    invited: int
    missing: int
    first: str
    line: str


def gaps(spec: Spec, planned: Collection[str], replies: Replies) -> list[Gap]:
    """The gaps of a recording, in the order of the tools. `planned` are the keys of the plan's calls."""
    asked = [tool for name, tool in spec.catalog.items() if spec.is_safe(name)]
    found = (gap for tool in asked for gap in _of_tool(spec, tool, planned, replies))
    return [gap for gap in found if gap.missing]


def uncalled(spec: Spec) -> list[str]:
    """The tools that the plan may call and does not."""
    called = {step.call for step in spec.plan}
    return [name for name in spec.catalog if name not in called and spec.is_safe(name)]


def _of_tool(spec: Spec, tool: Tool, planned: Collection[str], replies: Replies) -> Iterator[Gap]:
    names: dict[str, list[str]] = {}
    for step in spec.plan:
        if step.name not in names.setdefault(step.call, []):
            names[step.call].append(step.name)
    for source in dict.fromkeys(one.tool for some in tool.spec.sources.values() for one in some):
        if source in names:
            line = Follow(follow=tuple(names[source]), tools=(tool.name,))
            steps = expanded([*spec.plan, line], spec.catalog).steps[len(spec.plan) :]
            text = f"{{follow: {_names(names[source])}, tools: {tool.name}}}"
            yield _gap(spec, tool, steps, planned, replies, text)
    counted = every_call(tool)
    if counted is not None:
        over = f", over: [{{all: {_names(tool.spec.parameters['required'])}}}]" if counted.over else ""
        text = f"{{call: {tool.name}{over}}}"
        yield _gap(spec, tool, [counted], planned, replies, text)


def _gap(
    spec: Spec, tool: Tool, steps: Iterable[Step], planned: Collection[str], replies: Replies, line: str
) -> Gap:
    invited: set[str] = set()
    missing: dict[str, Mapping[str, Any]] = {}
    for step in steps:
        for arguments in plan.calls(step, tool, spec.folder, replies):
            given = plain(arguments)  # valid, as these steps leave out what is not
            key = key_of(tool, given)
            invited.add(key)
            if key not in planned:
                missing.setdefault(key, given)
    first = to_text(next(iter(missing.values()))) if missing else ""
    return Gap(tool.name, len(invited), len(missing), first, line)


def _names(names: Iterable[str]) -> str:
    some = list(names)
    return some[0] if len(some) == 1 else f"[{', '.join(some)}]"
