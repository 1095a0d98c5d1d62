#!/usr/bin/env bash
# GRPO with verl 0.9: exports the dataset, then trains a model and evaluates it on `validation` every 20 steps.
#
#     pip install '.[verl,export]' vllm
#     examples/verl_grpo/run.sh Qwen/Qwen3-4B                                     # one GPU
#     examples/verl_grpo/run.sh Qwen/Qwen3-8B trainer.n_gpus_per_node=8           # any setting of verl
#
# Run it in the folder of a clone; metrics are also written to runs/verl. What came out: nothing yet, since verl trains
# on GPUs alone. On a CPU, the tests run this script up to the configuration that verl prints (`--cfg job`), validate
# it, read the dataset, and play an episode in the agent loop that it names.
set -euo pipefail
model=${1:?usage: examples/verl_grpo/run.sh MODEL [SETTING=VALUE...]}
tool-orch export --format verl --split train --out runs/verl/train.parquet
tool-orch export --format verl --split validation --out runs/verl/validation.parquet
export VERL_FILE_LOGGER_ROOT=runs/verl
exec python3 -m verl.trainer.main_ppo --config-path "$PWD/examples/verl_grpo" --config-name grpo \
  actor_rollout_ref.model.path="$model" "${@:2}"
