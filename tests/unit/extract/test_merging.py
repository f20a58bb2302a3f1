"""What several readings say of one document, put together."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.extract.merging import Part, merge
from relex_kg.ids import document_id, mention_id
from relex_kg.ontology import Schema
from relex_kg.types import Extraction, Span, TextExtraction, TextMention, TextRelation

#       0         10        20        30        40
TEXT = "Ada Byron works for Engines Ltd in York, says Bea."
ADA, BYRON, ADA_BYRON, ENGINES, YORK, BEA = (0, 3), (4, 9), (0, 9), (20, 31), (35, 39), (46, 49)
DOCUMENT = document_id("u")
EVERYTHING = ("Person", "Organisation", "Place")
SCHEMA = Schema.model_validate(
    {
        "name": "test",
        "entities": {
            "Person": {"label": "human being"},
            "Organisation": {"label": "organisation"},
            "Place": {"label": "place"},
        },
        "relations": {
            "WORKS_FOR": {"label": "works for", "inverse": "employs", "head": EVERYTHING, "tail": EVERYTHING},
            "KNOWS": {"label": "knows", "symmetric": True, "head": EVERYTHING, "tail": EVERYTHING},
        },
    }
)
Said = tuple[tuple[int, int], str, float]
Related = tuple[int, int, str, float]


def reading(
    *mentions: Said,
    relations: tuple[Related, ...] = (),
    stretch: tuple[int, int] = (0, 50),
    title: tuple[int, int] | None = None,
    cut: tuple[int, int, int] = (0, 0, 0),
) -> Part:
    """A stretch of the text and what was found in it; mentions by their place in the whole text."""
    found = [TextMention(Span(*place), TEXT[slice(*place)], label, score) for place, label, score in mentions]
    return Part(
        Span(*stretch),
        None if title is None else Span(*title),
        TextExtraction(tuple(found), tuple(TextRelation(*relation) for relation in relations), *cut),
    )


def merged(*readings: Part) -> Extraction:
    return merge(DOCUMENT, readings, SCHEMA)


def mentions_of(extraction: Extraction) -> list[tuple[tuple[int, int], str, float]]:
    return [((one.span.start, one.span.end), one.type, one.score) for one in extraction.mentions]


def relations_of(extraction: Extraction) -> set[tuple[str, str, str, float]]:
    texts = {mention.id: mention.text for mention in extraction.mentions}
    return {(texts[one.head], one.type, texts[one.tail], one.score) for one in extraction.relations}


def test_labels_become_types() -> None:
    extraction = merged(reading((ENGINES, "organisation", 0.8), (BEA, "human being", 0.9), stretch=(20, 50)))
    assert mentions_of(extraction) == [(ENGINES, "Organisation", 0.8), (BEA, "Person", 0.9)]
    assert extraction.mentions[0].id == mention_id(DOCUMENT, *ENGINES, "Organisation")
    assert extraction.dropped == {}


def test_what_two_stretches_share_is_there_once_with_its_best_score() -> None:
    first = reading(
        (ADA_BYRON, "human being", 0.6),
        (ENGINES, "organisation", 0.9),
        relations=((0, 1, "works for", 0.7),),
        stretch=(0, 40),
    )
    second = reading(
        (ADA_BYRON, "human being", 0.8), (ENGINES, "organisation", 0.5), relations=((0, 1, "works for", 0.95),)
    )
    for order in ((first, second), (second, first)):
        extraction = merged(*order)
        assert mentions_of(extraction) == [(ADA_BYRON, "Person", 0.8), (ENGINES, "Organisation", 0.9)]
        assert relations_of(extraction) == {("Ada Byron", "WORKS_FOR", "Engines Ltd", 0.95)}
        assert extraction.dropped == {}


def test_an_inverse_phrase_exchanges_the_ends() -> None:
    extraction = merged(
        reading((ADA, "human being", 0.9), (ENGINES, "organisation", 0.9), relations=((1, 0, "employs", 0.7),))
    )
    assert relations_of(extraction) == {("Ada", "WORKS_FOR", "Engines Ltd", 0.7)}


def test_a_phrase_and_its_inverse_are_one_relation() -> None:
    both = ((0, 1, "works for", 0.6), (1, 0, "employs", 0.8))
    extraction = merged(reading((ADA, "human being", 0.9), (ENGINES, "organisation", 0.9), relations=both))
    assert relations_of(extraction) == {("Ada", "WORKS_FOR", "Engines Ltd", 0.8)}


def test_a_symmetric_relation_runs_from_what_comes_first() -> None:
    both = ((1, 0, "knows", 0.6), (0, 1, "knows", 0.5))
    extraction = merged(reading((ADA, "human being", 0.9), (BEA, "human being", 0.9), relations=both))
    assert relations_of(extraction) == {("Ada", "KNOWS", "Bea", 0.6)}


def test_relations_pass_to_the_better_mention_of_the_same_type() -> None:
    first = reading(
        (ADA, "human being", 0.6),
        (ENGINES, "organisation", 0.9),
        relations=((0, 1, "works for", 0.7),),
        stretch=(0, 40),
    )
    extraction = merged(first, reading((ADA_BYRON, "human being", 0.8)))
    assert mentions_of(extraction) == [(ADA_BYRON, "Person", 0.8), (ENGINES, "Organisation", 0.9)]
    assert relations_of(extraction) == {("Ada Byron", "WORKS_FOR", "Engines Ltd", 0.7)}
    assert extraction.dropped == {"overlapping mention": 1}


def test_relations_do_not_pass_to_a_mention_of_another_type() -> None:
    first = reading(
        (ADA, "human being", 0.6),
        (ENGINES, "organisation", 0.9),
        relations=((0, 1, "works for", 0.7),),
        stretch=(0, 40),
    )
    extraction = merged(first, reading((ADA_BYRON, "place", 0.8)))
    assert mentions_of(extraction) == [(ADA_BYRON, "Place", 0.8), (ENGINES, "Organisation", 0.9)]
    assert extraction.relations == ()
    assert extraction.dropped == {"overlapping mention": 1, "relation of an overlapping mention": 1}


def test_a_relation_that_would_join_a_mention_to_itself_is_dropped() -> None:
    parts = reading(
        (ADA, "human being", 0.6), (BYRON, "human being", 0.5), relations=((0, 1, "knows", 0.9),), stretch=(0, 20)
    )
    extraction = merged(parts, reading((ADA_BYRON, "human being", 0.8)))
    assert mentions_of(extraction) == [(ADA_BYRON, "Person", 0.8)]
    assert extraction.relations == ()
    assert extraction.dropped == {"overlapping mention": 2, "relation of an overlapping mention": 1}


def test_a_relation_whose_ends_no_longer_share_a_stretch_is_dropped() -> None:
    first = reading(
        (BYRON, "human being", 0.6),
        (ENGINES, "organisation", 0.9),
        relations=((0, 1, "works for", 0.7),),
        stretch=(4, 50),
    )
    extraction = merged(first, reading((ADA_BYRON, "human being", 0.8), stretch=(0, 20)))
    assert mentions_of(extraction) == [(ADA_BYRON, "Person", 0.8), (ENGINES, "Organisation", 0.9)]
    assert extraction.relations == ()
    assert extraction.dropped == {"overlapping mention": 1, "relation of an overlapping mention": 1}


def test_a_mention_in_the_title_shares_every_stretch_that_was_read_behind_it() -> None:
    first = reading((ADA, "human being", 0.9), stretch=(0, 10))
    second = reading(
        (ADA, "human being", 0.8),
        (YORK, "place", 0.9),
        relations=((0, 1, "knows", 0.7),),
        stretch=(20, 50),
        title=(0, 9),
    )
    extraction = merged(first, second)
    assert relations_of(extraction) == {("Ada", "KNOWS", "York", 0.7)}
    assert extraction.dropped == {}


def test_a_mention_may_lie_within_another_where_that_is_asked() -> None:
    long = reading((ADA_BYRON, "human being", 0.6), (YORK, "place", 0.9), relations=((0, 1, "knows", 0.7),))
    short = reading((BYRON, "human being", 0.9), (YORK, "place", 0.8), relations=((0, 1, "knows", 0.8),))
    extraction = merge(DOCUMENT, [long, short], SCHEMA, flat=False)
    assert mentions_of(extraction) == [
        (ADA_BYRON, "Person", 0.6),
        (BYRON, "Person", 0.9),
        (YORK, "Place", 0.9),
    ]
    assert relations_of(extraction) == {("Ada Byron", "KNOWS", "York", 0.7), ("Byron", "KNOWS", "York", 0.8)}


def test_mentions_that_cross_or_share_their_span_never_both_stay() -> None:
    crossing = reading(((4, 15), "human being", 0.7))
    same = reading((ADA_BYRON, "place", 0.8))
    extraction = merge(DOCUMENT, [reading((ADA_BYRON, "human being", 0.9)), crossing, same], SCHEMA, flat=False)
    assert mentions_of(extraction) == [(ADA_BYRON, "Person", 0.9)]


def test_equal_scores_are_decided_by_position() -> None:
    readings = [reading((BYRON, "human being", 0.8)), reading((ADA_BYRON, "human being", 0.8))]
    assert mentions_of(merged(*readings)) == mentions_of(merged(*reversed(readings))) == [(ADA_BYRON, "Person", 0.8)]


def test_what_budgets_cut_is_counted_over_all_readings() -> None:
    assert merged(reading(cut=(2, 0, 4)), reading(cut=(3, 7, 5))).dropped == {
        "span over budget": 5,
        "pair over budget": 7,
        "relation over budget": 9,
    }


def test_nothing_read_is_nothing_said() -> None:
    assert merge(DOCUMENT, [], SCHEMA) == Extraction(DOCUMENT, (), (), {})


@st.composite
def readings(draw: st.DrawFn) -> Part:
    start = draw(st.integers(0, 40))
    stretch = (start, draw(st.integers(start + 5, 50)))
    mentions: list[Said] = []
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(stretch[0], stretch[1] - 1))
        last = draw(st.integers(first + 1, stretch[1]))
        label = draw(st.sampled_from(SCHEMA.entity_labels))
        mentions.append(((first, last), label, draw(st.sampled_from([0.5, 0.6, 0.7]))))
    positions = st.integers(0, max(len(mentions) - 1, 0))
    relation = st.tuples(positions, positions, st.sampled_from(SCHEMA.relation_labels), st.sampled_from([0.5, 0.9]))
    relations = [one for one in draw(st.lists(relation, max_size=4)) if one[0] != one[1] and mentions]
    return reading(*mentions, relations=tuple(relations), stretch=stretch)


@given(st.lists(readings(), max_size=4))
def test_a_merged_document_is_whole(several: list[Part]) -> None:
    extraction = merged(*several)
    mentions = {mention.id: mention for mention in extraction.mentions}
    said = {(m.span.start, m.span.end, m.label) for part in several for m in part.found.mentions}
    assert all(mention.text == mention.span.of(TEXT) for mention in extraction.mentions)
    assert all((m.span.start, m.span.end, SCHEMA.entities[m.type].label) in said for m in extraction.mentions)
    assert list(extraction.mentions) == sorted(extraction.mentions, key=lambda mention: mention.span)
    assert not any(a.span.overlaps(b.span) for a in extraction.mentions for b in extraction.mentions if a.id != b.id)
    assert len(said) == len(extraction.mentions) + extraction.dropped.get("overlapping mention", 0)
    assert len({relation.id for relation in extraction.relations}) == len(extraction.relations)
    for relation in extraction.relations:
        head, tail = mentions[relation.head].span, mentions[relation.tail].span
        both = Span(min(head.start, tail.start), max(head.end, tail.end))
        assert any(part.span.contains(both) for part in several)
        assert head != tail
        assert relation.type != "KNOWS" or head < tail


@given(st.lists(readings(), max_size=4), st.randoms())
def test_the_order_of_readings_does_not_matter(several: list[Part], chance: Random) -> None:
    shuffled = list(several)
    chance.shuffle(shuffled)
    assert merged(*shuffled) == merged(*several)


def test_a_label_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(KeyError):
        merged(reading((ADA, "animal", 0.9)))
