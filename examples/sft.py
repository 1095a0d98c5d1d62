"""Supervised fine-tuning on golden conversations, as a starting point for reinforcement learning.

    python examples/sft.py --model build/ppo/model --tasks build/ppo/train.jsonl --out build/ppo/imitated

The golden trace of every task is played in `ToolOrch-v0`, and the model learns to write what the trace says, in its own
chat format. Only the policy's tokens carry loss. With `--everything`, all tokens do, which is what teaches a model from
scratch to copy. Uses AdamW with linear warm-up and decay, and full weights in float32. `--demonstrations` and `--steps`
limit the amount of imitation. The same seed gives the same weights on the same machine.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from examples.ppo_vllm.chat import Chat
from examples.ppo_vllm.demonstrations import (
    careless,
    conversation,
    entities,
    environments,
    golden,
    renamed,
    tokens,
)
from tool_orch_env.calls.types import Turn
from tool_orch_env.task import Task

Example = tuple[np.ndarray, np.ndarray]
"""Token ids int64 (T,), and a mask bool (T,) of the tokens that carry loss."""


class Examples:
    """Golden conversations as tokens. With `--rename`, entities get other names each time."""

    def __init__(self, tasks: list[Task], chat: Chat, given: argparse.Namespace) -> None:
        [env] = environments(tasks, 1)
        self._rng = np.random.default_rng([given.seed, 1])
        self._said = [conversation(env, task, self._turns(task, given)) for task in tasks]
        self._entities = [entities(task) for task in tasks]
        words = {word for some in self._entities for name in some for word in name.split()}
        self._words = sorted(word for word in words if word.isalpha() and len(word) > 3)
        self._chat, self._given = chat, given
        self.sizes = [len(tokens(chat, said)[0]) for said in self._said]

    def _turns(self, task: Task, given: argparse.Namespace) -> list[Turn]:
        turns = golden(task, given.one_by_one)
        return careless(turns, self._rng) if given.careless and self._rng.random() < given.careless else turns

    def __len__(self) -> int:
        return len(self._said)

    def __getitem__(self, index: int) -> Example:
        said = self._said[index]
        if self._given.rename:
            said = renamed(said, self._entities[index], self._words, self._rng)
        ids, mask = tokens(self._chat, said)
        return ids, np.ones_like(mask) if self._given.everything else mask


def batches(examples: Examples, size: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches endlessly, in a new order every epoch: ids int64 (B, T), padded with 0, and mask bool (B, T).

    Conversations are sorted by length within sixteen batches, so a batch has conversations of similar length.
    """
    rng = np.random.default_rng(seed)
    for _ in itertools.count():
        order = rng.permutation(len(examples))
        for first in range(0, len(order), 16 * size):
            some = order[first : first + 16 * size]
            order[first : first + 16 * size] = sorted(some, key=lambda index: examples.sizes[index])
        for first in rng.permutation(range(0, len(order) - size + 1, size)):
            chosen = [examples[index] for index in order[first : first + size]]
            length = max(len(ids) for ids, _ in chosen)
            ids, mask = np.zeros((size, length), np.int64), np.zeros((size, length), bool)
            for row, (some, learned) in enumerate(chosen):
                ids[row, : len(some)], mask[row, : len(some)] = some, learned
            yield torch.from_numpy(ids), torch.from_numpy(mask)


def loss_of(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the masked tokens given all tokens before them.

    Padding is on the right, so causal attention never sees it.
    """
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]  # (B, T-1, D)
    wanted = mask[:, 1:]  # (B, T-1)
    return cross_entropy(model.lm_head(hidden[wanted]), ids[:, 1:][wanted])


def imitate(model: torch.nn.Module, examples: Examples, given: argparse.Namespace) -> None:
    """Train the model in place."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=given.lr, weight_decay=0.01, betas=(0.9, 0.95))
    warm = max(1, given.steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, 1 - 0.9 * step / given.steps)
    )
    began = time.monotonic()
    for step, (ids, mask) in enumerate(
        itertools.islice(batches(examples, given.batch, given.seed), given.steps), 1
    ):
        loss = loss_of(model, ids, mask)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == given.steps:
            print(f"step {step}/{given.steps}  loss {loss:.3f}  {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tune a model on golden conversations.")
    parser.add_argument(
        "--model", required=True, help="a folder or name that transformers can load, with ChatML"
    )
    parser.add_argument("--tasks", default="travel", help="a task file or a snapshot (its training split)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--demonstrations", type=int, help="learn from this many tasks only (default all)")
    parser.add_argument("--calls", type=int, help="learn only from tasks with at most this many golden calls")
    parser.add_argument("--one-by-one", action="store_true", help="one call per turn")
    parser.add_argument(
        "--careless", type=float, default=0.0, help="share of conversations that give up before the last call"
    )
    parser.add_argument(
        "--everything", action="store_true", help="all tokens carry loss, observations included"
    )
    parser.add_argument("--rename", action="store_true", help="give entities other names each time")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    tasks = toe.load_tasks(given.tasks, None if Path(given.tasks).is_file() else "train")
    if given.calls:
        tasks = [task for task in tasks if len(task.golden) <= given.calls]
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32)
    chosen = np.random.default_rng(given.seed).permutation(len(tasks))[: given.demonstrations]
    examples = Examples([tasks[index] for index in chosen], Chat(tokenizer), given)
    few, most = min(examples.sizes), max(examples.sizes)
    print(
        f"{len(examples)} conversations of {few} to {most} tokens, {np.mean(examples.sizes):.0f} on average"
    )
    imitate(model, examples, given)
    model.save_pretrained(given.out)
    tokenizer.save_pretrained(given.out)


if __name__ == "__main__":
    main()
