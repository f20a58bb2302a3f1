"""Opens what commands work with; what takes seconds says so."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from relex_kg.cli.console import Show
from relex_kg.cli.options import PrecisionName
from relex_kg.errors import StoreError

if TYPE_CHECKING:
    from relex_kg.canon.resolver import Resolver
    from relex_kg.extract.extractor import Extractor
    from relex_kg.graph.bolt import BoltStore
    from relex_kg.ontology import Schema
    from relex_kg.settings import Settings


def settings() -> "Settings":
    from relex_kg.settings import Settings

    return Settings.read()


def load_schema(source: str | None) -> "Schema":
    from relex_kg.settings import BuildOptions

    return BuildOptions.chosen(schema=source).load_schema()


def load_resolver(decisions: Path | None, aliases: Path | None) -> "Resolver":
    """The resolver; ``decisions`` and ``aliases`` as in ``--decisions`` and ``--aliases``."""
    from relex_kg.settings import BuildOptions

    return BuildOptions.chosen(
        decisions=str(decisions) if decisions else None, aliases=str(aliases) if aliases else None
    ).load_resolver()


def chosen_window(tokens: int | None) -> int:
    """How much to read at once; ``tokens`` as in ``--window``."""
    from relex_kg.settings import BuildOptions

    return BuildOptions.chosen(window=tokens).window_size


def load_extractor(source: str | None, precision: PrecisionName | None, show: Show) -> "Extractor":
    """Load a model; ``source`` as in ``--model``, ``precision`` as in ``--precision``.

    Its weights are loaded when the first text is read: where nothing has changed, they never are.
    """
    from relex_kg.settings import BuildOptions

    stage = "Load the model"
    show(stage, 0, None)
    quieten_libraries()
    extractor = BuildOptions.chosen(model=source, precision=precision.value if precision else None).load_extractor()
    show(stage, 1, 1)
    return extractor


def quieten_libraries() -> None:
    """Keep transformers' and the hub's own bars and warnings off the terminal; they read this when first imported."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


@contextmanager
def new_or_old_store(store: str | None, show: Show) -> Iterator["BoltStore"]:
    """The store, made where it is a folder that is not there yet."""
    stage = "Open the store"
    show(stage, 0, None)
    with settings().open_store(store) as opened:
        show(stage, 1, 1)
        yield opened


@contextmanager
def old_store(store: str | None, show: Show) -> Iterator["BoltStore"]:
    """The store, which must be there: a look at it makes none."""
    from relex_kg.graph.address import is_address

    target = settings().target(store)
    if not is_address(target) and not (Path(target).is_dir() and any(Path(target).iterdir())):
        raise StoreError(
            f"there is no graph in {target}",
            cause="nothing was built here yet, or the graph lives elsewhere",
            fix="build one with 'relex-kg build PATH', or say where it is with --store",
        )
    with new_or_old_store(store, show) as opened:
        yield opened
