# Two commands do everything on a machine with python3, git and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test heavy lint bench examples clean

demo: .venv/ready
	$(BIN)/featuregen new examples/payment/payment.yaml --into build/payment-api

test: .venv/ready
	$(BIN)/pytest -n auto

heavy: .venv/ready
	$(BIN)/pytest -n auto -m "heavy or not heavy"

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python benchmarks/run.py

# Regenerates the committed example after a change of a template; read the diff.
examples: .venv/ready
	$(BIN)/python examples/regenerate.py

clean:
	rm -rf .venv build

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	touch $@
