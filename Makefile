# Sticker Studio. `make run` opens it; `make test` is everything CI runs.
.DEFAULT_GOAL := run
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
# Room tests that must pass where neither Qt nor torch can be imported.
LIGHT_TESTS := tests/core tests/models tests/finish tests/packs tests/training tests/chat

.PHONY: run setup test check bench bundle starter setup-dev translations clean

run: setup  ## set everything up and open the studio
	@scripts/run.sh

setup:  ## what `make run` needs, into .venv/
	@scripts/setup.sh run

setup-dev:
	@scripts/setup.sh dev

check: setup-dev  ## lint, types, import contracts, translations, the rooms without Qt and torch
	@echo "== ruff"; $(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
	@echo "== pyright"; $(PYTHON) -m pyright --pythonpath $(PYTHON)
	@echo "== import contracts"; $(VENV)/bin/lint-imports
	@echo "== translations"; $(PYTHON) scripts/translations.py check
	@echo "== core, models, finish, packs, training, chat without Qt and torch"; \
		$(PYTHON) -m pytest -q -p tests.no_heavy_imports $(LIGHT_TESTS)

test: check  ## make check, then the tests of all other rooms
	@echo "== tests"; $(PYTHON) -m pytest -q --durations=10 $(LIGHT_TESTS:%=--ignore=%)

bench: setup-dev  ## the speed table: ratios against what a user would pick instead
	@$(PYTHON) -m benchmarks

bundle: setup-dev  ## a folder that runs on a machine without Python, and the proof of it
	@scripts/setup.sh bundle
	@$(PYTHON) -m PyInstaller --noconfirm --log-level WARN --distpath dist --workpath build stickerstudio.spec
	@scripts/prove_bundle.sh dist/stickerstudio

starter:  ## train the starter model from openly licensed art (hours)
	@scripts/setup.sh recipe
	@$(PYTHON) -m recipes.starter

translations: setup-dev  ## collect the visible texts and compile the catalogues
	@$(PYTHON) scripts/translations.py update

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache
