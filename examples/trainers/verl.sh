#!/usr/bin/env bash
# verl: GRPO with the agent loop, on one machine with GPUs. Needs the extras [verl,export] and an inference engine.
set -euo pipefail
model=${1:?usage: examples/trainers/verl.sh MODEL [OVERRIDES...]}
tool-orch export --format verl --split train --out runs/verl/train.parquet
tool-orch export --format verl --split validation --out runs/verl/validation.parquet
python3 -m verl.trainer.main_ppo \
  algorithm.adv_estimator=grpo \
  data.train_files=runs/verl/train.parquet data.val_files=runs/verl/validation.parquet \
  data.return_raw_chat=True data.max_prompt_length=8192 data.max_response_length=8192 \
  actor_rollout_ref.model.path="$model" \
  actor_rollout_ref.rollout.n=8 actor_rollout_ref.rollout.multi_turn.enable=True \
  actor_rollout_ref.rollout.agent.agent_loop_config_path=examples/trainers/verl_agent_loops.yaml \
  trainer.n_gpus_per_node=1 trainer.nnodes=1 "${@:2}"
