# Two commands on a fresh machine: `make demo` and `make test`. Each makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := $(shell git ls-files csrc fastnlp pyproject.toml CMakeLists.txt 2>/dev/null)

.PHONY: demo test bench tutorial lint format clean

demo: $(VENV)/.demo
	$(BIN)/fastnlp demo

test: $(VENV)/.test
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.test
	$(BIN)/python -m bench

tutorial: $(VENV)/.test
	$(BIN)/python tools/run_tutorial.py

lint: $(VENV)/.test
	$(BIN)/pytest tests/test_codebase.py

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(shell git ls-files 'csrc/*.h' 'csrc/*.cc')

clean:
	rm -rf $(VENV) build dist

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# Python compiles what is imported; most of what is installed never is.
$(VENV)/.demo: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --no-compile .
	rm -f $(VENV)/.test
	touch $@

$(VENV)/.test: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[dev]'
	rm -f $(VENV)/.demo
	touch $@
