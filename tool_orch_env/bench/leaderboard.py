"""A table of runs: one row per run, best first, grouped by what was played.

Runs are in one group if their fingerprints agree, so that every figure of a group can be compared with its
neighbours. Void episodes are left out. Costs need prices; without a price of a policy its cost is `None`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UsageError
from .manifest import PARTS, played, protocol_name
from .metrics import FIGURES, counted, figures
from .result import EpisodeResult
from .run_log import read_run

SHOWN = ("success", "score", "calls", "completion tokens")


class Price(NamedTuple):
    """Money per million tokens."""

    prompt: float
    completion: float


def read_price(text: str) -> tuple[str, Price]:
    """Read `POLICY=PROMPT,COMPLETION`. `POLICY` may be the start of a policy's name. Raises `UsageError`."""
    policy, _, amounts = text.rpartition("=")
    try:
        prompt, completion = map(float, amounts.split(","))
    except ValueError:
        prompt = completion = -1.0
    if not policy or not 0 <= prompt < float("inf") or not 0 <= completion < float("inf"):
        raise UsageError(f"price {text!r}: expected POLICY=PROMPT,COMPLETION, such as openai:gpt=0.15,0.6")
    return policy, Price(prompt, completion)


def runs_in(folders: list[Path]) -> list[Path]:
    """The runs among the folders and directly in them, sorted. Raises `UsageError` if there are none."""
    found = {
        one
        for folder in folders
        for one in (folder, *(folder.iterdir() if folder.is_dir() else ()))
        if (one / "manifest.json").is_file() and (one / "tasks.jsonl").is_file()
    }
    if not found:
        raise UsageError(f"no runs in {', '.join(map(str, folders))}; `bench --out` writes them")
    return sorted(found)


def leaderboard(folders: list[Path], prices: Mapping[str, Price]) -> list[dict[str, Any]]:
    """Groups of comparable runs: `{"benchmark", "tasks", "protocol", "runs": [row, ...]}`, rows by success.

    A row has the run's name, policy, settings, episodes, figures with intervals, and cost.
    """
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for folder in runs_in(folders):
        about, _, records = read_run(folder)
        results = counted([EpisodeResult.from_dict(record["result"]) for record in records])
        parts = about["fingerprint"]
        group = groups.setdefault(
            (protocol_name(about), *(str(parts.get(part)) for part in PARTS)),
            {
                "benchmark": parts.get("benchmark", ""),
                "tasks": played(about["source"]),
                "protocol": protocol_name(about),
                "package": parts.get("package", ""),
                "runs": [],
            },
        )
        group["runs"].append(_row(folder, about, results, prices))
    for group in groups.values():
        group["runs"].sort(key=lambda row: (-_value(row, "success"), -_value(row, "score"), row["run"]))
    return [groups[key] for key in sorted(groups)]


def _row(
    folder: Path, about: Mapping[str, Any], results: list[EpisodeResult], prices: Mapping[str, Price]
) -> dict[str, Any]:
    return {
        "run": folder.name,
        "policy": about["policy"],
        "trials": about["trials"],
        "episodes": len(results),
        "figures": figures(results, [name for name in SHOWN if name in FIGURES]),
        "cost": _cost(about["policy"], results, prices),
    }


def _cost(policy: str, results: list[EpisodeResult], prices: Mapping[str, Price]) -> float | None:
    """Money for all episodes of a run; `None` without a price, or where tokens of an episode are not known.

    The price of the longest name that the policy's name starts with.
    """
    fitting = [name for name in prices if policy.startswith(name)]
    if not fitting or not results or any(result.tokens is None for result in results):
        return None
    price = prices[max(fitting, key=len)]
    tokens = [result.tokens or {} for result in results]
    prompt, completion = (sum(one.get(name, 0) for one in tokens) for name in ("prompt", "completion"))
    return (prompt * price.prompt + completion * price.completion) / 1e6


def _value(row: Mapping[str, Any], name: str) -> float:
    figure = row["figures"].get(name)
    return float(figure["value"]) if figure else 0.0
