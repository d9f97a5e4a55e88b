# `make help` lists the targets. Everything is made on first use: .venv/, system packages, image, jars.
VENV := .venv
BIN := $(VENV)/bin
ROOT := $(if $(filter 0,$(shell id -u)),yes)
SUDO := $(if $(ROOT),,sudo -n)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
SITE := parameters/lab.yaml
QUICK := not browser and not slow

.PHONY: help lab test test-chapter test-others test-all checks catalogue notebook clean

help:  ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

lab: $(VENV)/.runtime  ## Start the lab, run the chapter on it (notebooks 00-09), leave both running
	@$(BIN)/runbook lab up
	@$(BIN)/runbook run -f $(SITE) || { status=$$?; \
	  [ $$status -eq 3 ] || exit $$status; echo 'Passed, with the warnings above.' >&2; }

test: checks  ## Format, lint, types and all tests but the slow and the browser's (labs of their own; root or sudo)
	@echo 'Two halves side by side, 15 to 20 minutes; each is shown when it ends.' >&2
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target test-chapter test-others

test-chapter test-others:
	@$(BIN)/pytest -m '$(QUICK) and $(if $(filter test-others,$@),not )chapter'

test-all: checks  ## The same, and those that take minutes or drive JupyterLab in Chromium
	@$(BIN)/pytest

checks: $(VENV)/.dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

catalogue: $(VENV)/.runtime  ## Measure every fault, and other configurations (notebooks 10 and 11; TRIALS=20)
	@$(BIN)/runbook lab up
	@$(BIN)/runbook run -f $(SITE) --only 10,11 -p disruption=demonstrations -p trials=$(or $(TRIALS),3)

notebook: $(VENV)/.runtime  ## Start the lab and open the notebooks in JupyterLab
	@$(BIN)/runbook lab up
	@$(BIN)/jupyter lab $(if $(ROOT),--allow-root) notebooks/00-start-here.ipynb

clean:  ## Take the lab down, remove what was made here; bundles (outputs/) and downloads stay
	@if [ -x $(BIN)/runbook ]; then $(BIN)/runbook lab down; fi
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find runbook_lib tests -name __pycache__ -prune -exec rm -rf {} +
	@echo 'Kept: outputs/ (evidence), /var/cache/runbook (images), ~/.cache/runbook (downloads).'

$(VENV)/.runtime: $(VENV)/.made pyproject.toml
	@echo 'Installing into $(VENV) (a minute, once)' >&2
	@$(PIP) . && touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo 'Installing into $(VENV), with what the tests need (a minute, once)' >&2
	@$(PIP) '.[dev]' && touch $@ $(VENV)/.runtime

# Debian's python3 comes without venv: it is a package of its own.
$(VENV)/.made:
	@usable() { for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	      && command -v "$$python" && return; \
	  done; }; \
	  python=$$(usable); \
	  if [ -z "$$python" ] && command -v apt-get >/dev/null; then \
	    echo 'Installing python3-venv, which this machine lacks' >&2; \
	    $(SUDO) apt-get -q update >/dev/null; \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes python3-venv >/dev/null; \
	    python=$$(usable); \
	  fi; \
	  if [ -z "$$python" ]; then \
	    echo 'There is no Python 3.11 or newer with venv here. Install it: sudo apt-get install python3-venv' >&2; exit 2; \
	  fi; \
	  "$$python" -m venv $(VENV) && touch $@
