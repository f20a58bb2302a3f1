"""What pronouns and nouns stand for."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from relex_kg.extract.merging import Part, merge
from relex_kg.extract.references import REFERENCE, STANDS_FOR, Linked, link
from relex_kg.extract.request import Request
from relex_kg.ids import document_id
from relex_kg.ontology import Schema
from relex_kg.types import Span, TextExtraction, TextMention, TextRelation

SCHEMA = Schema.model_validate(
    {
        "name": "test",
        "entities": {"Person": {"label": "human being"}, "Place": {"label": "place"}},
        "relations": {
            "BORN_IN": {"label": "born in", "inverse": "birthplace of", "head": ["Person"], "tail": ["Place"]}
        },
    }
)
#       0         10        20        30        40
TEXT = "Huygens met Boyle. He had seen Leiden; he hid."
HUYGENS = (0, 7, "Person")
BOYLE = (12, 17, "Person")
HE = (19, 21, REFERENCE)
LEIDEN = (31, 37, "Place")
LATER_HE = (39, 41, REFERENCE)
Place = tuple[int, int, str]
Said = tuple[int, int, str, float]


def found(*mentions: Place, relations: Sequence[Said] = ()) -> TextExtraction:
    """Mentions by place and type, relations by their positions."""
    return TextExtraction(
        tuple(TextMention(Span(start, end), TEXT[start:end], label, 0.9) for start, end, label in mentions),
        tuple(TextRelation(*relation) for relation in relations),
        cut_spans=0,
        cut_pairs=0,
        cut_relations=0,
    )


def linked(*mentions: Place, relations: Sequence[Said] = ()) -> Linked:
    return link(found(*mentions, relations=relations), SCHEMA)


def test_names_alone_stay_as_they_are() -> None:
    extraction = found(HUYGENS, LEIDEN, relations=[(0, 1, "BORN_IN", 0.8)])
    assert link(extraction, SCHEMA) == Linked(extraction.mentions, (None, None), extraction.relations, 0, 0)


def test_a_reference_takes_the_type_of_its_name_and_its_relations_count() -> None:
    result = linked(
        HUYGENS, BOYLE, HE, LEIDEN, relations=[(2, 0, STANDS_FOR, 0.8), (2, 1, STANDS_FOR, 0.6), (2, 3, "BORN_IN", 0.7)]
    )
    assert [mention.label for mention in result.mentions] == ["Person", "Person", "Person", "Place"]
    assert result.antecedents == (None, None, 0, None)
    assert result.relations == (TextRelation(2, 3, "BORN_IN", 0.7),)
    assert (result.unlinked, result.unfit) == (0, 0)


def test_a_chain_is_as_sure_as_its_weakest_step() -> None:
    # straight to Boyle at 0.6, by way of the earlier "He" to Huygens at min(0.9, 0.7)
    result = linked(
        HUYGENS,
        BOYLE,
        HE,
        LATER_HE,
        relations=[(2, 0, STANDS_FOR, 0.7), (3, 2, STANDS_FOR, 0.9), (3, 1, STANDS_FOR, 0.6)],
    )
    assert result.antecedents == (None, None, 0, 0)


def test_equally_sure_chains_are_decided_by_distance() -> None:
    result = linked(HUYGENS, BOYLE, HE, relations=[(2, 0, STANDS_FOR, 0.7), (2, 1, STANDS_FOR, 0.7)])
    assert result.antecedents == (None, None, 1)


def test_without_an_antecedent_there_is_neither_link_nor_relation() -> None:
    result = linked(
        HE, LEIDEN, LATER_HE, relations=[(0, 1, "BORN_IN", 0.9), (2, 0, STANDS_FOR, 0.9), (0, 2, STANDS_FOR, 0.9)]
    )
    assert [mention.label for mention in result.mentions] == ["Place"]
    assert (result.antecedents, result.relations, result.unlinked, result.unfit) == ((None,), (), 2, 0)


def test_a_relation_that_the_name_cannot_have_is_left_out_and_counted() -> None:
    result = linked(
        HUYGENS,
        HE,
        LEIDEN,
        LATER_HE,
        relations=[(1, 2, STANDS_FOR, 0.8), (3, 0, STANDS_FOR, 0.8), (1, 2, "BORN_IN", 0.9), (1, 3, "BORN_IN", 0.9)],
    )
    assert result.antecedents == (None, 2, None, 0)
    assert (result.relations, result.unfit) == ((), 2)


references = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.5, 0.6, 0.9])), max_size=12)


@given(references, st.randoms())
def test_what_stands_for_what_does_not_depend_on_the_order_of_relations(
    steps: list[tuple[int, int, float]], chance: Random
) -> None:
    places = [HUYGENS, BOYLE, HE, (23, 26, REFERENCE), LATER_HE, (42, 45, REFERENCE)]
    relations = [(head, tail, STANDS_FOR, score) for head, tail, score in steps if head >= 2 and head != tail]
    shuffled = list(relations)
    chance.shuffle(shuffled)
    result = linked(*places, relations=relations)
    assert linked(*places, relations=shuffled) == result
    for mention, antecedent in zip(result.mentions, result.antecedents, strict=True):
        assert mention.label != REFERENCE
        assert antecedent is None or result.antecedents[antecedent] is None


def test_a_merged_document_holds_references_as_mentions() -> None:
    part = Part(
        Span(0, len(TEXT)),
        None,
        found(
            (0, 7, "human being"),
            HE,
            (31, 37, "place"),
            relations=[(1, 0, STANDS_FOR, 0.8), (2, 1, "birthplace of", 0.7)],
        ),
    )
    extraction = merge(document_id("u"), [part], SCHEMA)
    huygens, he, leiden = extraction.mentions
    assert (he.text, he.type, he.antecedent, he.is_reference) == ("He", "Person", huygens.id, True)
    assert (huygens.antecedent, huygens.is_reference, leiden.antecedent) == (None, False, None)
    assert [(relation.head, relation.tail, relation.type) for relation in extraction.relations] == [
        (he.id, leiden.id, "BORN_IN")
    ]
    assert extraction.dropped == {}


def test_references_are_asked_for_beside_what_the_schema_asks() -> None:
    plain, request = Request.of_schema(SCHEMA), Request.of_schema(SCHEMA, references=True)
    assert [entity.label for entity in request.entities] == ["human being", "place", REFERENCE]
    assert [relation.label for relation in request.relations] == ["born in", "birthplace of", STANDS_FOR]
    born_in, _, stands_for = request.relations
    assert (born_in.heads, born_in.tails) == ({"human being", REFERENCE}, {"place", REFERENCE})
    assert (stands_for.heads, stands_for.tails) == ({REFERENCE}, {"human being", "place", REFERENCE})
    assert (plain.entities, len(plain.relations)) == (request.entities[:2], 2)
