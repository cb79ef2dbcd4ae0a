# Two commands matter: `make demo` and `make test`. Everything they need is made on the way.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Where torch's CPU build comes from, as pip options. Without it a plain `torch` brings gigabytes of CUDA; on a machine
# without a local CPU wheel say:  make setup TORCH_OPTIONS="--index-url <the CPU index of pytorch.org>"
TORCH_OPTIONS ?=
MODELS := var/models
export TOKENIZERS_PARALLELISM := false
export HF_HUB_OFFLINE := 1
# One thread for each numeric library: several processes share the cores.
export OMP_NUM_THREADS := 1
# Compiled modules are kept: the tests start hundreds of processes of ours, and each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check fix explain evaluate bench bench-desk chaos migrate

help: ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

$(VENV)/installed: requirements.txt requirements-dev.txt requirements-embedded.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mailwright needs Python 3.11 or newer.")'
	@echo "Installing into $(VENV) (the first time takes a few minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_OPTIONS) torch==2.13.0
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -r requirements-embedded.txt
	@touch $@

setup: $(VENV)/installed ## Make the virtual environment and the local models.
	@$(BIN)/python -m commands.setup_models $(MODELS)

demo: setup ## Everything on this machine, with a demonstration shop. FRESH=1 begins anew.
	@exec $(BIN)/flask demo $(if $(FRESH),--fresh) $(DEMO_OPTIONS)

test: setup ## The whole suite, on servers that it starts itself, real Chromium included. NO_BROWSER=1 leaves that out.
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(if $(NO_BROWSER),-m "not browser") $(TEST_OPTIONS)

check: $(VENV)/installed ## Style, types, and the rules of the house.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fix: $(VENV)/installed ## Mend what can be mended by itself.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

explain: setup ## What would happen to FILES="a.eml b.eml"; nothing is sent.
	@$(BIN)/flask explain $(FILES)

evaluate: setup ## Measure understanding and answers on labelled data.
	@$(BIN)/python -m evaluation.report

bench: setup ## Throughput, quota units, memory, start-up; prints a table.
	@$(BIN)/python -m evaluation.bench $(BENCH_OPTIONS)

bench-desk: $(VENV)/installed ## The desk over a million messages of 1,000 tenants. MESSAGES=100000 for fewer.
	@$(BIN)/python -m evaluation.bench_desk $(if $(MESSAGES),--messages $(MESSAGES)) $(BENCH_OPTIONS)

# MAILS=500 KILLS=60 is a short run.
MAILS ?= 10000
KILLS ?= 1000
SEED ?= 1
chaos: setup ## Kill everything again and again while mail comes; MAILS, KILLS, SEED; CONTROL=1 must be caught; FRESH=1 begins anew.
	@$(BIN)/python -m chaos --mails $(MAILS) --kills $(KILLS) --seed $(SEED) $(if $(CONTROL),--control) $(if $(FRESH),--fresh)

migrate: $(VENV)/installed ## Bring the database of DATABASE_OWNER_URL to the newest form.
	@$(BIN)/flask db upgrade
