# Rollbook. `make` alone lists what there is.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCK   ?= requirements-dev.lock
PEERS  := .venv-peers
UV     := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast check format lint types arrows spelling docs bench bench-peers test-peers test-deep prove fuzz up lock clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## make the virtual environment (.venv) from the lock file

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Rollbook needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12"; exit 2; }
ifneq ($(UV),)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@echo "installing the locked dependencies with uv ..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies with pip (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $@

demo: $(READY) ## the main job, for real, on this machine alone: 300 students into a stand-in CRM
	@$(BIN)/python -m ops.demo

test: $(READY) ## every test, journeys with real processes included
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: $(READY) ## the tests without the journeys
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not journey"

check: $(READY) lint types arrows spelling ## what CI asks of the source: lint, types, import contracts, spelling

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(READY) ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(READY)
	$(BIN)/mypy

arrows: $(READY)
	$(BIN)/lint-imports

spelling: $(READY)
	$(BIN)/codespell --skip '.git,.venv,.venv-peers,*.lock,*.json,.rollbook,.demo' -L succeded,ANC,te,completd README.md CHANGELOG.md CONTRIBUTING.md docs contacts producers worker ops

docs: $(READY) ## write the generated pages again: commands, settings, codes, .env.example
	$(BIN)/python -m producers.cli.docs

bench: $(READY) ## measure: 3,000 contacts, beside a plain Celery worker (half an hour)
	$(BIN)/python -m ops.bench

bench-peers: ## measure beside Celery, Dramatiq, RQ, the SDK, a textbook bucket (ARGS="--contacts 1000 --side-by-side 3")
	@$(MAKE) --no-print-directory install VENV=$(PEERS) LOCK=requirements-peers.lock
	$(PEERS)/bin/python -m ops.bench.peers $(ARGS)

test-deep: $(READY) ## property tests with ten times the examples (an hour; PATHS=tests/worker/crm for some)
	$(BIN)/python -m pytest -n auto --dist loadfile --timeout 0 --hypothesis-profile deep $(or $(PATHS),tests)

test-peers: ## the small form of each peer, Dramatiq's and RQ's too (a minute; ARGS="-k rq")
	@$(MAKE) --no-print-directory install VENV=$(PEERS) LOCK=requirements-peers.lock
	$(PEERS)/bin/python -m pytest tests/ops/bench/peers $(ARGS)

prove: $(READY) ## the proofs: nothing lost, doubled or refused, each goal named (15 minutes)
	@$(BIN)/python -m ops.prove

fuzz: $(READY) ## look for answers of 500 with EXAMPLES (300) of each kind, others each time (15 minutes)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),300) $(BIN)/python -m pytest -n auto --dist loadfile --timeout 0 tests/fuzz

up: $(READY) ## run Rollbook here: dispatcher, workers, beat, Flower
	$(BIN)/rollbook up

lock: ## resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements-dev.lock
	uv pip compile pyproject.toml --group peers --constraint requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements-peers.lock

clean: ## remove what make made
	rm -rf $(VENV) $(PEERS) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
