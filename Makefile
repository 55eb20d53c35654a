# Every target does its own set-up: a virtual environment from the lock file, whose hashes are checked.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# To read the tests takes half as long where their bytecode is kept, which some machines forbid.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo run test test-all stack-test check bench chaos soak pictures dashboards image manifests sbom clean

demo: $(VENV)/.ready $(if $(findstring --stack,$(ARGS)),stack-programs)  ## the gateway with a local Slack and PagerDuty, and a recorded storm (ARGS=--exit ends after it, ARGS=--stack: Prometheus and Alertmanagers around it)
	@$(BIN)/gateway demo $(ARGS)

run: $(VENV)/.ready  ## the gateway itself, on the embedded store unless GATEWAY_REDIS_URL is set
	$(BIN)/gateway serve $(ARGS)

test: $(VENV)/.ready servers  ## minutes: run it after every change
	$(BIN)/pytest -n 4 --dist worksteal $(ARGS)

test-all: $(VENV)/.ready servers newer-stack oracles deploy-tools  ## the long ones: kill storms, thousands of property cases
	$(BIN)/pytest -n 4 --dist load --maxschedchunk 1 -m long $(ARGS)

stack-test: $(VENV)/.ready stack-programs newer-stack  ## the whole stack on real programs of two ages, broken and healed
	$(BIN)/pytest -n 2 --dist loadgroup -m stack $(ARGS) tests/stack

manifests: deploy-tools  ## write deploy/kubernetes/gateway.yaml anew from the chart, and the list of dashboards
	@scripts/render-manifests

image: $(VENV)/.ready deploy-tools  ## build the Dockerfile by buildah, start what came out, and list its packages
	@scripts/build-image
	$(BIN)/pytest -m image tests/deploy/test_image.py $(ARGS)

sbom: image  ## dist/alert-gateway.cdx.json: what the image has of Python packages (CycloneDX)
	@scripts/make-sbom

check: $(VENV)/.ready  ## format, lint, types, import contracts, docs are true
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/gateway check rules
	$(BIN)/pytest -q tests/docs

bench: $(VENV)/.ready servers  ## the goals in docs/benchmarks.md, beside a real Alertmanager, in 15 minutes (ARGS="new growth": these cases, ARGS=all: every case, ARGS=--write: into the document)
	PYTHONPATH=deploy/demo:deploy/grafana $(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.ready servers  ## kills, clock steps, failing vendors, storms, full stores: the scorecard in docs/reliability.md (ARGS=kill-gateway: one kind)
	$(BIN)/python -m tests.chaos --write $(ARGS)

soak: $(VENV)/.ready servers  ## half an hour of alerts that fire and end, with kills: does memory grow? (ARGS="--minutes 5 --keep 1m": shorter)
	$(BIN)/python -m tests.soak --write $(ARGS)

pictures: $(VENV)/.ready servers newer-stack dashboard-tools  ## what people read, and the dashboards, photographed by headless Chromium into docs/pictures/ (ARGS=firing: one scene)
	PYTHONPATH=deploy/demo:deploy/grafana $(BIN)/python -m tests.pictures $(ARGS)

dashboards: $(VENV)/.ready servers newer-stack dashboard-tools  ## renders deploy/grafana anew and checks it: schema, every query on real Prometheus, speed
	cd deploy/grafana && PYTHONPATH=../.. ../../$(BIN)/python -m dashboards_as_code render
	$(BIN)/pytest -m dashboards tests/dashboards $(ARGS)

openapi: $(VENV)/.ready  ## the REST API of a running gateway against its own description, for some minutes
	@scripts/fuzz-api $(VENV) .venv-openapi

.PHONY: servers stack-programs newer-stack oracles deploy-tools dashboard-tools
servers:
	@scripts/install-servers

stack-programs:
	@scripts/install-servers prometheus promtool prometheus-alertmanager

newer-stack:  ## Prometheus 3.5 and Alertmanager 0.33 beside the machine's own, in .cache/
	@scripts/install-newer-stack

oracles: $(VENV)/.ready
	@scripts/install-oracles $(VENV)

deploy-tools:
	@scripts/install-deploy-tools $(PYTHON)

dashboard-tools:
	@scripts/install-dashboard-tools

$(VENV)/.ready: pyproject.toml requirements-dev.lock scripts/make-venv
	@scripts/make-venv $(PYTHON) $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) .venv-openapi .schemathesis .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
