"""Masked PPO on `ToolOrchSlots-v0`, whole calls as actions, in one file and one loop.

    pip install '.[slots]'
    python examples/ppo_slots.py
    python examples/ppo_slots.py --reward binary --seed 2 --out runs/binary-2
    tensorboard --logdir runs

Writes OUT/curve.csv and TensorBoard events as it goes, OUT/curve.png and OUT/agent.pt at the end. Uses one thread.
Seed 1 solves 99 % of 100 held-out tasks after 128,000 timesteps, and all of them after 205,000.

PPO (Schulman et al. 2017) with the usual details (Huang et al. 2022). The action is structured: the policy picks a
*focus*, one of the things in the request, or stop; then a tool; then a candidate for each parameter or, to stop, for
each fact asked. The environment does not see the focus. Every part is masked. The discount is 1, because episodes are
short and rewards add up to the score. Truncated episodes count as terminated.

The network represents a thing as a bag of tokens: its noun and criterion, what describes it, what is asked of it, what
has been read about it, which calls were about it. A candidate is scored by the place it was read from and its relation
to the focus.
"""

import argparse
import csv
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import tool_orch_env as toe
from tool_orch_env.slots.encoding import Layout
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsVector, open_slot_task_set
from tool_orch_env.slots.tokens import Tokens

Tensors = dict[str, torch.Tensor]
PARTS = ("total", "atomic", "orchestration", "answer", "waste")


@dataclass
class Args:
    """Settings of a run; each is a command line option. Timesteps are summed over environments."""

    seed: int = 1
    """Seed of tasks, network and minibatches."""
    snapshot: str = "travel"
    """Name or folder of the snapshot."""
    split: str = "graph-train"
    """Split of the training tasks."""
    reward: str = "graduated"
    """Reward preset to train on; evaluation always uses `graduated`."""
    total_timesteps: int = 400_000
    """Calls and answers to train on."""
    learning_rate: float = 2e-3
    """Initial learning rate of Adam."""
    anneal_timesteps: int = 400_000
    """Timesteps over which the learning rate falls linearly, to no less than 5 % of its start."""
    num_envs: int = 64
    """Number of parallel environments."""
    num_steps: int = 16
    """Timesteps per environment in each rollout."""
    gamma: float = 1.0
    """Discount factor."""
    gae_lambda: float = 0.95
    """Lambda of generalised advantage estimation."""
    num_minibatches: int = 4
    """Minibatches per rollout."""
    update_epochs: int = 2
    """Passes over each rollout."""
    clip_coef: float = 0.2
    """Clipping range of the probability ratio."""
    ent_coef: float = 0.01
    """Coefficient of the entropy bonus."""
    vf_coef: float = 0.5
    """Coefficient of the value loss."""
    max_grad_norm: float = 0.5
    """Maximum gradient norm."""
    width: int = 128
    """Size of the embeddings and hidden layers."""
    eval_every: int = 25_000
    """Timesteps between evaluations."""
    eval_split: str = "graph-validation"
    """Split of the held-out tasks."""
    eval_tasks: int = 100
    """Held-out tasks per evaluation, played greedily."""
    out: str = "runs/ppo_slots"
    """Output folder."""


