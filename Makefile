# One virtual environment, built from the hashed lock; every target works on a machine with only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check format bench lock clean

run: $(VENV)/ready
	@$(BIN)/gridbot demo

test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready
	@for script in bench/reading.py bench/fit_reader.py bench/on_telegram.py bench/broadcast.py bench/stored.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# requirements.lock: what runs. requirements-dev.lock: the same plus what tests and checks.
lock: $(VENV)/ready
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --quiet --upgrade --extra fast pyproject.toml -o requirements.lock
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --quiet --upgrade --extra fast --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

$(VENV)/ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gridbot needs Python 3.11 or newer: make PYTHON=python3.12")'
	@test -x $(BIN)/python || { echo "Setting up $(VENV) (once, about a minute)..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
