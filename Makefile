# AgentJob. `make help` lists the targets; `make demo` and `make test` need nothing prepared.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# The first that runs and is new enough: a version manager's shim may exist without its Python.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
HACK := PYTHONPATH=hack:crds:operator:agent_runtime
# The tests start servers and tools of Go by the hundred: less collecting of garbage, for some memory.
PYTEST := GOGC=300 $(BIN)/python -m pytest
# What another checkout has analysed is not analysed again: mypy compares contents.
export MYPY_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/agentjob/mypy
# A mirror that pip knows is uv's as well.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
# Hundreds of processes start in the tests: none of them should compile the code anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ See it
.PHONY: demo
demo: cluster-up images ## A cluster, the operator, an AgentJob from apply to the verified download
	$(HACK) $(BIN)/python -m demo

##@ Check it
.PHONY: test
test: check integration e2e ## Everything: lint, types, unit, integration, end to end on a real cluster

.PHONY: check
check: verify lint types unit ## What needs no cluster, in seconds

.PHONY: verify
verify: $(VENV)/.stamp tools ## Generated files are what their sources say
	$(HACK) $(BIN)/python -m generate --check

.PHONY: lint
lint: $(VENV)/.stamp ## ruff, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(HACK) $(BIN)/lint-imports

.PHONY: types
types: $(VENV)/.stamp ## mypy --strict
	$(BIN)/mypy

.PHONY: unit
unit: $(VENV)/.stamp prereqs ## Unit tests
	$(PYTEST) tests/unit -n 4

.PHONY: integration
integration: $(VENV)/.stamp tools ## Against a real API server, MinIO and Git server; chart tests
	$(PYTEST) tests/integration tests/chart -n 6 --dist loadfile --no-loadscope-reorder

.PHONY: e2e
e2e: cluster-up images ## End to end and faults, on the local cluster
	$(PYTEST) tests/e2e -m "not disturbs and not replaces" -n 3 --dist loadfile --no-loadscope-reorder
	$(PYTEST) tests/e2e -m "disturbs or replaces"

##@ Measure it
BENCH := $(HACK) $(BIN)/python -m bench --out .artifacts/bench.json --page docs/performance.md
SCENES ?= simulated

.PHONY: bench
bench: $(VENV)/.stamp tools ## Take the figures of docs/performance.md on simulated nodes (SCENES="burst latency": only those)
	$(BENCH) $(BENCH_FLAGS) $(SCENES)

.PHONY: bench-kubelet
bench-kubelet: cluster-up images ## The same for the figures that need a real kubelet
	$(BENCH) $(BENCH_FLAGS) kubelet

.PHONY: bench-smoke
bench-smoke: $(VENV)/.stamp tools ## The same, so small that only its counts mean something (part of `make integration`)
	$(PYTEST) tests/integration/bench

.PHONY: bench-desktop
bench-desktop: cluster-up images ## What desktop and notebook cost: time to the first event, idle memory (about 4 minutes)
	$(HACK) $(BIN)/python -m bench.beside --install --verbose

##@ Work on it
.PHONY: venv
venv: $(VENV)/.stamp ## The virtual environment with everything that development needs

# uv links what it has unpacked once: five seconds where pip takes twenty.
$(VENV)/.stamp: requirements/dev.txt requirements/agent-tools.txt
	@test -n "$(PYTHON)" || { echo "AgentJob needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/agent-tools.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@touch $@

.PHONY: generate
generate: $(VENV)/.stamp tools ## Write the CRD, the API reference, install.yaml and the golden files anew
	$(HACK) $(BIN)/python -m generate

.PHONY: screenshots
screenshots: cluster-up images ## Take the pictures of docs/images anew, from a real AgentJob in a real browser
	$(PYTEST) tests/e2e/screenshots.py

.PHONY: format
format: $(VENV)/.stamp ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(VENV)/.stamp ## Resolve the dependencies anew, with hashes
	hack/lock

##@ Local cluster
.PHONY: prereqs
prereqs: ## Install the system packages that are missing (root on Debian), or name them
	$(HACK) $(PYTHON) -m cluster install-prereqs

.PHONY: tools
tools: prereqs ## Build the pinned tools into the cache (etcd, API server, MinIO, helm, ...)
	$(HACK) $(PYTHON) -m cluster tools

.PHONY: cluster-up
cluster-up: $(VENV)/.stamp prereqs ## Start the local cluster: kind where Docker answers, embedded elsewhere
	$(HACK) $(PYTHON) -m cluster up $(if $(OPENAI_API_KEY),--egress) $(if $(CI),--replace)

.PHONY: cluster-down
cluster-down: ## Stop it and leave nothing behind
	$(HACK) $(PYTHON) -m cluster down

.PHONY: cluster-status
cluster-status: ## What runs
	$(HACK) $(PYTHON) -m cluster status

.PHONY: images
images: prereqs ## Build changed images and load them into the cluster if it runs
	$(HACK) $(PYTHON) -m images build
	$(HACK) $(PYTHON) -m images load
