# What a newcomer types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# A container may forbid bytecode; then each process that a test starts would compile all of its modules
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What the bench compares with has a place of its own: no farm needs it
PEERS := $(VENV)/peers
STAMP := $(VENV)/.installed
ARGS ?=
PART ?=

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## create .venv and install what requirements.lock names

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "neonet-fleet needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." \
	    "Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv)" \
	    "or name one: make PYTHON=python3.12 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' has no venv module. Install it (Debian, Ubuntu: apt-get install python3-venv) and try again." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: up
up: $(STAMP) ## run a whole farm on this machine, e.g. make up ARGS='--server https://…'
	@exec $(BIN)/fleet up $(ARGS)

# Most of the tests wait for processes that they started. Those of one file run one after the other.
# Files that take long come first, in the order of tests/conftest.py; xdist's own begins with those of the most tests.
AT_ONCE ?= 4

.PHONY: test
test: $(STAMP) ## unit, integration and acceptance tests, AT_ONCE=4 files at a time; ARGS go to pytest
	$(BIN)/python -m pytest --numprocesses $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-compose
test-compose: $(STAMP) ## farms under Docker Compose, for real; needs a Docker engine
	$(BIN)/python -m pytest -ra --timeout 600 tests/compose $(ARGS)

.PHONY: lint
lint: $(STAMP) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: bench
bench: $(STAMP) $(PEERS)/.installed ## measure everything, beside its peers, in a quarter of an hour; PART=flow for one
	$(BIN)/python -m bench $(PART) $(ARGS)

$(PEERS)/.installed: bench/requirements.lock $(STAMP)
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement bench/requirements.lock
	@touch $@

SEEDS ?= 200
FIRST_SEED ?= 1

.PHONY: simulate
simulate: $(STAMP) ## run farms under virtual time with faults at random; SEEDS=2000 FIRST_SEED=1
	$(BIN)/python -m tests.virtual --seeds $(SEEDS) --first-seed $(FIRST_SEED) $(ARGS)

FULL ?=
SOAK ?=

.PHONY: chaos
chaos: $(STAMP) ## kill real processes at every step; FULL=1 for 300 trials a point, SOAK=1h for faults at random
	$(BIN)/python -m tests.chaos $(if $(FULL),--full) $(if $(SOAK),--soak $(SOAK)) $(ARGS)

DIST := $(VENV)/dist

.PHONY: dist
dist: $(DIST)/.installed ## build and check wheel and sdist; man pages and an SBOM beside them
	rm -rf dist build
	$(DIST)/bin/python -m build --no-isolation --outdir dist . >/dev/null
	$(BIN)/python release/wheel_contents.py dist/*.whl
	$(DIST)/bin/check-wheel-contents --toplevel config,fleet,tasks dist/*.whl
	$(DIST)/bin/twine check --strict dist/*.whl dist/*.tar.gz
	$(BIN)/python release/man_pages.py dist/man
	$(DIST)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/sbom.cdx.json requirements-runtime.lock

$(DIST)/.installed: release/requirements.lock $(STAMP)
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement release/requirements.lock
	@touch $@

.PHONY: lock
lock: ## resolve pyproject.toml again into both lock files (needs uv on the PATH)
	@command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)." >&2; exit 1; }
	$(LOCK) --extra all --extra dev --output-file requirements.lock pyproject.toml
	$(LOCK) --extra alerts --extra fast --extra otel --extra top --constraint requirements.lock --output-file requirements-runtime.lock pyproject.toml
	$(LOCK) --constraint requirements.lock --output-file bench/requirements.lock bench/requirements.in
	$(LOCK) --output-file release/requirements.lock release/requirements.in

LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --custom-compile-command 'make lock'

.PHONY: clean
clean: ## remove .venv and everything that tools have cached
	rm -rf $(VENV) build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
