"""The build flow on a local Dask cluster of two workers, which both write one Neo4j."""

import json
from pathlib import Path

import pytest

from flows.build_graph import build_graph
from relex_kg.errors import RelexError
from relex_kg.graph.memory import MemoryStore
from relex_kg.ontology import Schema
from relex_kg.pipeline import Pipeline
from relex_kg.settings import BuildOptions

prefect_dask = pytest.importorskip("prefect_dask")

# A model with random weights, which finds much in these sentences
REFERENCE = Path(__file__).resolve().parents[1] / "fixtures" / "reference"
MODEL = REFERENCE / "token-none-rnn0-bert"
SENTENCES = json.loads((REFERENCE / "sentences.json").read_text("utf-8"))

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore:Field name .schema. in .Build_GraphModel.:UserWarning"),
]


@pytest.fixture
def spread():
    """The flow, its tasks spread over two processes."""
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    return build_graph.with_options(task_runner=prefect_dask.DaskTaskRunner(cluster_kwargs=workers))


@pytest.fixture
def arguments(tmp_path, monkeypatch, neo4j_password):
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_password)
    thresholds = json.loads((MODEL / "expected.json").read_text("utf-8"))["thresholds"]
    schema = Schema.from_labels(
        SENTENCES["entity_labels"],
        SENTENCES["relation_labels"],
        entity_threshold=thresholds["entity"],
        relation_threshold=thresholds["relation"],
    )
    file = tmp_path / "schema.yaml"
    file.write_text(json.dumps(schema.model_dump(mode="json")))
    return {"schema": str(file), "model": str(MODEL)}


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    for number, text in enumerate(SENTENCES["texts"][:6]):
        (folder / f"{number}.txt").write_text(text)
    return folder


def test_two_workers_leave_a_single_process_s_graph(spread, documents, arguments, neo4j_address, empty_neo4j_store):
    address, store = neo4j_address, empty_neo4j_store
    report = spread([str(documents)], store=address, documents_per_task=1, **arguments)
    assert (report["added"], report["failed"]) == (6, 0)

    single, options = MemoryStore(), BuildOptions.chosen(**arguments)
    pipeline = Pipeline(
        schema=options.load_schema(),
        extractor=options.load_extractor(),
        resolver=options.load_resolver(),
        store=single,
        window=options.window_size,
    )
    pipeline.build([documents])
    assert single.counts().facts > 0
    assert store.counts() == single.counts()
    assert names_and_facts(store.graph()) == names_and_facts(single.graph())

    again = spread([str(documents)], store=address, documents_per_task=1, **arguments)
    assert (again["added"], again["unchanged"]) == (0, 6)
    for document in store.documents():
        store.remove_document(document)


def names_and_facts(graph):
    entities = {entity.id: (entity.type, entity.name, entity.aliases, entity.mentions) for entity in graph.entities}
    facts = [
        (entities[fact.head], fact.type, entities[fact.tail], fact.support, [passage.relation for passage in passages])
        for fact, passages in graph.facts
    ]
    return sorted(entities.values()), sorted(facts)


def test_a_dry_run_has_one_memory(spread, documents, arguments):
    with pytest.raises(RelexError, match="a dry run builds in the memory of one process"):
        spread([str(documents)], dry_run=True, **arguments)
