"""What every store must do: on the in-memory store, the embedded server and a real Neo4j alike."""

import json
from dataclasses import replace
from threading import Thread

import pytest

from relex_kg.canon.aliases import Aliases, AliasRow
from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import StoreError
from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.names import form_key
from relex_kg.graph.rows import Location, metadata_fingerprint
from relex_kg.graph.settling import ShortUse
from relex_kg.graph.store import DocumentState, GraphCounts, KeptDecision, Quote
from relex_kg.ids import document_id
from relex_kg.settlement.report import SettleReport
from relex_kg.settlement.run import settle as settle_with
from relex_kg.source_map import Box
from relex_kg.types import Listed

RESOLVER = Resolver(Decisions.none())

NOTHING = SettleReport(
    entities_created=0,
    entities_updated=0,
    entities_deleted=0,
    mentions_moved=0,
    facts_created=0,
    facts_updated=0,
    facts_deleted=0,
    self_relations=0,
)
EMPTY = GraphCounts(
    documents=0, chunks=0, mentions=0, entities=0, evidence=0, facts=0, entities_by_type={}, facts_by_type={}
)
HOSTILE = [
    "Robert'); DROP TABLE students;--",
    "`}) DETACH DELETE n //",
    '"quoted" \\ \\u0041 $rows {id: 1}',
    "👩‍👩‍👧‍👦 Ünïcödé",
    "\u202eشركة مايكروسوفت\u202c",
    "tab\tand\u0085next\u2028line",
    "' OR 1=1 RETURN n",
    "e\u0301 and \u00e9",
]


def names(store):
    return sorted(entity.name for entity in store.graph().entities)


def triples(store):
    graph = store.graph()
    name = {entity.id: entity.name for entity in graph.entities}
    return sorted((name[fact.head], fact.type, name[fact.tail]) for fact, _ in graph.facts)


def check_evidence(store):
    """No fact without evidence, whatever the state."""
    for fact, passages in store.graph().facts:
        assert passages, fact


def test_a_document_and_its_entities_come_and_go(store, say, settle):
    rows = say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("Ann", "MARRIED_TO", "Bob"))
    store.replace_document(rows)
    assert store.counts() == GraphCounts(
        documents=1, chunks=2, mentions=4, entities=0, evidence=2, facts=0, entities_by_type={}, facts_by_type={}
    )
    assert settle(store) == SettleReport(
        entities_created=3,
        entities_updated=0,
        entities_deleted=0,
        mentions_moved=4,
        facts_created=2,
        facts_updated=0,
        facts_deleted=0,
        self_relations=0,
    )
    assert store.counts() == GraphCounts(
        documents=1,
        chunks=2,
        mentions=4,
        entities=3,
        evidence=2,
        facts=2,
        entities_by_type={"Organisation": 1, "Person": 2},
        facts_by_type={"MARRIED_TO": 1, "WORKS_FOR": 1},
    )
    assert store.documents() == {
        document_id("a.txt"): DocumentState(
            "a.txt", "About a.txt", rows.document.sha256, "model-1", "schema-1", metadata_fingerprint({})
        )
    }

    assert store.remove_document(document_id("a.txt"))
    check_evidence(store)
    settle(store)
    assert store.counts() == EMPTY
    assert store.documents() == {}
    assert not store.remove_document(document_id("a.txt"))


def test_a_second_settling_changes_nothing(store, say, settle):
    rows = say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"))
    store.replace_document(rows)
    settle(store)
    before = store.graph()
    assert settle(store) == NOTHING
    store.replace_document(rows)
    assert settle(store) == NOTHING
    assert store.graph() == before


