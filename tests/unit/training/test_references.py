"""Pronouns and nouns that stand for names, in annotated data."""

from dataclasses import replace

import pytest

from relex_kg.extract.references import REFERENCE, STANDS_FOR
from relex_kg.training.data import LabelledRelation, Record
from relex_kg.training.references import ask_for_references, leave_out_references
from tests.unit.training.conftest import MakeRecord

TEXT = "Ada Byron wrote. She, Byron, lived in York; the city was hers."


@pytest.fixture
def marked(record: MakeRecord) -> Record:
    """Two names and a pronoun of one person, a name and a noun of one place, and who lived where."""
    plain = record(
        TEXT,
        [("Ada Byron", "person"), ("She", "person"), ("Byron", "person"), ("York", "place"), ("the city", "place")],
        (1, 3, "lives in"),
        entity_types=("person", "place"),
        relation_types=("lives in",),
        pairs="all",
        clusters=((0, 1, 2), (3, 4)),
        cluster_relations=(LabelledRelation(0, 1, "lives in"),),
        references=True,
    )
    entities = tuple(
        replace(entity, reference=TEXT[entity.start : entity.end] in {"She", "the city"}) for entity in plain.entities
    )
    return replace(plain, entities=entities)


def test_references_are_asked_for_by_one_label_and_stand_for_all_else_of_their_cluster(marked: Record) -> None:
    asked = ask_for_references(marked)
    assert [entity.type for entity in asked.entities] == ["person", REFERENCE, "person", "place", REFERENCE]
    assert asked.entity_types == ("person", "place", REFERENCE)
    assert asked.relation_types == ("lives in", STANDS_FOR)
    assert {(each.head, each.tail, each.type) for each in asked.relations} == {
        (1, 3, "lives in"),
        (1, 0, STANDS_FOR),
        (1, 2, STANDS_FOR),
        (4, 3, STANDS_FOR),
    }
    assert asked.clusters == marked.clusters


def test_open_lists_stay_open(marked: Record) -> None:
    asked = ask_for_references(replace(marked, entity_types=None, relation_types=None))
    assert (asked.entity_types, asked.relation_types) == (None, None)


def test_a_record_whose_references_nobody_looked_for_stays_as_it_is(record: MakeRecord) -> None:
    plain = record(TEXT, [("Ada Byron", "person")])
    assert ask_for_references(plain) is plain
    assert leave_out_references(plain) is plain


def test_without_references_their_relations_pass_to_the_nearest_name(marked: Record) -> None:
    names = leave_out_references(marked)
    assert [TEXT[entity.start : entity.end] for entity in names.entities] == ["Ada Byron", "Byron", "York"]
    assert [(each.head, each.tail, each.type) for each in names.relations] == [(1, 2, "lives in")]
    assert (names.clusters, names.references) == (((0, 1), (2,)), False)
    assert names.cluster_relations == (LabelledRelation(0, 1, "lives in"),)
    assert names.entity_types == ("person", "place")


def test_what_has_no_name_falls_away_with_its_relations(marked: Record) -> None:
    nameless = replace(
        marked,
        entities=tuple(
            replace(entity, reference=True) if row in {3, 4} else entity for row, entity in enumerate(marked.entities)
        ),
    )
    names = leave_out_references(nameless)
    assert [TEXT[entity.start : entity.end] for entity in names.entities] == ["Ada Byron", "Byron"]
    assert (names.relations, names.clusters, names.cluster_relations) == ((), ((0, 1),), ())
