# One command from a fresh clone: `make demo TEXT="a person kicks"`; `make help` lists the rest.

FUZZ_SECONDS ?= 600
TEXT ?= a person waves with the right hand
# Through the environment, unexpanded: a text may hold quotes, dollar signs and back-quotes.
override TEXT := $(value TEXT)
export TEXT
export PYTHONUNBUFFERED := 1
# Installed packages are compiled when they are first imported; a shell in which nothing may be kept
# of that, as in many containers, would pay for it at each start of a node.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
ENVIRONMENT := scripts/environment
INTERFACES := $(ENVIRONMENT:scripts/environment=scripts/interfaces)

.DEFAULT_GOAL := help
.PHONY: help environment interfaces browser demo studio test lint format docs train benchmark fuzz
.PHONY: nightly faults soak lock wheel licences sbom audit clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

environment: ## Create .venv and install the package with pinned versions
	@$(ENVIRONMENT)

interfaces: environment ## Build the action and message types that pip has no packages of
	@$(INTERFACES)

browser: ## Install the browser in which the page is tested
	@scripts/browser

demo: interfaces ## Text to a moving robot over ROS 2: TEXT="a person kicks"
	@$(BIN)/motionclip demo -- "$$TEXT"

studio: interfaces ## Type commands in a page in the browser and watch
	@$(BIN)/motionclip studio

test: interfaces browser ## Run the whole test suite
	@$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

lint: environment ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: environment ## Bring the code into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: environment ## Build the documentation into site/; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Documentation: site/index.html"

train: environment ## Train a checkpoint: TRAIN_ARGS="--help" lists the options
	@$(BIN)/motionclip train $(TRAIN_ARGS)

lock: environment ## Write requirements/, after a change of setup.py or constraints.txt
	@$(BIN)/python scripts/lock.py

wheel: environment ## Build wheel and sdist into dist/, the same bytes everywhere
	@$(BIN)/python scripts/build_wheel.py

licences: environment ## List and check the licences of all that is installed
	@$(BIN)/python scripts/licences.py

sbom: environment ## Write a CycloneDX bill of materials into dist/
	@$(BIN)/python scripts/sbom.py

audit: environment ## Look for known flaws of all that is pinned: 0 none, 1 some, 2 could not look
	@$(BIN)/python scripts/audit.py

# Tables measure nothing; what breaks nodes, or takes half an hour, has a target of its own.
NOT_MEASURED := $(addprefix benchmark/,tables.py faults.py soak.py fuzzing.py)

benchmark: environment ## Measure every performance claim of the documentation
	@for script in $(filter-out $(NOT_MEASURED),$(wildcard benchmark/*.py)); do \
		echo "== $$script"; $(BIN)/python "$$script" || exit 1; \
	done

nightly: interfaces ## Slow tests, and 100,000 cases of the safety envelope
	@$(BIN)/python -m pytest -m nightly
	@$(BIN)/python -m pytest -n auto test/test_envelope.py \
		--hypothesis-profile nightly --timeout 0

faults: interfaces ## Break running nodes 50 times and more, and see what comes of it
	@$(BIN)/python benchmark/faults.py

soak: interfaces ## Say random commands for half an hour and watch memory, threads, files
	@$(BIN)/python benchmark/soak.py

fuzz: environment ## Feed every reader what breaks it: FUZZ_SECONDS=600 for each
	@$(BIN)/pip install -q -c constraints.txt 'atheris>=3.0'
	@$(BIN)/python benchmark/fuzzing.py --seconds $(FUZZ_SECONDS) --out out/fuzzing \
		--json benchmark/results/fuzzing.json

clean: ## Remove everything that can be made again
	rm -rf .venv build install log out dist site *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
