"""``relex-kg export``: the graph, or a part of it, as a file for other tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, note, progress, say
from relex_kg.cli.opening import old_store
from relex_kg.cli.query import Parameters, Timeout, parsed
from relex_kg.errors import StoreError

if TYPE_CHECKING:
    from relex_kg.graph.bolt import BoltStore
    from relex_kg.graph.store import Subgraph


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write: .graphml, .json or .csv.")],
    *,
    query: Annotated[
        str | None, typer.Option(metavar="CYPHER", help="Only the entities and facts that this query returns.")
    ] = None,
    param: Parameters = None,
    around: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what surrounds the entities of this name or alias.")
    ] = None,
    hops: Annotated[int, typer.Option(min=0, help="How many facts away --around reaches.")] = 1,
    store: options.Store = None,
    timeout: Timeout = 60.0,
    as_json: options.Json = False,
) -> None:
    """Write the graph, or a part of it, to a file.

    The file's ending says the format: .graphml (Gephi, yEd, NetworkX), .json
    (NetworkX's node-link form) or .csv (a pair: NAME.nodes.csv and
    NAME.edges.csv). Each fact comes with its evidence: the documents, the
    sentences and the characters that state it.

    Without --query and --around the whole graph is written.

    Examples:

      relex-kg export graph.graphml
      relex-kg export ada.json --around "Ada Lovelace" --hops 2
      relex-kg export jobs.csv --query "MATCH p = ()-[:WORKS_FOR]->() RETURN p"
    """
    _check(file, query, around)
    parameters = parsed(param or [])
    with progress() as show, old_store(store, show) as opened:
        if query is not None:
            subgraph = opened.query_graph(query, parameters, timeout=timeout)
        elif around is not None:
            subgraph = _surroundings(opened, around, hops)
        else:
            subgraph = opened.graph()
    written = _write(subgraph, file)
    counts = {"entities": len(subgraph.entities), "facts": len(subgraph.facts)}
    if not subgraph.entities:
        note("There are no entities in it: what was asked for holds none.", style="yellow")
    if as_json:
        emit({"files": written, **counts})
        return
    say(f"Wrote {counts['entities']:,} entities and {counts['facts']:,} facts to {harmless(' and '.join(written))}")


def _check(file: Path, query: str | None, around: str | None) -> None:
    from relex_kg.graph.export import WRITERS

    if query is not None and around is not None:
        raise typer.BadParameter("give --query or --around, not both")
    if file.suffix.lower() not in WRITERS:
        raise typer.BadParameter(f"'{file.name}' must end in one of {', '.join(WRITERS)}", param_hint="FILE")


def _surroundings(store: "BoltStore", name: str, hops: int) -> "Subgraph":
    subgraph = store.around(name, hops=hops)
    if not subgraph.entities:
        raise StoreError(
            f"no entity has the name or alias '{name}'",
            fix="look for it with: relex-kg query "
            "\"MATCH (e:Entity) WHERE toLower(e.name) CONTAINS 'part of it' RETURN e.name\"",
        )
    return subgraph


def _write(subgraph: "Subgraph", file: Path) -> list[str]:
    from relex_kg.graph.export import write, write_csv

    if file.suffix.lower() == ".csv":
        return [str(path) for path in write_csv(subgraph, file)]
    write(subgraph, file)
    return [str(file)]