class Agent(nn.Module):
    """The network: scores for each part of an action, and the value of a state."""

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        self.layout, self.tokens, words = layout, Tokens(layout), layout.vocabulary
        self.intakes = torch.from_numpy(words.intake_table())
        self.required = torch.zeros_like(self.intakes, dtype=torch.bool)
        for number, tool in enumerate(words.tools):
            names = words.parameters[tool]
            self.required[number, : len(names)] = torch.tensor([one in words.required(tool) for one in names])
        self.token = nn.EmbeddingBag(self.tokens.size, width, mode="sum", padding_idx=0)
        nn.init.normal_(self.token.weight, std=0.3)
        self.thing = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.focus = nn.Linear(width, 1)
        self.stop = nn.Linear(width + 2, 1)
        self.critic = nn.Sequential(nn.Linear(width + 2, width), nn.Tanh(), nn.Linear(width, 1))
        self.tool = nn.Linear(width, layout.tools)
        self.intake = nn.Embedding(self.intakes.numel(), width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, self.tokens.kinds + 3 + len(words.roles), bias=False)
        self.answer = nn.Parameter(torch.zeros(5))
        for layer in (self.focus, self.stop, self.tool, self.key):
            nn.init.normal_(layer.weight, std=0.02)

    def inputs(self, seen: dict[str, Any], mask: np.ndarray) -> Tensors:
        """What the network reads of observations and masks."""
        tools = mask[:, : self.layout.tools].copy()
        tools[~tools.any(1)] = True  # no tool can be called: pick any, and the call is refused
        found = {name: seen[name] for name in ("clock", "fits", "bond", "role", "facts")} | {"tools": tools}
        found |= {"tokens": self.tokens.of_things(seen), "asks": seen["candidates"][:, :, 4]}
        found |= {"kinds": self.tokens.of_candidates(seen)}
        return {name: torch.from_numpy(np.array(array)) for name, array in found.items()}

    def things(self, x: Tensors) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Things `(n, things, width)`, whether each is real, and the whole state `(n, width + 2)`."""
        tokens, real = x["tokens"].long(), x["tokens"][:, :, 0] > 0
        h = self.token.weight.new_zeros(*real.shape, self.token.embedding_dim)
        h[real] = self.thing(self.token(tokens[real]))
        pooled = h.sum(1) / real.sum(1, keepdim=True).clamp(min=1)
        return h, real, torch.cat([pooled, x["clock"]], 1)

    def get_value(self, x: Tensors) -> torch.Tensor:
        return self.critic(self.things(x)[2]).squeeze(1)

    def get_action_and_value(
        self, x: Tensors, action: torch.Tensor | None = None, greedy: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Actions `(n, 2 + positions)`, focus, tool and rows; their log-probability, entropy, and the values."""
        focus, tool, rows = (
            (None, None, None) if action is None else (action[:, 0], action[:, 1], action[:, 2:])
        )
        h, real, whole = self.things(x)
        scores = torch.cat([self.focus(h).squeeze(2).masked_fill(~real, -1e9), self.stop(whole)], 1)
        focus, logprob, entropy = pick(scores, greedy, focus)
        stops = focus == real.shape[1]
        here = focus.masked_fill(stops, 0)
        h = h[torch.arange(len(h)), here]
        logits = self.tool(h).masked_fill(~x["tools"], -1e9)
        tool, one, more = pick(logits, greedy, None if tool is None else tool.masked_fill(stops, 0))
        tool, logprob, entropy = (
            tool.masked_fill(stops, len(logits[0])),
            logprob + one * ~stops,
            entropy + more * ~stops,
        )
        at, logits = self.row_logits(x, h, here, tool)
        row, one, more = pick(logits, greedy, None if rows is None else rows[at])
        rows = torch.zeros((len(h), self.layout.positions), dtype=torch.long).index_put(at, row)
        logprob, entropy = logprob.index_add(0, at[0], one), entropy.index_add(0, at[0], more)
        return (
            torch.cat([focus[:, None], tool[:, None], rows], 1),
            logprob,
            entropy,
            self.critic(whole).squeeze(1),
        )

    def row_logits(
        self, x: Tensors, h: torch.Tensor, here: torch.Tensor, tool: torch.Tensor
    ) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
        """The (sample, position) pairs at which a row is chosen, and the logits of all rows there."""
        opened = self.open_rows(x, tool)
        sample, position = at = torch.nonzero(opened.any(2), as_tuple=True)
        calls, kinds = tool[sample] < self.layout.tools, self.tokens.kinds
        one = sample[calls]
        intake = self.intake(tool[one] * self.intakes.shape[1] + position[calls])
        key = self.key(torch.relu(self.query(h[one]) + intake))  # (calls, kinds + bonds + roles)
        bond, role = (x[name][one, :, here[one]].long() for name in ("bond", "role"))
        found = (
            key.gather(1, x["kinds"][one].long())
            + key.gather(1, kinds + bond)
            + key.gather(1, kinds + 3 + role)
        )
        scores = (5 * self.answer[opened[at].long()]).index_put((torch.nonzero(calls).squeeze(1),), found)
        return at, scores.masked_fill(opened[at] == 0, -1e9)

    def open_rows(self, x: Tensors, tool: torch.Tensor) -> torch.Tensor:
        """`(n, positions, rows)`: 0 where a row is closed.

        For the parameters of a call, 1 where it is open. For the facts of an answer 1, plus 1 if the row belongs to
        the fact's thing, plus 2 if it has the fact's words.
        """
        stops, row_0 = tool == self.layout.tools, 0  # row 0 leaves a parameter out, and states nothing
        intakes, required = (table[tool.masked_fill(stops, 0)] for table in (self.intakes, self.required))
        fits = columns(x["fits"], intakes.clamp(min=0))
        fits[:, :, row_0] = ~required
        fits[intakes < 0] = 0
        thing, ask, _ = x["facts"].long().unbind(2)
        called, asked = x["asks"][:, None, :] == ask[:, :, None], (ask > 0)[:, :, None]
        known = 1 + (columns(x["bond"], (thing - 1).clamp(min=0)) == 2).char() + 2 * called.char()
        may = (called & asked).any(1, keepdim=True)
        may[:, :, row_0] = True
        both = (fits, torch.where(may & asked, known, 0))
        fits, answers = (
            nn.functional.pad(one, (0, 0, 0, self.layout.positions - one.shape[1])) for one in both
        )
        return torch.where(stops[:, None, None], answers, fits)


