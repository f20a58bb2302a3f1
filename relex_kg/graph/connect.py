"""Opens the store that a user named: a Neo4j server by its address, the embedded store by its folder."""

from pathlib import Path

from relex_kg.graph.address import is_address
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.embedded import open_folder
from relex_kg.graph.neo4j import connect


def open_store(
    target: str,
    *,
    username: str = "neo4j",
    password: str | None = None,
    database: str | None = None,
    heap: str = "1g",
) -> BoltStore:
    """Open the store at ``target``: a Bolt address (``neo4j://localhost:7687``), or else a folder's path.

    ``username``, ``password`` and ``database`` are for a server, ``heap`` for the embedded store.
    """
    if is_address(target):
        return connect(target, username=username, password=password, database=database)
    return open_folder(Path(target), heap=heap)
