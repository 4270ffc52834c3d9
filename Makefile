# make demo   the main job, end to end
# make test   all tests
# make check  lint, types, and the contracts that hold the layers
# make release  version, changelog and tag checked; wheel, sdist, SBOM and kit into dist/, built twice and compared
# make windows        all tests on Windows' Python under Wine, by folder; WINDOWS_PYTHON=3.12 for another; TESTS="store sync"
# make windows-quick  the core of it: a kit's life on a laptop with Windows, some tests; minutes
# make soak   random schedules of laptops and sticks, all schedules of small worlds EXPLORE actions deep, one set of
#             changes in many orders, the fast path of the merge beside the fold, figures beside a recount, also of WORLDS
#             worlds of several posts, the sticks of forty posts in one morning, the mirror under MIRROR_KILLS kills, kills,
#             power cuts, flipped bits, interrupted exports, processes that begin the same at once, mutated bundles, all
#             fields in all ways of typing, and a monkey at the keyboard, as many as the variables below say: hours
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
TOOLS := age faketime minisign zstd jq sqlite3 tmux mkfs.vfat mcopy fusefat fusermount gcc initdb
PACKAGES := age faketime minisign zstd jq sqlite3 tmux dosfstools mtools fusefat gcc libc6-dev postgresql
# Tests copy encrypted files by the thousand: in memory where there is enough of it.
export TMPDIR := $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 4000000 ] 2>/dev/null && echo /dev/shm || echo "$${TMPDIR:-/tmp}")
# Where this is set, each of the hundred processes of a run would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE
# One more than there are processors: each waits a third of its time, for programs that it started.
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
SCHEDULES ?= 20000
EXPLORE ?= 4
ORDERS ?= 1000
WORLDS ?= 50
EXAMPLES ?= 500
KILLS ?= 1000
MIRROR_KILLS ?= 50
CUTS ?= 5000
FLIPS ?= 500
PAGES ?= 60
PULLS ?= 200
TOGETHER ?= 100
BURSTS ?= 200000
MUTANTS ?= 100000
SOAK := --timeout 43200 # seconds for one test: at full size some take hours, and one that hangs is still named

.PHONY: demo test check release soak windows windows-quick locale tools clean
.DELETE_ON_ERROR: # a half-made environment is made anew the next time

demo: $(VENV)/.installed
	$(BIN)/fieldapp demo

test: $(VENV)/.dev tools
	$(BIN)/python -m pytest -q -n $(WORKERS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

windows: $(VENV)/.dev
	tools/windows.sh suite $(TESTS)

windows-quick: $(VENV)/.dev
	tools/windows.sh quick

release: $(VENV)/.dev
	$(BIN)/python tools/release.py $(RELEASE)

soak: $(VENV)/.dev
	FIELDAPP_SOAK=$(SCHEDULES) FIELDAPP_ORDERS=$(ORDERS) $(BIN)/python -m pytest -q -n auto -rP $(SOAK) \
		tests/tui/test_few_keys.py tests/vietnamese/test_telex.py tests/tui/test_text_field.py \
		tests/store/test_past_schemas.py tests/kit/test_upgrade.py tests/e2e/test_little_memory.py \
		tests/sync/test_soak.py tests/sync/test_merge.py::test_one_set_of_segments_in_random_orders_is_one_state \
		tests/sync/test_replies.py::test_the_sticks_of_a_morning
	FIELDAPP_ODD=100 $(BIN)/python -m pytest -q -rP $(SOAK) tests/reports/test_odd_values.py \
		tests/publish/test_mirror.py::test_whatever_a_row_holds_it_is_published
	FIELDAPP_WORLDS=$(WORLDS) $(BIN)/python -m pytest -q -n auto -rP $(SOAK) tests/reports/test_recount.py \
		tests/publish/test_recount.py
	FIELDAPP_EXPLORE=$(EXPLORE) $(BIN)/python -m pytest -q -n auto -rP $(SOAK) tests/sync/test_explore.py
	FIELDAPP_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q -n auto -rP $(SOAK) \
		tests/sync/test_merge.py::test_after_a_full_exchange_all_agree \
		tests/sync/test_fast_path.py::test_both_ways_say_the_same \
		tests/reports/test_rules.py::test_the_figures_equal_a_recount
	FIELDAPP_KILLS=$(MIRROR_KILLS) $(BIN)/python -m pytest -q -rP $(SOAK) \
		tests/publish/test_mirror.py::test_killed_at_any_moment_it_goes_on
	FIELDAPP_FIELDS=all FIELDAPP_BURSTS=$(BURSTS) $(BIN)/python -m pytest -q -n auto -rP $(SOAK) \
		tests/tui/test_every_field.py tests/tui/test_monkey.py
	FIELDAPP_KILLS=$(KILLS) FIELDAPP_CUTS=$(CUTS) FIELDAPP_FLIPS=$(FLIPS) FIELDAPP_PAGES=$(PAGES) FIELDAPP_PULLS=$(PULLS) \
		FIELDAPP_MUTANTS=$(MUTANTS) FIELDAPP_TOGETHER=$(TOGETHER) \
		$(BIN)/python -m pytest -q -n auto -rP $(SOAK) tests/e2e/test_kill.py tests/e2e/test_together.py \
		tests/e2e/test_power_cut.py tests/sync/test_salvage.py tests/sync/test_vfat.py tests/sync/test_mutants.py

locale: $(VENV)/.dev
	$(BIN)/pybabel compile --directory fieldapp/locale --domain fieldapp
	for code in vi en; do COLUMNS=80 HOME=/HOME FIELDAPP_LANG=$$code $(BIN)/python -m fieldapp --help >fieldapp/locale/help.$$code.txt || exit; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else "fieldapp needs Python 3.11 to 3.14, and %s is %d.%d: name another by make PYTHON=python3.12" % (sys.executable, v[0], v[1]))'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[dev,hq]"
	@touch $@ $(VENV)/.installed

# What the tests need from Debian, where it can be installed; elsewhere those tests say why they are skipped.
tools:
	@missing=""; for tool in $(TOOLS); do PATH="$$PATH:/usr/sbin:/sbin:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)" command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES) >/dev/null; fi

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
