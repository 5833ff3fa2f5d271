# `make demo` and `make test` are all that a newcomer needs: git, make and Python 3.11 to 3.13.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal --durations=10

# One thread each: the work is spread over processes, and threads inside them would fight for the cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMEXPR_NUM_THREADS := 1
export MLFLOW_DISABLE_TELEMETRY := true
# Figures need no screen.
export MPLBACKEND := Agg

.PHONY: help demo test lint fast clean

help:
	@echo "make demo   simulate a registry, run a whole study on it, write the report"
	@echo "make test   every check: style, types, all tests"
	@echo "make lint   style and types only"
	@echo "make fast   the quick tests only"
	@echo "make clean  remove the environment and caches; runs/ is kept"

demo: $(INSTALLED)
	@$(BIN)/spinerisk demo || [ $$? -eq 3 ] # 3: done, but something needs a person

test: $(INSTALLED)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory fast
	$(PYTEST) -m slow

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fast: $(INSTALLED)
	$(PYTEST) -m "not slow"

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
	"spinerisk needs Python 3.11 to 3.13, got %d.%d; name another one: make PYTHON=python3.12 demo" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) (about two minutes the first time)"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
