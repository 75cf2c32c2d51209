# Two commands: `make run` and `make test`. What they bring stays in .venv, node_modules and var.

PYTHON ?= python3
VENV := .venv/bin/python

# Variables named on the command line (PORT=, HOST=, IMAGES=, DATABASE_URL=, …) reach the programs as environment.
define bootstrap
@command -v $(PYTHON) >/dev/null || { echo "Labeler needs Python 3.11 or newer: sudo apt-get install python3" >&2; exit 1; }
@$(PYTHON) labeler/bootstrap.py
endef

.DEFAULT_GOAL := help
.PHONY: help run test soak install lint benchmark clean

help:
	@echo "make run        install what is missing, then serve on http://127.0.0.1:8000/ (PORT= HOST= IMAGES= DATABASE_URL=)"
	@echo "make test       run every test and sum up (TEST_DATABASE_URL= for PostgreSQL, ARGS= for pytest)"
	@echo "make soak       run the tests that take longer: hundreds of kills, a full disk (TEST_DATABASE_URL= for PostgreSQL)"
	@echo "make install    bring everything that development needs"
	@echo "make lint       check style and types"
	@echo "make benchmark  measure (ARGS= names suites; --check fails when a figure is missed, --write keeps the tables)"
	@echo "make clean      remove what these commands made; the data in var stay"

run:
	$(bootstrap)
	@exec $(VENV) manage.py serve

test:
	$(bootstrap) --dev
	@exec $(VENV) -m labeler.tests.everything $(ARGS)

soak:
	$(bootstrap) --dev
	@exec $(VENV) -m labeler.tests.everything --soak $(ARGS)

install:
	$(bootstrap) --dev

lint:
	$(bootstrap) --dev
	@exec $(VENV) -m labeler.tests.everything --lint

benchmark:
	$(bootstrap) --dev
	@exec $(VENV) manage.py benchmark $(ARGS)

clean:
	rm -rf .venv node_modules var/static var/stamps .pytest_cache .ruff_cache .mypy_cache .hypothesis test-results