def test_what_is_unsettled_is_known(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd")))
    assert store.unsettled(RESOLVER.fingerprint)
    settle(store)
    assert not store.unsettled(RESOLVER.fingerprint)
    assert store.unsettled("another resolver")
    assert settle_with(store, RESOLVER) is None
    assert not store.remove_document(document_id("nowhere"))
    assert not store.unsettled(RESOLVER.fingerprint)
    store.remove_document(document_id("a.txt"))
    assert store.unsettled(RESOLVER.fingerprint)


def test_a_failing_resolver_leaves_everything_as_it_was(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd")))
    settle(store)
    before = store.graph()
    store.replace_document(say("b.txt", ("Ann", "WORKS_FOR", "Bolt Ltd")))

    class Failing(Resolver):
        def part(self, *_):
            raise RuntimeError("no plan")

    with pytest.raises(RuntimeError, match="no plan"):
        settle_with(store, Failing(Decisions.none()))
    assert store.graph() == before
    assert store.unsettled(RESOLVER.fingerprint)


def test_an_edit_drops_the_facts_it_no_longer_states(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("Bob", "WORKS_FOR", "Acme Ltd")))
    store.replace_document(say("b.txt", ("Bob", "WORKS_FOR", "Acme Ltd")))
    settle(store)
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Bolt Ltd")))
    check_evidence(store)
    assert triples(store) == [("Bob", "WORKS_FOR", "Acme Ltd")]
    settle(store)
    assert triples(store) == [("Ann", "WORKS_FOR", "Bolt Ltd"), ("Bob", "WORKS_FOR", "Acme Ltd")]


def test_a_name_that_takes_another_name_s_place_is_not_taken_for_it(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd")))
    settle(store)
    [ann] = [entity.id for entity in store.graph().entities if entity.name == "Ann"]
    store.replace_document(say("a.txt", ("Eve", "WORKS_FOR", "Acme Ltd")))
    assert triples(store) == []
    settle(store)
    assert triples(store) == [("Eve", "WORKS_FOR", "Acme Ltd")]
    assert ann not in {entity.id for entity in store.graph().entities}


def test_entities_keep_their_ids_through_an_edit(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("Bob", "WORKS_FOR", "Acme Ltd")))
    settle(store)
    before = {entity.name.casefold(): entity.id for entity in store.graph().entities}
    # every mention moves, and one name gets another spelling
    store.replace_document(
        say("a.txt", ("Zoe", "KNOWS", "Bob"), ("Ann", "WORKS_FOR", "Acme Ltd"), ("ANN", "WORKS_FOR", "ACME LTD"))
    )
    store.replace_document(say("b.txt", ("Ann", "KNOWS", "Bob")))
    settle(store)
    after = {entity.name.casefold(): entity.id for entity in store.graph().entities}
    assert after["bob"] == before["bob"]
    assert store.remove_document(document_id("b.txt"))
    settle(store)
    assert {entity.name.casefold(): entity.id for entity in store.graph().entities} == after


def test_the_graph_does_not_depend_on_its_history(store, say, settle, shape):
    last_a = say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("ann", "MARRIED_TO", "Bob"))
    last_b = say("b.txt", ("Bob", "MARRIED_TO", "Ann"), ("Bob", "WORKS_FOR", "Acme Ltd"))
    fresh = MemoryStore()
    fresh.replace_document(last_a)
    fresh.replace_document(last_b)
    settle(fresh)

    store.replace_document(say("a.txt", ("Bob", "MARRIED_TO", "Eve"), ("Eve", "KNOWS", "Ann")))
    settle(store)
    store.replace_document(say("c.txt", ("Bob", "WORKS_FOR", "ACME LTD"), ("ANN", "KNOWS", "Eve")))
    store.replace_document(last_b)
    settle(store)
    check_evidence(store)
    store.remove_document(document_id("c.txt"))
    check_evidence(store)
    store.replace_document(last_a)
    check_evidence(store)
    settle(store)
    assert shape(store.graph()) == shape(fresh.graph())
    assert store.counts() == fresh.counts()


