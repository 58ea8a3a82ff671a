# Every target does all its own set-up: on a fresh machine with Python 3.11 or newer, `make demo` and `make test` are enough.
# The second run installs nothing; a change of pyproject.toml or constraints.txt installs again.
#
#   make demo                     the guided tour in the terminal
#   make test [ARGS="-k crm"]     the tests
#   make PYTHON=/usr/bin/python3.13 test

# The first interpreter on the PATH that is new enough; empty when there is none, and the venv rule then says so.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip --disable-pip-version-check install -qq -c constraints.txt

.PHONY: help demo up test lint format types layers contracts-lint check load ci dist constraints clean

help:
	@sed -n 's/^#   //p' Makefile
	@echo "also: up lint format types layers contracts-lint check load ci dist constraints clean"

demo: $(VENV)/.runtime
	$(BIN)/python -m shapan demo $(ARGS)

up: $(VENV)/.runtime
	$(BIN)/python -m shapan up $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

contracts-lint: $(VENV)/.dev
	$(BIN)/python -m shapan contracts lint

# Everything that looks at the source without running the simulators.
check: lint types layers contracts-lint

load: $(VENV)/.dev
	$(BIN)/python -m shapan load order-rush $(ARGS)

dist: $(VENV)/.dev
	$(BIN)/python -m build

# What the build server runs: tests, checks, the built wheel in a clean environment, the speed gate.
ci:
	bash .ci/run

# Resolves the newest versions in an environment of its own; the two leading comment blocks of the file stay.
constraints: $(VENV)/.created
	$(BIN)/python -m venv --clear $(VENV)-constraints
	$(VENV)-constraints/bin/python -m pip --disable-pip-version-check install -qq -e '.[dev]' hatchling editables
	grep '^#' constraints.txt > constraints.new
	$(VENV)-constraints/bin/python -m pip freeze --exclude-editable >> constraints.new
	mv constraints.new constraints.txt
	rm -rf $(VENV)-constraints

clean:
	rm -rf $(VENV) $(VENV)-constraints dist build constraints.new .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# A stamp is written only when its step has succeeded, so an interrupted one is done again from its start.
$(VENV)/.created:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Shapan needs Python 3.11 or newer and none is on the PATH. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
		echo "没有找到 Python 3.11 或更新的版本。请先安装，或用 make PYTHON=/path/to/python3.12 指定。" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Shapan needs Python 3.11 or newer, and '$(PYTHON)' is not one. Name another: make PYTHON=/path/to/python3.12" >&2; \
		echo "“$(PYTHON)”不是 Python 3.11 或更新的版本，请用 make PYTHON=/path/to/python3.12 指定。" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' comes without the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		echo "“$(PYTHON)”缺少 venv 模块。在 Debian 或 Ubuntu 上请执行 apt-get install python3-venv。" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing Shapan into $(VENV), once; this takes half a minute or so."
	$(PIP) -e .
	@touch $@

# The runtime is part of it, hence both stamps.
$(VENV)/.dev: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing Shapan and its test tools into $(VENV), once; this takes a minute or so."
	$(PIP) -e '.[dev]'
	@touch $(VENV)/.runtime $@
