# Everything starts from a fresh clone with Python 3.11, pip and make: `make demo`, `make test`.
PYTHON ?= python3.11
NEURAL_TANGENTS = neural-tangents==0.6.5
VENV = .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
ROOMS = bounds kernels verify cli
TYPES = build/types/robustntk

.DEFAULT_GOAL := help
.PHONY: help install demo serve docs browser test lint types test-fast test-slow prove check deviation sweep overshoot bench bench-kernels bench-robust readme-figure format clean

help:
	@echo "make demo       train at the prescribed width on real data and compare (about 5 minutes)"
	@echo "make serve      the calculator, in a browser"
	@echo "make docs       the documentation with all notebooks executed, in build/docs"
	@echo "make test       lint, types, the fast tests and the documentation, warnings being errors"
	@echo "make test-slow  the slow tests"
	@echo "make prove      check every step of every proof, and that no falsified one passes"
	@echo "make check      search for counterexamples to every lemma and theorem, and to falsified ones, which must be found"
	@echo "make sweep      scaling laws, their exponents fitted and held against the theory"
	@echo "make overshoot  what the theorems prescribe over the smallest width and steps that do (half an hour)"
	@echo "make deviation  deviation of width-m runs from the infinite-width curve, against 1/sqrt(m)"
	@echo "make bench      time of a step beside NumPy and the memory floor; of starting up"
	@echo "make bench-kernels  how exact kernels are and what they cost, beside their peers (half an hour)"
	@echo "make bench-robust  attacks, certificates, training of many seeds: strength, tightness, soundness (an hour)"
	@echo "make install    only create $(VENV) with the locked dependencies"
	@echo "make format     format the code      make clean  remove caches and build products"

install: $(INSTALLED)

# neural-tangents comes second and without its declared dependencies: see constraints.txt.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; try make PYTHON=/path/to/python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,calculator,docs,notebooks,proofs]"
	$(BIN)/python -m pip install --quiet --no-deps $(NEURAL_TANGENTS)
	@touch $@

# A finished demo is kept: the next one gets the next free number. An unfinished one is resumed.
demo: $(INSTALLED)
	@out=runs/demo; number=1; \
	while test -e $$out/result.json; do number=$$((number + 1)); out=runs/demo-$$number; done; \
	set -x; $(BIN)/robustntk verify --data digits --classes 0,1 --samples 20 --delta 0.1 --epsilon 0.5 \
		--activation quadratic_relu --loss hinge --out $$out

serve: $(INSTALLED)
	$(BIN)/robustntk serve --open

# Notebooks that the tests have executed are taken as they are.
docs: $(INSTALLED)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python docs/build.py

test: lint types test-fast
	$(MAKE) docs

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# No folder is called robustntk; mypy finds the namespace package through a tree of links.
types: $(INSTALLED)
	@mkdir -p $(TYPES)
	@for room in $(ROOMS); do ln -sfn ../../../$$room $(TYPES)/$$room; done
	$(BIN)/mypy $(ROOMS:%=-p robustntk.%)

# The calculator is tested in a real browser: without one those tests are skipped.
browser: $(INSTALLED)
	$(BIN)/python tests/browser.py

test-fast: $(INSTALLED) browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

prove: $(INSTALLED)
	$(BIN)/robustntk prove --falsify

check: $(INSTALLED)
	$(BIN)/robustntk check
	$(BIN)/robustntk check --falsify

# Finished cells are kept: an interrupted sweep goes on, a finished one is read back.
sweep: $(INSTALLED)
	$(BIN)/robustntk sweep --out runs/sweep

overshoot: $(INSTALLED)
	$(BIN)/robustntk overshoot --classes 0,1 --samples 20 --epsilon 0.5 --out runs/overshoot

deviation: $(INSTALLED)
	$(BIN)/python benchmarks/deviation.py

bench: $(INSTALLED)
	$(BIN)/python benchmarks/adversarial_step.py
	$(BIN)/python benchmarks/startup.py

# scikit-ntk takes part if it can be installed.
bench-kernels: $(INSTALLED)
	-$(BIN)/python -m pip install --quiet --no-deps scikit-ntk==1.2.1
	$(BIN)/python benchmarks/kernel_accuracy.py
	$(BIN)/python benchmarks/any_norm_accuracy.py
	$(BIN)/python benchmarks/gram.py
	$(BIN)/python benchmarks/conditioning.py
	$(BIN)/python benchmarks/empirical_ntk.py
	$(BIN)/python benchmarks/out_of_core.py

# The peers (Foolbox, ART, auto_LiRPA, all on PyTorch) get environments of their own under build/.
bench-robust: $(INSTALLED)
	$(BIN)/python -m benchmarks.soundness --planted
	$(BIN)/python benchmarks/certificate_tightness.py
	$(BIN)/python benchmarks/attack_strength.py
	$(BIN)/python benchmarks/many_seeds.py
	$(BIN)/python benchmarks/sweep_kill.py

readme-figure: $(INSTALLED)
	$(BIN)/python benchmarks/readme_figure.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(ROOMS) tests benchmarks notebooks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
