"""The stores that tests run on, each server started once, and a small language for corpora.

Neo4j comes from a starter script: called with a folder and two ports, it becomes a server. Where there is none, the
store tests run on the others, and the report's header says so.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from neo4j_server import PASSWORD, running

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.rows import DocumentRows, document_rows
from relex_kg.graph.store import Store, Subgraph
from relex_kg.ids import chunk_id, document_id, mention_id, relation_id
from relex_kg.settlement.report import SettleReport
from relex_kg.settlement.run import settle
from relex_kg.types import Chunk, Document, Extraction, Mention, Relation, Span

CHECKOUT = Path(__file__).resolve().parents[1]

# A busy machine is no failure
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

Say = Callable[..., DocumentRows]

RESOLVER = Resolver(Decisions.none())


def _neo4j_starter() -> Path | None:
    script = Path(os.environ.get("RELEX_KG_NEO4J_START") or CHECKOUT.parent / "shared" / "neo4j" / "start")
    return script if script.is_file() else None


def pytest_report_header() -> str:
    if starter := _neo4j_starter():
        return f"neo4j: started by {starter}"
    return "neo4j: not available, store tests run on the embedded store"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    servers = ["embedded", *(["neo4j"] if _neo4j_starter() else [])]
    if "store" in metafunc.fixturenames:
        metafunc.parametrize("store", ["memory", *servers], indirect=True)
    if "server_store" in metafunc.fixturenames:
        metafunc.parametrize("server_store", servers, indirect=True)


@pytest.fixture(scope="session")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "graph"


@pytest.fixture(scope="session")
def embedded_store(embedded_folder: Path) -> Iterator[Store]:
    with open_store(str(embedded_folder), heap="512m") as store:
        store.prepare()
        yield store


@pytest.fixture(scope="session")
def neo4j_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    starter = _neo4j_starter()
    if starter is None:
        pytest.skip("no Neo4j to start")
    with running(starter, tmp_path_factory.mktemp("neo4j")) as server:
        yield server.address


@pytest.fixture(scope="session")
def neo4j_store(neo4j_address: str) -> Iterator[Store]:
    with open_store(neo4j_address, password=PASSWORD) as store:
        store.prepare()
        yield store


def _emptied(store: Store) -> Store:
    for document in store.documents():
        store.remove_document(document)
    for decision in store.decisions():
        store.forget_decision(decision.id)
    settle(store, RESOLVER)
    return store


@pytest.fixture
def empty_neo4j_store(neo4j_store: Store) -> Store:
    return _emptied(neo4j_store)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store, of each kind in turn."""
    return MemoryStore() if request.param == "memory" else _emptied(request.getfixturevalue(f"{request.param}_store"))


@pytest.fixture
def server_store(request: pytest.FixtureRequest) -> Store:
    """An empty store on a server, of each kind in turn."""
    return _emptied(request.getfixturevalue(f"{request.param}_store"))


# -- corpora -----------------------------------------------------------------------------------------------------------


def _say(uri: str, *statements: tuple[str, str, str], score: float = 0.5) -> DocumentRows:
    """A document that makes the statements, each (head, relation type, tail) and in a chunk of its own."""
    document_text = "".join(f"{head} {type} {tail}.\n" for head, type, tail in statements)
    document = Document(document_id(uri), uri, f"About {uri}", document_text, "text/plain")
    chunks: list[Chunk] = []
    mentions: list[Mention] = []
    relations: list[Relation] = []
    position = 0
    for index, (head, type, tail) in enumerate(statements):
        length = len(f"{head} {type} {tail}.\n")
        span = Span(position, position + length)
        chunks.append(
            Chunk(chunk_id(document.id, span.start, span.end), document.id, index, span, span.of(document_text))
        )
        start_of_tail = position + len(head) + len(type) + 2
        ends = [
            _mention(document, Span(start, start + len(name)))
            for start, name in ((position, head), (start_of_tail, tail))
        ]
        mentions += ends
        relations.append(Relation(relation_id(ends[0].id, type, ends[1].id), ends[0].id, ends[1].id, type, score))
        position += length
    extraction = Extraction(document.id, tuple(mentions), tuple(relations), {})
    return document_rows(
        document,
        chunks,
        extraction,
        RESOLVER.name(mentions),
        resolver=RESOLVER.fingerprint,
        model="model-1",
        schema="schema-1",
        symmetric=frozenset({"MARRIED_TO"}),
        ingested_at="2026-01-02T03:04:05Z",
    )


def _mention(document: Document, span: Span) -> Mention:
    text = span.of(document.text)
    type = "Organisation" if text.casefold().endswith("ltd") else "Date" if text[0].isdigit() else "Person"
    return Mention(mention_id(document.id, span.start, span.end, type), document.id, span, text, type, 0.75)


def _shape(subgraph: Subgraph) -> tuple[list[object], list[object]]:
    """A subgraph without the ids that depend on history."""
    names = {entity.id: (entity.type, entity.name) for entity in subgraph.entities}
    entities = sorted((entity.type, entity.name, entity.aliases, entity.mentions) for entity in subgraph.entities)
    facts = sorted(
        (
            (names[fact.head], fact.type, names[fact.tail], fact.support, fact.documents, fact.confidence, passages)
            for fact, passages in subgraph.facts
        ),
        key=lambda fact: fact[:3],
    )
    return list(entities), list(facts)


@pytest.fixture(scope="session")
def say() -> Say:
    return _say


@pytest.fixture(scope="session", name="settle")
def settle_by_the_rules() -> Callable[[Store], SettleReport]:
    """Settle a store; a report of nothing where there is nothing to do."""
    return lambda store: settle(store, RESOLVER) or SettleReport()


@pytest.fixture(scope="session")
def shape() -> Callable[[Subgraph], object]:
    return _shape


@pytest.fixture(scope="session")
def neo4j_password() -> str:
    return PASSWORD
