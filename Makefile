.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

help: ## list what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## build the environment in .venv

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(STAMP)

run: $(STAMP) ## serve the sample installation
	$(BIN)/gabinete sample run

test: $(STAMP) ## run every test that needs no system package
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist loadgroup -q

check: $(STAMP) ## lint, format, types, import contracts, migrations and docs in step
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

fix: $(STAMP) ## format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## print the measured targets; with SETS=FOLDER how well text is understood
ifdef SETS
	mkdir -p var
	$(BIN)/python -m tests.benchmarks understanding --sets "$(SETS)" \
		--json var/understanding.json --chart var/understanding.svg
else
	$(BIN)/python -m tests.benchmarks
endif

.PHONY: help setup run test check fix bench