def columns(rows: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Of `(n, rows, columns)` the columns `which` `(n, k)`, as `(n, k, rows)`."""
    return rows.gather(2, which[:, None, :].expand(-1, rows.shape[1], -1)).transpose(1, 2)


def pick(
    logits: torch.Tensor, greedy: bool = False, choice: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A choice over the last axis (sampled, greedy or given), its log-probability, and the entropy."""
    logprobs = torch.log_softmax(logits, -1)
    if choice is None:
        noise = torch.zeros(()) if greedy else -torch.empty_like(logits).exponential_().log()
        choice = (logprobs + noise).argmax(-1)
    entropy = -(logprobs.exp() * logprobs.clamp(min=-50)).sum(-1)
    return choice, logprobs.gather(-1, choice[..., None]).squeeze(-1), entropy


def train(
    args: Args, task_set: SlotTaskSet | None = None, held_out: SlotTaskSet | None = None
) -> tuple[Agent, list[dict[str, float]]]:
    """Train an agent. Returns it with its curve. `task_set` and `held_out` can be shared between runs."""
    from torch.utils.tensorboard import SummaryWriter

    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    task_set = task_set or open_slot_task_set(toe.Snapshot.open(args.snapshot), args.split)
    snapshot = task_set.task_set.snapshot
    held_out = held_out or task_set.beside(snapshot.tasks(args.eval_split)[: args.eval_tasks])
    envs = ToolOrchSlotsVector(
        args.num_envs, "SameStep", copy=False, task_set=task_set, reward=args.reward, actions="calls"
    )
    agent = Agent(task_set.layout, args.width)
    optimizer = torch.optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)
    batch_size, out = args.num_envs * args.num_steps, Path(args.out)
    minibatch_size = batch_size // args.num_minibatches
    writer, losses, curve = SummaryWriter(str(out)), dict[str, float](), list[dict[str, float]]()
    ended: deque[tuple[float, bool]] = deque(maxlen=1000)
    start, global_step, evaluated = time.perf_counter(), 0, -args.eval_every
    seen, _ = envs.reset(seed=args.seed)

    while True:
        if global_step >= min(args.total_timesteps, evaluated + args.eval_every):
            evaluated, played = global_step, evaluate(agent, held_out, insist=True)
            returns, wins = zip(*ended, strict=True) if ended else ((0.0,), (0.0,))
            point = {
                "global_step": global_step,
                "success": mean(played, "success"),
                "score": mean(played, "total"),
            }
            point |= {"train_return": float(np.mean(returns)), "train_success": float(np.mean(wins))}
            curve.append(point)
            with (out / "curve.csv").open("w", newline="") as file:
                csv.writer(file).writerows([curve[0].keys(), *(one.values() for one in curve)])
            seconds = time.perf_counter() - start
            for name, value in {**point, **losses, "charts/SPS": global_step / seconds}.items():
                writer.add_scalar(name, value, global_step)
            print(f"{seconds:6.0f} s", *(f"{name}={value:.4g}" for name, value in point.items()), flush=True)
        if global_step >= args.total_timesteps:
            break
        optimizer.param_groups[0]["lr"] = args.learning_rate * max(
            0.05, 1 - global_step / args.anneal_timesteps
        )

        steps, rewards, dones = [], [], []
        for _ in range(args.num_steps):
            x = agent.inputs(seen, envs.action_masks())
            with torch.no_grad():
                action, logprob, _, value = agent.get_action_and_value(x)
            seen, reward, terminated, truncated, info = envs.step(action[:, 1:].numpy())
            done = terminated | truncated
            if done.any():
                last = info["final_info"]
                ended += zip(
                    last["episode_score"][done].tolist(), last["success"][done].tolist(), strict=True
                )
            steps.append({**x, "action": action, "logprob": logprob, "value": value})
            rewards.append(torch.from_numpy(reward).float())
            dones.append(torch.from_numpy(done))
        global_step += batch_size

        with torch.no_grad():
            next_value = agent.get_value(agent.inputs(seen, envs.action_masks()))
        advantages, lastgaelam = [], torch.zeros(args.num_envs)
        for t in reversed(range(args.num_steps)):
            delta = rewards[t] + args.gamma * next_value * ~dones[t] - steps[t]["value"]
            lastgaelam = delta + args.gamma * args.gae_lambda * ~dones[t] * lastgaelam
            advantages.insert(0, lastgaelam)
            next_value = steps[t]["value"]

        b = {name: torch.cat([step[name] for step in steps]) for name in steps[0]}
        b["advantage"] = torch.cat(advantages)
        b["return"] = b["advantage"] + b["value"]
        used = int((b["kinds"] != agent.tokens.leaves).any(0).nonzero().max()) + 1  # later rows are empty
        b |= {name: b[name][:, :used] for name in ("kinds", "asks", "fits", "bond", "role")}
        for _ in range(args.update_epochs):
            for inds in torch.from_numpy(rng.permutation(batch_size)).split(minibatch_size):
                mb = {name: tensor[inds] for name, tensor in b.items()}
                _, newlogprob, entropy, newvalue = agent.get_action_and_value(mb, mb["action"])
                ratio = (newlogprob - mb["logprob"]).exp()
                advantage = (mb["advantage"] - mb["advantage"].mean()) / (mb["advantage"].std() + 1e-8)
                clipped = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
                pg_loss = torch.max(-advantage * ratio, -advantage * clipped).mean()
                v_loss, entropy_loss = (newvalue - mb["return"]).pow(2).mean(), entropy.mean()
                loss = pg_loss + args.vf_coef * v_loss - args.ent_coef * entropy_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
                optimizer.step()
        losses = {"losses/policy_loss": pg_loss.item(), "losses/value_loss": v_loss.item()}
        losses["losses/entropy"] = entropy_loss.item()

    writer.close()
    plot(curve, out / "curve.png")
    torch.save({"args": asdict(args), "agent": agent.state_dict()}, out / "agent.pt")
    return agent, curve


