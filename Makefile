# Everything happens in .venv; a stamp file there skips the installation while no pyproject.toml has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
COMPILED := hatch_build.py $(wildcard src/actionsd/*/*.c)
PROJECTS := pyproject.toml $(COMPILED) $(addsuffix /pyproject.toml,$(PLUGINS))
SOURCES := $(addsuffix /src,$(PLUGINS))
SPACE := $(subst ,, )
EDITABLE := $(addprefix -e ./,$(PLUGINS))
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
CONFIG ?= actionsd.toml
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak clean

help:  ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*##/make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: $(VENV)/.installed  ## Install the daemon with its destinations, start it with the sample config
	@exec $(BIN)/actionsd run --config $(CONFIG)

test: $(VENV)/.installed-dev  ## Run all tests (ARGS="tests/store -x" for some)
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev  ## Lint, types, structure
	$(BIN)/ruff check src plugins tests hatch_build.py
	MYPYPATH=src:$(subst $(SPACE),:,$(SOURCES)) $(BIN)/mypy src $(SOURCES) hatch_build.py
	$(BIN)/python -m pytest tests/test_structure.py

bench: $(VENV)/.installed-dev  ## Measure against references and node peers (ARGS="--only ingest --rounds 5")
	PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.installed-dev  ## Crash loops and backlogs at full length
	ACTIONSD_SOAK=1 $(BIN)/python -m pytest tests/e2e -k "kill_9 or backlog or damaged or truth" $(ARGS)

clean:  ## Remove the environment, caches and what tests and benches built
	rm -rf $(VENV) build dist src/actionsd/*/*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Build isolation would set hatchling up once for each plugin; one copy in the environment serves them all.
$(VENV)/.tools:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "actionsd needs Python 3.11 or newer; say which: make run PYTHON=python3.12"; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) hatchling editables
	@touch $@

$(VENV)/.installed: $(VENV)/.tools $(PROJECTS)
	@echo "Installing actionsd and its destinations ..."
	@$(PIP) --no-build-isolation -e . $(EDITABLE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.tools $(PROJECTS)
	@echo "Installing actionsd, its destinations and what the tests need ..."
	@$(PIP) --no-build-isolation -e '.[dev]' $(EDITABLE)
	@touch $(VENV)/.installed $@
