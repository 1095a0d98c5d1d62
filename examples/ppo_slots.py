"""Masked PPO on `ToolOrchSlots-v0`, in one file.

    pip install 'tool-orch-env[slots]'
    python examples/ppo_slots.py                                  # a few minutes on one core
    python examples/ppo_slots.py --reward binary --seed 2
    python examples/ppo_slots.py --out runs/ppo --resume          # resumes from the last checkpoint
    tensorboard --logdir runs

Writes OUT/log.jsonl, OUT/events*, OUT/curve.png and OUT/checkpoint.pt. Uses one thread, so several runs can share a
machine.

PPO (Schulman et al. 2017) with the usual details (Huang et al. 2022): GAE, advantages normalised per minibatch,
clipped objective, clipped gradient norm, annealed learning rate. The action is structured:

- The policy first picks a *focus*: one of the things in the request, or stop. The focus is part of the policy's
  action, but the environment does not see it. Given the focus the policy picks a tool; given both, a candidate for
  each parameter. To stop, it picks a candidate for each fact asked.
- Each part is masked: tools that are not offered or lack an argument, candidates that do not fit the parameter.
- The discount is 1, because episodes are short and rewards add up to the score. Truncated episodes count as
  terminated.

The network represents a thing as a bag of tokens: its noun and criterion, what describes it, what is asked of it,
what has been read about it, and which calls were about it. Token embeddings are summed and pass through two layers.
Candidates are scored by the leaf they were read from and their relation to the focus.
"""

import argparse
import json
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import tool_orch_env as toe
from tool_orch_env.slots.encoding import Layout
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsVector, open_slot_task_set

TOKENS = 40
"""Maximum tokens per thing."""
SCORES = ("total", "atomic", "orchestration", "answer", "waste")


@dataclass
class Settings:
    """Settings of a run. Each is also a command line option. Steps are environment steps, summed over environments."""

    snapshot: str = "travel"
    """Name or folder of the snapshot."""
    reward: str = "graduated"
    """Reward preset to train on; the evaluation always uses `graduated`."""
    seed: int = 1
    steps: int = 400_000
    """Total environment steps."""
    horizon: int = 400_000
    """Steps over which the learning rate falls linearly, to no less than 5 % of `rate`."""
    envs: int = 64
    """Number of parallel environments."""
    rollout: int = 16
    """Steps per environment in each rollout."""
    epochs: int = 2
    """Passes over each rollout."""
    minibatch: int = 256
    """Steps per minibatch."""
    rate: float = 2e-3
    """Initial learning rate of Adam."""
    discount: float = 1.0
    """Discount factor (gamma)."""
    decay: float = 0.95
    """Lambda of generalised advantage estimation (GAE)."""
    clip: float = 0.2
    """Clipping range of the probability ratio."""
    entropy: float = 0.01
    """Coefficient of the entropy bonus."""
    value: float = 0.5
    """Coefficient of the value loss."""
    norm: float = 0.5
    """Maximum gradient norm."""
    width: int = 128
    """Size of the embeddings and hidden layers."""
    evaluate_every: int = 25_000
    """Steps between evaluations and checkpoints."""
    split: str = "graph-train"
    """Split of the training tasks."""
    evaluate_split: str = "graph-validation"
    """Split of the held-out tasks."""
    evaluate_tasks: int = 100
    """Number of held-out tasks per evaluation."""
    out: str = "runs/ppo"
    """Output folder."""


