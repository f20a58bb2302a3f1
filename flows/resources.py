"""What the tasks of one process share: loaded models and open stores.

Prefect pickles a task's module together with the task, and what that module holds would be lost or copied. This module
holds no task, so workers import it, and each process loads a model and opens a store once.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock

from relex_kg.extract.extractor import Extractor
from relex_kg.graph.store import Store
from relex_kg.pipeline import Pipeline
from relex_kg.settings import BuildOptions


class Resources:
    """Models, stores and pipelines, each made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._models: dict[tuple[str | None, str], Extractor] = {}
        self._stores: dict[str, Store] = {}
        self._pipelines: dict[BuildOptions, Pipeline] = {}
        self._runs: Counter[str] = Counter()

    def pipeline(self, options: BuildOptions) -> Pipeline:
        """The pipeline for a run; what is quick to refuse is looked at before what is slow to load."""
        with self._lock:
            if options not in self._pipelines:
                schema, resolver = options.load_schema(), options.load_resolver()
                store, extractor = self._store(options), self._model(options)
                self._pipelines[options] = Pipeline(
                    schema=schema, extractor=extractor, resolver=resolver, store=store, window=options.window_size
                )
            return self._pipelines[options]

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
        self._pipelines = {options: pipeline for options, pipeline in self._pipelines.items() if options.store != name}
        if store := self._stores.pop(name, None):
            store.close()

    def _store(self, options: BuildOptions) -> Store:
        if options.store not in self._stores:
            self._stores[options.store] = options.open_store()
        return self._stores[options.store]

    def _model(self, options: BuildOptions) -> Extractor:
        key = (options.model, options.precision)
        if key not in self._models:
            self._models[key] = options.load_extractor()
        return self._models[key]


@cache
def shared() -> Resources:
    """This process's resources."""
    return Resources()
