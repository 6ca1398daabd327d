# Loopdesk: every command a person needs. `make run` and `make demo` need only Python >= 3.11.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: run demo test check bench chaos fix clean

run: $(VENV)/.ready ## a clean desk on http://127.0.0.1:8501 (PORT, DATABASE_URL: see .env.example)
	@$(PY) -m services.cli serve

demo: $(VENV)/.ready ## the same with its own demo database and people to sign in as
	@LOOPDESK_DEMO=1 $(PY) -m services.cli demo
	@LOOPDESK_DEMO=1 $(PY) -m services.cli serve

test: $(VENV)/.ready-dev ## everything: SQLite, PostgreSQL and a real browser
	@sh tests/browser/install_chromium.sh
	@$(PY) -m pytest -m "not alone" -n auto --dist loadfile --no-loadscope-reorder
	@$(PY) -m pytest -m alone

check: $(VENV)/.ready-dev ## format, lint, types and the rules of the house
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m pytest tests/test_house.py

bench: $(VENV)/.ready-dev ## measure; prints a table and writes bench.json
	@$(PY) -m tests.bench

chaos: $(VENV)/.ready-dev ## kill workers at every step while vendors fail; nothing lost, nothing doubled
	@$(PY) -m tests.chaos

fix: $(VENV)/.ready-dev ## format and mend what can be mended
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

clean: ## remove the virtual environment and caches, never the data in var/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Loopdesk needs Python >= 3.11")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Loopdesk needs into $(VENV) (about two minutes, once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@
