"""Drawing the dependency graph as SVG, PNG or PDF with matplotlib (extra `[synth]`).

Tools are placed on a circle, by domain. The width of a line shows its support, dashed lines are mined edges, and a tool
that feeds itself is marked "↻".
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    import networkx

FORMATS = (".svg", ".png", ".pdf")


def draw(graph: "networkx.DiGraph[str]", path: Path) -> None:
    """Write the drawing of `language.graph.digraph` to `path`.

    Raises `UsageError` if the suffix is not in `FORMATS` or matplotlib is not installed.
    """
    if path.suffix not in FORMATS:
        raise UsageError(f"{path.name}: expected a file name ending in one of {', '.join(FORMATS)}")
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError("drawing needs matplotlib: pip install 'tool-orch-env[synth]'") from error
    with matplotlib.rc_context({"svg.hashsalt": "tool-orch-env", "svg.fonttype": "none"}):
        figure = _figure(graph)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=150)


def _figure(graph: "networkx.DiGraph[str]") -> Any:
    import matplotlib
    import networkx
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    place = positions(graph)
    domains = sorted({str(data["domain"]) for _, data in graph.nodes(data=True)})
    palette = matplotlib.colormaps["Set3"]
    colour = {domain: palette(index % 12) for index, domain in enumerate(domains)}
    figure = Figure(figsize=(14, 10), layout="constrained")
    axes = figure.add_subplot()
    for name, (x, y) in place.items():
        shown = f"{name} ↻" if graph.has_edge(name, name) else name
        box = {"boxstyle": "round,pad=0.45", "facecolor": colour[graph.nodes[name]["domain"]], "ec": "0.4"}
        axes.text(x, y, shown, ha="center", va="center", fontsize=11, bbox=box, zorder=3)
    for source, target, data in graph.edges(data=True):
        if source == target:
            continue
        networkx.draw_networkx_edges(
            graph,
            place,
            edgelist=[(source, target)],
            ax=axes,
            width=0.6 + 0.4 * math.log1p(data["support"]),
            style="solid" if data["declared"] else "dashed",
            edge_color="0.35" if data["declared"] else "tab:red",
            alpha=0.75,
            arrowsize=14,
            node_size=2600,
            connectionstyle="arc3,rad=0.18",
        )
    handles = [Line2D([], [], marker="s", ls="", ms=11, color=colour[d], label=d or "?") for d in domains]
    handles += [
        Line2D([], [], color="0.35", label="declared"),
        Line2D([], [], color="tab:red", ls="--", label="mined from responses only"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=6, frameon=False)
    axes.margins(0.08)
    axes.set_axis_off()
    return figure


def positions(graph: "networkx.DiGraph[str]") -> dict[str, tuple[float, float]]:
    """Coordinates of each tool on a circle, tools of one domain next to each other.

    Layered layouts do not work, because most tools feed each other.
    """
    tools = sorted(graph, key=lambda tool: (graph.nodes[tool]["domain"], tool))
    turn = 2 * math.pi / max(1, len(tools))
    return {tool: (1.5 * math.cos(i * turn), math.sin(i * turn)) for i, tool in enumerate(tools)}
