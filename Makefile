# make lab     opens the course in JupyterLab        make test    checks everything
# make bench   measures                              make record  stores what a real engine prints
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: lab test bench record

$(BIN)/netcourse: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

test: $(BIN)/netcourse
	$(BIN)/python -m ruff check
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

record: $(BIN)/netcourse
	$(BIN)/python tests/parity/record_transcripts.py