def test_a_symmetric_relation_is_one_fact_whichever_way_it_is_read(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "MARRIED_TO", "Bob"), score=0.5))
    store.replace_document(say("b.txt", ("Bob", "MARRIED_TO", "Ann"), score=0.6))
    settle(store)
    [(fact, passages)] = store.graph().facts
    assert (fact.support, fact.documents, fact.confidence) == (2, 2, 0.8)
    assert [(passage.document, passage.head.text) for passage in passages] == [("a.txt", "Ann"), ("b.txt", "Bob")]
    store.remove_document(document_id("a.txt"))
    check_evidence(store)
    settle(store)
    [(fact, _)] = store.graph().facts
    assert (fact.support, fact.documents, fact.confidence) == (1, 1, 0.6)


def test_a_relation_within_one_entity_supports_no_fact(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "KNOWS", "ANN")))
    assert settle(store).self_relations == 1
    assert store.counts().facts == 0
    assert store.counts().evidence == 1


def test_evidence_leads_to_the_exact_characters(store, say, settle):
    store.replace_document(say("a.txt", ("Zoe", "KNOWS", "Bob"), ("Ann", "WORKS_FOR", "Acme Ltd"), score=0.25))
    settle(store)
    [passage] = [passage for fact, passages in store.graph().facts if fact.type == "WORKS_FOR" for passage in passages]
    assert passage.document == "a.txt"
    assert (passage.start, passage.end) == (15, 37)
    assert passage.text == "Ann WORKS_FOR Acme Ltd.\n"
    assert passage.text_start == 15
    assert passage.head == Quote("Ann", 15, 18)
    assert passage.tail == Quote("Acme Ltd", 29, 37)
    assert passage.score == 0.25


METADATA = {
    "date": "2024-02-03",
    "id": "not the document's",
    "meta_date": "twice prefixed",
    "pages": 7,
    "rate": 0.5,
    "draft": True,
    "authors": ("Ann", "Bob"),
    "none": (),
    "huge": 1 << 70,
    "first seen, `at` last": "a key as it comes",
}


def with_metadata(rows, metadata):
    return replace(rows, document=replace(rows.document, metadata=metadata))


def test_documents_in_a_folder_or_file(store, say):
    uris = ["file:///a", "file:///a#L1", "file:///a/b.txt", "file:///a/b/c.txt", "file:///ab", "file:///a.txt"]
    for uri in uris:
        store.replace_document(say(uri, ("Ann", "KNOWS", "Bob")))
    assert sorted(state.uri for state in store.documents_at("file:///a").values()) == uris[:4]
    assert sorted(state.uri for state in store.documents_at("file:///a/b").values()) == ["file:///a/b/c.txt"]


def test_a_change_of_metadata_is_known(store, say):
    store.replace_document(with_metadata(say("a.txt", ("Ann", "KNOWS", "Bob")), METADATA))
    (id,) = store.documents()
    assert store.states([id])[id].metadata == metadata_fingerprint(METADATA)
    store.describe_document(id, {"date": "2025"})
    assert store.states([id])[id].metadata == metadata_fingerprint({"date": "2025"})
    assert metadata_fingerprint({"date": "2025"}) != metadata_fingerprint({"date": 2025})
    store.remove_document(id)
    store.describe_document(id, METADATA)
    assert store.documents() == {}


def test_metadata_can_be_queried(server_store, say):
    rows = say("a.txt", ("Ann", "KNOWS", "Bob"))
    fields = """MATCH (d:Document) WHERE d.meta_pages > 6 AND d.id <> d.meta_id
        RETURN d.uri, d.meta_date, d.meta_meta_date, d.meta_pages, d.meta_rate, d.meta_draft, d.meta_authors,
               d.meta_none, d.meta_huge, d.`meta_first seen, ``at`` last` AS strange"""
    server_store.replace_document(with_metadata(rows, METADATA))
    assert server_store.query(fields, {}, timeout=60).rows == (
        ("a.txt", "2024-02-03", "twice prefixed", 7, 0.5, True, ["Ann", "Bob"], [], str(1 << 70), "a key as it comes"),
    )
    left = "MATCH (d:Document) RETURN d.meta_date, d.meta_rate, d.title"
    server_store.describe_document(rows.document.id, {"date": "2025"})
    assert server_store.query(left, {}, timeout=60).rows == (("2025", None, "About a.txt"),)
    server_store.replace_document(with_metadata(rows, {"rate": 1.5}))
    assert server_store.query(left, {}, timeout=60).rows == ((None, 1.5, "About a.txt"),)


