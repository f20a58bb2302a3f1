"""Ids are functions of what they name, and never of anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.ids import (
    DocumentId,
    EntityId,
    MentionId,
    chunk_id,
    digest,
    document_id,
    fact_id,
    mention_id,
    mint_entity_id,
    relation_id,
)

PARTS = st.lists(st.text(st.characters()), max_size=4)


def test_a_digest_is_32_hexadecimal_digits_that_never_change() -> None:
    assert digest("document", "file:///a.txt") == "69dda454d522e2a3427a0461909b25ca"


@given(PARTS, PARTS)
def test_different_parts_have_different_digests(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def test_the_border_between_parts_counts() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4


def test_a_number_is_its_decimal_digits() -> None:
    assert digest("chunk", 12) == digest("chunk", "12")


def test_a_lone_surrogate_can_be_named() -> None:
    assert document_id("file:///\udcff") != document_id("file:///?")


def test_the_same_content_has_different_ids_as_different_things() -> None:
    document, mention = DocumentId("d"), MentionId("m")
    ids = {
        document_id("d"),
        chunk_id(document, 0, 4),
        mention_id(document, 0, 4, "Person"),
        relation_id(mention, "KNOWS", mention),
        fact_id(EntityId("m"), "KNOWS", EntityId("m")),
        mint_entity_id(mention, ()),
    }
    assert len(ids) == 6


@pytest.mark.parametrize(
    "other", [("e", 0, 4, "Person"), ("d", 1, 4, "Person"), ("d", 0, 5, "Person"), ("d", 0, 4, "P")]
)
def test_every_part_of_a_mention_counts(other: tuple[str, int, int, str]) -> None:
    document, start, end, type_name = other
    assert mention_id(DocumentId(document), start, end, type_name) != mention_id(DocumentId("d"), 0, 4, "Person")


def test_a_relation_has_a_direction() -> None:
    one, other = MentionId("1"), MentionId("2")
    assert relation_id(one, "KNOWS", other) != relation_id(other, "KNOWS", one)


def test_an_entity_takes_the_first_id_of_its_mention_that_is_free() -> None:
    mention = MentionId("m")
    first = mint_entity_id(mention, set())
    second = mint_entity_id(mention, {first})
    third = mint_entity_id(mention, {first, second})
    assert len({first, second, third}) == 3
    assert mint_entity_id(mention, {second}) == first
