"""The command line as a user meets it: processes of its own, an embedded store in a folder."""

import csv
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

TINY = Path(__file__).resolve().parents[1] / "fixtures" / "reference" / "token-none-rnn0-bert"
# The tiny model's weights are random: at such thresholds it finds something everywhere.
SCHEMA = """\
name: anything
entities:
  Person: {label: person, threshold: 0.01}
  Place: {label: location, threshold: 0.01}
relations:
  KNOWS: {label: knows, threshold: 0.01, head: [Person, Place], tail: [Person, Place]}
"""


class User:
    """Somebody at a shell, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "RELEX_KG_"))}
        self._environment = kept | {"RELEX_KG_MODEL": str(TINY), "RELEX_KG_SCHEMA": "schema.yaml"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "relex_kg.cli", *arguments]

    def types(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        return ran

    def asks(self, *arguments: str, code: int = 0) -> Any:
        """The JSON document that a command prints, alone."""
        return json.loads(self.types(*arguments, "--json", code=code).stdout)


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[User, Any]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "schema.yaml").write_text(SCHEMA)
    texts = folder / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("Ada met Bea in Cork.")
    (texts / "b.md").write_text("Bea met Cid in Derry.")
    (texts / "mails.jsonl").write_text('{"text": "Cid wrote to Dee."}\nnot JSON\n')
    user = User(folder)
    return user, user.asks("build", "texts", code=3)


@pytest.fixture(scope="module")
def user(first_build: tuple[User, Any]) -> User:
    return first_build[0]


def test_a_build_writes_what_can_be_read_and_reports_what_cannot(first_build: tuple[User, Any]) -> None:
    user, report = first_build
    assert (report["store"], report["changed"]) == ("relex-graph", True)
    assert report["documents"] == {"added": 3, "updated": 0, "unchanged": 0, "failed": 1, "skipped": 0}
    [failure] = report["failures"]
    assert failure["uri"] == f"{(user.folder / 'texts' / 'mails.jsonl').as_uri()}#L2"
    assert failure["error"]["kind"] == "ReadError"
    assert report["graph"]["facts"] == report["settled"]["facts_created"] > 0
    status = user.asks("status")
    assert (status["store"], status["server"], status["settled"]) == ("relex-graph", "the embedded store", True)
    assert (status["documents"], status["mentions"]) == (3, report["mentions"])
    assert {what: status[what] for what in report["graph"]} == report["graph"]


def test_a_second_build_changes_nothing_and_says_so(user: User) -> None:
    ran = user.types("build", "texts/a.txt", "texts/b.md")
    assert ran.stdout.splitlines()[:3] == [
        "Nothing changed.",
        "Store      relex-graph",
        "Documents  0 added, 0 updated, 2 unchanged, 0 failed, 0 skipped",
    ]
    assert ran.stderr == ""


def test_an_export_holds_the_graph_in_every_format(user: User) -> None:
    counts = user.asks("status")
    expected = (counts["entities"], counts["facts"])
    assert user.types(
        "export", "graph.graphml"
    ).stdout == "Wrote {:,} entities and {:,} facts to graph.graphml\n".format(*expected)
    graphml = nx.read_graphml(user.folder / "graph.graphml")
    assert (graphml.number_of_nodes(), graphml.number_of_edges()) == expected
    assert user.asks("export", "graph.json")["files"] == ["graph.json"]
    linked = nx.node_link_graph(json.loads((user.folder / "graph.json").read_text("utf-8")), edges="edges")
    assert (linked.number_of_nodes(), linked.number_of_edges()) == expected
    files = user.asks("export", "graph.csv")["files"]
    assert files == ["graph.nodes.csv", "graph.edges.csv"]
    rows = [list(csv.DictReader((user.folder / file).open(encoding="utf-8", newline=""))) for file in files]
    assert tuple(map(len, rows)) == expected


def test_every_fact_leads_to_the_characters_that_state_it(user: User) -> None:
    statement = (
        "MATCH (v:Evidence)-[:HEAD]->(m:Mention)-[:IN_CHUNK]->(:Chunk)<-[:HAS_CHUNK]-(d:Document) "
        "RETURN d.uri AS uri, m.start AS start, m.end AS end, m.text AS text"
    )
    rows = user.asks("query", statement)["rows"]
    texts = {
        (user.folder / "texts" / name).as_uri(): (user.folder / "texts" / name).read_text()
        for name in ("a.txt", "b.md")
    }
    assert rows
    for row in rows:
        if row["uri"] in texts:
            assert texts[row["uri"]][row["start"] : row["end"]] == row["text"]


def test_a_wrong_statement_is_explained(user: User) -> None:
    ran = user.types("query", "MATCH (e RETURN e", code=1)
    assert ran.stdout == ""
    assert ran.stderr.startswith("Error: the query cannot be run: ")
    assert "Traceback" not in ran.stderr


def test_a_store_that_another_process_uses_is_left_alone(user: User) -> None:
    with (user.folder / "relex-graph" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = user.types("status", code=1)
    assert ran.stdout == ""
    assert ran.stderr == (
        "Error: another process has the graph store in relex-graph open.\n"
        "Fix: wait until it ends, or use a Neo4j server, which many processes can share.\n"
    )


def test_a_missing_path_is_told_before_anything_is_started(user: User) -> None:
    ran = user.types("build", "texts", "txts", "--store", "another", code=1)
    assert ran.stderr == (
        "Error: txts does not exist.\n"
        "Likely cause: the path is misspelt, or the link it is leads nowhere.\n"
        "Fix: check it with ls.\n"
    )
    assert not (user.folder / "another").exists()


def test_a_typo_in_a_schema_is_told_with_its_line(user: User) -> None:
    (user.folder / "typo.yaml").write_text(SCHEMA.replace("tail: [Person", "tail: [Persn"))
    ran = user.types("schema", "check", "typo.yaml", code=1)
    assert ran.stderr == (
        "Error: typo.yaml, line 6: relation KNOWS has tail 'Persn', which is not an entity type of this schema.\n"
        "Fix: write 'Person'.\n"
    )


def test_output_that_nobody_reads_ends_quietly(user: User) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    for arguments in (("schema", "list"), ("schema", "list", "--json")):
        ran = subprocess.run(
            user.command(*arguments), cwd=user.folder, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")
    os.close(writer)


def test_a_removed_document_is_gone_and_comes_back_with_the_next_build(user: User) -> None:
    before = user.asks("status")
    assert user.types("remove", "texts/b.md").stdout == f"Removed {(user.folder / 'texts' / 'b.md').as_uri()}\n"
    assert user.asks("status")["documents"] == 2
    assert user.types("remove", "texts/b.md", code=1).stderr.startswith(
        "Error: the graph holds none of these documents"
    )
    assert user.asks("build", "texts/b.md")["documents"]["added"] == 1
    assert user.asks("status") == before
