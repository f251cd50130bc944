# Two commands matter: `make demo` shows the whole story, `make test` proves it.
# Everything is installed into .venv, with the exact versions and hashes of requirements/.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Empty is unset to Python. What is compiled is kept: a test suite that starts hundreds of processes
# compiled every module in each of them, and every assertion once per test process.
export PYTHONDONTWRITEBYTECODE :=

# The first Python of at least 3.11; any other by `make PYTHON=/path/to/python3 …`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --no-input

# Variables: EXIT=1 ends the demo instead of leaving the API open; DB=postgresql plays it on many
# processes, with a server of its own; JOBS counts test processes; ARGS goes to pytest or to
# `gateway bench`; NAMES are the benches; CORPUS is a folder of sample files.
EXIT ?=
DB ?=
JOBS ?= 3
ARGS ?=
NAMES ?= payments-batch payments-single audit
CORPUS ?= ../shared/corpus

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ── the environment, in steps: the demo needs the first, on PostgreSQL the second ────────────

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "installing the product into $(VENV)"
	@$(INSTALL) --require-hashes --no-deps -r requirements/runtime.txt -r requirements/build.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.postgresql: requirements/postgresql.txt $(VENV)/.runtime
	@echo "installing a PostgreSQL server into $(VENV)"
	@$(INSTALL) --require-hashes --no-deps -r requirements/postgresql.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the tools for tests into $(VENV)"
	@$(INSTALL) --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

$(VENV)/.interop: requirements/interop.txt $(VENV)/.dev
	@echo "installing other people's ERP clients into $(VENV)/interop"
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/interop
	@$(BIN)/python -m pip --python $(VENV)/interop/bin/python install --quiet --no-input \
		--require-hashes --no-deps -r requirements/interop.txt
	@touch $@

$(VENV)/.peers: requirements/peers.txt $(VENV)/.dev
	@echo "installing other readers of statements into $(VENV)"
	@$(INSTALL) --require-hashes --no-deps -r requirements/peers.txt
	@touch $@

# ── the two commands ─────────────────────────────────────────────────────────────────────────

.PHONY: demo
demo: $(VENV)/.runtime $(if $(filter postgresql,$(DB)),$(VENV)/.postgresql) ## the whole story with a bank in a box; EXIT=1 ends it; DB=postgresql
	@$(BIN)/gateway demo $(if $(EXIT),--exit) $(if $(DB),--db '$(DB)')

.PHONY: test
test: system-deps $(VENV)/.interop ## everything that must hold: checks, then all tests
	@$(MAKE) -j2 check byte-code
	@$(MAKE) -j2 test-suite test-interop

# ── their parts ──────────────────────────────────────────────────────────────────────────────

# One process compiles, beside the checks, what all test processes would compile at the same time.
.PHONY: byte-code
byte-code: $(VENV)/.dev
	@$(BIN)/python -m compileall -q -x '/_schemas/|/_template/' gateway adapters tools
	@$(BIN)/python -m pytest -q -n 0 --collect-only --ignore=tests/interop >$(VENV)/collected.log 2>&1 </dev/null \
		|| { tail -n 40 $(VENV)/collected.log; exit 1; }

.PHONY: test-suite
test-suite: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist=worksteal --ignore=tests/interop $(ARGS) </dev/null

.PHONY: test-interop
test-interop: $(VENV)/.interop ## with ERP clients that nobody here wrote: Tryton, aqbanking, Kingdee's
	@$(BIN)/python -m pytest -q -n 0 tests/interop </dev/null

.PHONY: check
check: $(VENV)/.dev ## format, lint, types, layers
	@$(BIN)/ruff format --quiet --check --diff .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log; exit 1; }

.PHONY: system-deps
system-deps: ## what only the operating system has; installs where it may, else names what is missing
	@sh deploy/system-deps.sh deploy/system-deps.txt

.PHONY: reconciliation-table
reconciliation-table: $(VENV)/.dev ## measure automatic matching; writes the table of docs/reconciliation.md
	@$(BIN)/python -m tests.reconciliation_table

.PHONY: corpus
corpus: $(VENV)/.peers ## read public sample files beside other readers; writes the table of docs/corpus.md
	@$(BIN)/python -m tools.corpus '$(CORPUS)' --page docs/corpus.md

.PHONY: golden
golden: $(VENV)/.dev ## rewrite the golden files; review the result as a diff
	@$(BIN)/python -m tests.golden.rewrite
	@$(BIN)/python -m tests.golden.v1_record
	@git --no-pager diff --stat -- tests/golden || true

.PHONY: new-bank
new-bank: $(VENV)/.dev ## a new bank's folders from the template: make new-bank CODE=xyz
	@$(BIN)/python tools/new_bank.py -- '$(CODE)'

.PHONY: devkit
devkit: $(VENV)/.runtime ## the kit for builders: interface documents, test vectors, sample clients
	@$(BIN)/python -m tools.devkit.build dist/devkit

.PHONY: bench
bench: $(VENV)/.runtime ## measure against the reference, both in one run; NAMES="…" chooses
	@for name in $(NAMES); do $(BIN)/gateway bench $$name $(ARGS) || exit 1; done

.PHONY: lock
lock: ## write requirements/ anew from pyproject.toml; UPGRADE=1 takes newest versions
	@test -d .venv-lock || $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet 'pip-tools>=7.5'
	@UPGRADE='$(UPGRADE)' .venv-lock/bin/python requirements/lock.py

.PHONY: clean
clean: ## remove caches and what was built; the environments stay (rm -r .venv)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find gateway adapters tests tools requirements -name __pycache__ -type d -prune -exec rm -rf {} +