def located(rows, location):
    return replace(
        rows,
        mentions=tuple(replace(row, location=location) for row in rows.mentions),
        evidence=tuple(replace(row, location=location) for row in rows.evidence),
    )


def test_evidence_leads_to_the_page(store, say, settle):
    rows = say("a.pdf", ("Ann", "KNOWS", "Bob"))
    store.replace_document(located(rows, Location("page 3", 3, (Box(72.0, 700.0, 300.5, 712.0),))))
    settle(store)
    [(_, [passage])] = store.graph().facts
    assert (passage.place, passage.page) == ("page 3", 3)


def test_mentions_have_pages_and_boxes(server_store, say):
    rows = say("a.pdf", ("Ann", "KNOWS", "Bob"))
    boxes = (Box(72.0, 700.0, 300.5, 712.0), Box(72.0, 686.0, 90.0, 698.0))
    where = """MATCH (v:Evidence)-[:HEAD]->(m:Mention)
        RETURN m.text, m.place, m.page, m.boxes, v.place, v.page"""
    server_store.replace_document(located(rows, Location("page 3", 3, boxes)))
    sides = [72.0, 700.0, 300.5, 712.0, 72.0, 686.0, 90.0, 698.0]
    assert server_store.query(where, {}, timeout=60).rows == (("Ann", "page 3", 3, sides, "page 3", 3),)
    server_store.replace_document(rows)
    assert server_store.query(where, {}, timeout=60).rows == (("Ann", None, None, None, None, None),)


def test_statements_are_in_each_document_s_own_words(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("Ann", "MARRIED_TO", "Bob")))
    store.replace_document(say("b.txt", ("ANN", "WORKS_FOR", "ACME LTD"), ("Ann", "WORKS_FOR", "Acme Ltd"), score=0.9))
    settle(store)
    stated = {
        (one.document, one.head, one.type, one.tail, one.symmetric, one.passage.score) for one in store.statements()
    }
    name = {entity.name.casefold(): entity.name for entity in store.graph().entities}
    ann, acme = name["ann"], name["acme ltd"]
    in_a = {"Ann": tuple(dict.fromkeys((ann, "Ann"))), "Acme": tuple(dict.fromkeys((acme, "Acme Ltd")))}
    in_b = {
        "Ann": tuple(dict.fromkeys((ann, "ANN", "Ann"))),
        "Acme": tuple(dict.fromkeys((acme, "ACME LTD", "Acme Ltd"))),
    }
    assert stated == {
        ("a.txt", in_a["Ann"], "WORKS_FOR", in_a["Acme"], False, 0.5),
        ("a.txt", in_a["Ann"], "MARRIED_TO", ("Bob",), True, 0.5),
        ("b.txt", in_b["Ann"], "WORKS_FOR", in_b["Acme"], False, 0.9),
    }


def test_hostile_names_come_back_exactly(store, say, settle):
    store.replace_document(say("a.txt", *((name, "KNOWS", "Ann") for name in HOSTILE)))
    settle(store)
    on_one_line = [" ".join(name.split()) for name in HOSTILE]
    assert names(store) == sorted([*on_one_line, "Ann"])
    assert triples(store) == sorted((name, "KNOWS", "Ann") for name in on_one_line)
    for name in on_one_line:
        assert len(store.around(name, hops=1).entities) == 2


