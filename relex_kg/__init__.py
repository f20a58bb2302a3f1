"""Documents in, knowledge graph out.

The names below are the whole public face; each is imported when it is first used, so that ``import relex_kg`` is
instant although some of them bring torch or a database driver.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relex_kg.canon.decisions import Decisions
    from relex_kg.canon.resolver import Resolver
    from relex_kg.errors import RelexError
    from relex_kg.extract.extractor import Extractor
    from relex_kg.graph.connect import open_store
    from relex_kg.graph.export import to_networkx
    from relex_kg.ontology import Schema
    from relex_kg.pipeline import Pipeline

__all__ = ["Decisions", "Extractor", "Pipeline", "RelexError", "Resolver", "Schema", "open_store", "to_networkx"]

_HOMES = {
    "Decisions": "relex_kg.canon.decisions",
    "Extractor": "relex_kg.extract.extractor",
    "Pipeline": "relex_kg.pipeline",
    "RelexError": "relex_kg.errors",
    "Resolver": "relex_kg.canon.resolver",
    "Schema": "relex_kg.ontology",
    "open_store": "relex_kg.graph.connect",
    "to_networkx": "relex_kg.graph.export",
}

# Where programs compute at once on the same cores, threads that wait busily keep those they wait for from running.
# Those of torch's OpenMP (libgomp) can be told to sleep sooner, but only before torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'relex_kg' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
