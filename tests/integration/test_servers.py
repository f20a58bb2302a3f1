"""What only a server can do or suffer: queries, refusals, crashes, and the embedded server's whole life."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from relex_kg.errors import QueryError, StoreAccessError, StoreBusyError, StoreError, StoreUnreachableError
from relex_kg.graph.connect import is_address, open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.ids import document_id

KILLED_WHILE_OPEN = """
import os, signal, sys
from relex_kg.graph.connect import open_store
store = open_store(sys.argv[1], heap="256m")
print(open(sys.argv[1] + "/server.pid").read(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def people(server_store, say, settle):
    """A server's store in which Ann and Bob work for Acme."""
    server_store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("Bob", "WORKS_FOR", "Acme Ltd")))
    settle(server_store)
    return server_store


def ask(store, statement, **parameters):
    return store.query(statement, parameters, timeout=10)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- queries -----------------------------------------------------------------------------------------------------------


def test_a_query_returns_columns_and_rows(people):
    result = ask(people, "MATCH (p:Person)-[:WORKS_FOR]->(o) WHERE p.name > $n RETURN p.name AS who, o.name", n="An")
    assert result.columns == ("who", "o.name")
    assert sorted(result.rows) == [("Ann", "Acme Ltd"), ("Bob", "Acme Ltd")]


def test_nodes_relationships_and_paths_become_plain(people):
    statement = "MATCH path = (p:Person {name: 'Ann'})-[r]->(:Organisation) RETURN path, r, {who: [p]} AS map"
    [(path, relationship, mapping)] = ask(people, statement).rows
    [node] = mapping["who"]
    assert node["labels"] == ["Entity", "Person"]
    assert node["properties"]["name"] == "Ann"
    assert node["properties"]["aliases"] == []
    assert set(node["properties"]) == {"id", "name", "type", "aliases", "mentions"}
    assert relationship["type"] == "WORKS_FOR"
    assert relationship["start"] == node["element_id"]
    assert set(relationship["properties"]) == {"id", "support", "documents", "weight", "confidence"}
    assert path["nodes"][0] == node
    assert path["relationships"] == [relationship]


def test_dates_and_points_become_plain(people):
    [row] = ask(people, "RETURN date('2026-01-02') AS d, point({x: 1.0, y: 2.0}) AS p, duration('P1D') AS u").rows
    assert row == ("2026-01-02", {"srid": 7203, "coordinates": [1.0, 2.0]}, "P1D")


def test_every_node_has_the_properties_that_are_promised(people):
    statement = "MATCH (n) UNWIND keys(n) AS key RETURN labels(n)[0] AS label, collect(DISTINCT key) AS keys"
    found = {label: set(keys) for label, keys in ask(people, statement).rows if label not in ("Entity", "Person")}
    assert found["Document"] == {
        "id",
        "uri",
        "title",
        "sha256",
        "media_type",
        "ingested_at",
        "model",
        "schema",
        "symmetric",
        "metadata",
    }
    assert found["Chunk"] == {"id", "index", "start", "end", "text"}
    assert found["Mention"] == {"id", "start", "end", "text", "type", "score", "reference", "name"}
    assert found["Evidence"] == {"id", "type", "score", "fact", "start", "end"}
    assert found["Graph"] == {"id", "resolver", "rulebook", "cursor", "entities", "facts"}
    assert found["Name"] == {
        *("id", "type", "forms", "form_counts", "short_forms", "short_counts", "references", "keys", "entity")
    }
    assert found["NameKey"] == {"key", "name"}
    assert not found.keys() & {"Uncounted", "Unlinked", "NameMove"}


def test_evidence_names_the_edge_that_it_supports(people):
    statement = """
    MATCH (v:Evidence)-[:HEAD]->(:Mention)-[:REFERS_TO]->(h:Entity)
    MATCH (v)-[:TAIL]->(:Mention)-[:REFERS_TO]->(t:Entity)
    MATCH (h)-[r:WORKS_FOR]->(t) WHERE r.id = v.fact
    RETURN count(*)
    """
    assert ask(people, statement).rows == ((2,),)


