# Two commands for a newcomer: `make demo` and `make test`. Both set up their own .venv first.
# Needs Python 3.11 or newer and make. Windows: see README.md.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Compiled when installed, so that the first start does not have to, wherever Python may not write beside them.
SOURCES := companion lsp/companion_lsp tui/companion_tui

.PHONY: demo test lint format check clean

demo: .venv/.installed
	@$(BIN)/companion demo

test: .venv/.installed-dev
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTFLAGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

check: test lint

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "companion needs Python 3.11 or newer: install it, or run: make PYTHON=/path/to/python3.12 demo" >&2; exit 2; }
	@echo "making .venv with $(PYTHON) …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }

.venv/.installed: pyproject.toml .venv/bin/python
	@echo "installing companion into .venv (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q $(SOURCES)
	@touch $@

.venv/.installed-dev: pyproject.toml .venv/bin/python
	@echo "installing companion and its test tools into .venv (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q $(SOURCES)
	@touch $@ .venv/.installed

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