class Reader:
    """Turns observations into network inputs: tokens of things, kinds of candidates, masks. Nothing is learned."""

    def __init__(self, layout: Layout) -> None:
        self.layout, vocabulary = layout, layout.vocabulary
        self.leaves, tools = len(vocabulary.leaves) + 1, layout.tools
        sizes = {
            "noun": len(vocabulary.nouns),
            "kind": len(vocabulary.kinds),
            "field": len(vocabulary.fields),
            "number": 8,
        }
        roles, relations, asks = len(vocabulary.roles), len(vocabulary.relations), len(vocabulary.asks)
        sizes |= {
            "role": 2 * roles,
            "described": 2 * relations,
            "describes": 2 * relations,
            "asked": 2 * asks,
        }
        sizes |= {"called": 4 * tools, "has": self.leaves, "given": self.leaves}
        ends = np.cumsum([1, *sizes.values()])
        self.at = dict(zip(sizes, ends[:-1].tolist(), strict=True))
        self.tokens = int(ends[-1])
        self.intakes = vocabulary.intake_table()
        required = [
            [name in vocabulary.required(tool) for name in vocabulary.parameters[tool]]
            for tool in vocabulary.tools
        ]
        self.required = np.zeros(self.intakes.shape, dtype=bool)
        for tool, row in enumerate(required):
            self.required[tool, : len(row)] = row

    def things(self, seen: dict[str, Any]) -> np.ndarray:
        """`(n, things, TOKENS)` int16: the tokens of each thing, padded with 0."""
        at, n, things = self.at, len(seen["things"]), self.layout.limits.things
        noun, kind, chosen, number = np.moveaxis(seen["things"], -1, 0)
        rows, columns = np.nonzero(noun)
        found = [
            (rows, columns, at[name] + column[rows, columns])
            for name, column in (
                ("noun", noun),
                ("kind", kind),
                ("field", chosen),
                ("number", np.minimum(number, 7)),
            )
        ]
        rows, columns = np.nonzero(seen["links"][:, :, 0])
        thing, role, relation, target, _, known = seen["links"][rows, columns].T
        found.append((rows, thing - 1, at["role"] + 2 * role + known))
        found.append((rows, thing - 1, at["described"] + 2 * relation + known))
        inner = target > 0
        found.append((rows[inner], target[inner] - 1, at["describes"] + 2 * relation[inner] + known[inner]))
        rows, columns = np.nonzero(seen["facts"][:, :, 0])
        thing, ask, known = seen["facts"][rows, columns].T
        found.append((rows, thing - 1, at["asked"] + 2 * ask + known))
        rows, columns, thing = np.nonzero(seen["about"])
        tool = seen["calls"][rows, columns, 0] - 1
        found.append((rows, thing, at["called"] + 4 * tool + seen["about"][rows, columns, thing]))
        leaf = seen["candidates"][:, :, 2]
        for name, related in (
            ("has", seen["bond"] == 2),
            ("given", (seen["role"] > 0) & (leaf > 0)[:, :, None]),
        ):
            rows, columns, thing = np.nonzero(related)
            found.append((rows, thing, at[name] + leaf[rows, columns]))
        return _bags(found, n, things)

    def candidates(self, seen: dict[str, Any]) -> np.ndarray:
        """`(n, candidates)`: the kind of each candidate: the leaf it was read from, or its source and type."""
        source, kind, leaf = np.moveaxis(seen["candidates"][:, :, :3], -1, 0)
        return np.where(leaf > 0, leaf, self.leaves + source * 9 + kind)

    @property
    def kinds(self) -> int:
        """Number of candidate kinds."""
        return self.leaves + 4 * 9

    @property
    def nothing(self) -> int:
        """Kind of the empty rows after the last candidate, and of the row that omits a parameter."""
        return self.leaves

    def open(self, seen: dict[str, Any], tool: np.ndarray) -> np.ndarray:
        """`(n, positions, candidates)` int8: 0 where a candidate cannot be chosen.

        For the parameters of a call, 1 where it can. For the facts of an answer, 1, plus 1 if the candidate belongs
        to the fact's thing, plus 2 if it has the fact's words.
        """
        layout, width = self.layout, self.intakes.shape[1]
        found = np.zeros((len(tool), layout.positions, layout.limits.candidates), dtype=np.int8)
        stops = tool == layout.tools
        tool = np.where(stops, 0, tool)
        intakes = self.intakes[tool]
        fits = np.take_along_axis(seen["fits"], np.maximum(intakes, 0)[:, None, :], axis=2)
        found[:, :width] = fits.transpose(0, 2, 1)
        found[:, :width, 0] = ~self.required[tool]
        found[:, :width][intakes < 0] = 0
        found[stops] = 0
        if stops.any():
            found[stops, : layout.limits.facts] = self._answers(
                *(seen[name][stops] for name in ("facts", "candidates", "bond"))
            )
        return found

    def _answers(self, facts: np.ndarray, candidates: np.ndarray, bond: np.ndarray) -> np.ndarray:
        thing, ask, called = facts[:, :, 0], facts[:, :, 1], candidates[:, None, :, 4]
        bonds = np.take_along_axis(bond, np.maximum(thing - 1, 0)[:, None, :], axis=2).transpose(0, 2, 1)
        found = 1 + (bonds == 2) + 2 * (called == ask[:, :, None])
        asked = (called == ask[:, :, None]) & (ask > 0)[:, :, None]
        may = asked.any(axis=1, keepdims=True) | (np.arange(candidates.shape[1]) == 0)  # row 0 states nothing
        return np.where(may & (ask > 0)[:, :, None], found, 0)


