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

.PHONY: help setup demo test check fix lock licences sbom explain evaluate hostile bench bench-desk chaos points soak migrate

help: ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

# What is locked comes first, by its hashes alone; torch then finds the small packages that it needs there.
$(VENV)/installed: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mailwright needs Python 3.11 or newer.")'
	@echo "Installing into $(VENV) (the first time takes a few minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_OPTIONS) torch==2.13.0
	@touch $@

setup: $(VENV)/installed ## Make the virtual environment and the local models.
	@$(BIN)/python -m commands.setup_models $(MODELS)

demo: setup ## Everything on this machine, with a demonstration shop. FRESH=1 begins anew.
	@exec $(BIN)/flask demo $(if $(FRESH),--fresh) $(DEMO_OPTIONS)

test: setup ## The suite, on servers that it starts itself, real Chromium included. NO_BROWSER=1 leaves that out.
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/points $(if $(NO_BROWSER),-m "not browser") $(TEST_OPTIONS)

check: $(VENV)/installed ## Style, types, the rules of the house, and known holes in what is installed.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m deploy.audit

fix: $(VENV)/installed ## Mend what can be mended by itself.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# torch and what its usual build brings for CUDA come from where TORCH_OPTIONS says, and pip is there already.
UNLOCKED := pip torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc \
    nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse \
    nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header
# uv keeps what the file that it writes says already: so the run time gets the versions that everything together got.
lock: $(VENV)/installed ## Write the locks anew after a requirement file has changed; UPGRADE=1 renews what is not pinned.
	@$(COMPILE) $(if $(UPGRADE),--upgrade) $(UNLOCKED:%=--no-emit-package %) \
	    requirements-dev.txt requirements-embedded.txt --output-file requirements-dev.lock
	@cp requirements-dev.lock requirements.lock
	@sed '/^# --- Set-up only/,$$d' requirements.txt | $(COMPILE) - --output-file requirements.lock

licences: $(VENV)/installed ## Write docs/licences.md anew: what the image ships, and under which terms.
	@$(BIN)/python -m deploy.licences

sbom: $(VENV)/installed ## What the run time is made of, for programs that ask (CycloneDX): var/sbom.json.
	@$(BIN)/python -m deploy.sbom

explain: setup ## What would happen to FILES="a.eml b.eml"; nothing is sent.
	@$(BIN)/flask explain $(FILES)

evaluate: setup ## Measure understanding and answers on labelled data, then what hostile mail gains.
	@$(BIN)/python -m evaluation.report
	@$(BIN)/python -m evaluation.hostile $(HOSTILE)

HOSTILE ?= $(wildcard ../shared/data) tests/hostile tests/mails
hostile: setup ## What hostile mail gains: HOSTILE="a b" are folders of .eml and of injection_*.jsonl.
	@$(BIN)/python -m evaluation.hostile $(HOSTILE)

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

points: setup ## Kill a worker before and after each commit and each call out, one after the other.
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/points $(TEST_OPTIONS)

# Half of full pace can be more than a machine with other work has to spare: AT_MOST mails a minute come then.
MINUTES ?= 120
soak: setup ## Two hours of ordinary mail: does memory, a table or anything else grow? MINUTES, AT_MOST (mails a minute).
	@$(BIN)/python -m soak --minutes $(MINUTES) $(if $(AT_MOST),--at-most $(AT_MOST)) $(SOAK_OPTIONS)

migrate: $(VENV)/installed ## Bring the database of DATABASE_OWNER_URL to the newest form.
	@$(BIN)/flask db upgrade
