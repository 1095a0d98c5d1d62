"""GRPO on Tinker: the service of Thinking Machines trains the model, this machine plays the episodes.

    pip install '.[tinker]'
    export TINKER_API_KEY=...
    python examples/tinker_loop.py --model_name Qwen/Qwen3-30B-A3B-Instruct-2507

The loop is tinker-cookbook's own, `tinker_cookbook.rl.train.main`: it samples groups of episodes, centres their scores
within each group, and takes an optimiser step on a LoRA of the model. A trajectory keeps the reward of every turn; the
cookbook's advantages are made of their sum. Metrics are written to LOG_PATH/metrics.jsonl.

What came out: nothing yet, since it needs a key. The tests build this configuration, play its groups with the
cookbook's own rollouts and a scripted policy, and make training data of them.
"""

import argparse
import asyncio
from dataclasses import dataclass, fields
from typing import Any

from tinker_cookbook import model_info
from tinker_cookbook.rl import train

from tool_orch_env.adapters.tinker import dataset_builder


@dataclass
class Args:
    model_name: str = "Qwen/Qwen3-30B-A3B-Instruct-2507"
    """Model that Tinker serves."""
    renderer_name: str = ""
    """How messages become tokens; by default what the cookbook recommends for the model."""
    snapshot: str = "travel"
    """Name or folder of the snapshot."""
    split: str = "train"
    """Tasks to train on."""
    eval_split: str = "validation"
    """Tasks to evaluate on."""
    eval_tasks: int = 64
    """How many of them."""
    eval_every: int = 10
    """Evaluate every so many batches."""
    groups_per_batch: int = 32
    """Tasks per batch."""
    group_size: int = 8
    """Episodes per task: the group whose mean is the baseline."""
    learning_rate: float = 4e-5
    """Learning rate of Adam."""
    lora_rank: int = 32
    """Rank of the LoRA."""
    max_tokens: int = 1024
    """Tokens of one assistant message."""
    max_trajectory_tokens: int = 24576
    """Tokens of an episode; a longer one ends there."""
    log_path: str = "runs/tinker"
    """Folder of logs and checkpoints."""
    seed: int = 0
    """Seed of the order of the tasks."""


def config(args: Args) -> train.Config:
    renderer = args.renderer_name or model_info.get_recommended_renderer_name(args.model_name)
    builder = dataset_builder(
        model_name_for_tokenizer=args.model_name,
        renderer_name=renderer,
        batch_size=args.groups_per_batch,
        group_size=args.group_size,
        snapshot=args.snapshot,
        split=args.split,
        eval_split=args.eval_split,
        eval_tasks=args.eval_tasks,
        max_trajectory_tokens=args.max_trajectory_tokens,
        seed=args.seed,
    )
    return train.Config(
        model_name=args.model_name,
        recipe_name="tool_orch_env",
        renderer_name=renderer,
        dataset_builder=builder,
        learning_rate=args.learning_rate,
        lora_rank=args.lora_rank,
        max_tokens=args.max_tokens,
        eval_every=args.eval_every,
        log_path=args.log_path,
    )


def parsed() -> Args:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for one in fields(Args):
        kind: Any = type(one.default)
        parser.add_argument(f"--{one.name}", type=kind, default=one.default)
    return Args(**vars(parser.parse_args()))


def main() -> None:
    asyncio.run(train.main(config(parsed())))


if __name__ == "__main__":
    main()