@torch.no_grad()
def evaluate(
    agent: Agent, task_set: SlotTaskSet, at_once: int = 32, insist: bool = False
) -> list[dict[str, Any]]:
    """Play each task once, greedily: `id`, `depth`, `success`, the parts of the score, and the `turns` taken.

    If the greedy action repeats an earlier call, an action is sampled instead: the result would be the same, and a
    greedy policy would repeat it until the budget is spent. `insist` turns this off; it is faster, for the curve.
    """
    tasks, n = task_set.task_set.tasks, min(at_once, len(task_set.task_set.tasks))
    envs = ToolOrchSlotsVector(n, "Disabled", copy=False, task_set=task_set, actions="calls")
    found, turns = dict[str, dict[str, Any]](), {task_id: list[Any]() for task_id in tasks}
    queue = list(reversed(tasks))
    playing = [queue.pop() for _ in range(n)]
    seen, _ = envs.reset(seed=0, options={"task_id": playing})
    while len(found) < len(tasks):
        x = agent.inputs(seen, envs.action_masks())
        action = agent.get_action_and_value(x, greedy=True)[0]
        repeated = [envs.message(i, action[i, 1:]) in turns[one] for i, one in enumerate(playing)]
        if any(repeated) and not insist:
            action[repeated] = agent.get_action_and_value(x)[0][repeated]
        for i, one in enumerate(playing):
            if one not in found:  # a task played again is ignored
                turns[one].append(envs.message(i, action[i, 1:]))
        seen, _, terminated, truncated, info = envs.step(action[:, 1:].numpy())
        done = terminated | truncated
        for i in np.flatnonzero(done).tolist():
            one = playing[i]
            if one not in found:
                parts = {name: float(info["score"][name][i]) for name in PARTS}
                known = {"id": one, "depth": tasks[one].depth, "turns": turns[one]}
                found[one] = {**known, "success": bool(info["success"][i]), **parts}
            playing[i] = queue.pop() if queue else one
        if done.any():
            seen, _ = envs.reset(options={"task_id": playing, "reset_mask": done})
    return [found[task_id] for task_id in tasks]


def mean(played: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([one[name] for one in played]))


def plot(curve: list[dict[str, float]], path: Path) -> None:
    """Plot success on held-out and training tasks against timesteps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4))
    axes = figure.add_subplot(xlabel="calls and answers", ylabel="success", ylim=(0, 1))
    for name, label in (("success", "held out, greedy"), ("train_success", "training, sampled")):
        axes.plot([one["global_step"] for one in curve], [one[name] for one in curve], label=label)
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main() -> None:
    parser = argparse.ArgumentParser(description="Masked PPO on ToolOrchSlots-v0.")
    for name, default in asdict(Args()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    args = Args(**vars(parser.parse_args()))
    task_set = open_slot_task_set(toe.Snapshot.open(args.snapshot), args.split)
    agent, _ = train(args, task_set)
    for split in sorted({"graph-test", "graph-hard"} & {*task_set.task_set.snapshot.splits}):
        played = evaluate(agent, task_set.beside(task_set.task_set.snapshot.tasks(split)))
        print(f"{split}: success {mean(played, 'success'):.1%} of {len(played)} tasks")
        for depth in sorted({one["depth"] for one in played}):
            some = [one for one in played if one["depth"] == depth]
            print(f"  depth {depth}: {mean(some, 'success'):.1%} of {len(some)}")


if __name__ == "__main__":
    main()
