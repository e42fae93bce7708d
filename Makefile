# Two commands from a fresh clone: `make run` and `make test`. Each sets up .venv first; a second call installs nothing.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: run test test-faults lint bench-engine bench-taylor check-accuracy check-truth check-changes check-timing check-load docs check-links package check-install test-lowest example readme readers clean

run: $(INSTALLED)
	$(BIN)/python -m adbench run

# The whole suite on two cores, with the coverage of lines and branches, which must not fall below its floor.
test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report term

# Every fault of the zoo, kills at random moments, full disks and closed terminals; takes an hour.
test-faults: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 2 -m faults tests/faults

# The reference engine beside other tools, in one process on one core; takes a minute.
bench-engine: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python benchmarks/engine.py

# What a derivative of high order costs, nested and in Taylor mode; takes a minute.
bench-taylor: $(INSTALLED)
	$(BIN)/python benchmarks/taylor.py

# The digits of the engine's values, first and second derivatives; takes a minute.
check-accuracy: $(INSTALLED)
	$(BIN)/python benchmarks/accuracy.py

# Alarms, catches and cost of the verdicts, over at least 100,000 entries of each backend; takes half an hour.
check-truth: $(INSTALLED)
	$(BIN)/python benchmarks/truth.py alarms
	$(BIN)/python benchmarks/truth.py catches
	$(BIN)/python benchmarks/truth.py speed
	$(BIN)/python benchmarks/truth.py sixteen

# Are two runs of one plan told apart, and is a backend seen that was slowed by a fifth? Takes ten minutes.
check-changes: $(INSTALLED)
	$(BIN)/python benchmarks/changes.py

# The medians beside those of other tools, and what the harness costs a cell; takes five minutes.
check-timing: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python benchmarks/fidelity.py
	$(BIN)/python benchmarks/overhead.py

# The processor time and the memory that a journal of 100,000 rows takes to read; takes a minute.
check-load: $(INSTALLED)
	$(BIN)/python benchmarks/load.py

# The example run anew, and the README's tables and sentences from it. Cells that did not run (status 3) are part of it.
example: $(INSTALLED)
	rm -rf reports/example
	$(BIN)/python -m adbench run --out reports/example || test $$? -eq 3
	rm -rf reports/example/logs
	$(BIN)/python -m adbench report reports/example --figures --quiet
	$(BIN)/python tools/readme.py

# The README's tables and sentences from the example run as it is.
readme: $(INSTALLED)
	$(BIN)/python tools/readme.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[all,light,distributed,docs,test]"
	touch $(INSTALLED)

# The wheel and the sdist in build/dist, and whether the package index can show them; needs no network.
package: $(INSTALLED)
	rm -rf build/dist
	$(BIN)/python -m build --no-isolation --outdir build/dist
	$(BIN)/python -m twine check --strict build/dist/*

# The wheel in an environment of its own, without a framework or with some: make check-install EXTRAS="[torch]".
EXTRAS ?=
check-install: package
	rm -rf build/empty build/empty-run
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$$(echo build/dist/*.whl)$(EXTRAS)"
	cd build && empty/bin/adbench list
	cd build && empty/bin/adbench check tanh --backend reference
	cd build && empty/bin/adbench run tanh --quick --out empty-run

# The tests that need no framework, with the lowest versions that pyproject.toml promises; takes some minutes.
test-lowest:
	rm -rf build/lowest
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt --editable . pytest pytest-timeout array-api-strict
	build/lowest/bin/python -m pytest -q tests/engine tests/balls tests/cases tests/results tests/judging tests/truth tests/planning tests/reporting

# The documentation as a site in build/docs, from docs/ and the docstrings alone; needs no network.
docs: $(INSTALLED)
	$(BIN)/python -m sphinx -b html -n -W --keep-going docs build/docs

# Asks every external address of the documentation once; needs a network.
check-links: $(INSTALLED)
	$(BIN)/python -m sphinx -b linkcheck docs build/links

# The operations that docs/readers.md lists, from the readers as they are.
readers: $(INSTALLED)
	$(BIN)/python tools/readers.py

clean:
	rm -rf .venv build *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