def test_nothing_is_left_when_the_last_document_is_gone(people, settle):
    people.remove_document(document_id("a.txt"))
    settle(people)
    assert ask(people, "MATCH (n) RETURN labels(n)").rows == ((["Graph"],),)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE (:Person {name: 'Mallory'})",
        "MATCH (n:Entity) SET n.name = 'Mallory'",
        "MATCH (n) DETACH DELETE n",
        "MATCH (n:Entity) REMOVE n:Person",
        "MERGE (:Document {id: 'x'})",
    ],
)
def test_a_query_that_writes_is_refused(people, statement):
    before = people.graph()
    with pytest.raises(QueryError, match="tried to change the graph"):
        ask(people, statement)
    assert people.graph() == before


@pytest.mark.parametrize(
    "statement", ["RETURN 1 +", "RETURN nope", "", "RETURN no_such_function(1)", "RETURN $missing"]
)
def test_a_wrong_query_is_explained_in_one_line(people, statement):
    with pytest.raises(QueryError) as caught:
        ask(people, statement)
    assert str(caught.value).startswith("the query cannot be run: ")
    assert "\n" not in str(caught.value)


def test_a_parameter_of_no_known_type_is_explained(people):
    with pytest.raises(QueryError, match="a parameter of the query"):
        ask(people, "RETURN $x", x=object())


def test_a_query_that_takes_too_long_is_stopped(people):
    start = time.monotonic()
    with pytest.raises(QueryError, match="took too long"):
        people.query("UNWIND range(1, 9000) AS a UNWIND range(1, 9000) AS b RETURN sum(a * b)", {}, timeout=0.5)
    assert time.monotonic() - start < 8


def test_a_query_s_results_become_a_subgraph(people):
    graph = people.query_graph("MATCH p = (:Person {name: $n})-->(:Organisation) RETURN p", {"n": "Ann"}, timeout=10)
    assert sorted(entity.name for entity in graph.entities) == ["Acme Ltd", "Ann"]
    assert [(fact.type, len(passages)) for fact, passages in graph.facts] == [("WORKS_FOR", 1)]
    alone = people.query_graph("MATCH (p:Person) RETURN collect(p)", {}, timeout=10)
    assert sorted(entity.name for entity in alone.entities) == ["Ann", "Bob"]
    assert alone.facts == ()
    edge = people.query_graph("MATCH (:Person {name: 'Bob'})-[r]->() RETURN r", {}, timeout=10)
    assert sorted(entity.name for entity in edge.entities) == ["Acme Ltd", "Bob"]


def test_a_text_that_no_store_can_hold_is_refused(server_store, say):
    with pytest.raises(StoreError, match="surrogate"):
        server_store.replace_document(say("a\ud800.txt", ("Ann", "KNOWS", "Bob")))
    assert server_store.documents() == {}


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_a_server_that_is_down_is_named():
    with pytest.raises(StoreUnreachableError, match=r"nothing answers at bolt://127\.0\.0\.1:9:"):
        open_store("bolt://127.0.0.1:9", password="x")


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(StoreError, match="http://localhost:7474 is not an address of a Neo4j server"):
        open_store("http://localhost:7474", password="x")


@pytest.mark.parametrize(
    "address", ["neo4j://ada:s3cret@localhost:9", "http://ada:s3cret@localhost", "bolt+s://ada:s3c@ret/x@localhost:9"]
)
def test_an_address_with_a_password_is_refused_without_showing_it(address):
    with pytest.raises(StoreError, match="holds a user or a password") as caught:
        open_store(address)
    shown = "".join(traceback.format_exception(caught.value.with_traceback(None)))
    assert "s3c" not in shown
    assert "NEO4J_PASSWORD" in shown


