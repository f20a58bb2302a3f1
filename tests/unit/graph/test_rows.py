"""The pure functions: what a document contributes, which ids entities keep, and what a settling has to change."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relex_kg.graph.memory import MemoryStore
from relex_kg.graph.rows import EntityLayer, confidence, difference, document_rows, entity_layer
from relex_kg.ids import (
    DocumentId,
    EntityId,
    MentionId,
    RelationId,
    chunk_id,
    document_id,
    fact_id,
    mint_entity_id,
)
from relex_kg.types import Chunk, Cluster, Document, Entity, Extraction, Fact, Mention, Relation, Resolution, Span

DOCUMENT = Document(document_id("a.txt"), "a.txt", "A", "abcdefghijklmnopqrst", "text/plain")


def chunk(index, start, end):
    span = Span(start, end)
    return Chunk(chunk_id(DOCUMENT.id, start, end), DOCUMENT.id, index, span, span.of(DOCUMENT.text))


def mention(id, start, end, document=DOCUMENT.id):
    return Mention(MentionId(id), DocumentId(document), Span(start, end), "x" * (end - start), "Person", 0.5)


def relation(id, head, tail, type="KNOWS", score=0.5):
    return Relation(RelationId(id), MentionId(head), MentionId(tail), type, score)


def rows(chunks, mentions, relations=()):
    extraction = Extraction(DOCUMENT.id, tuple(mentions), tuple(relations), {})
    return document_rows(DOCUMENT, chunks, extraction, model="m", schema="s", symmetric=frozenset(), ingested_at="now")


def layer(mentions, relations=(), entities=(), refers_to=None):
    return EntityLayer(
        mentions=tuple(mentions),
        relations=tuple(relations),
        entities={entity.id: entity for entity in entities},
        refers_to=refers_to or {},
        facts={},
        supports={},
        symmetric=frozenset(),
    )


def cluster(name, *mentions):
    return Cluster("Person", name, (), tuple(sorted(map(MentionId, mentions))))


def plan(current, *clusters, symmetric=frozenset()):
    return entity_layer(replace(current, symmetric=symmetric), Resolution(clusters, ()))


def entity(id, name, mentions=1):
    return Entity(EntityId(id), "Person", name, (), mentions)


def test_a_mention_lies_in_the_first_chunk_that_holds_it_whole():
    chunks = [chunk(0, 0, 8), chunk(1, 5, 14), chunk(2, 12, 20)]
    found = rows(chunks, [mention("a", 5, 8), mention("b", 7, 9), mention("c", 12, 14), mention("d", 13, 15)])
    assert {row.mention.id: row.chunk for row in found.mentions} == {
        "a": chunks[0].id,
        "b": chunks[1].id,
        "c": chunks[1].id,
        "d": chunks[2].id,
    }


def test_evidence_spans_both_its_mentions():
    chunks = [chunk(0, 0, 8), chunk(1, 5, 14)]
    [row] = rows(chunks, [mention("t", 6, 7), mention("h", 10, 12)], [relation("r", "h", "t")]).evidence
    assert (row.span, row.chunk) == (Span(6, 12), chunks[1].id)


def test_evidence_that_no_chunk_contains_stands_in_the_first_that_contains_its_later_mention():
    chunks = [chunk(0, 0, 8), chunk(1, 8, 14), chunk(2, 10, 18)]
    [row] = rows(chunks, [mention("h", 11, 12), mention("t", 1, 2)], [relation("r", "h", "t")]).evidence
    assert (row.span, row.chunk) == (Span(1, 12), chunks[1].id)


def test_a_mention_that_lies_in_no_chunk_is_refused():
    chunks = [chunk(0, 0, 8), chunk(1, 8, 14)]
    with pytest.raises(ValueError, match=r"no chunk contains the characters 7\.\.9"):
        rows(chunks, [mention("a", 7, 9)])
    with pytest.raises(ValueError, match="relation r names a mention that the extraction lacks"):
        rows(chunks, [mention("a", 1, 2)], [relation("r", "a", "b")])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0.5], 0.5), ([0.5, 0.5], 0.75), ([0.6, 0.5], 0.8), ([1.0, 0.3], 1.0), ([1 / 3], 0.333333)],
)
def test_each_document_is_one_witness(scores, expected):
    assert confidence(scores) == expected


def test_an_entity_holds_what_its_cluster_says():
    dated = Cluster("Date", "3 May 1999", ("1999-05-03",), (MentionId("a"),), value="1999-05-03", external_id="Q1")
    (made,) = plan(layer([mention("a", 0, 1)]), dated).entities.values()
    assert made == Entity(made.id, "Date", "3 May 1999", ("1999-05-03",), 1, value="1999-05-03", external_id="Q1")


def test_a_fact_counts_its_relations_and_its_documents():
    mentions = [mention(id, 0, 1, document) for id, document in [("a", "d1"), ("b", "d1"), ("c", "d2"), ("d", "d2")]]
    relations = [
        relation("r1", "a", "b", score=0.5),
        relation("r2", "a", "b", "LIKES"),
        relation("r3", "c", "d", score=0.2),
        relation("r4", "c", "d", score=0.4),
    ]
    planned = plan(layer(mentions, relations), cluster("A", "a", "c"), cluster("B", "b", "d"))
    a, b = planned.refers_to["a"], planned.refers_to["b"]
    knows, likes = fact_id(a, "KNOWS", b), fact_id(a, "LIKES", b)
    assert planned.facts == {
        knows: Fact(knows, a, b, "KNOWS", 3, 2, 0.7),
        likes: Fact(likes, a, b, "LIKES", 1, 1, 0.5),
    }
    assert planned.supports == {"r1": knows, "r2": likes, "r3": knows, "r4": knows}


def test_a_symmetric_fact_starts_at_the_least_mention_whatever_the_ids():
    mentions = [mention(id, 0, 1) for id in "abcd"]
    relations = [relation("r1", "b", "a"), relation("r2", "c", "d")]
    current = layer(mentions, relations, [entity("z", "A")], {MentionId("a"): EntityId("z")})
    planned = plan(current, cluster("A", "a", "c"), cluster("B", "b", "d"), symmetric=frozenset({"KNOWS"}))
    [fact] = planned.facts.values()
    assert (fact.head, fact.tail, fact.support) == ("z", planned.refers_to["b"], 2)


def test_a_cluster_keeps_the_entity_it_shares_most_mentions_with():
    mentions = [mention(id, 0, 1) for id in "abcde"]
    refers_to = {MentionId(id): EntityId("e1") for id in "abc"} | {MentionId("d"): EntityId("e2")}
    current = layer(mentions, [], [entity("e1", "A", 3), entity("e2", "B")], refers_to)
    split = plan(current, cluster("A", "a"), cluster("A2", "b", "c", "d"), cluster("C", "e"))
    assert split.refers_to == {
        "a": mint_entity_id(MentionId("a"), ()),
        "b": "e1",
        "c": "e1",
        "d": "e1",
        "e": mint_entity_id(MentionId("e"), ()),
    }


def test_an_orphan_of_the_same_name_and_type_is_taken_up():
    current = layer([mention("a", 0, 1)], [], [entity("e1", "Ann"), entity("e2", "Bob")])
    assert set(plan(current, cluster("Bob", "a")).entities) == {"e2"}


def test_a_new_id_avoids_those_that_are_taken():
    first = mint_entity_id(MentionId("a"), ())
    mentions = [mention("a", 0, 1), mention("b", 0, 1), mention("c", 0, 1)]
    refers_to = dict.fromkeys(map(MentionId, "abc"), first)
    current = layer(mentions, [], [entity(first, "A", 3)], refers_to)
    split = plan(current, cluster("A", "a"), cluster("B", "b", "c"))
    assert split.refers_to["b"] == first
    assert split.refers_to["a"] == mint_entity_id(MentionId("a"), {first}) != first


def test_every_mention_must_be_in_one_cluster():
    current = layer([mention("a", 0, 1), mention("b", 0, 1)])
    for clusters in ([cluster("A", "a")], [cluster("A", "a", "b"), cluster("B", "b")]):
        with pytest.raises(ValueError, match="does not hold every mention exactly once"):
            plan(current, *clusters)


def test_equal_layers_do_not_differ():
    current = layer([mention("a", 0, 1), mention("b", 0, 1)], [relation("r", "a", "b")])
    planned = plan(current, cluster("A", "a"), cluster("B", "b"))
    assert not difference(current, planned).empty
    assert difference(planned, planned).empty
    assert difference(planned, plan(planned, cluster("A", "a"), cluster("B", "b"))).empty


def test_a_difference_names_what_changes():
    current = layer([mention("a", 0, 1), mention("b", 0, 1)], [relation("r", "a", "b")])
    apart = plan(current, cluster("A", "a"), cluster("B", "b"))
    together = plan(apart, replace(cluster("A", "a", "b"), type="Robot"))
    [kept], [gone] = together.entities, apart.entities.keys() - together.entities.keys()
    change = difference(apart, together)
    assert [entity.id for entity in change.entities_updated] == [kept]
    assert change.retyped == {kept: "Person"}
    assert change.entities_deleted == (gone,)
    assert set(change.refers_to.values()) == {kept}
    assert change.facts_deleted == tuple(apart.facts.values())
    assert change.supports == {"r": None}


NAMES = st.sampled_from(["Ann", "ANN", "Bob", "Cy", "Acme Ltd", "ACME LTD"])
STATEMENTS = st.lists(st.tuples(NAMES, st.sampled_from(["KNOWS", "MARRIED_TO"]), NAMES), max_size=4)
STEPS = st.lists(
    st.tuples(st.sampled_from(["a.txt", "b.txt", "c.txt"]), st.one_of(st.none(), STATEMENTS), st.booleans()),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_any_history_leaves_the_graph_of_a_fresh_build(say, settle, shape, steps):
    store, corpus = MemoryStore(), {}
    for uri, statements, settled in steps:
        if statements is None:
            assert store.remove_document(document_id(uri)) == (corpus.pop(uri, None) is not None)
        else:
            corpus[uri] = say(uri, *statements)
            store.replace_document(corpus[uri])
        assert all(passages for _, passages in store.graph().facts)
        if settled:
            settle(store)
    settle(store)
    fresh = MemoryStore()
    for rows in corpus.values():
        fresh.replace_document(rows)
    settle(fresh)
    assert shape(store.graph()) == shape(fresh.graph())
    assert store.counts() == fresh.counts()
    assert all(fact.support == len(passages) for fact, passages in store.graph().facts)
