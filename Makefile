# One command each; every one sets up what it needs on a machine that has only Python 3.11 and make.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test check docs accuracy bench chaos setup screenshots clean

setup: .venv/.done

.venv/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch .venv/.done

# The playground: the whole product in a browser, with a local Slack and a local AWS.
run: setup
	$(BIN)/mlbot playground

# Every test; those that need Chromium skip with a reason where it is missing (and fail in CI).
test: setup
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Lint, format, types, layers, docs.
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_layers.py tests/test_docs.py

# Rebuild the tables and pictures of the docs.
docs: setup
	$(BIN)/python docs/build.py
	$(BIN)/python docs/build_idle.py

# Score the estimator against published runs and rewrite docs/accuracy.md.
accuracy: setup
	$(BIN)/python -m benchmarks.accuracy

# Ack latency beside a bare Bolt app, estimates, scans; prints ratios.
bench: setup
	$(BIN)/python -m benchmarks.ack

# Launches under kill -9 and lost replies; N requests.
chaos: setup
	$(BIN)/python -m benchmarks.chaos $(N)

clean:
	rm -rf .venv .local build *.egg-info
