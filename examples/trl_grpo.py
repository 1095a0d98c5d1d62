"""GRPO with TRL: train a model on the tasks of one split, evaluate it on another.

    pip install '.[trl]'
    python examples/trl_grpo.py --model Qwen/Qwen3-0.6B               # one GPU, transformers generates
    python examples/trl_grpo.py --model Qwen/Qwen3-4B --use_vllm      # one GPU, vLLM in the same process

    # two GPUs, vLLM as a server
    CUDA_VISIBLE_DEVICES=0 trl vllm-serve --model Qwen/Qwen3-4B --max_model_len 24576
    CUDA_VISIBLE_DEVICES=1 python examples/trl_grpo.py --model Qwen/Qwen3-4B --use_vllm --vllm_mode server

The methods of an environment are the tools; the reward is the episode's score, in [0, 1], one scalar per rollout. Which
chat templates work is listed in docs/trainers.md. Every reward is also in OUTPUT_DIR/trainer_state.json.

What came out: at toy size, on a CPU, with a Qwen3 of one layer and random weights (made by tests/trainers/test_trl.py),

    python examples/trl_grpo.py --model runs/tiny --snapshot demo --eval_split test --eval_tasks 1 --max_steps 2 \
      --num_generations 2 --gradient_accumulation_steps 2 --max_completion_length 16 --output_dir runs/trl

prints a reward of 0 at each step, since the model writes noise. The modes with vLLM need a GPU and were not run.
"""

from dataclasses import dataclass, field

import torch
from datasets import Dataset
from transformers import HfArgumentParser
from trl import GRPOConfig, GRPOTrainer

from tool_orch_env.adapters.export import rows
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.adapters.trl import environments, episode_score


def arg(default: object, help: str) -> object:
    return field(default=default, metadata={"help": help})


@dataclass
class Args:
    model: str = field(metadata={"help": "Name or folder of the model."})
    snapshot: str = arg("travel", "Name or folder of the snapshot.")
    split: str = arg("train", "Tasks to train on.")
    eval_split: str = arg("validation", "Tasks to evaluate on.")
    eval_tasks: int = arg(64, "How many of them.")
    eval_steps: int = arg(50, "Evaluate every so many steps, and before the first.")
    reward: str = arg("graduated", "Reward preset.")
    output_dir: str = arg("runs/trl", "Folder of checkpoints and logs.")
    max_steps: int = arg(500, "Optimiser steps.")
    learning_rate: float = arg(1e-6, "Peak learning rate of AdamW.")
    beta: float = arg(0.0, "Coefficient of the KL divergence from the initial model.")
    temperature: float = arg(1.0, "Sampling temperature.")
    num_generations: int = arg(8, "Rollouts per task: the group whose mean is the baseline.")
    per_device_train_batch_size: int = arg(1, "Rollouts per device and forward pass.")
    gradient_accumulation_steps: int = arg(
        32, "Forward passes per optimiser step; with the above, whole groups."
    )
    per_device_eval_batch_size: int = arg(8, "Rollouts per device in the evaluation.")
    max_completion_length: int = arg(8192, "Tokens of a rollout after the prompt, replies included.")
    use_vllm: bool = arg(False, "Generate with vLLM.")
    vllm_mode: str = arg("colocate", "colocate: vLLM in this process; server: a running `trl vllm-serve`.")
    vllm_server_base_url: str = arg("http://127.0.0.1:8000", "Address of the server.")
    vllm_gpu_memory_utilization: float = arg(0.4, "Share of GPU memory for a colocated vLLM.")
    vllm_max_model_length: int = arg(24576, "Tokens of a prompt and its completion in a colocated vLLM.")
    seed: int = arg(1, "Seed of the data order and of sampling.")


def config(args: Args) -> GRPOConfig:
    return GRPOConfig(
        output_dir=args.output_dir,
        max_steps=args.max_steps,
        learning_rate=args.learning_rate,
        beta=args.beta,
        temperature=args.temperature,
        num_generations=args.num_generations,
        num_generations_eval=1,
        per_device_train_batch_size=args.per_device_train_batch_size,
        per_device_eval_batch_size=args.per_device_eval_batch_size,
        gradient_accumulation_steps=args.gradient_accumulation_steps,
        max_completion_length=args.max_completion_length,
        use_vllm=args.use_vllm,
        vllm_mode=args.vllm_mode,
        vllm_server_base_url=args.vllm_server_base_url if args.vllm_mode == "server" else None,
        vllm_gpu_memory_utilization=args.vllm_gpu_memory_utilization,
        vllm_max_model_length=args.vllm_max_model_length,
        eval_strategy="steps",
        eval_steps=args.eval_steps,
        eval_on_start=True,
        logging_steps=1,
        save_steps=args.eval_steps,
        save_total_limit=2,
        report_to=[],
        seed=args.seed,
        bf16=torch.cuda.is_available(),
        gradient_checkpointing=torch.cuda.is_available(),
    )


def main() -> None:
    [args] = HfArgumentParser(Args).parse_args_into_dataclasses()
    train = SessionFactory(snapshot=args.snapshot, split=args.split, reward=args.reward)
    held_out = SessionFactory(snapshot=args.snapshot, split=args.eval_split)
    trainer = GRPOTrainer(
        model=args.model,
        reward_funcs=episode_score,
        args=config(args),
        train_dataset=Dataset.from_list(list(rows(train, "trl"))),
        eval_dataset=Dataset.from_list(list(rows(held_out, "trl"))[: args.eval_tasks]),
        environment_factory=environments(train, held_out),
    )
    trainer.train()
    trainer.save_state()
    trainer.save_model()
    print(f"eval_reward {trainer.evaluate()['eval_reward']:.3f} after {trainer.state.global_step} steps")
    for log in trainer.state.log_history:
        for name in ("reward", "eval_reward"):
            if name in log:
                print(f"step {log['step']} {name} {log[name]:.3f}")


if __name__ == "__main__":
    main()
