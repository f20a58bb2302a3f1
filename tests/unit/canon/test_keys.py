"""Keys that a store can index find every pair that the rules accept."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relex_kg.canon.keys import keys, lookups
from relex_kg.canon.names import read_name
from relex_kg.canon.similarity import compare

WORDS = """
    John J. Jane Johann A. B. Albert Smith Smithson Smithsn Simthson Smithsoon Mr. Mrs. de van Jr. II 12 2020 May the
    Bank NB NBA National Natinal Nationals Universty University Unviersity Mitsubishi Mitsubihsi Mitsuubishi Inc. 東京
"""
NAMES = st.lists(
    st.one_of(st.sampled_from(WORDS.split()), st.text("abAB'.- é", min_size=1, max_size=9)), min_size=1, max_size=4
).map(" ".join)


@given(names=st.lists(NAMES, min_size=2, max_size=10, unique=True), is_person=st.booleans())
@settings(max_examples=400)
def test_accepted_names_find_each_other(names, is_person):
    read = [read_name(name, is_person=is_person) for name in names]
    for left, right in combinations(read, 2):
        if compare(left, right):
            assert lookups("T", left) & keys("T", right)
            assert lookups("T", right) & keys("T", left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Mitsubishi", "Mitsubihsi"),  # exchanged
        ("Mitsubishi", "Mitsubshi"),  # left out
        ("Universty of Leiden", "University of Leiden"),
        ("colours", "colors"),
        ("abcdef", "acbdef"),
        ("abcdef", "abdcef"),
        ("abcdef", "abcedf"),
    ],
)
def test_a_slip_of_the_pen_is_found(left, right):
    one, other = (read_name(name, is_person=False) for name in (left, right))
    assert lookups("T", one) & keys("T", other)
    assert lookups("T", other) & keys("T", one)


def test_names_of_other_types_do_not_meet():
    name = read_name("Mitsubishi", is_person=False)
    assert not lookups("Company", name) & keys("Product", name)


def test_a_surname_that_many_share_is_not_what_a_full_name_looks_under():
    smiths = [read_name(f"{given} Smith", is_person=True) for given in ("Ann", "Bob", "Cy")]
    assert not any(lookups("Person", one) & keys("Person", other) for one, other in combinations(smiths, 2))
