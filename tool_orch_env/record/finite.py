"""The calls that schemas alone state: those of tools whose required parameters have finitely many values."""

from collections.abc import Iterable
from math import prod

from ..snapshot.catalog import Catalog, Tool
from . import domain
from .schema import All, Step


def every_call(tool: Tool) -> Step | None:
    """The step that makes them for one tool; `None` if its required parameters have no finite number of values."""
    required = tuple(tool.spec.parameters.get("required", ()))
    sizes = [len(domain.values(tool.spec.parameters, name) or ()) for name in required]
    if not 0 < prod(sizes) <= domain.MOST_VALUES:
        return None
    return Step(call=tool.name, over=(All(all=required),) if required else (), only_valid=True)


def everything(catalog: Catalog) -> tuple[tuple[Step, ...], list[str]]:
    """A plan of all such calls, and a note for each tool that it has no call of."""
    steps = {name: every_call(tool) for name, tool in catalog.items()}
    notes = [
        f"{name}: not called without a plan: expected an enum, a boolean or bounds for {_open(catalog[name])}"
        for name, step in steps.items()
        if step is None
    ]
    return tuple(step for step in steps.values() if step is not None), notes


def _open(tool: Tool) -> str:
    required: Iterable[str] = tool.spec.parameters.get("required", ())
    return ", ".join(n for n in required if not domain.values(tool.spec.parameters, n))
