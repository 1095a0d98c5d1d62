"""PPO over a policy that vLLM serves: a language model learns to orchestrate tools.

    python -m examples.ppo_vllm.prepare --out build/ppo
    python examples/sft.py --model build/ppo/model --tasks build/ppo/train.jsonl --out build/ppo/imitated --everything
    python -m examples.ppo_vllm.train --model build/ppo/imitated --tasks build/ppo/train.jsonl \\
        --held-out build/ppo/test.jsonl --out runs/ppo

One update: a batch of episodes, generated turn by turn for all at once by vLLM; the logprobs of what was sampled,
worked out again by the trainer, which proves that the engine holds the trainer's weights; GAE over turns; some epochs
of clipped PPO with a KL term to the model it began from; the new weights into the engine. `--advantage group` makes it
GRPO.

Leaves in `--out`: `metrics.jsonl`, one line per update; `evaluations.jsonl`, held-out success task by task; TensorBoard
events; `curve.png`; `checkpoint.pt`, from which the same command goes on; `model/`, the trained policy.

Where it departs from PPO as usually written for tokens (Ziegler et al. 2019, InstructGPT): a turn is one action, so
values, GAE and discounting are over turns, and the ratio is clipped per token; the value head is fitted by itself, on
the model's last states, and has a few updates to itself before the policy moves; KL is a term of the loss, half the
squared log ratio, and not part of the reward; the old logprobs are the engine's own. From GRPO (DeepSeekMath): the mean
is over the tokens of the minibatch, not over episodes.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer

import tool_orch_env as toe
from tool_orch_env.task import Task

from . import curve
from .advantage import gae, group_relative, per_token
from .chat import Chat
from .demonstrations import environments
from .engine import ENGINES, Setup
from .evaluate import evaluate
from .policy import Batch, Policy
from .rollout import Episode, Limits, rollout


class Lesson:
    """An episode and what is to be learnt from it. N counts its sampled tokens, S its turns."""

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.sampled = np.array(episode.logprobs)[episode.sampled]  # (N,): the engine's logprobs
        self.reference = self.advantages = np.zeros(len(self.sampled))  # (N,)
        self.values = self.returns = np.zeros(len(episode.turns))  # (S,)
        self.states = torch.zeros(0)  # (S, D): what the model makes of each state


class Trainer:
    """The policy, its optimizer, the engine and the environments of one run."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(given.seed)
        tokenizer = AutoTokenizer.from_pretrained(given.model)
        self.chat = Chat(tokenizer)
        self.policy = Policy(given.model, given.lora, given.checkpointing, given.dtype).to(self.device)
        self.reference = None if given.lora else Policy(given.model, dtype=given.dtype).to(self.device)
        self.optimizer = torch.optim.AdamW(self.policy.spoken(), lr=given.lr, weight_decay=0.0, eps=1e-5)
        self.critic = torch.optim.AdamW(self.policy.value.parameters(), lr=given.value_lr, weight_decay=0.01)
        setup = Setup(
            given.model, given.context, self.chat.end, given.batch, given.dtype, parallel=given.parallel
        )
        self.engine = ENGINES[given.engine](setup, self.policy.weights)
        self.tasks = _tasks(given.tasks, "train")
        self.held_out = _tasks(given.held_out, "test")[: given.held_out_tasks]
        options = {"max_turns": given.max_turns, "tool_docs": given.tool_docs, "max_items": given.max_items}
        options["max_response_chars"] = given.max_response_chars
        self.envs = environments(self.tasks, given.batch, reward=given.reward, **options)
        self.judging = environments(self.held_out, given.batch, **options)
        self.limits = Limits(given.context, given.message, given.temperature)
        self.update = 0
        self.critic_only = given.critic_only if given.advantage == "gae" else 0  # GRPO has no head to fit

    def close(self) -> None:
        self.engine.close()

    def collect(self) -> list[Episode]:
        """The episodes of this update: which tasks, and every draw, follow from seed and update alone."""
        given = self.given
        rng = np.random.default_rng([given.seed, self.update])
        each = given.group if given.advantage == "group" else 1
        drawn = rng.choice(
            len(self.tasks), given.batch // each, replace=len(self.tasks) < given.batch // each
        )
        tasks = [self.tasks[index] for index in np.repeat(drawn, each)]
        return rollout(self.envs, self.engine, self.chat, tasks, self.limits, int(rng.integers(1 << 31)))

    def learn(self, episodes: list[Episode]) -> dict[str, float]:
        """One update; raises `RuntimeError` if the engine did not hold the trainer's weights."""
        given = self.given
        # similar lengths side by side: less padding
        lessons = [Lesson(one) for one in sorted(episodes, key=lambda one: len(one.ids)) if one.turns]
        rng = np.random.default_rng([given.seed, self.update, 1])
        self.update += 1
        if not lessons:  # the engine died before it said anything
            return {"logprob_gap": 0.0, "kl": 0.0}
        gap = self._judge(lessons)
        if gap > given.largest_gap:
            raise RuntimeError(
                f"logprobs of engine and trainer differ by {gap:.2g}: the engine has other weights"
            )
        self._credit(lessons)
        value_loss = self._value(lessons) if given.advantage == "gae" else 0.0
        if self.update <= self.critic_only:
            return {"logprob_gap": gap, "kl": 0.0, "value_loss": value_loss}
        told: list[dict[str, float]] = []
        for _ in range(given.epochs):
            order = rng.permutation(len(lessons))
            told += [
                self._descend([lessons[index] for index in sorted(order[first : first + given.minibatch])])
                for first in range(0, len(order), given.minibatch)
            ]
        told_of = {"logprob_gap": gap, "value_loss": value_loss}
        return {**told_of, **{name: float(np.mean([one[name] for one in told])) for name in told[0]}}

    @torch.no_grad()
    def _judge(self, lessons: Sequence["Lesson"]) -> float:
        """What the weights before the update, and those training began from, make of the episodes.

        Returns the largest difference between the trainer's logprobs and the engine's.
        """
        gap = 0.0
        for first in range(0, len(lessons), self.given.micro):
            part = lessons[first : first + self.given.micro]
            batch = self._batch(part)
            judged = self.policy(batch, self.given.temperature)
            gap = max(gap, float((judged.logprobs - self._tensor([one.sampled for one in part])).abs().max()))
            values, states = judged.values.cpu().numpy().astype(float), judged.states
            reference = self._reference(batch).cpu().numpy()
            for one in part:
                one.values, values = np.split(values, [len(one.episode.turns)])
                one.states, states = torch.tensor_split(states, [len(one.episode.turns)])
                one.reference, reference = np.split(reference, [len(one.sampled)])
        return gap

    def _credit(self, lessons: Sequence["Lesson"]) -> None:
        """What each turn was worth."""
        given, episodes = self.given, [one.episode for one in lessons]
        if given.advantage == "group":
            advantages, returns = group_relative(episodes)
        else:
            advantages, returns = gae(
                episodes, np.concatenate([one.values for one in lessons]), given.gamma, given.lam
            )
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        advantages = np.where(advantages < 0, given.negative * advantages, advantages)
        for one in lessons:
            n = len(one.episode.turns)
            one.advantages, advantages = per_token(one.episode, advantages[:n]), advantages[n:]
            one.returns, returns = returns[:n], returns[n:]

    def _value(self, lessons: Sequence["Lesson"]) -> float:
        """Fit the value head to the returns, the language model left as it is; gives the loss before."""
        states = torch.cat([one.states for one in lessons]).float()  # (S, D)
        returns = self._tensor([one.returns for one in lessons])  # (S,)
        losses = []
        for _ in range(self.given.value_steps):
            loss = 0.5 * (self.policy.value(states).squeeze(-1) - returns).square().mean()
            self.critic.zero_grad()
            loss.backward()
            self.critic.step()
            losses.append(float(loss.detach()))
        return losses[0]

    def _descend(self, lessons: Sequence["Lesson"]) -> dict[str, float]:
        """One step of the optimizer on a minibatch, in parts that fit the memory."""
        given = self.given
        tokens = sum(len(one.sampled) for one in lessons)
        sums = dict.fromkeys(("policy_loss", "kl", "entropy", "clipped"), 0.0)
        for first in range(0, len(lessons), given.micro):
            part = lessons[first : first + given.micro]
            new = self.policy(self._batch(part), given.temperature)
            advantages = self._tensor([one.advantages for one in part])  # (N,)
            ratio = (new.logprobs - self._tensor([one.sampled for one in part])).exp()
            clipped = ratio.clamp(1 - given.clip, 1 + given.clip)
            policy_loss = -torch.min(ratio * advantages, clipped * advantages).sum() / tokens
            log_ratio = self._tensor([one.reference for one in part]) - new.logprobs
            kl = 0.5 * log_ratio.square().sum() / tokens  # its gradient is that of KL(new || reference)
            entropy = new.entropies.sum() / tokens
            loss = policy_loss + given.kl * kl - given.entropy * entropy
            loss.backward()
            outside = ((ratio - 1).abs() > given.clip).float().sum() / tokens
            for name, one in zip(sums, (policy_loss, kl, entropy, outside), strict=True):
                sums[name] += float(one.detach())
        for group in self.optimizer.param_groups:
            group["lr"] = given.lr * min(1.0, (self.update - self.critic_only) / max(1, given.warm_up))
        norm = torch.nn.utils.clip_grad_norm_(self.policy.spoken(), given.largest_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {**sums, "gradient_norm": float(norm)}

    def _reference(self, batch: Batch) -> torch.Tensor:
        """Logprobs (N,) of the model that training began from."""
        if self.reference is not None:
            return self.reference(batch, self.given.temperature).logprobs
        with self.policy.lm.disable_adapter():
            return self.policy(batch, self.given.temperature).logprobs

    def _batch(self, lessons: Sequence["Lesson"]) -> Batch:
        return Batch.of([one.episode for one in lessons], self.device)

    def _tensor(self, parts: Sequence[Any]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(parts)).float().to(self.device)

    def save(self, path: Path) -> None:
        """All that the next update depends on; written beside and put in place at once."""
        state = {
            "policy": self.policy.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "critic": self.critic.state_dict(),
            "update": self.update,
        }
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint: the next update is the one that would have come."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.policy.load_state_dict(state["policy"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.critic.load_state_dict(state["critic"])
        self.update = state["update"]
        self.engine.push()


def _tasks(place: str, split: str) -> list[Task]:
    return toe.load_tasks(place, None if Path(place).is_file() else split)


def train(given: argparse.Namespace) -> None:
    """The run, from wherever its checkpoint left it."""
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "arguments.json").write_text(json.dumps(vars(given), default=str, indent=1))
    checkpoint, trainer = given.out / "checkpoint.pt", Trainer(given)
    journal = curve.Journal(given.out)
    try:
        if checkpoint.exists():
            trainer.load(checkpoint)
            print(f"resumed after update {trainer.update}")
        journal.keep(trainer.update)
        if trainer.update in (0, given.updates):  # a run cut short is judged by asking for no more updates
            _evaluate(trainer, journal)
        while trainer.update < given.updates:
            _one_update(trainer, journal)
            if trainer.update % given.evaluate_every == 0 or trainer.update == given.updates:
                _evaluate(trainer, journal)
            if trainer.update % given.save_every == 0 or trainer.update == given.updates:
                trainer.save(checkpoint)
        trainer.policy.save(str(given.out / "model"))
        trainer.chat.tokenizer.save_pretrained(given.out / "model")
        curve.draw({given.reward: [given.out]}, given.out / "curve.png")
    finally:
        journal.close()
        trainer.close()


