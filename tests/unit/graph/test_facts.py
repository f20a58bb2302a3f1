"""Sums of evidence: exact, and in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.graph.facts import FactChange, FactKey, Support, confidence, fact_changes, weight
from relex_kg.ids import DocumentId, EntityId, RelationId

KNOWS = FactKey(EntityId("a"), "KNOWS", EntityId("b"), False)


def support(relation, document, score, fact=KNOWS):
    return Support(RelationId(relation), DocumentId(document), fact, score)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0.5], 0.5), ([0.5, 0.5], 0.75), ([0.6, 0.5], 0.8), ([1.0, 0.3], 1.0), ([1 / 3], 0.333333), ([0.0], 0.0)],
)
def test_each_document_is_one_witness(scores, expected):
    assert confidence(sum(map(weight, scores))) == expected


def test_a_fact_counts_its_relations_and_its_documents():
    before = [support("r1", "d1", 0.5)]
    after = [support("r1", "d1", 0.5), support("r2", "d1", 0.2), support("r3", "d2", 0.4), support("r4", "d2", 0.3)]
    assert fact_changes(before, after) == (FactChange(KNOWS, 3, 1, weight(0.4)),)
    assert fact_changes(after, before) == (FactChange(KNOWS, -3, -1, -weight(0.4)),)
    assert fact_changes(after, after) == ()


def test_other_evidence_of_the_same_weight_is_a_change():
    assert fact_changes([support("r1", "d1", 0.5)], [support("r2", "d1", 0.5)]) == (FactChange(KNOWS, 0, 0, 0),)


def test_a_symmetric_fact_is_one_whichever_way_it_is_read():
    one, other = EntityId("a"), EntityId("b")
    assert FactKey.between(other, "MARRIED_TO", one, symmetric=True) == FactKey(one, "MARRIED_TO", other, True)
    assert FactKey.between(other, "KNOWS", one, symmetric=False).id != KNOWS.id


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), max_size=8), st.randoms())
def test_taking_off_what_was_added_leaves_nothing(scores, random):
    supports = [support(f"r{number}", f"d{document}", score) for number, (document, score) in enumerate(scores)]
    [added] = fact_changes([], supports) or [FactChange(KNOWS, 0, 0, 0)]
    random.shuffle(supports)
    [gone] = fact_changes(supports, []) or [FactChange(KNOWS, 0, 0, 0)]
    assert (added.support + gone.support, added.documents + gone.documents, added.weight + gone.weight) == (0, 0, 0)
