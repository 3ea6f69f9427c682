# make run    install what the app needs, once, and start it
# make test   install what the tests need, once, and run them all
#
# Another interpreter: make run PYTHON=python3.12        Options of Streamlit: make run ARGS="--server.port 8600"

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
FLOOR := 85

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# Installed is what these files say: a call after the first one needs no network unless a requirements file has changed.
APP := $(VENV)/.installed-app
DEV := $(VENV)/.installed-dev
RAY := $(VENV)/.installed-ray
TRACKERS := $(VENV)/.installed-trackers

PAIRED = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not browser and not soak and not ray and not trackers and not alone" -n 2 --dist loadscope

.PHONY: run test lint format types arrows unit coverage browser soak ray trackers bench messages clean
.NOTPARALLEL:

run: $(APP)
	$(BIN)/python -m streamlit run app.py $(ARGS)

# In the order of what is found fastest; the tests come last, so pytest's own line closes the output.
test: lint types arrows unit browser

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV)
	$(BIN)/python -m mypy

arrows: $(DEV)
	$(BIN)/lint-imports

# Two processes at once, then by itself what measures or fills the machine (tests/conftest.py names it).
unit: $(DEV)
ifdef ARGS
	$(BIN)/python -m pytest -m "not browser and not soak and not ray and not trackers" $(ARGS)
else
	$(PAIRED)
	$(BIN)/python -m pytest -m "alone and not browser and not soak and not ray and not trackers"
endif

# Which branches the first part of `make unit` takes. Counting them doubles its time, so `make test` does without.
coverage: $(DEV)
	$(PAIRED) --cov --cov-fail-under=$(FLOOR) --cov-report=term:skip-covered

# In processes of their own: what a person would see and how fast it comes is measured without the other tests' memory.
browser: $(DEV)
	$(BIN)/python -m pytest -m "browser and not soak" -n 2 --dist loadfile $(ARGS)

# Long load, churn and chaos runs against a server on this machine, the largest networks, and more of what is drawn.
# Where `make ray` has installed Ray the chaos takes machines of a cluster away as well.
soak: $(DEV)
	$(BIN)/python -m pytest -m "soak$(if $(wildcard $(RAY)),, and not ray)" --timeout 3600 $(ARGS)
	$(BIN)/python -m pytest -m "hypothesis and not soak" --hypothesis-profile soak --timeout 3600 $(ARGS)

# Runs in a cluster that this machine plays, the loss of a machine included; Ray is large, so it is installed only here.
ray: $(RAY)
	$(BIN)/python -m pytest -m ray $(ARGS)

# What other trackers make of an exported run, by their own libraries.
trackers: $(TRACKERS)
	$(BIN)/python -m pytest -m trackers $(ARGS)

bench: $(DEV)
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; done

# Collect the sentences of the source and merge them into cnnviz/locale/*; what is translated already stays.
messages: $(DEV)
	$(BIN)/python -m tests.project.messages

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov

$(APP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "cnnviz needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another one: make $(or $(MAKECMDGOALS),run) PYTHON=python3.13")'
	@echo "Installing what the app needs, once: PyTorch is large, so this takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(APP)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(RAY): requirements-ray.txt $(DEV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-ray.txt
	@touch $@

$(TRACKERS): requirements-mlflow.txt $(DEV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-mlflow.txt tensorboard
	@touch $@