@pytest.mark.usefixtures("neo4j_store")
@pytest.mark.parametrize("scheme", ["neo4j+s", "neo4j+ssc", "bolt+s", "bolt+ssc"])
def test_a_server_without_encryption_is_told_from_one_that_is_down(neo4j_address, scheme):
    place = neo4j_address.partition("://")[2]
    with pytest.raises(StoreError, match="does not speak TLS") as caught:
        open_store(f"{scheme}://{place}", password="x")
    assert f"Fix: use {scheme.partition('+')[0]}://{place}, or switch TLS on" in str(caught.value)
    assert not isinstance(caught.value, StoreUnreachableError)  # which flows try again


def test_the_driver_s_own_words_reach_no_terminal(tmp_path):
    program = (
        "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)\n"
        "from relex_kg.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "status", "--store", "neo4j://127.0.0.1:9"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert [line for line in ran.stderr.splitlines() if not line.startswith("DEBUG:asyncio")] == [
        "Error: nothing answers at neo4j://127.0.0.1:9: Unable to retrieve routing information.",
        "Likely cause: the server is not running, or the address is wrong.",
        "Fix: start the server, or correct the address.",
    ]


def test_addresses_and_folders_are_told_apart():
    assert is_address("neo4j+s://graph.example.org")
    assert not is_address("./graph")


@pytest.mark.usefixtures("server_store")
def test_a_wrong_password_is_refused(request, embedded_folder):
    if request.node.callspec.params["server_store"] == "neo4j":
        address = request.getfixturevalue("neo4j_address")
    else:
        port = re.search(r"bolt\.port=(\d+)", (embedded_folder / "server.args").read_text())
        address = f"bolt://127.0.0.1:{port[1]}"
    with pytest.raises(StoreAccessError, match="refused the user or the password"):
        open_store(address, username="somebody", password="wrong-password")


def test_a_graph_of_an_earlier_version_is_refused(server_store):
    server_store._connection.run("CREATE (:Graph {id: 'graph', resolver: 'old'})")
    try:
        with pytest.raises(StoreError, match="an earlier version of relex-kg wrote this graph"):
            server_store.prepare()
    finally:
        server_store._connection.run("MATCH (g:Graph {id: 'graph'}) DELETE g")


# -- what others keep in the same database -----------------------------------------------------------------------------


@pytest.fixture
def shared_database(neo4j_store):
    """A database in which nothing was prepared yet; what a test leaves in it goes."""

    def clear():
        for kind, kinds in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
            shown = neo4j_store.query(
                f"SHOW {kinds} YIELD name, type WHERE type <> 'LOOKUP' RETURN name", {}, timeout=10
            )
            for (name,) in shown.rows:
                neo4j_store._connection.run(f"DROP {kind} `{name}` IF EXISTS")
        neo4j_store._connection.run("MATCH (n) DETACH DELETE n")

    clear()
    yield neo4j_store
    clear()
    neo4j_store.prepare()


def everything(store):
    """All nodes, edges, constraints and indexes."""
    statements = (
        "MATCH (n) RETURN labels(n), properties(n)",
        "MATCH (n)-[r]->(m) RETURN elementId(n), type(r), properties(r), elementId(m)",
        "SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties RETURN *",
        "SHOW INDEXES YIELD name, type, labelsOrTypes, properties RETURN *",
    )
    return [sorted(map(repr, store.query(statement, {}, timeout=10).rows)) for statement in statements]


