# `make run` and `make test` need nothing but Python 3.11 or newer (and, for the tests, Debian's apt or a Chromium).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(VENV)/node/bin:$(PATH)

.PHONY: run test lint bench package deploy destroy configure rotate-secrets screenshots clean dashboard

run: $(VENV)/.run dashboard/dist/index.html
	@exec $(BIN)/python -m chalicelib.onebox

test: $(VENV)/.test dashboard/dist/index.html lint
	@sh tests/tools/system.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.test dashboard/node_modules/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd dashboard && npm run check && npm test

bench: $(VENV)/.test dashboard/dist/index.html
	$(BIN)/python -m tests.bench

dashboard: dashboard/dist/index.html

package: $(VENV)/.run
	@$(BIN)/python -m infra.tools.package "$(STAGE)"

deploy: $(VENV)/.run dashboard/dist/index.html
	@$(BIN)/python -m infra.tools.deploy "$(STAGE)" $(PARAMETERS)

destroy: $(VENV)/.run
	@$(BIN)/python -m infra.tools.destroy "$(STAGE)"

configure: $(VENV)/.run
	@$(BIN)/python -m infra.tools.configure "$(STAGE)" $(SETTINGS)

rotate-secrets: $(VENV)/.run
	@$(BIN)/python -m infra.tools.configure "$(STAGE)" rotate $(if $(NOW),now)

$(VENV)/.run: requirements.txt requirements-onebox.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Handrail needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-onebox.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python tools/node.py $(VENV)/node
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-test.txt
	@touch $@

dashboard/node_modules/.installed: $(VENV)/.run dashboard/package-lock.json
	cd dashboard && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

dashboard/dist/index.html: dashboard/node_modules/.installed $(shell find dashboard/src dashboard/public dashboard/build dashboard/index.html dashboard/*.ts -type f 2>/dev/null)
	cd dashboard && npm run build --silent
	@touch $@

screenshots: $(VENV)/.test dashboard/dist/index.html
	$(BIN)/python -m tests.tools.screenshots .cache/screenshots

clean:
	rm -rf $(VENV) .cache dashboard/node_modules dashboard/dist
