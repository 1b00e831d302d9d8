# Everything sets itself up: only python3 (3.11 or newer), make and the package registries are needed.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check browser mutate bench docs clean

# Check a small made-up health system and compare what was found with what was planted.
demo: .venv/ready
	$(BIN)/python -m synthetic.demo

# All tests: style, types, import contracts, documentation drift, unit, property, browser and corpus tests.
test: check browser
	$(BIN)/pytest -n 2 --dist worksteal

# The browser in which the HTML report is tested, from Debian's packages.
browser:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq chromium; \
	  else echo "The tests look at the HTML report in Chromium. Install it: sudo apt-get install chromium"; exit 1; fi; }

# The quick half: format, lint, types, contracts, generated documentation.
check: .venv/ready
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m docs.generate --check

# Take every leaf out of every condition, and move every day of the law: a case must notice.
mutate: .venv/ready
	$(BIN)/python -m tests.mutate

# Speed and memory of a check against a plain-Python parse of the same file.
bench: .venv/ready
	$(BIN)/python -m bench

# Write the generated documentation: rules, law, tables, command line.
docs: .venv/ready
	$(BIN)/python -m docs.generate

clean:
	rm -rf .venv demo-out

# The virtual environment, from the lock file with hashes. Where Debian's python3 lacks venv, it is
# installed when we are root, else named.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Scrubjay needs Python 3.11 or newer; $$($(PYTHON) --version) is here."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "python3 lacks the venv module. Install it: sudo apt-get install python3-venv"; exit 1; fi; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch .venv/ready
