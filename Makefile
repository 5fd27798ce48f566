# One command a purpose; each does its own set-up and says what it does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE ?= $(HOME)/.cache/voice-rollout
UV_VERSION := 0.13.8
UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv
VENV := .venv
PY := $(VENV)/bin/python
export UV_PROJECT_ENVIRONMENT := $(VENV)

.PHONY: help setup lint types test crds lock demo bench bench-flags bench-gateway bench-rollback bench-engines bench-gpu bench-soak bench-text clean

help: ## list the commands
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Python environment from the lock file

$(UV):
	@echo "==> uv $(UV_VERSION)"
	@python3 -m venv $(CACHE)/uv-$(UV_VERSION) 2>/dev/null || { apt-get update -qq; apt-get install -y -qq python3-venv >/dev/null; python3 -m venv $(CACHE)/uv-$(UV_VERSION); }
	@$(CACHE)/uv-$(UV_VERSION)/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: locks/dev.txt pyproject.toml | $(UV)
	@echo "==> Python environment ($(VENV))"
	@$(UV) venv -q --allow-existing $(VENV)
	@$(UV) pip sync -q --python $(PY) --require-hashes locks/dev.txt
	@$(UV) pip install -q --python $(PY) --no-deps -e .
	@touch $@

lock: | $(UV) ## resolve every dependency again
	@c="$(UV) pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --upgrade"; \
	printf 'hatchling\nuv==$(UV_VERSION)\n' | $$c - -o locks/build.txt; \
	c="$$c pyproject.toml"; \
	$$c --all-extras --group dev -o locks/dev.txt; \
	$$c --extra operator -c locks/dev.txt -o locks/operator.txt; \
	$$c --extra torch -c locks/dev.txt -o locks/torch.txt; \
	$$c --extra inference -c locks/dev.txt -o locks/inference-espeak.txt; \
	for engine in f5 f5-upstream google xtts; do $$c --extra inference --extra $$engine -c locks/dev.txt -o locks/inference-$$engine.txt; done

lint: setup ## ruff and the import layers
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/lint-imports

types: setup ## mypy, strict
	@$(VENV)/bin/mypy

include tests/cluster/cluster.mk

crds: setup ## write the CRD generated from the types, to crds/ and to the chart
	@mkdir -p crds charts/voice-rollout/crds
	@$(VENV)/bin/voice-rollout crds | tee crds/voicerollouts.yaml > charts/voice-rollout/crds/voicerollouts.yaml
	@echo "==> crds/voicerollouts.yaml, charts/voice-rollout/crds/voicerollouts.yaml"

test: setup ## every test; installs and starts what it needs, takes it away again
	@$(LOCAL_CLUSTER) prepare
	@$(VENV)/bin/pytest --durations=10

demo: setup install ## the main job: users move, a model breaks, they are taken back, it is repaired, they move again
	@tests/cluster/enter $(CURDIR)/$(PY) -m demo

bench: bench-flags bench-gateway bench-text bench-engines bench-soak bench-rollback ## every measurement that needs no graphics card

bench-flags: setup ## an evaluation with 20,000 denied users, beside GrowthBook's and flagd's
	@$(UV) run -q --script bench/flags.py

bench-gateway: setup ## what the gateway adds to a call of the engine
	@$(PY) bench/gateway.py

bench-engines: setup ## F5-TTS and XTTS beside upstream: time, memory, batches (SIZE=--small: F5 at a fifth of its size)
	@$(PY) -m bench.engines $(SIZE)
	@$(PY) -W ignore -m bench.xtts

bench-gpu: setup ## F5-TTS and XTTS on a graphics card, to build/bench/gpu.md (DEVICE=cpu SIZE=--small: a try without one)
	@$(PY) -W ignore -m bench.gpu --device $(or $(DEVICE),cuda) $(SIZE)

bench-soak: setup ## a thousand jobs through F5 and through XTTS: their memory stays flat
	@OMP_NUM_THREADS=1 $(PY) -m bench.soak

bench-text: setup ## numbers and signs in words, beside num2words and coqui-tts
	@$(PY) -m bench.text

bench-rollback: setup install ## breach visible to flag committed to last gateway, 20 times on the local cluster
	@tests/cluster/enter env PYTHONPATH=. $(CURDIR)/$(PY) bench/rollback.py

clean: ## remove what was built in this checkout
	@rm -rf $(VENV) build dist