def _bags(found: list[tuple[np.ndarray, np.ndarray, np.ndarray]], n: int, things: int) -> np.ndarray:
    """Collect tokens given as (rows, things, tokens) into bags `(n, things, TOKENS)`, padded with 0."""
    rows, columns, tokens = (np.concatenate(parts) for parts in zip(*found, strict=True))
    place = rows.astype(np.int64) * things + columns
    order = np.argsort(place, kind="stable")
    place, tokens = place[order], tokens[order]
    first = np.searchsorted(place, place)
    rank = np.arange(len(place)) - first
    kept = rank < TOKENS
    bags = np.zeros((n * things, TOKENS), dtype=np.int16)
    bags[place[kept], rank[kept]] = tokens[kept]
    return bags.reshape(n, things, TOKENS)


class Policy(nn.Module):
    """The network: scores for each part of an action, and the value of a state."""

    def __init__(self, reader: Reader, width: int) -> None:
        super().__init__()
        layout = reader.layout
        self.tokens = nn.EmbeddingBag(reader.tokens, width, mode="sum", padding_idx=0)
        nn.init.normal_(self.tokens.weight, std=0.3)
        self.thing = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.focus = nn.Linear(width, 1)
        self.stop = nn.Linear(width + 2, 1)
        self.critic = nn.Sequential(nn.Linear(width + 2, width), nn.Tanh(), nn.Linear(width, 1))
        self.tool = nn.Linear(width, layout.tools)
        self.intake = nn.Embedding(layout.tools * reader.intakes.shape[1], width)
        self.query = nn.Linear(width, width)
        self.kinds = reader.kinds
        self.key = nn.Linear(width, self.kinds + 3 + len(layout.vocabulary.roles), bias=False)
        self.answer = nn.Parameter(torch.zeros(5))
        for layer in (self.focus, self.stop, self.tool, self.key):
            nn.init.normal_(layer.weight, std=0.02)

    def read(
        self, tokens: torch.Tensor, clock: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Things `(B, K, width)`; scores of each as focus, and of stopping, `(B, K + 1)`; values `(B,)`."""
        b, k, _ = tokens.shape
        real = tokens[:, :, 0] > 0
        h = self.tokens.weight.new_zeros(b * k, self.tokens.embedding_dim)
        flat = real.flatten()
        h[flat] = self.thing(self.tokens(tokens.reshape(b * k, -1)[flat]))
        h = h.reshape(b, k, -1)
        pooled = h.sum(1) / real.sum(1, keepdim=True).clamp(min=1)
        whole = torch.cat([pooled, clock], 1)
        focus = self.focus(h).squeeze(2)
        scores = torch.cat([focus.masked_fill(~real, -1e9), self.stop(whole)], 1)
        return h, scores, self.critic(whole).squeeze(1)

    def candidates(
        self,
        h: torch.Tensor,
        intake: torch.Tensor,
        kinds: torch.Tensor,
        bond: torch.Tensor,
        role: torch.Tensor,
    ) -> torch.Tensor:
        """Scores `(B, candidates)` for one parameter per sample, given a focus."""
        score = self.key(torch.relu(self.query(h) + self.intake(intake)))  # (B, kinds + bonds + roles)
        return (
            score.gather(1, kinds)
            + score.gather(1, self.kinds + bond)
            + score.gather(1, self.kinds + 3 + role)
        )


@dataclass
class Batch:
    """The steps of a rollout: network inputs, parts of the action, outcome. Arrays are `(steps, envs, ...)`."""

    tokens: Any
    clock: Any
    tool_mask: Any
    focus: Any
    tool: Any
    rows: Any
    open: Any
    kinds: Any
    bond: Any
    role: Any
    log_prob: Any
    value: Any
    reward: Any = field(default=None)
    done: Any = field(default=None)


class Agent:
    """Acts with a policy, and evaluates actions taken earlier."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self.reader = Reader(layout)
        self.layout = layout
        self.policy = Policy(self.reader, settings.width)

    @torch.no_grad()
    def act(self, seen: dict[str, Any], mask: np.ndarray, greedy: bool = False) -> tuple[np.ndarray, Batch]:
        """Actions `(n, 1 + positions)` for observations, and their part of a `Batch`."""
        reader, layout, n = self.reader, self.layout, len(mask)
        tokens, clock = reader.things(seen), seen["clock"].copy()
        h, scores, value = self.policy.read(torch.from_numpy(tokens).long(), torch.from_numpy(clock))
        focus, log_prob, _ = _pick(scores, greedy)
        stops = (focus == layout.limits.things).numpy()
        here = np.where(stops, 0, focus.numpy())
        tool_mask = mask[:, : layout.tools].copy()
        tool_mask[~tool_mask.any(1)] = True  # no tool can be called: pick any, and the call is refused
        h = h[torch.arange(n), torch.from_numpy(here)]
        logits = self.policy.tool(h).masked_fill(~torch.from_numpy(tool_mask), -1e9)
        tool, one, _ = _pick(logits, greedy)
        log_prob = log_prob + one * torch.from_numpy(~stops)
        tool = np.where(stops, layout.tools, tool.numpy())
        opened = reader.open(seen, tool)
        kinds, bond, role = reader.candidates(seen), seen["bond"], seen["role"]
        bond, role = (np.take_along_axis(x, here[:, None, None], axis=2)[:, :, 0] for x in (bond, role))
        kept = (opened, kinds, bond, role)
        at, logits = self._rows(h, torch.from_numpy(tool), *(torch.from_numpy(part) for part in kept))
        row, one, _ = _pick(logits, greedy)
        rows = np.zeros((n, layout.positions), dtype=np.int64)
        rows[at[0].numpy(), at[1].numpy()] = row.numpy()
        log_prob = log_prob.index_add(0, at[0], one)
        action = np.concatenate([tool[:, None], rows], axis=1)
        return action, Batch(
            tokens, clock, tool_mask, focus.numpy(), tool, rows, *kept, log_prob.numpy(), value.numpy()
        )

    def _rows(
        self,
        h: torch.Tensor,
        tool: torch.Tensor,
        opened: torch.Tensor,
        kinds: torch.Tensor,
        bond: torch.Tensor,
        role: torch.Tensor,
    ) -> tuple[tuple[torch.Tensor, torch.Tensor], torch.Tensor]:
        """The (sample, position) pairs at which a candidate is chosen, and the scores of all candidates there."""
        sample, position = torch.nonzero(opened.any(2), as_tuple=True)
        there = opened[sample, position].long()
        scores = 5 * self.policy.answer[there]
        calls = tool[sample] < self.layout.tools
        one = sample[calls]
        intake = tool[one] * self.reader.intakes.shape[1] + position[calls]
        found = self.policy.candidates(h[one], intake, kinds[one].long(), bond[one].long(), role[one].long())
        scores = scores.index_put((torch.nonzero(calls).squeeze(1),), found)
        return (sample, position), scores.masked_fill(there == 0, -1e9)

    def weigh(self, b: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Log-probability and entropy of the actions in a batch, and the value of their states, each `(B,)`."""
        things, n = self.layout.limits.things, len(b["tool"])
        real = (b["kinds"] != self.reader.nothing).any(0)
        used = int(real.nonzero().max()) + 1  # later rows are empty
        h, scores, value = self.policy.read(b["tokens"].long(), b["clock"])
        _, log_prob, entropy = _pick(scores, choice=b["focus"])
        stops = b["focus"] == things
        h = h[torch.arange(n), b["focus"].masked_fill(stops, 0)]
        logits = self.policy.tool(h).masked_fill(~b["tool_mask"], -1e9)
        _, one, some = _pick(logits, choice=b["tool"].masked_fill(stops, 0))
        log_prob, entropy = log_prob + one * ~stops, entropy + some * ~stops
        candidates = (b[name][..., :used] for name in ("open", "kinds", "bond", "role"))
        at, logits = self._rows(h, b["tool"], *candidates)
        _, one, some = _pick(logits, choice=b["rows"][at])
        return log_prob.index_add(0, at[0], one), entropy.index_add(0, at[0], some), value


def _pick(
    logits: torch.Tensor, greedy: bool = False, choice: torch.Tensor | None = None
) -> tuple[torch.Tensor, ...]:
    """A choice over the last axis (sampled, greedy or given), its log-probability, and the entropy."""
    log_probs = torch.log_softmax(logits, -1)
    if choice is None:
        noise = torch.zeros(()) if greedy else -torch.empty_like(logits).exponential_().log()
        choice = (log_probs + noise).argmax(-1)
    entropy = -(log_probs.exp() * log_probs.clamp(min=-50)).sum(-1)
    return choice, log_probs.gather(-1, choice[..., None]).squeeze(-1), entropy


class Run:
    """One training run: rollouts, updates, evaluations and files."""

    def __init__(
        self,
        settings: Settings,
        resume: bool = False,
        task_set: SlotTaskSet | None = None,
        exam: "Exam | None" = None,
    ) -> None:
        """`task_set` (training tasks) and `exam` (held-out tasks) can be shared between runs. `resume` loads
        OUT/checkpoint.pt."""
        self.settings = settings
        torch.set_num_threads(1)
        torch.manual_seed(settings.seed)
        self._shuffle = np.random.default_rng(settings.seed)
        self.task_set = task_set or open_slot_task_set(toe.Snapshot.open(settings.snapshot), settings.split)
        self.vec = ToolOrchSlotsVector(
            settings.envs, "SameStep", copy=False, task_set=self.task_set, reward=settings.reward
        )
        self.exam = exam or Exam(self.task_set, settings.evaluate_split, settings.evaluate_tasks, insist=True)
        self.agent = Agent(self.task_set.layout, settings)
        self.optimizer = torch.optim.Adam(self.agent.policy.parameters(), lr=settings.rate, eps=1e-5)
        self.steps = 0
        self.out = Path(settings.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self._ended: deque[tuple[float, bool]] = deque(maxlen=1000)
        self.log: list[dict[str, float]] = []
        if resume:
            self._load()

    def train(self) -> list[dict[str, float]]:
        """Train for `settings.steps` steps. Returns the log, one entry per evaluation."""
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(self.out), purge_step=self.steps + 1)
        started, first = time.perf_counter(), self.steps
        self._restart()
        if not self.log:
            self._evaluate(writer, started, first)
        while self.steps < self.settings.steps:
            self._update(self._rollout())
            if self.steps // self.settings.evaluate_every > self._evaluated // self.settings.evaluate_every:
                self._evaluate(writer, started, first)
                self._save()
                self._restart()
        if self._evaluated < self.steps:
            self._evaluate(writer, started, first)
            self._save()
        writer.close()
        plot(self.log, self.out / "curve.png")
        return self.log

    def _restart(self) -> None:
        """Begin new episodes with a seed derived from the run's seed and the step, as a resumed run would."""
        self._evaluated = self.steps
        self._seen = self.vec.reset(seed=(self.settings.seed * 1_000_003 + self.steps) % 2**31)[0]

    def _rollout(self) -> Batch:
        """Play `rollout` steps in every environment."""
        kept, rewards, dones = [], [], []
        for _ in range(self.settings.rollout):
            action, step = self.agent.act(self._seen, self.vec.action_masks())
            self._seen, reward, terminated, truncated, info = self.vec.step(action)
            done = terminated | truncated
            if done.any():
                last = info["final_info"]
                self._ended += zip(
                    last["episode_score"][done].tolist(), last["success"][done].tolist(), strict=True
                )
            kept.append(step)
            rewards.append(reward)
            dones.append(done)
        self.steps += self.settings.rollout * self.settings.envs
        parts = {
            name: np.stack([getattr(step, name) for step in kept])
            for name in Batch.__dataclass_fields__
            if name not in ("reward", "done")
        }
        return Batch(**parts, reward=np.stack(rewards).astype(np.float32), done=np.stack(dones))

    def _advantages(self, batch: Batch) -> np.ndarray:
        """Generalised advantage estimates `(steps, envs)`."""
        discount, decay = self.settings.discount, self.settings.decay
        following = self._value_of(self._seen)
        advantages, last = np.zeros_like(batch.reward), np.zeros_like(following)
        for t in reversed(range(len(batch.reward))):
            goes_on = 1.0 - batch.done[t]
            delta = batch.reward[t] + discount * goes_on * following - batch.value[t]
            advantages[t] = last = delta + discount * decay * goes_on * last
            following = batch.value[t]
        return advantages

    @torch.no_grad()
    def _value_of(self, seen: dict[str, Any]) -> np.ndarray:
        tokens = torch.from_numpy(self.agent.reader.things(seen)).long()
        return self.agent.policy.read(tokens, torch.from_numpy(seen["clock"].copy()))[2].numpy()

    def _update(self, batch: Batch) -> None:
        """Update the policy: `epochs` passes over a rollout, in minibatches."""
        s, policy = self.settings, self.agent.policy
        advantages = self._advantages(batch)
        flat = {
            name: torch.from_numpy(array.reshape(-1, *array.shape[2:])) for name, array in vars(batch).items()
        }
        real = (batch.kinds != self.agent.reader.nothing).any((0, 1))
        used = int(real.nonzero()[0].max()) + 1  # later rows are empty
        flat |= {name: flat[name][..., :used] for name in ("open", "kinds", "bond", "role")}
        flat["advantage"] = torch.from_numpy(advantages.reshape(-1))
        flat["target"] = flat["advantage"] + flat["value"]
        for group in self.optimizer.param_groups:
            group["lr"] = s.rate * max(0.05, 1.0 - self.steps / s.horizon)
        n = len(flat["advantage"])
        for _ in range(s.epochs):
            for part in np.split(self._shuffle.permutation(n), range(s.minibatch, n, s.minibatch)):
                b = {name: tensor[torch.from_numpy(part)] for name, tensor in flat.items()}
                log_prob, entropy, value = self.agent.weigh(b)
                ratio = (log_prob - b["log_prob"]).exp()
                advantage = (b["advantage"] - b["advantage"].mean()) / (b["advantage"].std() + 1e-8)
                gain = torch.min(advantage * ratio, advantage * ratio.clamp(1 - s.clip, 1 + s.clip)).mean()
                error = (value - b["target"]).pow(2).mean()
                loss = -gain + s.value * error - s.entropy * entropy.mean()
                self.optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(policy.parameters(), s.norm)
                self.optimizer.step()
        self.losses = {"gain": gain.item(), "error": error.item(), "entropy": entropy.mean().item()}

    def _evaluate(self, writer: Any, started: float, first: int) -> None:
        """Log and print success on held-out tasks and in the last training episodes (at most 1,000)."""
        held_out = self.exam.sit(self.agent)
        scores, wins = zip(*self._ended, strict=True) if self._ended else ((0.0,), (0.0,))
        seconds = time.perf_counter() - started
        entry = {
            "steps": self.steps,
            "success": float(np.mean([one["success"] for one in held_out])),
            "score": float(np.mean([one["total"] for one in held_out])),
            "train_reward": float(np.mean(scores)),
            "train_success": float(np.mean(wins)),
        }
        self.log.append(entry)
        (self.out / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in self.log))
        for name, value in {**entry, **getattr(self, "losses", {})}.items():
            writer.add_scalar(name, value, self.steps)
        rate = (self.steps - first) / max(seconds, 1e-9)
        print(
            f"{self.steps:>9,} steps {seconds:6.0f} s {rate:6.0f}/s  held out: success {entry['success']:.1%} "
            f"score {entry['score']:.3f}  training: reward {entry['train_reward']:.3f} "
            f"success {entry['train_success']:.1%}",
            flush=True,
        )

    def _save(self) -> None:
        state = {
            "settings": asdict(self.settings),
            "steps": self.steps,
            "policy": self.agent.policy.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch": torch.get_rng_state(),
            "shuffle": json.dumps(self._shuffle.bit_generator.state),
            "ended": list(self._ended),
            "log": self.log,
        }
        torch.save(state, self.out / "checkpoint.new")
        (self.out / "checkpoint.new").replace(self.out / "checkpoint.pt")

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt", weights_only=True)
        self.agent.policy.load_state_dict(state["policy"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch"])
        self._shuffle.bit_generator.state = json.loads(state["shuffle"])
        self._ended.extend(tuple(one) for one in state["ended"])
        self.steps, self.log = state["steps"], state["log"]


class Exam:
    """Plays each held-out task once, greedily, and scores it by `graduated` whatever the training reward is.

    If the greedy action repeats an earlier call, an action is sampled instead: the result would be the same, and a
    greedy policy would repeat it until the budget is spent. `insist` turns this off; it is faster, for the curve.
    """

    def __init__(self, task_set: SlotTaskSet, split: str, most: int = 10**9, insist: bool = False) -> None:
        tasks = task_set.task_set.snapshot.tasks(split)[:most]
        self.task_set = task_set.beside(tasks)
        self.ids = [task.id for task in tasks]
        self._turns: dict[str, list[dict[str, Any]]] = {}
        self._insist = insist

    def sit(self, agent: Agent, at_once: int = 32) -> list[dict[str, Any]]:
        """One entry per task: `id`, `depth`, `success`, the components of the score, and the `turns` taken."""
        tasks, n = self.task_set.task_set.tasks, min(at_once, len(self.ids))
        vec = ToolOrchSlotsVector(n, "Disabled", copy=False, task_set=self.task_set)
        queue, found = list(reversed(self.ids)), dict[str, dict[str, Any]]()
        playing = [queue.pop() for _ in range(n)]
        seen, _ = vec.reset(seed=0, options={"task_id": playing})
        while len(found) < len(self.ids):
            action, _ = agent.act(seen, vec.action_masks(), greedy=True)
            self._think_again(agent, vec, seen, playing, action)
            for i, one in enumerate(playing):
                if one not in found:
                    self._turns.setdefault(one, []).append(vec.message(i, action[i]))
            seen, _, terminated, truncated, info = vec.step(action)
            done = terminated | truncated
            for i in np.flatnonzero(done).tolist():
                one = playing[i]
                if one not in found:
                    parts = {name: float(info["score"][name][i]) for name in SCORES}
                    known = {"id": one, "depth": tasks[one].depth, "turns": self._turns.pop(one)}
                    found[one] = {**known, "success": bool(info["success"][i]), **parts}
                playing[i] = queue.pop() if queue else one  # a task played again is ignored
            if done.any():
                seen, _ = vec.reset(options={"task_id": playing, "reset_mask": done})
        return [found[one] for one in self.ids]

    def _think_again(
        self,
        agent: Agent,
        vec: ToolOrchSlotsVector,
        seen: dict[str, Any],
        playing: list[str],
        action: np.ndarray,
    ) -> None:
        """Replace each action that repeats a call by a sampled one."""
        repeated = [vec.message(i, action[i]) in self._turns.get(one, ()) for i, one in enumerate(playing)]
        if any(repeated) and not self._insist:
            action[repeated] = agent.act(seen, vec.action_masks())[0][repeated]


def plot(log: list[dict[str, float]], path: Path) -> None:
    """Plot success on held-out and training tasks against steps, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for name, label in (("success", "held out, greedy"), ("train_success", "training, sampled")):
        axes.plot([one["steps"] for one in log], [one[name] for one in log], label=label)
    axes.set(xlabel="slot steps", ylabel="success", ylim=(0, 1))
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Masked PPO on ToolOrchSlots-v0.")
    for name, default in asdict(Settings()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--resume", action="store_true", help="resume from OUT/checkpoint.pt")
    given = vars(parser.parse_args())
    resume = given.pop("resume")
    settings = Settings(**given)
    run = Run(settings, resume)
    run.train()
    for split in run.task_set.task_set.snapshot.splits:
        if split.startswith("graph-") and split not in (settings.split, settings.evaluate_split):
            found = Exam(run.task_set, split).sit(run.agent)
            print(f"{split}: success {np.mean([one['success'] for one in found]):.1%} of {len(found)} tasks")
            for depth in sorted({one["depth"] for one in found}):
                some = [one["success"] for one in found if one["depth"] == depth]
                print(f"  depth {depth}: {np.mean(some):.1%} of {len(some)}")


if __name__ == "__main__":
    main()
