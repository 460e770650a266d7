# Everything a newcomer types. `make demo` and `make test` need git, make and Python ≥ 3.11, nothing else.
.DEFAULT_GOAL := help
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
DEMO := SIGNONS_DATABASE_URL=$${SIGNONS_DATABASE_URL:-sqlite:///var/demo.db} SIGNONS_BASE_URL=$${SIGNONS_BASE_URL:-http://127.0.0.1:$(PORT)}


.PHONY: help setup demo test check format picture bench measure crash audit mutants

help: ## Show what can be typed
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

.uv/bin/uv:
	@command -v uv >/dev/null || { $(PYTHON) -m venv .uv && .uv/bin/python -m pip install -q 'uv>=0.9' ; } || \
	 { echo "Il manque de quoi créer un environnement Python : installez python3-venv (Debian, Ubuntu), puis recommencez." >&2; exit 1; }

.venv/.done: pyproject.toml uv.lock $(wildcard app/locale/*/LC_MESSAGES/*.po)
	@command -v uv >/dev/null || $(MAKE) -s .uv/bin/uv
	@$(UV) sync --locked --quiet --compile-bytecode --python $(PYTHON)
	@$(BIN)/python -m app.locale.compile
	@touch .venv/.done

setup: .venv/.done ## Create the environment in .venv

demo: setup ## Load the demo and serve it on http://127.0.0.1:8000
	@$(DEMO) $(BIN)/signons demo
	@$(DEMO) $(BIN)/signons serve --port $(PORT)

# Tests start the program a hundred times: none of them compiles it again.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## Run everything: SQLite, PostgreSQL, real browser; FAST=1 in a minute, SQLite alone
	@$(if $(FAST),,.ci/install-browser)
	@$(if $(FAST),,.ci/install-office)
	@$(BIN)/pytest -n auto --dist loadgroup $(if $(FAST),-m "not postgresql and not browser and not slow")

check: setup ## Format, lint, types, imports, templates, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --quiet --lint templates
	@$(BIN)/pytest -q -p no:cacheprovider tests/test_migrations.py tests/test_settings.py

format: setup ## Put the code in shape
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format --quiet .

picture: setup ## Draw the house from its imports; writes docs/architecture.svg
	@$(BIN)/python -m tests.picture

bench: setup ## Measure, with the ceiling in the same run
	@$(BIN)/python -m tests.bench

measure: setup ## Count taps, tabs, words, pixels, bytes; html-validate, Lighthouse (npx); writes docs/effort.md
	@$(BIN)/python -m tests.measure

crash: setup ## Kill for real, under load; writes docs/crash.md
	@$(BIN)/python -m tests.crash

audit: setup ## Attack the site with the tools of the trade; writes docs/security.md
	@$(BIN)/python -m tests.audit

mutants: setup ## Change the code in MUTANTS=300 places and see which changes the tests notice; ALL=1, ROOMS="privacy"
	@$(BIN)/python -m tests.mutants --sample $(if $(ALL),0,$(or $(MUTANTS),300)) $(if $(ROOMS),--rooms $(ROOMS)) $(if $(AGAIN),--survivors)
