# make lab      opens the lessons in JupyterLab
# make test     checks everything: style, types, tests on both engines, every lesson
# make parity   plays random commands on a real engine and the simulated one, and says how many sequences agree
# make record   stores in lessons and transcripts what a real engine prints
# make bench    measures, and prints a table
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/ready
SEQUENCES ?= 200

.PHONY: lab test parity record bench

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

lab: $(READY)
	$(BIN)/netcourse lab

test: $(READY)
	$(BIN)/python -m ruff check
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n 2

parity: $(READY)
	NETCOURSE_REQUIRE_DOCKER=1 NETCOURSE_SEQUENCES=$(SEQUENCES) $(BIN)/python -m pytest -s tests/parity/test_in_step.py

record: $(READY)
	$(BIN)/python tools/record.py

bench: $(READY)
	$(BIN)/python benchmarks/measure.py
