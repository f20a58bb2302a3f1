"""Hands a subgraph over to other tools: NetworkX in memory; GraphML, node-link JSON or a pair of CSV files on disk."""

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import networkx as nx

from relex_kg.errors import StoreError
from relex_kg.graph.store import Passage, Subgraph
from relex_kg.types import Entity, Fact

ENTITY_COLUMNS = ("id", "type", "name", "aliases", "mentions", "value", "external_id")
FACT_COLUMNS = ("id", "head", "type", "tail", "support", "documents", "confidence", "evidence")

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_networkx(subgraph: Subgraph) -> "nx.MultiDiGraph[str]":
    """Entities as nodes and facts as edges, keyed by their ids and with all their properties.

    A node has ``value`` and ``external_id`` where its entity has them.

    An edge's ``evidence`` lists where documents state the fact: ``document`` (its URI), ``start`` and ``end`` of the
    statement, the ``text`` around it and that text's ``text_start``, ``head`` and ``tail`` (``text``, ``start``,
    ``end``), ``score``, and ``place`` (``page 3``) and ``page`` where the file has such. All offsets count characters
    from the start of the document.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entity in subgraph.entities:
        graph.add_node(entity.id, **_entity_attributes(entity))
    for fact, passages in subgraph.facts:
        graph.add_edge(fact.head, fact.tail, key=fact.id, **_fact_attributes(fact, passages))
    return graph


def write_graphml(subgraph: Subgraph, path: Path) -> None:
    """Write GraphML. It knows no lists, so ``aliases`` and ``evidence`` are JSON texts; edge keys are edge ids.

    Control characters, which XML cannot hold, become U+FFFD.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entity in subgraph.entities:
        graph.add_node(entity.id, **_for_xml(_entity_attributes(entity)))
    for fact, passages in subgraph.facts:
        graph.add_edge(fact.head, fact.tail, key=fact.id, **_for_xml(_fact_attributes(fact, passages)))
    with _whole_file(path) as unfinished:
        # The pure-Python writer, whether or not lxml is there: the same graph gives the same file.
        nx.write_graphml_xml(graph, unfinished, named_key_ids=True)


def write_json(subgraph: Subgraph, path: Path) -> None:
    """Write NetworkX's node-link JSON, with ``nodes`` and ``edges``; ``networkx.node_link_graph`` reads it."""
    data = nx.node_link_data(to_networkx(subgraph), edges="edges")
    with _whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_csv(subgraph: Subgraph, path: Path) -> tuple[Path, Path]:
    """Write ``STEM.nodes.csv`` and ``STEM.edges.csv`` beside ``path`` (its ending ``.csv`` may be left out).

    Lists are JSON texts. A cell that a spreadsheet would take for a formula starts with an apostrophe.

    Returns:
        the two files' paths.
    """
    stem = path.with_suffix("") if path.suffix == ".csv" else path
    nodes, edges = stem.with_name(stem.name + ".nodes.csv"), stem.with_name(stem.name + ".edges.csv")
    entities = [{"id": entity.id, **_flat(_entity_attributes(entity))} for entity in subgraph.entities]
    facts = [
        {"id": fact.id, "head": fact.head, "tail": fact.tail, **_flat(_fact_attributes(fact, passages))}
        for fact, passages in subgraph.facts
    ]
    _write_table(nodes, ENTITY_COLUMNS, entities)
    _write_table(edges, FACT_COLUMNS, facts)
    return nodes, edges


WRITERS: dict[str, Callable[[Subgraph, Path], object]] = {
    ".graphml": write_graphml,
    ".json": write_json,
    ".csv": write_csv,
}


def write(subgraph: Subgraph, path: Path) -> None:
    """Write the format that the file's ending names: ``.graphml``, ``.json`` or ``.csv``."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise StoreError(f"{path.name} names no format that a graph can be exported to", fix=f"end it in {_endings()}")
    writer(subgraph, path)


def _endings() -> str:
    *most, last = WRITERS
    return f"{', '.join(most)} or {last}"


def _entity_attributes(entity: Entity) -> dict[str, Any]:
    attributes = {
        "type": entity.type,
        "name": entity.name,
        "aliases": list(entity.aliases),
        "mentions": entity.mentions,
    }
    return attributes | _known({"value": entity.value, "external_id": entity.external_id})


def _fact_attributes(fact: Fact, passages: Sequence[Passage]) -> dict[str, Any]:
    return {
        "id": fact.id,
        "type": fact.type,
        "support": fact.support,
        "documents": fact.documents,
        "confidence": fact.confidence,
        "evidence": [_known(asdict(passage)) for passage in passages],
    }


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value is not None}


def _flat(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for key, value in attributes.items()
    }


def _for_xml(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value
        for key, value in _flat(attributes).items()
    }


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    table = StringIO(newline="")
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows({key: _guarded(value) for key, value in row.items()} for row in rows)
    with _whole_file(path) as unfinished:
        unfinished.write_bytes(table.getvalue().encode("utf-8"))


def _guarded(value: object) -> object:
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """A path to write to that becomes ``path`` when all is written, so that nobody ever sees half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}",
            fix="name a file in a folder that you may write, on a disk with room",
        ) from error
    except UnicodeEncodeError as error:
        raise StoreError(f"{path} cannot be written: a text holds half of a surrogate pair") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
