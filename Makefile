# make demo    a signed alert becomes one paper order, is resent, is forged; ends by itself
# make serve   the same function, left running on 127.0.0.1:8080 (settings from .env, if there is one)
# make serve PORT=8090   the same on another port
# make test    every test that needs no cloud; WORKERS=1 one after the other
# make check   format, lint, types
# make bench   what it costs, as a table and as JSON
# make simulate SEEDS=100000   many instances, virtual time, seeded faults; a failing seed prints its story
# make fuzz REQUESTS=1000000   requests by structure, each checked: no 500, no order without a proof, no secret out
# make help    this list; so does make alone
#
# The first of them installs what is needed into .venv, which takes two or three minutes, once.
# PYTHON is what .venv is made from (3.11 or newer): make test PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
SEEDS ?= 10000
WORKERS ?= 4
REQUESTS ?= 1000000
# Never a script of .venv/bin: those hold the path that the clone had when they were installed.
PY := $(VENV)/bin/python

# Else every worker and every process of the tests compiles the same files again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench simulate fuzz venv

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

demo: venv
	@$(PY) examples/demo.py

serve: venv
	@set -ae; if [ -f .env ]; then . ./.env; fi; \
	exec $(PY) examples/serve.py --port '$(PORT)'

test: venv
	$(PY) -m pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: venv
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

bench: venv
	$(PY) -m tests.bench

simulate: venv
	$(PY) -m tests.simulation --seeds $(SEEDS)
	$(PY) -m tests.simulation --kind counted --seeds 3000
	$(PY) -m tests.simulation --kind account --seeds 1500
	$(PY) -m tests.simulation --kind situations --seeds 100
	$(PY) -m tests.walk --walks 66
	DAYS=60 $(PY) -m pytest -q tests/simulation/test_day.py
	EXAMPLES=all $(PY) -m pytest -q tests -m 'hypothesis or crossed or seeded' -n $(WORKERS)

fuzz: venv
	$(PY) -m tests.fuzz --requests $(REQUESTS)

# Installs again only when a requirements file has changed, or when the Python of .venv is gone.
venv: $(VENV)/.installed
ifeq ($(shell test -x $(PY) && echo there),)
.PHONY: $(VENV)/.installed
endif

# pip's own output is a line for each package; of it a terminal sees how many there are by now.
$(VENV)/.installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is none: install it," \
	    "or name one, as in: make PYTHON=python3.13" >&2; exit 1; }
	@$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) comes without venv. On Debian and Ubuntu: sudo apt install python3-venv" \
	    "(or python3.X-venv, for a Python that you named); then run make again." >&2; exit 1; }
	@$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing $$(cat $^ | grep -c ==) packages into $(VENV): two or three minutes, once."
	@{ PYTHONUNBUFFERED=1 $(PY) -m pip install --disable-pip-version-check \
	    -r requirements-dev.txt && echo Done || echo Failed; } | { \
	  count=0; while read -r word rest; do case $$word in \
	    Collecting|Processing) count=$$((count + 1)); \
	      if [ -t 1 ]; then printf '\r  %s fetched' $$count; fi ;; \
	    Installing) if [ -t 1 ]; then printf ', unpacking them ...'; fi ;; \
	    Done) if [ -t 1 ]; then echo; fi; exit 0 ;; \
	    Failed) if [ -t 1 ]; then echo; fi; exit 1 ;; \
	  esac; done; exit 1; }
	@touch $@
