"""The exports: what another tool reads back is what the graph holds."""

import csv
import json

import networkx as nx
import pytest

from relex_kg.errors import StoreError
from relex_kg.graph.export import to_networkx, write, write_csv, write_graphml, write_json
from relex_kg.graph.memory import MemoryStore


@pytest.fixture(scope="module")
def subgraph(say, settle):
    store = MemoryStore()
    store.replace_document(say("a.txt", ('=HYPERLINK("x")', "KNOWS", 'Ann, "the\nfirst"'), score=0.5))
    store.replace_document(say("b.txt", ("<b>Bell\x07</b>", "WORKS_FOR", "Acme Ltd"), ("x", "KNOWS", "ACME LTD")))
    settle(store)
    return store.graph()


def test_networkx_holds_every_entity_and_fact_with_its_evidence(subgraph):
    graph = to_networkx(subgraph)
    assert sorted(graph.nodes) == [entity.id for entity in subgraph.entities]
    [acme] = [data for _, data in graph.nodes(data=True) if data["type"] == "Organisation"]
    assert acme == {"type": "Organisation", "name": "Acme Ltd", "aliases": ["ACME LTD"], "mentions": 2}
    [(head, tail, key, data)] = [edge for edge in graph.edges(keys=True, data=True) if edge[3]["type"] == "WORKS_FOR"]
    [(fact, [passage])] = [(fact, passages) for fact, passages in subgraph.facts if fact.type == "WORKS_FOR"]
    assert (head, tail, key) == (fact.head, fact.tail, fact.id)
    assert data == {
        "id": fact.id,
        "type": "WORKS_FOR",
        "support": 1,
        "documents": 1,
        "confidence": 0.5,
        "evidence": [
            {
                "relation": passage.relation,
                "document": "b.txt",
                "start": 0,
                "end": 31,
                "text": "<b>Bell\x07</b> WORKS_FOR Acme Ltd.\n",
                "text_start": 0,
                "head": {"text": "<b>Bell\x07</b>", "start": 0, "end": 12},
                "tail": {"text": "Acme Ltd", "start": 23, "end": 31},
                "score": 0.5,
            }
        ],
    }


def test_node_link_json_reads_back_whole(subgraph, tmp_path):
    write_json(subgraph, tmp_path / "graph.json")
    data = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    read = nx.node_link_graph(data, edges="edges")
    graph = to_networkx(subgraph)
    assert dict(read.nodes(data=True)) == dict(graph.nodes(data=True))
    assert list(read.edges(keys=True, data=True)) == list(graph.edges(keys=True, data=True))


def test_graphml_reads_back_with_lists_as_json(subgraph, tmp_path):
    write_graphml(subgraph, tmp_path / "graph.graphml")
    read = nx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
    graph = to_networkx(subgraph)
    assert set(read.edges(keys=True)) == set(graph.edges(keys=True))
    for id, data in graph.nodes(data=True):
        found = dict(read.nodes[id])
        assert json.loads(found.pop("aliases")) == data["aliases"]
        assert found == {
            "type": data["type"],
            "name": data["name"].replace("\x07", "\ufffd"),
            "mentions": data["mentions"],
        }
    for head, tail, key, data in graph.edges(keys=True, data=True):
        found = read.edges[head, tail, key]
        assert json.loads(found["evidence"]) == data["evidence"]
        assert (found["support"], found["confidence"]) == (data["support"], data["confidence"])


def test_csv_reads_back_with_lists_as_json_and_formulas_disarmed(subgraph, tmp_path):
    nodes, edges = write_csv(subgraph, tmp_path / "my.graph.csv")
    assert (nodes.name, edges.name) == ("my.graph.nodes.csv", "my.graph.edges.csv")
    with nodes.open(encoding="utf-8", newline="") as file:
        entities = list(csv.DictReader(file))
    assert {row["name"] for row in entities} == {
        '\'=HYPERLINK("x")',
        'Ann, "the first"',
        "<b>Bell\x07</b>",
        "Acme Ltd",
        "x",
    }
    with edges.open(encoding="utf-8", newline="") as file:
        facts = list(csv.DictReader(file))
    assert list(facts[0]) == ["id", "head", "type", "tail", "support", "documents", "confidence", "evidence"]
    evidence = {fact.id: len(passages) for fact, passages in subgraph.facts}
    assert {row["id"]: len(json.loads(row["evidence"])) for row in facts} == evidence


def test_the_ending_names_the_format(subgraph, tmp_path):
    for name in ("a.graphml", "b.JSON", "c.csv"):
        write(subgraph, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.graphml", "b.JSON", "c.edges.csv", "c.nodes.csv"]
    with pytest.raises(StoreError, match=r"end it in \.graphml, \.json or \.csv"):
        write(subgraph, tmp_path / "d.xlsx")


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(subgraph, tmp_path):
    for writer in (write_graphml, write_json, write_csv):
        with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
            writer(subgraph, tmp_path / "missing" / "graph.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_file_s_place_is_left_alone(subgraph, tmp_path):
    target = tmp_path / "graph.json"
    target.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        write_json(subgraph, target)
    assert [path.name for path in tmp_path.iterdir()] == ["graph.json"]


def test_the_same_graph_gives_the_same_file(subgraph, tmp_path):
    for name in ("one.graphml", "two.graphml"):
        write(subgraph, tmp_path / name)
    assert (tmp_path / "one.graphml").read_bytes() == (tmp_path / "two.graphml").read_bytes()
