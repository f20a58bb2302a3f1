"""What a document contributes, worked out without a store."""

from dataclasses import replace

import pytest

from relex_kg.graph.names import NameUse, Role
from relex_kg.graph.rows import Location, document_rows, metadata_fingerprint, stale_mentions, stale_relations
from relex_kg.graph.settling import LinkedRelation
from relex_kg.ids import DocumentId, MentionId, NameId, RelationId, chunk_id, document_id
from relex_kg.source_map import Box, Place, SourceMap
from relex_kg.types import Chunk, Document, Extraction, Mention, Naming, Relation, Span

DOCUMENT = Document(document_id("a.txt"), "a.txt", "A", "abcdefghijklmnopqrst", "text/plain")


def chunk(index, start, end):
    span = Span(start, end)
    return Chunk(chunk_id(DOCUMENT.id, start, end), DOCUMENT.id, index, span, span.of(DOCUMENT.text))


def mention(id, start, end, document=DOCUMENT.id):
    return Mention(MentionId(id), DocumentId(document), Span(start, end), "x" * (end - start), "Person", 0.5)


def relation(id, head, tail, type="KNOWS", score=0.5):
    return Relation(RelationId(id), MentionId(head), MentionId(tail), type, score)


def rows(chunks, mentions, relations=(), document=DOCUMENT):
    extraction = Extraction(DOCUMENT.id, tuple(mentions), tuple(relations), {})
    namings = {mention.id: Naming(NameId(f"name of {mention.id}"), None, None, None) for mention in mentions}
    return document_rows(
        document,
        chunks,
        extraction,
        namings,
        resolver="r",
        model="m",
        schema="s",
        symmetric=frozenset(),
        ingested_at="now",
    )


def test_a_mention_lies_in_the_first_chunk_that_holds_it_whole():
    chunks = [chunk(0, 0, 8), chunk(1, 5, 14), chunk(2, 12, 20)]
    found = rows(chunks, [mention("a", 5, 8), mention("b", 7, 9), mention("c", 12, 14), mention("d", 13, 15)])
    assert {row.mention.id: row.chunk for row in found.mentions} == {
        "a": chunks[0].id,
        "b": chunks[1].id,
        "c": chunks[1].id,
        "d": chunks[2].id,
    }


def test_places_in_the_file():
    def line(page, start, end, top):
        return Place(Span(start, end), f"page {page}", page, Box(0.0, top - 10.0, 50.0, top))

    places = (line(1, 0, 8, 90.0), line(1, 8, 12, 78.0), line(2, 12, 20, 90.0))
    document = replace(DOCUMENT, source_map=SourceMap.identity(20).located(places))
    chunks = [chunk(0, 0, 10), chunk(1, 10, 20)]
    located = rows(chunks, [mention("a", 6, 9), mention("b", 9, 10)], [relation("r", "b", "a")], document)
    assert [row.location for row in located.mentions] == [
        Location("page 1", 1, (Box(0.0, 80.0, 50.0, 90.0), Box(0.0, 68.0, 50.0, 78.0))),
        Location("page 1", 1, (Box(0.0, 68.0, 50.0, 78.0),)),
    ]
    assert [row.location.name for row in located.evidence] == ["page 1"]
    [title_and_sentence] = rows(
        chunks, [mention("a", 0, 3), mention("c", 13, 15)], [relation("s", "a", "c")], document
    ).evidence
    assert title_and_sentence.location.page == 2


def test_a_field_s_type_is_part_of_metadata():
    fingerprints = {metadata_fingerprint({"a": value}) for value in ("1", 1, 1.0, True, ("1",))}
    assert len(fingerprints) == 5
    assert metadata_fingerprint({"a": 1, "b": 2}) == metadata_fingerprint({"b": 2, "a": 1})


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


def test_what_a_document_no_longer_says_as_it_did_is_stale():
    chunks = [chunk(0, 0, 20)]
    new = rows(chunks, [mention("a", 0, 1), mention("b", 2, 3)], [relation("r1", "a", "b"), relation("r2", "b", "a")])
    stale = stale_mentions({MentionId("a"): "x", MentionId("b"): "another text", MentionId("c"): "x"}, new)
    assert stale == {"b", "c"}
    old = [
        LinkedRelation(RelationId(id), MentionId("a"), MentionId(tail), "KNOWS", symmetric, 0.5, True)
        for id, tail, symmetric in [("r1", "a", False), ("r2", "b", False), ("r3", "a", False)]
    ]
    assert stale_relations(old, stale, new) == {"r2", "r3"}
    assert stale_relations([replace(old[0], symmetric=True)], stale, new) == {"r1"}


def test_uses_of_names_are_counted_by_form_and_role():
    chunks = [chunk(0, 0, 20)]
    found = rows(chunks, [mention("a", 0, 1), mention("b", 2, 3)])
    assert found.uses == {
        NameUse(NameId("name of a"), "Person", "", Role.FULL, "x"): 1,
        NameUse(NameId("name of b"), "Person", "", Role.FULL, "x"): 1,
    }
