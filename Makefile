# make demo    translate the sample articles (makes the virtual environment on first use)
# make test    all tests
# make check   what a change must pass: format, lint, types, tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format types clean

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/align: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(BIN)/pytest: $(BIN)/align
	$(BIN)/python -m pip install --quiet -e '.[dev,train]'
	@touch $@

demo: $(BIN)/align
	$(BIN)/align translate data/sample/*.ar.txt -o outputs
	@echo
	@echo "A preview of outputs/navigation-talks.ar/corpus.tsv:"
	@head -n 8 outputs/navigation-talks.ar/corpus.tsv
	@echo
	@echo "Open outputs/navigation-talks.ar/corpus.html in a browser to read both side by side."

test: $(BIN)/pytest
	$(BIN)/pytest

lint: $(BIN)/pytest
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(BIN)/pytest
	$(BIN)/mypy

format: $(BIN)/pytest
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint types test

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