def test_a_neighbourhood_reaches_as_far_as_its_hops(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "KNOWS", "Bob"), ("Cy", "KNOWS", "Bob"), ("Cy", "KNOWS", "Dan")))
    settle(store)

    def around(name, hops):
        return sorted(entity.name for entity in store.around(name, hops=hops).entities)

    assert around("ann", 0) == ["Ann"]
    assert around("ANN", 1) == ["Ann", "Bob"]
    assert around("Ann", 2) == ["Ann", "Bob", "Cy"]
    assert around("Ann", 9) == ["Ann", "Bob", "Cy", "Dan"]
    assert around("Nobody", 1) == []
    assert len(store.around("Bob", hops=1).facts) == 2


def test_an_entity_s_external_id_comes_and_goes_with_the_list_that_gives_it(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "KNOWS", "Bob")))
    for row_id in (None, "Q1", "Q2", None):
        rows = (AliasRow(row_id, "Person", ("Ann",), "people.csv, line 2"),) if row_id else ()
        settle_with(store, Resolver(Decisions.none(), aliases=Aliases(rows)))
        assert {entity.name: entity.external_id for entity in store.graph().entities} == {"Ann": row_id, "Bob": None}


def test_a_date_s_value_is_kept(store, say):
    store.replace_document(say("a.txt", ("Ann", "BORN_ON", "3 May 1999")))
    settle_with(store, Resolver(Decisions.none()))
    assert {entity.name: entity.value for entity in store.graph().entities} == {"Ann": None, "3 May 1999": "1999-05-03"}


def test_decisions_are_kept_until_they_are_forgotten(store):
    linked = KeptDecision(True, (Listed("Person", "Ann"), Listed("Person", "Anne", "file:a.txt")), "2026-01-02")
    parted = KeptDecision(False, (Listed("Person", HOSTILE[1]), Listed("Place", HOSTILE[3])), "2026-01-03")
    for decision in (linked, parted, linked):
        store.keep_decision(decision)
    assert store.decisions() == tuple(sorted((linked, parted), key=lambda decision: decision.id))
    assert store.forget_decision(linked.id)
    assert not store.forget_decision(linked.id)
    assert store.decisions() == (parted,)
    assert store.forget_decision(parted.id)


def test_names_are_looked_at_with_their_short_forms(store, say, settle):
    store.replace_document(say("a.txt", ("Ann Lee", "KNOWS", "Lee"), ("Lee", "KNOWS", "Bob Hope")))
    settle(store)

    def look(layer):
        [record] = layer.names_under([form_key("LEE")])
        return record.full, record.short, dict(layer.short_uses([record.id])), record.id

    full, short, uses, id = store.look_at_names(look)
    assert (full, short) == ({"Ann Lee": 1}, {"Lee": 2})
    assert uses == {ShortUse(id, "Lee", "within document: surname", 0.9): 2}


def test_a_reference_is_evidence_of_its_entity_s_facts(store, say, settle):
    rows = say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("She", "KNOWS", "Bob"))
    by_text = {row.mention.text: row.mention for row in rows.mentions}
    mentions = {
        row.mention.id: replace(row.mention, antecedent=by_text["Ann"].id if row.mention.text == "She" else None)
        for row in rows.mentions
    }
    namings = RESOLVER.name(mentions.values())
    referring = tuple(
        replace(row, mention=mentions[row.mention.id], naming=namings[row.mention.id]) for row in rows.mentions
    )
    store.replace_document(replace(rows, mentions=referring))
    report = settle(store)
    assert (report.entities_created, report.facts_created) == (3, 2)
    [ann] = [entity for entity in store.graph().entities if entity.name == "Ann"]
    assert (ann.aliases, ann.mentions) == ((), 2)
    assert triples(store) == [("Ann", "KNOWS", "Bob"), ("Ann", "WORKS_FOR", "Acme Ltd")]
    [passage] = [passage for fact, (passage,) in store.graph().facts if fact.type == "KNOWS"]
    assert passage.head.text == "She"