def _one_update(trainer: Trainer, journal: "curve.Journal") -> None:
    began = time.monotonic()
    episodes = trainer.collect()
    generated = time.monotonic()
    trainer.engine.rest()
    told = trainer.learn(episodes)
    trainer.engine.wake()
    trainer.engine.push()
    done = time.monotonic()
    tokens = sum(sum(episode.sampled) for episode in episodes)
    cuts = [episode.cause.split(":")[0] for episode in episodes if episode.cause]
    journal.write(
        {
            "update": trainer.update,
            "score": float(np.mean([episode.score for episode in episodes])),
            "success": float(np.mean([episode.success for episode in episodes])),
            "turns": float(np.mean([len(episode.turns) for episode in episodes])),
            "tokens": tokens,
            "cuts": {cause: cuts.count(cause) for cause in sorted(set(cuts))},
            "rollout_s": round(generated - began, 3),
            "update_s": round(done - generated, 3),
            **told,
        },
        of=trainer.given.updates,
    )


def _evaluate(trainer: Trainer, journal: "curve.Journal") -> None:
    """The policy as it is trained, drawing at its temperature, and at its most likely."""
    for how, limits in (("sampled", trainer.limits), ("greedy", replace(trainer.limits, temperature=0.0))):
        episodes = evaluate(trainer.judging, trainer.engine, trainer.chat, trainer.held_out, limits)
        journal.evaluation(trainer.update, how, episodes)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="PPO or GRPO on ToolOrch-v0, rollouts by vLLM.")
    add = parser.add_argument
    add("--model", required=True, help="a folder or name that transformers and vLLM load, with ChatML")
    add("--tasks", default="travel", help="a task file, or a snapshot (its training split)")
    add("--held-out", default="travel", help="a task file, or a snapshot (its test split)")
    add("--held-out-tasks", type=int, help="evaluate on the first so many only")
    add("--out", type=Path, required=True)
    add("--reward", default="graduated", help="a preset of the environment, e.g. binary")
    add("--advantage", choices=("gae", "group"), default="gae", help="PPO, or GRPO")
    add("--group", type=int, default=8, help="episodes on one task, under --advantage group")
    add("--updates", type=int, default=24)
    add("--batch", type=int, default=64, help="episodes per update, all generated at once")
    add("--minibatch", type=int, default=32, help="episodes per step of the optimizer")
    add("--micro", type=int, default=16, help="episodes that fit the memory at once")
    add("--epochs", type=int, default=2)
    add("--lr", type=float, default=2e-4)
    add("--warm-up", type=int, default=3, help="updates until the learning rate is whole")
    add("--negative", type=float, default=1.0, help="weight of negative advantages")
    add("--clip", type=float, default=0.2)
    add("--kl", type=float, default=0.02)
    add("--entropy", type=float, default=0.0)
    add("--value-lr", type=float, default=5e-3)
    add(
        "--value-steps",
        type=int,
        default=100,
        help="steps of the value head per update, on the model's states",
    )
    add(
        "--critic-only",
        type=int,
        default=2,
        help="updates before the policy moves: a value head begins at zero",
    )
    add("--gamma", type=float, default=1.0, help="per turn")
    add("--lam", type=float, default=0.95)
    add("--largest-norm", type=float, default=1.0)
    add("--temperature", type=float, default=1.0)
    add("--context", type=int, default=512, help="tokens of an episode")
    add("--message", type=int, default=96, help="tokens of one assistant message")
    add("--max-turns", type=int, default=5)
    add("--tool-docs", default="signature", help="see the environment")
    add("--max-items", type=int, default=1)
    add("--max-response-chars", type=int, default=800)
    add(
        "--engine",
        choices=sorted(ENGINES),
        default="process",
        help="vLLM in this process, or its HTTP server",
    )
    add("--parallel", type=int, default=1, help="GPUs that the engine is spread over")
    add("--dtype", default="float32", help="of engine and trainer")
    add("--largest-gap", type=float, default=1e-3, help="logprob difference at which a push counts as failed")
    add("--lora", type=int, default=0, help="rank; 0 trains all weights")
    add("--checkpointing", action="store_true", help="gradient checkpointing")
    add("--evaluate-every", type=int, default=4)
    add("--save-every", type=int, default=4)
    add("--seed", type=int, default=0)
    return parser.parse_args(words)


def main() -> int:
    given = arguments()
    if not torch.cuda.is_available():
        print(
            "no GPU: the engine's sleep mode, bfloat16 on a device and several GPUs are not tried in this run"
        )
    train(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
