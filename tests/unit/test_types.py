"""Spans, and the hash of a document's text."""

from dataclasses import FrozenInstanceError
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.ids import document_id
from relex_kg.types import Document, Span, TextExtraction, TextMention, TextRelation


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 12))
    return Span(start, start + draw(st.integers(1, 6)))


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2)])
def test_a_span_that_is_empty_or_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=rf"0 <= start < end, not {start}\.\.{end}"):
        Span(start, end)


@given(spans(), spans())
def test_spans_overlap_where_they_share_a_character(one: Span, other: Span) -> None:
    shared = set(range(one.start, one.end)) & set(range(other.start, other.end))
    assert one.overlaps(other) == bool(shared)


@given(spans(), spans())
def test_a_span_contains_another_whose_every_character_it_has(one: Span, other: Span) -> None:
    assert one.contains(other) == (set(range(other.start, other.end)) <= set(range(one.start, one.end)))


@given(spans(), spans())
def test_spans_are_ordered_by_start_then_end(one: Span, other: Span) -> None:
    assert (one < other) == ((one.start, one.end) < (other.start, other.end))


def test_a_span_knows_its_length_its_text_and_where_it_moves_to() -> None:
    span = Span(2, 5)
    assert (len(span), span.of("0123456"), span.shifted(10)) == (3, "234", Span(12, 15))


def test_values_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Span(0, 1).start = 5  # type: ignore[misc]


def test_a_documents_hash_is_that_of_its_text_in_utf8() -> None:
    document = Document(document_id("u"), "u", "title", "Tromsø", "text/plain")
    assert document.sha256 == sha256("Tromsø".encode()).hexdigest()


def test_half_a_surrogate_pair_can_be_hashed() -> None:
    texts = ("\ud800", "\ud801")
    assert len({Document(document_id("u"), "u", "t", text, "text/plain").sha256 for text in texts}) == 2


def test_what_scored_higher_of_an_extraction() -> None:
    def mention(start: int, score: float) -> TextMention:
        return TextMention(Span(start, start + 1), "x", "thing", score)

    found = TextExtraction(
        mentions=(mention(0, 0.9), mention(2, 0.4), mention(4, 0.6)),
        relations=(TextRelation(0, 1, "a", 0.9), TextRelation(2, 0, "b", 0.8), TextRelation(0, 2, "c", 0.5)),
        cut_spans=1,
        cut_pairs=2,
        cut_relations=3,
    )
    assert found.above(entity_threshold=0.4, relation_threshold=0.5) == TextExtraction(
        mentions=(mention(0, 0.9), mention(4, 0.6)),
        relations=(TextRelation(1, 0, "b", 0.8),),
        cut_spans=1,
        cut_pairs=2,
        cut_relations=3,
    )
    assert found.above(entity_threshold=0.0, relation_threshold=0.0) == found
