# On a machine with Python 3.11 or newer, git and make, two commands do everything:
#   make demo    generates the payment API into build/payment-api, proves it, says how to serve it
#   make test    passes the whole test suite
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/payment-api
NEEDS := import sys; sys.exit(sys.version_info < (3, 11) and "featuregen needs Python 3.11 or newer; name one: make PYTHON=python3.12")

.PHONY: demo serve test heavy lint bench examples schema clean

demo: .venv/ready
	@if [ -d $(DEMO) ]; then $(BIN)/featuregen verify --into $(DEMO); \
	else $(BIN)/featuregen new examples/payment/payment.yaml --into $(DEMO); fi
	@echo
	@echo "Serve it, with a fake provider behind it and a token in hand: make serve"

serve: .venv/ready
	@[ -d $(DEMO) ] || $(MAKE) demo
	cd $(DEMO) && $(CURDIR)/$(BIN)/uv run --quiet python -m app.dev

# PostgreSQL, Redis and promtool are tested against where they are installed (.ci/run installs them);
# elsewhere their tests are skipped, and say so. FEATUREGEN_REQUIRE_SERVERS=1 lets none be skipped.
test: .venv/ready
	$(BIN)/pytest -n auto --dist=worksteal

heavy: .venv/ready
	$(BIN)/pytest -n auto --dist=worksteal -m "heavy or not heavy"

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python benchmarks/run.py

# Regenerates the committed example after a change of a template; read the diff.
examples: .venv/ready
	$(BIN)/python examples/regenerate.py

# Writes down the language's JSON Schema again, after a change of the language.
schema: .venv/ready
	$(BIN)/featuregen schema > docs/feature.schema.json

clean:
	rm -rf .venv build

# uv, because the pip of an old Python is slow, and has no notion of dependency groups.
.venv/ready: pyproject.toml
	@$(PYTHON) -c '$(NEEDS)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	@touch $@