@pytest.mark.parametrize(
    ("statement", "said", "way_on"),
    [
        (
            "CREATE CONSTRAINT theirs FOR (n:Entity) REQUIRE n.name IS UNIQUE",
            "the uniqueness constraint 'theirs' on :Entity(name)",
            "DROP CONSTRAINT `theirs`",
        ),
        (
            "CREATE CONSTRAINT theirs FOR ()-[r:WORKS_FOR]-() REQUIRE r.support IS UNIQUE",
            "the relationship uniqueness constraint 'theirs' on :WORKS_FOR(support)",
            "DROP CONSTRAINT `theirs`",
        ),
        (
            "CREATE INDEX theirs FOR (n:Document) ON (n.id)",
            "the range index 'theirs' on :Document(id)",
            "DROP INDEX `theirs`",
        ),
        (
            "CREATE INDEX relex_kg_chunk_id FOR (n:Thing) ON (n.name)",
            "the range index 'relex_kg_chunk_id' on :Thing(name)",
            "DROP INDEX `relex_kg_chunk_id`",
        ),
        ("CREATE (:Mention {id: 7}), (:Mention {id: 7})", "several nodes :Mention with the id 7", "#News"),
    ],
)
def test_what_others_have_in_the_way_is_named_before_the_first_write(shared_database, say, statement, said, way_on):
    shared_database._connection.run(statement)
    before = everything(shared_database)
    with pytest.raises(StoreError) as caught:
        shared_database.prepare(entity_types=["Person"], relation_types=["WORKS_FOR"])
    assert said in caught.value.what
    assert way_on in caught.value.fix
    assert everything(shared_database) == before


def test_rules_of_others_that_refuse_nothing_stay(shared_database, say, settle):
    for statement in (
        "CREATE CONSTRAINT theirs FOR (n:Person) REQUIRE n.email IS UNIQUE",
        "CREATE CONSTRAINT ids FOR (n:Document) REQUIRE n.id IS UNIQUE",
        "CREATE INDEX names FOR (n:Entity) ON (n.name)",
        "CREATE INDEX uris FOR (n:Document) ON (n.uri)",
    ):
        shared_database._connection.run(statement)
    *_, constraints, indexes = everything(shared_database)
    shared_database.prepare(entity_types=["Person"], relation_types=["WORKS_FOR"])
    shared_database.prepare(entity_types=["Person"], relation_types=["WORKS_FOR"])
    shared_database.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd")))
    assert settle(shared_database).entities_created == 2
    *_, constraints_after, indexes_after = everything(shared_database)
    assert set(constraints) <= set(constraints_after)
    assert set(indexes) <= set(indexes_after)


@pytest.mark.parametrize("name", ["", "news", "New-s", "N" * 33, "A`) DETACH DELETE n //"])
def test_a_graph_s_name_is_checked(name):
    with pytest.raises(StoreError, match="names no graph"):
        open_store(f"bolt://127.0.0.1:9#{name}")


def test_graphs_of_two_names_live_in_one_database(neo4j_address, shared_database, say, settle, shape):
    shared_database._connection.run("CREATE CONSTRAINT theirs FOR (n:Entity) REQUIRE n.name IS UNIQUE")
    shared_database._connection.run("CREATE (:Entity {name: 'Ann'}), (:Mention {id: 7}), (:Mention {id: 7})")
    theirs = everything(shared_database)[0]
    said = {"News": [("Ann", "WORKS_FOR", "Acme Ltd"), ("Bob", "KNOWS", "Ann")], "Mail": [("Ann", "KNOWS", "Cy")]}
    graphs = {}
    for name, statements in said.items():
        with open_store(f"{neo4j_address}#{name}", password="relex-kg-test") as store:
            store.prepare(entity_types=["Person", "Organisation"], relation_types=["WORKS_FOR", "KNOWS"])
            store.replace_document(say("a.txt", *statements))
            settle(store)
            graphs[name] = shape(store.graph())
    for name, statements in said.items():
        alone = MemoryStore()
        alone.replace_document(say("a.txt", *statements))
        settle(alone)
        with open_store(f"{neo4j_address}#{name}", password="relex-kg-test") as store:
            assert graphs[name] == shape(store.graph()) == shape(alone.graph())
            assert store.counts() == alone.counts()
            people = store.query_graph(f"MATCH (n:{name}Person) RETURN n", {}, timeout=10)
            assert len(people.entities) == alone.counts().entities_by_type["Person"]
            store.remove_document(document_id("a.txt"))
            settle(store)
            assert store.counts().entities == 0
    assert [
        row for row in everything(shared_database)[0] if "NewsGraph" not in row and "MailGraph" not in row
    ] == theirs


# -- the embedded server's life ----------------------------------------------------------------------------------------


