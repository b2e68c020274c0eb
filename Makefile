# `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
BIN := $(VENV)/bin
BENCH := .venv-bench
BASELINE := .venv-baseline
TODAY := .venv-today
PIP := --disable-pip-version-check install --quiet --no-deps
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-package leadctl \
	--custom-compile-command 'make lock' pyproject.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-lowest test-long bench bench-quick format completions man picture docs lock dist clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1  /p' $(MAKEFILE_LIST) \
		| while read -r target about; do printf '%-12s %s\n' "$$target" "$$about"; done

# The example holds one row to reject: leadctl ends with 3, and with nothing else, when all is well.
demo: $(VENV)/.dev  ## Import an example into a local simulator; needs no account
	@echo "$$ leadctl push examples/leads.csv --provider voiso --campaign 3 --sandbox"
	@$(BIN)/leadctl push examples/leads.csv --provider voiso --campaign 3 --sandbox; \
	code=$$?; \
	if [ $$code -ne 3 ]; then echo "demo: exit code $$code where 3 was expected" >&2; exit 1; fi; \
	echo; echo "Exit code 3, as expected: finished, some rows rejected."; \
	echo "To go on:  . $(BIN)/activate && leadctl preview examples/leads.csv"

test: $(VENV)/.dev  ## Check format, lint and types, and run the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# Those that reach into every package we depend on.
test-lowest: $(LOWEST)/.dev  ## Run selected tests with the lowest versions of all dependencies
	$(LOWEST)/bin/python -m pytest --numprocesses 2 --dist loadfile $(TESTS_OF_DEPENDENCIES)

TESTS_OF_DEPENDENCIES := $(patsubst %,tests/test_%.py,\
	completions config_commands credentials files help phone provider_contract report yamlfile)

test-long: $(VENV)/.dev  ## Run the tests with their long suites in full
	LEADCTL_TEST_LONG=1 $(BIN)/python -m pytest

bench: $(BENCH)/.dev $(BASELINE)/.dev $(TODAY)/.dev  ## Measure against what users would write instead; writes benchmarks/RESULTS.md
	$(BENCH)/bin/python -m pytest -q benchmarks/small.py
	$(BENCH)/bin/python -m benchmarks

bench-quick: $(BENCH)/.dev $(BASELINE)/.dev $(TODAY)/.dev  ## The same in two minutes, with small sizes; writes nothing
	$(BENCH)/bin/python -m benchmarks --quick

format: $(VENV)/.dev  ## Format the code and fix what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

completions: $(VENV)/.dev  ## Rewrite the table of commands that Tab reads
	$(BIN)/python -m tools.vocabulary > $(VENV)/vocabulary.json
	mv $(VENV)/vocabulary.json leadctl/cli/vocabulary.json

man: $(VENV)/.dev  ## Rewrite the manual pages in docs/man/
	$(BIN)/python -m tools.manual docs/man

picture: $(VENV)/.dev  ## Run the examples and redraw the pictures in docs/
	$(BIN)/python -m tools.picture

docs: $(VENV)/.dev  ## Rewrite the tables in docs/ and build the site in build/site
	$(BIN)/python -m tools.datasheet docs/providers
	$(BIN)/python -m tools.numbers_table docs/numbers.md
	$(BIN)/python -m mkdocs build
	@echo "build/site/index.html"

# uv keeps the versions of the output file where it can; --upgrade makes it take the lowest instead.
lock: $(VENV)/.dev  ## Rewrite the lock files, keeping versions that pyproject.toml still allows
	$(LOCK) --extra dev --output-file requirements-dev.lock
	$(LOCK) --extra bench --constraint requirements-dev.lock --output-file requirements-bench.lock
	$(LOCK) --extra postgres --extra sandbox --extra test --resolution lowest-direct --upgrade \
		--output-file requirements-lowest.lock

# The single file holds compiled parts: it runs on systems, processors and Pythons like this one.
dist: $(VENV)/.dev  ## Build wheel and sdist, and the program as a single file, into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	sed -n 's/^\([^ ]*==[^ ]*\).*/\1/p' requirements-dev.lock > $(VENV)/constraints.txt
	$(BIN)/pex "$$(echo $(CURDIR)/dist/*.whl)[sandbox]" --constraints $(VENV)/constraints.txt \
		--console-script leadctl --venv prepend --sh-boot --output-file dist/leadctl.pex
	dist/leadctl.pex --version

clean:  ## Remove the environment and what tools left behind
	rm -rf $(VENV) $(LOWEST) $(BENCH) $(BASELINE) $(TODAY) .benchmarks .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	rm -f examples/*.rejects.* examples/*.check.*
	find leadctl tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Each environment holds the packages of its lock file, checked by hash, and leadctl itself. It is
# rebuilt when the lock file or pyproject.toml changes.
$(VENV)/.dev: requirements-dev.lock
$(LOWEST)/.dev: requirements-lowest.lock
$(BENCH)/.dev: requirements-bench.lock
$(VENV)/.dev $(LOWEST)/.dev $(BENCH)/.dev: pyproject.toml
	@echo "1/3 creating a Python environment in $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@echo "2/3 downloading and installing $$(grep -c == $(filter %.lock,$^)) packages (one to three minutes)"
	@$(@D)/bin/python -m pip $(PIP) --require-hashes --requirement $(filter %.lock,$^)
	@echo "3/3 installing leadctl"
	@$(@D)/bin/python -m pip $(PIP) --no-build-isolation --editable .
	@touch $@

# The build that a row's cost is compared with, from git history, with the packages of its time.
$(BASELINE)/.dev: benchmarks/baseline.py
	$(PYTHON) -m venv --clear $(@D)
	mkdir $(@D)/source
	git archive $$(sed -n 's/^COMMIT = "\(.*\)"/\1/p' $<) | tar -x -C $(@D)/source
	$(@D)/bin/python -m pip --disable-pip-version-check install --quiet \
		--constraint $(@D)/source/requirements-dev.lock $(@D)/source
	@touch $@

# Today's build as users install it, to compare with: without what the other benchmarks bring.
$(TODAY)/.dev: pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv --clear $(@D)
	sed -n 's/^\([^ ]*==[^ ]*\).*/\1/p' requirements-dev.lock > $(@D)/constraints.txt
	$(@D)/bin/python -m pip --disable-pip-version-check install --quiet \
		--constraint $(@D)/constraints.txt --editable .
	@touch $@
