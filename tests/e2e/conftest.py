"""A tiny model whose random weights find much in the reference sentences, and what must hold of every graph."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.bolt import BoltStore
from relex_kg.ontology import Schema
from relex_kg.pipeline import Pipeline
from relex_kg.settlement.run import settle
from relex_kg.text.readers import read
from relex_kg.types import Document

REFERENCE = Path(__file__).resolve().parents[1] / "fixtures" / "reference"
TINY = REFERENCE / "token-none-rnn0-bert"
SENTENCES = json.loads((REFERENCE / "sentences.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    return list(SENTENCES["texts"])


@pytest.fixture(scope="session")
def schema() -> Schema:
    thresholds = json.loads((TINY / "expected.json").read_text("utf-8"))["thresholds"]
    return Schema.from_labels(
        SENTENCES["entity_labels"],
        SENTENCES["relation_labels"],
        entity_threshold=thresholds["entity"],
        relation_threshold=thresholds["relation"],
    )


@pytest.fixture(scope="session")
def schema_file(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "schema.yaml"
    path.write_text(json.dumps(schema.model_dump(mode="json")))
    return path


@pytest.fixture(scope="session")
def build_options(schema_file: Path) -> list[str]:
    """What makes the command line's build use this model and schema."""
    return ["--model", str(TINY), "--schema", str(schema_file)]


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    return Extractor.from_pretrained(TINY)


@pytest.fixture
def graph(embedded_store: BoltStore) -> BoltStore:
    """An empty graph in the embedded store."""
    for document in embedded_store.documents():
        embedded_store.remove_document(document)
    settle(embedded_store, Resolver(Decisions.none()))
    return embedded_store


@pytest.fixture(scope="session")
def pipeline_into(schema: Schema, extractor: Extractor) -> Callable[..., Pipeline]:
    return lambda store: Pipeline(schema=schema, extractor=extractor, resolver=Resolver(Decisions.none()), store=store)


def _ask(store: BoltStore, statement: str) -> list[tuple[object, ...]]:
    return list(store.query(statement, {}, timeout=60).rows)


def _check_whole(store: BoltStore, folder: Path) -> None:
    """The store holds the folder's readable documents, every mention's characters, and no loose ends."""
    documents = {
        document.uri: document.text
        for file in folder.iterdir()
        for document in read(file)
        if isinstance(document, Document)
    }
    assert {uri for (uri,) in _ask(store, "MATCH (d:Document) RETURN d.uri")} == documents.keys()

    mentions = _ask(
        store,
        "MATCH (d:Document)-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention) RETURN d.uri, m.start, m.end, m.text",
    )
    assert [documents[uri][start:end] for uri, start, end, _ in mentions] == [text for *_, text in mentions]
    assert _ask(store, "MATCH (m:Mention) RETURN count(m)") == [(len(mentions),)]

    referring = _ask(store, "MATCH (m:Mention)-[:REFERS_TO]->(e:Entity) RETURN e.id, count(m)")
    assert sum(count for _, count in referring) == len(mentions)
    assert dict(referring) == dict(_ask(store, "MATCH (e:Entity) RETURN e.id, e.mentions"))

    evidence = _ask(store, "MATCH (v:Evidence) WHERE v.fact IS NOT NULL RETURN v.fact, count(v)")
    assert dict(evidence) == dict(_ask(store, "MATCH (:Entity)-[f]->(:Entity) RETURN f.id, f.support"))


@pytest.fixture(scope="session")
def check_whole() -> Callable[[BoltStore, Path], None]:
    return _check_whole
