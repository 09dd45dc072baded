# From nothing but Python 3.11 or later and make: each target sets up .venv first if need be.
#
#   make demo      the examples, with the traffic between program and fakes shown
#   make test      the test-suite
#   make check     everything that must hold before a change is taken
#   make format    formats the code and mends what ruff can mend
#   make lint, types, arrows, package, conformance     the checks one by one
#   make clean     removes .venv and everything else that the others made
#
# PYTHON=/path/to/python   makes a new .venv; without it python3, then python3.14 to 3.11
# ARGS="..."               more arguments for pytest: make test ARGS="-k ollama -x"

PYTHON ?=
ARGS ?=

BIN := .venv/bin
READY := .venv/ready
DEMO := $(addprefix examples/,quiz weather_agent failover invoices)

.PHONY: demo test check lint format types arrows package conformance clean help

help:
	@awk '!/^#/ { exit } { sub(/^# ?/, ""); print }' Makefile

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@sh tools/setup.sh $(PYTHON)
	@touch $@

demo: $(READY)
	@echo 'Four programs on the official SDKs, tested as they stand (examples/). There is no key and'
	@echo 'no network: each test asks for the fixture llmsim, and this is what its fakes were asked.'
	@echo
	@$(BIN)/python -m pytest $(DEMO) -q --llmsim-traffic -p no:cacheprovider $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)

check: lint types arrows package test

lint: $(READY)
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .

format: $(READY)
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

types: $(READY)
	@$(BIN)/python -m mypy

arrows: $(READY)
	@$(BIN)/lint-imports

package: $(READY)
	@$(BIN)/python tools/check_package.py

conformance: $(READY)
	@$(BIN)/python tools/conformance.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
