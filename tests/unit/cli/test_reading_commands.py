"""status, query and export, on a small graph."""

import csv
import json
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from relex_kg.graph.store import Store
from relex_kg.ids import document_id

pytestmark = pytest.mark.usefixtures("graph")

NAMES = "MATCH (e:Entity) RETURN e.name AS name, e.mentions AS mentions ORDER BY name"


def test_status_counts_what_the_graph_holds(run: Any) -> None:
    ran = run("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Store      bolt://graph.example.org (the embedded store)\n"
        "Documents  2 in 3 chunks\n"
        "Mentions   6 of 3 entities\n"
        "Evidence   3 for 2 facts\n"
        "Settled    yes\n"
        "\n"
        "Entities           Facts\n"
        "Person        2    MARRIED_TO  1\n"
        "Organisation  1    WORKS_FOR   1\n"
    )


def test_status_as_json(run: Any) -> None:
    assert run("status", "--json").document == {
        "store": "bolt://graph.example.org",
        "server": "the embedded store",
        "settled": True,
        "documents": 2,
        "chunks": 3,
        "mentions": 6,
        "entities": 3,
        "evidence": 3,
        "facts": 2,
        "entities_by_type": {"Organisation": 1, "Person": 2},
        "facts_by_type": {"MARRIED_TO": 1, "WORKS_FOR": 1},
    }


def test_status_says_that_something_is_left_to_settle(run: Any, graph: Store) -> None:
    assert graph.remove_document(document_id("file:///b.txt"))
    assert "Settled    no; the next build brings entities and facts in line\n" in run("status").out
    assert run("status", "--json").document["settled"] is False


def test_query_prints_a_table(run: Any) -> None:
    ran = run("query", NAMES)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "┏━━━━━━━━━━━━━┳━━━━━━━━━━┓\n"
        "┃ name        ┃ mentions ┃\n"
        "┡━━━━━━━━━━━━━╇━━━━━━━━━━┩\n"
        "│ Ada         │ 3        │\n"
        "│ Bea         │ 1        │\n"
        "│ Engines Ltd │ 2        │\n"
        "└─────────────┴──────────┘\n"
        "3 rows\n"
    )


def test_query_as_json(run: Any) -> None:
    assert run("query", f"{NAMES} LIMIT 1", "--json").document == {
        "columns": ["name", "mentions"],
        "rows": [{"name": "Ada", "mentions": 3}],
    }


def test_query_takes_its_statement_from_stdin(run: Any) -> None:
    assert run("query", "-", "--json", stdin=f"{NAMES}\nLIMIT 1").document["rows"] == [{"name": "Ada", "mentions": 3}]


def test_query_takes_parameters_as_json_or_as_text(run: Any) -> None:
    ran = run(
        "query", "RETURN $a AS a, $b AS b, $c AS c", "--param", "a=5", "--param", "b=x=y", "--param", "$c=[1]", "--json"
    )
    assert ran.document["rows"] == [{"a": 5, "b": "x=y", "c": [1]}]


def test_query_refuses_a_parameter_without_a_value(run: Any) -> None:
    ran = run("query", "RETURN $a", "--param", "a")
    assert ran.code == 2
    assert "'a' is not NAME=VALUE" in ran.err


def test_query_shows_nodes_and_paths_in_short(run: Any) -> None:
    out = run("query", "MATCH p = (:Entity {name: 'Bea'})-[:MARRIED_TO]-(e) RETURN p, e").out
    assert "(Ada :Person)" in out
    assert "[:MARRIED_TO support 1]" in out


def test_query_prints_long_values_whole_where_no_terminal_is(run: Any) -> None:
    assert "x" * 3000 in run("query", "RETURN $text AS text", "--param", f"text={'x' * 3000}").out


def test_query_says_what_is_wrong_with_a_statement(run: Any) -> None:
    ran = run("query", "MATCH (e RETURN e")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the query cannot be run: ")


def test_query_changes_nothing(run: Any) -> None:
    ran = run("query", "CREATE (:Entity {id: 'x'})", "--json")
    assert ran.code == 1
    assert ran.document["error"]["kind"] == "QueryError"
    assert run("status", "--json").document["entities"] == 3


def test_export_writes_graphml(run: Any, tmp_path: Path) -> None:
    ran = run("export", "graph.graphml")
    assert (ran.code, ran.out) == (0, "Wrote 3 entities and 2 facts to graph.graphml\n")
    graph = nx.read_graphml(tmp_path / "graph.graphml")
    assert sorted(graph.nodes[node]["name"] for node in graph) == ["Ada", "Bea", "Engines Ltd"]
    assert graph.number_of_edges() == 2


def test_export_writes_what_surrounds_a_name(run: Any, tmp_path: Path) -> None:
    document = run("export", "bea.json", "--around", "bea", "--hops", "1", "--json").document
    assert document == {"files": ["bea.json"], "entities": 2, "facts": 1}
    graph = nx.node_link_graph(json.loads((tmp_path / "bea.json").read_text()), edges="edges")
    assert sorted(name for _, name in graph.nodes(data="name")) == ["Ada", "Bea"]


def test_export_writes_what_a_query_returns(run: Any, tmp_path: Path) -> None:
    ran = run("export", "jobs.csv", "--query", "MATCH ()-[f:WORKS_FOR]->() RETURN f")
    assert ran.out == "Wrote 2 entities and 1 facts to jobs.nodes.csv and jobs.edges.csv\n"
    with (tmp_path / "jobs.edges.csv").open(newline="") as file:
        [edge] = csv.DictReader(file)
    assert (edge["type"], edge["support"], edge["documents"]) == ("WORKS_FOR", "2", "2")


def test_export_refuses_a_name_that_no_entity_has(run: Any, tmp_path: Path) -> None:
    ran = run("export", "x.json", "--around", "Nobody")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: no entity has the name or alias 'Nobody'.\n")
    assert not (tmp_path / "x.json").exists()


def test_export_notes_that_a_query_returned_no_entities(run: Any) -> None:
    ran = run("export", "x.json", "--query", "RETURN 1 AS one")
    assert (ran.code, ran.err) == (0, "There are no entities in it: what was asked for holds none.\n")


@pytest.mark.parametrize("arguments", [("graph.xlsx",), ("x.json", "--query", "RETURN 1", "--around", "Ada")])
def test_export_refuses_what_it_cannot_do(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("export", *arguments).code == 2


def test_remove_takes_documents_out_and_names_the_unknown(run: Any) -> None:
    ran = run("remove", "file:///b.txt", "file:///c.txt")
    assert (ran.code, ran.out, ran.err) == (0, "Removed file:///b.txt\n", "Not in the graph: file:///c.txt\n")
    counts = run("status", "--json").document
    assert (counts["documents"], counts["entities"], counts["facts"], counts["settled"]) == (1, 2, 1, True)


def test_remove_as_json(run: Any) -> None:
    document = run("remove", "file:///b.txt", "--json").document
    assert (document["removed"], document["unknown"]) == (["file:///b.txt"], [])
    assert document["settled"]["entities_deleted"] == 1


def test_remove_refuses_where_all_are_unknown(run: Any) -> None:
    ran = run("remove", "file:///c.txt")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the graph holds none of these documents: file:///c.txt.\n")


def test_a_look_at_a_folder_without_a_graph_makes_none(run: Any, tmp_path: Path) -> None:
    for arguments in (("status",), ("query", "RETURN 1"), ("export", "x.json"), ("remove", "x")):
        ran = run(*arguments, "--store", "nowhere")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("Error: there is no graph in nowhere.\n")
    assert list(tmp_path.iterdir()) == []
