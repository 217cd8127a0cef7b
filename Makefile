# make demo    a signed alert becomes one paper order, is resent, is forged; ends by itself
# make serve   the same function, left running on 127.0.0.1:8080 (settings from .env, if there is one)
# make test    every test that needs no cloud
# make check   format, lint, types
# make bench   what it costs, as a table and as JSON
# make simulate SEEDS=100000   many instances, virtual time, seeded faults; a failing seed prints its story
#
# PYTHON is what the environment is made from (3.11 or newer): make test PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
SEEDS ?= 10000
BIN := $(VENV)/bin

.PHONY: demo serve test check bench simulate venv

demo: venv
	$(BIN)/python examples/demo.py

serve: venv
	set -ae; if [ -f .env ]; then . ./.env; fi; \
	exec $(BIN)/functions-framework --target webhook --host 127.0.0.1 --port $(PORT)

test: venv
	$(BIN)/python -m pytest tests

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: venv
	$(BIN)/python -m tests.bench

simulate: venv
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

# Installs again only when a requirements file has changed.
venv: $(VENV)/.installed

$(VENV)/.installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one, as in: make PYTHON=python3.13" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
