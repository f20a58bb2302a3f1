"""What the tasks of one process share: loaded models and open stores.

Prefect pickles a task's module together with the task, and what that module holds would be lost or copied. This module
holds no task, so workers import it, and each process loads a model and opens a store once.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import RLock

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.store import Store
from relex_kg.ontology import Schema
from relex_kg.pipeline import Pipeline
from relex_kg.reading import WINDOW
from relex_kg.settings import Settings


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run works with, by name: small enough to travel with every task.

    A server's user and password are no part of it. Prefect stores what tasks are called with; the environment of each
    worker says them (``NEO4J_USERNAME``, ``NEO4J_PASSWORD``).
    """

    schema: str
    store: str
    model: str | None
    decisions: str | None
    window: int | None


class Resources:
    """Models, stores and pipelines, each made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._models: dict[str | None, Extractor] = {}
        self._stores: dict[str, Store] = {}
        self._pipelines: dict[Setup, Pipeline] = {}
        self._runs: Counter[str] = Counter()

    def pipeline(self, setup: Setup) -> Pipeline:
        """The pipeline for ``setup``; what is quick to refuse is looked at before what is slow to load."""
        with self._lock:
            if setup not in self._pipelines:
                schema = Schema.load(setup.schema)
                resolver = Resolver(Decisions.load(setup.decisions) if setup.decisions else Decisions.none())
                store, extractor = self._store(setup.store), self._model(setup.model)
                self._pipelines[setup] = Pipeline(
                    schema=schema,
                    extractor=extractor,
                    resolver=resolver,
                    store=store,
                    window=setup.window or Settings().window or WINDOW,
                )
            return self._pipelines[setup]

    @contextmanager
    def run(self, store: str) -> Iterator[None]:
        """A flow run on ``store``, which is closed when the last run on it ends."""
        with self._lock:
            self._runs[store] += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs[store] -= 1
                if not self._runs[store]:
                    self._close(store)

    def _close(self, name: str) -> None:
        self._pipelines = {setup: one for setup, one in self._pipelines.items() if setup.store != name}
        if store := self._stores.pop(name, None):
            store.close()

    def _store(self, name: str) -> Store:
        if name not in self._stores:
            self._stores[name] = Settings().open_store(name)
        return self._stores[name]

    def _model(self, name: str | None) -> Extractor:
        if name not in self._models:
            self._models[name] = Extractor.from_pretrained(name or BUNDLED, lazy=True)
        return self._models[name]


@cache
def shared() -> Resources:
    """This process's resources."""
    return Resources()
