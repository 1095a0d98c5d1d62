"""What a run leaves to look at: lines per update, held-out results, TensorBoard, the learning curve as a picture.

Enters: figures as they come. Leaves: files in the run's folder, and a line on the screen per update.
"""

import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tool_orch_env.bench.intervals import mean

if TYPE_CHECKING:
    from .rollout import Episode

METRICS, EVALUATIONS = "metrics.jsonl", "evaluations.jsonl"


class Journal:
    """The files of one run, open for more."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder = folder
        self._board = SummaryWriter(str(folder))
        self._recent: deque[dict[str, Any]] = deque(maxlen=8)
        self._began, self._first = time.monotonic(), -1

    def keep(self, update: int) -> None:
        """Forget what came after this update: it is about to be done again."""
        for name in (METRICS, EVALUATIONS):
            kept = [line for line in lines(self._folder / name) if line["update"] <= update]
            (self._folder / name).write_text("".join(json.dumps(line) + "\n" for line in kept))
        self._first = update

    def write(self, told: dict[str, Any], of: int) -> None:
        """One update, and a line with the running means of the last eight."""
        self._append(METRICS, told)
        for name, value in told.items():
            if isinstance(value, (int, float)) and name != "update":
                self._board.add_scalar(f"train/{name}", value, told["update"])
        self._recent.append(told)
        score, success = (np.mean([one[name] for one in self._recent]) for name in ("score", "success"))
        done = told["update"] - self._first
        left = (time.monotonic() - self._began) / done * (of - told["update"])
        print(
            f"update {told['update']}/{of}  score {told['score']:.3f} (mean {score:.3f})  "
            f"success {told['success']:.2f} (mean {success:.2f})  kl {told['kl']:.4f}  gap {told['logprob_gap']:.1e}  "
            f"rollout {told['rollout_s']:.1f} s  update {told['update_s']:.1f} s  left {left:.0f} s",
            flush=True,
        )

    def evaluation(self, update: int, how: str, episodes: "Sequence[Episode]") -> None:
        """Held-out episodes after an update; `how` the policy answered: sampled or greedy."""
        success = {one.task_id: int(one.success) for one in episodes}
        score = {one.task_id: round(one.score, 6) for one in episodes}
        self._append(EVALUATIONS, {"update": update, "how": how, "success": success, "score": score})
        figure = mean(list(success.values()))
        assert figure is not None
        self._board.add_scalar(f"held_out/{how}_success", figure.value, update)
        self._board.add_scalar(f"held_out/{how}_score", float(np.mean(list(score.values()))), update)
        print(
            f"held out after update {update}, {how}: success {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}], "
            f"score {np.mean(list(score.values())):.3f}, {figure.tasks} tasks",
            flush=True,
        )

    def close(self) -> None:
        self._board.close()

    def _append(self, name: str, line: dict[str, Any]) -> None:
        with (self._folder / name).open("a") as file:
            file.write(json.dumps(line) + "\n")


def lines(path: Path) -> list[dict[str, Any]]:
    """What a file of JSON lines holds; nothing if there is none."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def held_out(run: Path, how: str = "sampled") -> list[dict[str, Any]]:
    """The evaluations of a run, in order of updates."""
    return [one for one in lines(run / EVALUATIONS) if one["how"] == how]


def draw(groups: Mapping[str, Sequence[Path]], out: Path, how: str = "sampled") -> None:
    """Held-out success over updates: a thin line per run, a thick one for the mean of a group."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for number, (name, runs) in enumerate(groups.items()):
        curves = [
            {one["update"]: np.mean(list(one["success"].values())) for one in held_out(run, how)}
            for run in runs
        ]
        for curve in curves:
            axes.plot(curve.keys(), curve.values(), color=f"C{number}", alpha=0.35, lw=1)
        shared = sorted(set.intersection(*[set(curve) for curve in curves]))
        means = [np.mean([curve[update] for curve in curves]) for update in shared]
        axes.plot(shared, means, "o-", color=f"C{number}", lw=2, label=f"{name}, {len(runs)} run(s)")
    axes.set(xlabel="update", ylabel=f"held-out success, {how}", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(out, dpi=120)
