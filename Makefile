PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STORE := demo-graph

.PHONY: install demo test lint clean

install: $(VENV)/.installed

# One environment for use and development; made again when the dependencies change
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[files,dask,dev]'
	touch $@

demo: install
	$(BIN)/relex-kg build examples/corpus --store $(STORE)
	@printf '\nWhat the graph holds\n'
	@$(BIN)/relex-kg query --store $(STORE) "$$(cat examples/queries/entities.cypher)"
	@printf '\nThe best-supported facts\n'
	@$(BIN)/relex-kg query --store $(STORE) "$$(cat examples/queries/facts.cypher)"
	@printf '\nOne fact, and where it is said\n'
	@$(BIN)/relex-kg query --store $(STORE) "$$(cat examples/queries/evidence.cypher)"

test: install
	$(BIN)/pytest --numprocesses 2 --dist loadfile

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(STORE)
