"""TRL: train with GRPO on the tasks of a split. Needs the extra [trl].

    python -m examples.trainers.trl_grpo --model Qwen/Qwen3-0.6B --steps 100 --out runs/trl

The environment's methods are the tools of the row's task. The reward is the episode's score, one scalar per rollout.
"""

import argparse

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from tool_orch_env.adapters.export import rows
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.adapters.trl import environments, episode_score


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", required=True, help="a name or a folder; its chat template must support tools"
    )
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--split", default="train")
    parser.add_argument("--out", default="runs/trl")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--group", type=int, default=8, help="rollouts per task")
    parser.add_argument(
        "--tokens", type=int, default=4096, help="maximum tokens of a rollout, replies included"
    )
    given = parser.parse_args()
    factory = SessionFactory(snapshot=given.snapshot, split=given.split)
    trainer = GRPOTrainer(
        model=given.model,
        reward_funcs=episode_score,
        args=GRPOConfig(
            output_dir=given.out,
            max_steps=given.steps,
            num_generations=given.group,
            per_device_train_batch_size=given.group,
            max_completion_length=given.tokens,
            logging_steps=1,
            report_to=[],
            use_cpu=not torch.cuda.is_available(),
            bf16=torch.cuda.is_available(),
        ),
        train_dataset=Dataset.from_list(list(rows(factory, "trl"))),
        environment_factory=environments(factory),
    )
    trainer.train()
    print("rewards:", [log["reward"] for log in trainer.state.log_history if "reward" in log])


if __name__ == "__main__":
    main()
