"""What holds for any mentions and decisions."""

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relex_kg.canon.blocking import candidate_pairs
from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.kinds import Kind
from relex_kg.canon.names import read_name
from relex_kg.canon.resolver import Resolver
from relex_kg.canon.rulings import Rulings
from relex_kg.canon.similarity import compare
from relex_kg.errors import DecisionError
from relex_kg.types import collapse

# Few words, so that names meet: variants of each other, short forms, acronyms and slips of the pen.
_WORDS = """
    John J. Jane Johann A. B. Albert Smith Smithson Mr. Mrs. Dr. de van Jr. II III 12 13 2020 May the Bank Bnak of NB
    NBA National Natinal Nationals America Americas Universty University Inc. & - 東京 京
    Bill William "Bill" (Bill) "B." (NB) (1879) Group Party FC Club American U.S. States United Monday 3 1999
"""
_words = st.one_of(
    st.sampled_from(_WORDS.split()), st.text("abAB'.,- é", min_size=1, max_size=8), st.text(min_size=1, max_size=3)
)
_names = st.lists(_words, min_size=1, max_size=4).map(" ".join)
_types = st.sampled_from(["Person", "Organization", "Date"])
_kinds = st.sampled_from(Kind)
_documents = st.lists(st.lists(st.tuples(_types, _names), min_size=1, max_size=5), min_size=1, max_size=6)
_lean = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _slips(name: str, place: int) -> str:
    place %= len(name)
    return name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]


_NEAR = st.builds(_slips, _names, st.integers(0, 30)).filter(bool)


@_lean
@given(documents=_documents, data=st.data())
def test_order_does_not_matter_and_each_mention_is_in_one_cluster(mentions, resolver, documents, data):
    found = mentions(documents)
    resolution = resolver.resolve(found)
    assert resolver.resolve(data.draw(st.permutations(found)) + found[:1]) == resolution
    assert sorted(id for cluster in resolution.clusters for id in cluster.mentions) == sorted(m.id for m in found)
    assert [cluster.mentions[0] for cluster in resolution.clusters] == sorted(
        min(cluster.mentions) for cluster in resolution.clusters
    )
    assert all(merge.left < merge.right and 0 < merge.score <= 1 for merge in resolution.merges)


@_lean
@given(names=st.lists(st.one_of(_names, _NEAR), min_size=2, max_size=12, unique=True), kind=_kinds)
def test_every_accepted_pair_is_a_candidate(names, kind):
    read = [read_name(name, is_person=kind is Kind.PERSON, kind=kind) for name in names]
    candidates = set(candidate_pairs(read))
    accepted = {(left, right) for left, right in combinations(range(len(read)), 2) if compare(read[left], read[right])}
    assert accepted <= candidates


@_lean
@given(one=st.one_of(_names, _NEAR), other=st.one_of(_names, _NEAR), kind=_kinds)
def test_comparison_has_no_direction(one, other, kind):
    left, right = (read_name(name, is_person=kind is Kind.PERSON, kind=kind) for name in (one, other))
    there, back = compare(left, right), compare(right, left)
    assert (there and (there.rule, there.score, there.left_shorter)) == (
        back and (back.rule, back.score, back.right_shorter)
    )
    assert compare(left, left) or left.is_local


@pytest.mark.parametrize("type", ["Person", "Organization", "Place", "Date", "Work"])
@_lean
@given(names=st.lists(st.one_of(_names, _NEAR), min_size=1, max_size=10))
def test_no_cluster_holds_a_pair_that_the_rules_refuse(mentions, resolver, type, names):
    for cluster in resolver.resolve(mentions([[(type, name)] for name in names])).clusters:
        rulings = Rulings(type, Decisions.none(), is_person=type == "Person")
        read = [rulings.read(name) for name in (cluster.name, *cluster.aliases)]
        assert all(compare(left, right) for left, right in combinations(read, 2))


@_lean
@given(documents=_documents, data=st.data())
def test_decisions_are_respected(mentions, documents, data):
    found = mentions(documents)
    names = sorted({collapse(m.text) for m in found if m.type == "Person"} | {"John", "Smith", "X"})
    entries = st.lists(st.lists(st.sampled_from(names), min_size=2, max_size=3, unique=True), max_size=2)
    must, cannot = (
        tuple(Decision("Person", tuple(entry), "here") for entry in data.draw(entries)) for _ in ("must", "cannot")
    )
    try:
        resolver = Resolver(Decisions(must, cannot))
    except DecisionError:
        return
    resolution = resolver.resolve(found)
    cluster_of = {id: number for number, cluster in enumerate(resolution.clusters) for id in cluster.mentions}
    clusters = {
        name: {cluster_of[m.id] for m in found if m.type == "Person" and collapse(m.text) == name} for name in names
    }
    for decision in must:
        assert len(set().union(*(clusters[name] for name in decision.names))) <= 1
    for decision in cannot:
        assert all(not clusters[one] & clusters[other] for one, other in combinations(decision.names, 2))
    assert len(cluster_of) == len(found)


@_lean
@given(documents=_documents)
def test_a_document_of_unrelated_names_changes_nothing(mentions, resolver, documents):
    before = mentions(documents)
    stranger = [("Person", "Ƣƣ Ʀʀ Ƨƨ"), ("Organization", "Ƣƣ Ʀʀ Ƨƨ")]
    after = resolver.resolve(mentions([*documents, stranger]))
    known = {mention.id for mention in before}
    kept = tuple(cluster for cluster in after.clusters if known & set(cluster.mentions))
    assert kept == resolver.resolve(before).clusters
    assert after.merges == resolver.resolve(before).merges


@given(text=st.one_of(_names, st.text(min_size=1)), kind=_kinds)
def test_every_text_has_a_key(text, kind):
    name = read_name(text, is_person=kind is Kind.PERSON, kind=kind)
    assert name.key
    assert name == read_name(text, is_person=kind is Kind.PERSON, kind=kind)


def test_rulings_of_a_type_without_decisions_are_empty():
    rulings = Rulings("Person", Decisions.none(), is_person=True)
    assert (rulings.linked, rulings.apart, rulings.decided) == ([], set(), frozenset())