def test_writers_in_parallel_leave_the_serial_graph(store, say, settle, shape):
    corpus = [
        say(f"{i}.txt", ("Ann", "KNOWS", f"P{i % 3}"), (f"P{i % 2}", "MARRIED_TO", "ann"), (f"P{i}", "KNOWS", "Bob"))
        for i in range(8)
    ]
    serial = MemoryStore()
    for rows in corpus:
        serial.replace_document(rows)
    settle(serial)
    failures = []

    def work(part):
        try:
            for rows in part:
                store.replace_document(say(rows.document.uri, ("Eve", "KNOWS", "Ann")))
                settle(store)
                store.replace_document(rows)
                settle(store)
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=work, args=(corpus[start::2],)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert not store.unsettled(RESOLVER.fingerprint)
    assert shape(store.graph()) == shape(serial.graph())


@pytest.mark.parametrize("type", ["KNOWS` {x: 1}]->() //", "HEAD", "knows"])
def test_a_relation_type_that_no_schema_has_is_refused(server_store, say, settle, type):
    with pytest.raises(StoreError, match="cannot be a relation type"):
        server_store.replace_document(say("a.txt", ("Ann", type, "Bob")))
    settle(server_store)
    assert server_store.counts() == EMPTY


FOREIGN = """
CREATE (a:Entity {id: '42', name: 'theirs', owner: 'them'})-[:KNOWS {since: 1999}]->(:Entity {name: 'without id'})
CREATE (:Document {title: 'theirs'})-[:HAS_CHUNK]->(:Chunk {text: 'theirs'})<-[:IN_CHUNK]-(:Mention {text: 'theirs'})
CREATE (:Evidence {fact: 'theirs'})-[:HEAD]->(:Mention {id: 'theirs'})
CREATE (:Order:Pending {number: 7}), (:Pending {id: 'p'}), (a)-[:OWNS {id: 'o'}]->(:Person {name: 'Ann'})
"""
EVERYTHING_FOREIGN = """
MATCH (n) WHERE NOT coalesce(n.id, '') =~ '[0-9a-f]{32}' AND NOT n:NameKey
OPTIONAL MATCH (n)-[r]->(m)
RETURN labels(n) AS labels, properties(n) AS node, type(r) AS type, properties(r) AS edge, properties(m) AS other
"""


def foreign(store):
    """Every node of somebody else's with each of its edges, in an order of its own."""
    rows = store.query(EVERYTHING_FOREIGN, {}, timeout=10).rows
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def test_what_is_not_ours_is_neither_read_nor_changed(server_store, say, settle):
    before_all = server_store.counts()
    server_store._connection.run(FOREIGN)
    theirs = foreign(server_store)
    assert len(theirs) == 11
    try:
        assert server_store.counts() == before_all
        assert not server_store.documents()
        server_store.replace_document(say("a.txt", ("Ann", "WORKS_FOR", "Acme Ltd"), ("theirs", "KNOWS", "Bob")))
        assert settle(server_store).entities_created == 4
        assert triples(server_store) == [("Ann", "WORKS_FOR", "Acme Ltd"), ("theirs", "KNOWS", "Bob")]
        assert [entity.name for entity in server_store.around("theirs", hops=1).entities] in (
            ["theirs", "Bob"], ["Bob", "theirs"]
        )  # fmt: skip
        assert len(server_store.statements()) == 2
        assert server_store.counts().entities == 4
        assert not server_store.unsettled(RESOLVER.fingerprint)
        assert foreign(server_store) == theirs
        for document in server_store.documents():
            server_store.remove_document(document)
        assert settle(server_store).entities_deleted == 4
        assert server_store.counts() == before_all
        assert foreign(server_store) == theirs
    finally:
        server_store._connection.run(
            "MATCH (n) WHERE NOT coalesce(n.id, '') =~ '[0-9a-f]{32}' AND NOT n:NameKey DETACH DELETE n"
        )


def test_preparing_again_does_no_harm(store, say, settle):
    store.replace_document(say("a.txt", ("Ann", "KNOWS", "Bob")))
    store.prepare()
    settle(store)
    store.prepare()
    assert names(store) == ["Ann", "Bob"]
