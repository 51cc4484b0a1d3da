# Every target sets up what it needs in .venv; a second run finds it there and starts at once.
PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH  := $(VENV)/.bench-ready
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-lowest test-pythons coverage check format bench fuzz lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create the virtual environment from the locked versions

$(READY): locks/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(None if ok else f"trunkline needs Python 3.11, 3.12 or 3.13; $(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=python3.11 ...")'
	@echo "Setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## three users' agents at once, over real websockets
	@$(BIN)/trunkline demo

serve: $(READY) ## start the reference server
	@$(BIN)/trunkline serve

test: $(READY) ## run the tests on both cores
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-lowest: $(READY) ## run the tests on the lowest versions that the package allows
	@test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/lowest.txt
	@.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@.venv-lowest/bin/python -m pytest -n 2 --dist worksteal tests/specification tests/unit tests/property

test-pythons: ## run the tests on each Python of PYTHONS, for example PYTHONS="python3.12 python3.13"
	@for python in $(PYTHONS); do \
	    name=.venv-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || exit 1; \
	    echo "== $$($$python --version)"; \
	    test -x $$name/bin/python || $$python -m venv $$name || exit 1; \
	    $$name/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/dev.txt || exit 1; \
	    $$name/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . || exit 1; \
	    $$name/bin/python -m pytest -n 2 --dist worksteal || exit 1; \
	done

coverage: $(READY) ## run the tests and print what they do not cover
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

check: $(READY) ## style, types and architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/trunkline audit

format: $(READY) ## rewrite to the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

$(BENCH): $(READY) locks/bench.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/bench.txt
	@touch $@

bench: $(BENCH) ## compare with hand-written code and with other containers
	@$(BIN)/python -m tests.benchmarks
	@$(BIN)/python -m tests.benchmarks.audit

fuzz: $(READY) ## look with atheris for input that the auditor fails on, FUZZ_SECONDS=60 for each target
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r locks/fuzz.txt
	@for target in source configuration baseline tree; do \
	    $(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 || exit 1; \
	done

lock: ## resolve the locked versions anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --extra runtime --extra codemods --extra testing --group dev pyproject.toml -o locks/dev.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --extra runtime --extra codemods --extra testing --group dev --group bench -c locks/dev.txt pyproject.toml -o locks/bench.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --group pyproject.toml:fuzz -o locks/fuzz.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --resolution lowest-direct \
	    --extra runtime --extra codemods --extra testing --group test pyproject.toml -o locks/lowest.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
