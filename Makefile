# Everything here needs a Python 3.11 or later with pip, and make; the rest is fetched.
# PYTHON names the interpreter where the first one found is not the one to use.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up down demo demo-failure test test-long test-stress mutations check fix docs bench dist dashboard install lock clean

BIN := .venv/bin
NPM := scripts/with-node npm --prefix dashboard
DASHBOARD_SOURCES := $(shell find dashboard/src dashboard/public dashboard/*.json dashboard/*.ts dashboard/*.html -type f 2>/dev/null)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

up: install dashboard ## start the platform in the background, and say where it is
	@$(BIN)/event-platform up --detach

down: ## stop it; its data stays
	@if [ -x $(BIN)/event-platform ]; then $(BIN)/event-platform down; else echo "nothing is installed, so nothing runs"; fi

demo: up ## up, with sample traffic
	@$(BIN)/event-platform demo

demo-failure: up ## up, with outages during traffic
	@$(BIN)/event-platform demo-failure

test: install dashboard ## every check and every test, and a list of what failed
	@$(BIN)/python -m scripts.run_tests

test-long: install dashboard ## the tests that take minutes, too, with new random examples
	@$(BIN)/python -m pytest --timeout=3600 --hypothesis-profile=other

TESTS ?=
RUNS ?= 3
test-stress: install dashboard ## TESTS=… RUNS=… tests on a busy machine, again and again
	@$(BIN)/python -m scripts.stress_tests --runs $(RUNS) $(TESTS)

ONLY ?=
mutations: install dashboard ## ONLY=… break the code on purpose: do the tests of the guarantees see it?
	@$(BIN)/python -m scripts.mutations $(ONLY)

check: install dashboard ## formats, linters, types, layers
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(NPM) run check

fix: install dashboard ## format, and repair what the linters can
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet
	@$(NPM) run fix

docs: install dashboard ## render the generated pages and types anew
	@$(BIN)/python -m event_platform.reference
	@$(BIN)/python -m event_platform.admin.openapi > dashboard/src/api/admin-openapi.json
	@$(NPM) run --silent generate
	@$(BIN)/python -m scripts.mutations --write

bench: install ## ratios against baselines; see docs/benchmarks
	@for part in loadgen ingest processor admin; do echo "== $$part"; $(BIN)/python -m bench.$$part || exit 1; done

dist: install dashboard ## a wheel that carries the dashboard, in dist/
	@$(BIN)/python -m hatchling build --target wheel

install: .build/installed ## what Python needs, in .venv

.build/installed: requirements.lock pyproject.toml scripts/make-venv
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || scripts/make-venv .venv
	@echo "installing the packages of requirements.lock (the first time some 400 MB)"
	@$(BIN)/python -m pip install --quiet --progress-bar on --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p .build && touch $@

dashboard: install .build/dashboard ## the built pages

.build/npm: dashboard/package.json dashboard/package-lock.json
	@echo "installing the dashboard's packages"
	@$(NPM) ci --loglevel=error
	@mkdir -p .build && touch $@

.build/dashboard: .build/npm $(DASHBOARD_SOURCES)
	@echo "building the dashboard"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

lock: install ## resolve all dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra local --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links -c requirements.lock pyproject.toml -o requirements-base.lock

clean: down ## remove what was installed and built; data stays
	@rm -rf .venv .build dist dashboard/node_modules
