# make demo   the main job, end to end
# make test   all tests
# make check  lint and types
# make soak   laptops and sticks under SCHEDULES random schedules, and one set of changes in ORDERS orders: hours
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
TOOLS := age minisign zstd jq sqlite3 tmux mkfs.vfat mcopy
PACKAGES := age minisign zstd jq sqlite3 tmux dosfstools mtools
SCHEDULES ?= 20000
ORDERS ?= 1000

.PHONY: demo test check soak locale tools clean
.DELETE_ON_ERROR: # a half-made environment is made anew the next time

demo: $(VENV)/.installed
	$(BIN)/fieldapp demo

test: $(VENV)/.dev tools
	$(BIN)/python -m pytest -q -n auto

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

soak: $(VENV)/.dev
	FIELDAPP_SOAK=$(SCHEDULES) FIELDAPP_ORDERS=$(ORDERS) $(BIN)/python -m pytest -q -n auto -rP \
		tests/tui/test_few_keys.py tests/sync/test_soak.py tests/sync/test_merge.py::test_one_set_of_segments_in_random_orders_is_one_state

locale: $(VENV)/.dev
	$(BIN)/pybabel compile --directory fieldapp/locale --domain fieldapp

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("fieldapp needs Python 3.11 or newer; name one: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[dev,hq]"
	@touch $@ $(VENV)/.installed

# What the tests need from Debian, where it can be installed; elsewhere those tests say why they are skipped.
tools:
	@missing=""; for tool in $(TOOLS); do PATH="$$PATH:/usr/sbin:/sbin" command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES) >/dev/null; fi

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
