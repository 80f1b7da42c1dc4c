# `make run` serves on 127.0.0.1:8080; `make test` checks everything that CI checks. Needs Python 3.11, pip, git, make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
DATA ?= $(error name the folder of training data: make $@ DATA=path)

.PHONY: run test redis-server lint rules docs bench train-injection train-entities lock clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@$(BIN)/firewall serve

test: $(VENV)/.installed-dev lint rules redis-server
	$(BIN)/python -m pytest

# Tests of the shared verdict cache start a Redis of their own; without one they are skipped, and say so.
redis-server:
	@if command -v redis-server >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing redis-server for the tests (once)"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			redis-server >/dev/null; } || echo "make: redis-server cannot be installed: its tests are skipped"; \
	else \
		echo "make: redis-server is not here: its tests are skipped; to run them, apt-get install redis-server as root"; \
	fi

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet firewall

rules: $(VENV)/.installed-dev
	$(BIN)/firewall rules test
	$(BIN)/firewall policy test
	$(BIN)/firewall models verify

docs: $(VENV)/.installed-dev
	$(BIN)/python -m firewall.cli.reference
	$(BIN)/python -m benchmarks.report

bench: $(VENV)/.installed-dev
	$(BIN)/firewall bench latency
	$(BIN)/python -m benchmarks.report

train-injection: .venv-train/.installed
	.venv-train/bin/python -m models.injection.train --data $(DATA)

train-entities: .venv-train/.installed
	.venv-train/bin/python -m models.entities.train --data $(DATA)

# Exact versions with hashes; `make lock` needs uv and writes no index address.
lock:
	uv pip compile -q pyproject.toml --extra build --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--upgrade -o requirements.lock
	uv pip compile -q pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --no-annotate \
		--no-header -c requirements.lock -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "make: Python 3.11 or newer is needed; name it with make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "making $(VENV) (once, a minute or two)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

.venv-train/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet -e '.[train]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-train build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