def test_a_killed_server_opens_again_with_all_that_was_committed(tmp_path, say, settle):
    folder = tmp_path / 'a folder with "quotes" and \\'
    with open_store(str(folder), heap="256m") as store:
        store.prepare()
        store.replace_document(say("a.txt", ("Ann", "KNOWS", "Bob")))
        settle(store)
        before = store.graph()
        store.replace_document(say("b.txt", ("Ann", "KNOWS", "Cy")))
        os.kill(int((folder / "server.pid").read_text()), signal.SIGKILL)
    with open_store(str(folder), heap="256m") as store:
        assert store.graph() == before
        assert len(store.documents()) == 2
        assert store.unsettled("any resolver")
        settle(store)
        assert sorted(entity.name for entity in store.graph().entities) == ["Ann", "Bob", "Cy"]


def test_the_server_ends_with_the_process_that_opened_it(tmp_path):
    folder = tmp_path / "graph"
    child = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_OPEN, folder], capture_output=True, text=True, check=False
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    with open_store(str(folder), heap="256m") as store:
        assert store.documents() == {}
        assert not running(int(child.stdout))
        pid = int((folder / "server.pid").read_text())
        assert running(pid)
    assert not running(pid)


def test_a_leftover_server_is_ended_by_the_next_to_open(tmp_path):
    folder = tmp_path / "graph"
    with open_store(str(folder), heap="256m"):
        pass
    package = Path(find_spec("arcadedb_embedded").origin).parent
    command = [package / "jre/bin/java", f"@{folder}/server.args", "-cp", f"{package}/jars/*"]
    leftover = subprocess.Popen(
        [*command, "com.arcadedb.server.ArcadeDBServer"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (folder / "server.pid").write_text(str(leftover.pid))
    wait_for((folder / "server" / "databases" / "kg" / "database.lck").exists)
    with open_store(str(folder), heap="256m") as store:
        assert leftover.wait(timeout=1) != 0
        assert store.documents() == {}


def test_somebody_else_s_process_is_left_alone(tmp_path):
    folder = tmp_path / "graph"
    with open_store(str(folder), heap="256m"):
        pass
    (folder / "server.pid").write_text(str(os.getpid()))
    with open_store(str(folder), heap="256m") as store:
        assert store.documents() == {}


def test_a_store_outlives_the_thread_that_opened_it(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        store = pool.submit(open_store, str(tmp_path / "graph"), heap="256m").result()
    with store:
        time.sleep(0.5)
        assert store.documents() == {}


@pytest.mark.usefixtures("embedded_store")
def test_a_folder_that_is_open_is_busy(embedded_folder):
    with pytest.raises(StoreBusyError, match="another process has the graph store"):
        open_store(str(embedded_folder))


@pytest.mark.usefixtures("embedded_store")
def test_secrets_are_the_owner_s_alone(embedded_folder):
    secret = (embedded_folder / "relex-kg-store.json").read_text()
    for name in ("relex-kg-store.json", "server.args"):
        assert stat.S_IMODE((embedded_folder / name).stat().st_mode) == 0o600
    pid = (embedded_folder / "server.pid").read_text()
    command = Path(f"/proc/{pid}/cmdline").read_text()
    passwords = re.findall(r'"(?:root|reader)": "([^"]+)"', secret)
    assert len(passwords) == 2
    assert all(password not in command for password in passwords)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not a graph store, and not empty"):
        open_store(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.txt"]


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened: Not a directory"):
        open_store(str(tmp_path / "file" / "graph"))


def test_a_damaged_or_newer_marker_is_refused(tmp_path):
    marker = tmp_path / "relex-kg-store.json"
    marker.write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        open_store(str(tmp_path))
    marker.write_text('{"format": 99}')
    with pytest.raises(StoreError, match="another version of relex-kg"):
        open_store(str(tmp_path))


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(StoreError, match="ended while it started; it said: Invalid maximum heap size: -Xmxnonsense"):
        open_store(str(tmp_path / "graph"), heap="nonsense")
