"""Supervised fine-tuning on golden conversations, as a starting point for reinforcement learning.

    python examples/sft.py --model build/tiny/model --tasks build/tiny/train.jsonl --out build/imitated

The golden trace of every task is played in `ToolOrch-v0`, and the model learns to write what the trace says, in the
chat form of `ppo_vllm.py`. Only the policy's tokens carry loss; with `--everything` all tokens do, which a model from
scratch needs. Trains all weights with AdamW in float32. The same seed gives the same weights on the same machine.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser
from transformers.hf_argparser import HfArg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from examples.ppo_vllm import Chat, environments
from tool_orch_env.calls.types import Turn
from tool_orch_env.calls.write import FORMATS
from tool_orch_env.task import Task

Example = tuple[np.ndarray, np.ndarray]
"""Token ids int64 (T,), and a mask bool (T,) of the tokens that carry loss."""


@dataclass
class Args:
    model: str = HfArg(help="folder or name of a model whose tokenizer knows ChatML")
    out: str = HfArg(help="folder for the trained model")
    tasks: str = HfArg(default="travel", help="a task file, or a snapshot (its split train)")
    demonstrations: int | None = HfArg(default=None, help="number of tasks to learn from, drawn by the seed")
    calls: int | None = HfArg(default=None, help="learn only from tasks with at most this many golden calls")
    one_by_one: bool = HfArg(default=False, help="make one call per turn, so that each has its own reward")
    careless: float = HfArg(default=0.0, help="share of conversations that give up before the last call")
    everything: bool = HfArg(default=False, help="observations carry loss too")
    steps: int = HfArg(default=300, help="optimizer steps")
    batch_size: int = HfArg(default=16, help="conversations per step")
    learning_rate: float = HfArg(default=1e-3, help="after warm-up over a twentieth of the steps")
    seed: int = HfArg(default=0, help="decides tasks, order and carelessness")


def golden(task: Task, one_by_one: bool = False) -> list[Turn]:
    """The golden trace. With `one_by_one`, every call is a turn."""
    turns = toe.oracle_turns(task)
    if not one_by_one:
        return turns
    return [one for turn in turns for one in ([Turn((call,)) for call in turn.calls] or [turn])]


def careless(turns: Sequence[Turn], rng: np.random.Generator) -> list[Turn]:
    """The trace of somebody who gives up before the last call."""
    return [*turns[: int(rng.integers(len(turns) - 1))], turns[-1]]


def message_text(turn: Turn) -> str:
    """A turn as the text of an assistant message."""
    return turn.answer if turn.answer is not None else FORMATS["hermes"].calls(turn.calls)


def conversation(env: gym.Env[str, Any], task: Task, turns: Sequence[Turn] = ()) -> list[str]:
    """Observation, message, observation, ..., the answer last. Without `turns`, those of the golden trace.

    Raises `RuntimeError` if all golden calls do not score 1.0: such a task teaches something wrong.
    """
    turns = turns or golden(task)
    observation, _ = env.reset(options={"task_id": task.id})
    said, info = [observation], {}
    for turn in turns:
        observation, _, _, _, info = env.step(message_text(turn))
        said += [message_text(turn), observation]
    whole = sum(len(turn.calls) for turn in turns) == len(task.golden)
    if whole and info.get("episode_score") != 1.0:
        raise RuntimeError(f"task {task.id}: its golden trace scores {info.get('episode_score')}, expected 1")
    return said[:-1]


def tokens(chat: Chat, said: Sequence[str]) -> Example:
    """The ids of a conversation, and which of them the policy says."""
    ids, mask = chat.opening(said[0]), []
    mask += [False] * len(ids)
    for number, text in enumerate(said[1:]):
        new = chat.reply(text) if number % 2 else [*chat.encode(text), chat.end]
        ids += new
        mask += [number % 2 == 0] * len(new)
    return np.array(ids), np.array(mask)


def examples(tasks: Sequence[Task], chat: Chat, args: Args) -> list[Example]:
    """The conversations of the tasks as tokens.

    With `careless`, each task is drawn four times: giving up is to be a habit, not a property of some tasks.
    """
    [env] = environments(tasks, 1)
    rng = np.random.default_rng([args.seed, 1])
    made = []
    for task in [*tasks] * (4 if args.careless else 1):
        turns = golden(task, args.one_by_one)
        if args.careless and rng.random() < args.careless:
            turns = careless(turns, rng)
        ids, mask = tokens(chat, conversation(env, task, turns))
        made.append((ids, np.ones_like(mask) if args.everything else mask))
    return made


def batches(examples: Sequence[Example], size: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches endlessly, in a new order every epoch: ids int64 (B, T), padded with 0, and mask bool (B, T).

    Conversations are sorted by length within sixteen batches, so a batch has conversations of similar length.
    """
    rng, lengths = np.random.default_rng(seed), [len(ids) for ids, _ in examples]
    while True:
        order = rng.permutation(len(examples))
        for first in range(0, len(order), 16 * size):
            some = order[first : first + 16 * size]
            order[first : first + 16 * size] = sorted(some, key=lambda index: lengths[index])
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


def imitate(
    model: torch.nn.Module,
    examples: Sequence[Example],
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
) -> None:
    """Train the model in place."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01, betas=(0.9, 0.95))
    warm = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, 1 - 0.9 * step / steps)
    )
    start = time.monotonic()
    for step, (ids, mask) in zip(range(1, steps + 1), batches(examples, batch_size, seed), strict=False):
        loss = loss_of(model, ids, mask)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == steps:
            print(f"step {step}/{steps}  loss {loss:.3f}  {time.monotonic() - start:.0f} s", flush=True)


def main(args: Args) -> None:
    torch.manual_seed(args.seed)
    tasks = toe.load_tasks(args.tasks, None if Path(args.tasks).is_file() else "train")
    tasks = [task for task in tasks if not args.calls or len(task.golden) <= args.calls]
    chosen = np.random.default_rng(args.seed).permutation(len(tasks))[: args.demonstrations]
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    learned = examples([tasks[index] for index in chosen], Chat(tokenizer), args)
    sizes = [len(ids) for ids, _ in learned]
    print(
        f"{len(learned)} conversations of {min(sizes)} to {max(sizes)} tokens, {np.mean(sizes):.0f} on average"
    )
    imitate(model, learned, args.steps, args.batch_size, args.learning_rate, args.seed)
    model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)


if __name__ == "__main__":
    main(*HfArgumentParser(Args, description=__doc__.splitlines()[0]).parse_args_into_dataclasses())
