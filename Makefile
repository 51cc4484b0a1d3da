# Every target sets up what it needs in .venv; a second run finds it there and starts at once.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH  := $(VENV)/.bench-ready

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test coverage check format bench lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create the virtual environment from the locked versions

$(READY): locks/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(None if ok else f"trunkline needs Python 3.11, 3.12 or 3.13; $(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=python3.11 ...")'
	@echo "Setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## three users' agents at once, over real websockets
	@$(BIN)/trunkline demo

serve: $(READY) ## start the reference server
	@$(BIN)/trunkline serve

test: $(READY) ## run the tests on both cores
	@$(BIN)/python -m pytest -n 2 --dist worksteal

coverage: $(READY) ## run the tests and print what they do not cover
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

check: $(READY) ## style, types and architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/lint-imports

format: $(READY) ## rewrite to the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

$(BENCH): $(READY) locks/bench.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/bench.txt
	@touch $@

bench: $(BENCH) ## compare with hand-written code and with other containers
	@$(BIN)/python -m tests.benchmarks

lock: ## resolve the locked versions anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --extra runtime --extra codemods --extra testing --group dev pyproject.toml -o locks/dev.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --extra runtime --extra codemods --extra testing --group dev --group bench -c locks/dev.txt pyproject.toml -o locks/bench.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
