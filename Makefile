# make demo    a sample archive, filled, audited and served on http://127.0.0.1:8765
# make test    every test this machine can run; what it skips is listed with the reason
# make check   formatting, types, import lines, dead code: exactly what CI runs
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOME_DIR ?= kho-demo
SERVE  ?= 1

.PHONY: campaign-intake-fuzz demo test check setup setup-dev clean campaign-kill campaign-errors \
        campaign-processes campaign-limits campaign-digest campaign-audit \
        campaign-intake campaign-mutation

demo: setup
	$(BIN)/kho demo --home $(HOME_DIR) $(if $(filter 0 no,$(SERVE)),--no-serve)

# With compiled modules kept, whatever the environment says: the tests start very many processes.
test: setup-dev
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

# --no-build-isolation: the build uses the locked setuptools, so nothing unlocked is fetched.
$(VENV)/.runtime: requirements.txt pyproject.toml setup.py repository/digest/_native.c
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements-alone.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-alone.txt
	touch $@

# Only what `make` itself made. An archive is never removed by a make target.
clean:
	rm -rf $(VENV) build *.egg-info

# Long forms of what `make test` does shortly; their last results stand in docs/ with date and command.
campaign-kill: setup-dev
	$(BIN)/python -m tests.crash.store.campaign --only kill,power
	$(BIN)/python -m tests.crash.store.campaign --only kill,power --flush files

campaign-errors: setup-dev
	$(BIN)/python -m tests.crash.store.campaign --only errors,hooks

campaign-processes: setup-dev
	$(BIN)/python -m tests.crash.store.campaign --only processes

campaign-limits: setup-dev
	$(BIN)/python -m tests.crash.store.campaign --only limits

campaign-audit: setup-dev
	$(BIN)/python -m tests.preservation.audit.matrix
	$(BIN)/python -m tests.preservation.audit.campaign kills --objects 10000 --files 2 --size 300

campaign-digest: setup-dev
	$(BIN)/python -m tests.repository.digest.campaign sanitize
	$(BIN)/python -m tests.repository.digest.campaign fuzz

campaign-intake-fuzz: setup-dev
	$(BIN)/python -m tests.ingest.campaign fuzz --minutes 30

campaign-intake: setup-dev
	KHO_EVERY_POINT=1 $(BIN)/python -m pytest -n 2 tests/acceptance/test_ingest_killed.py

campaign-offline: setup-dev
	$(BIN)/python -m tests.preservation.offline.campaign --seconds 1800

campaign-mutation: setup-dev
	$(BIN)/python -m tests.mutation.campaign
