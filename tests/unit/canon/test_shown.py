from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.canon.kinds import Kind
from relex_kg.canon.shown import best_form


@pytest.mark.parametrize(
    ("kind", "best", "others"),
    [
        (
            Kind.PERSON,
            "Marie Curie",
            ["MARIE CURIE", "Curie, Marie", "Dr. Marie Curie", "Marie Curie's", "Marie Curie’"],
        ),
        (Kind.PERSON, "Ana Ruiz", ["Prof. Ana Ruiz, PhD"]),
        (Kind.PERSON, "João da Silva", ["Silva, João da"]),
        (Kind.PERSON, "Angela Merkel", ["Angela Mer\u00adkel", "Ange\u200bla Merkel"]),
        (Kind.PERSON, "Obama", ["OBAMA"]),
        (Kind.PERSON, "Martin Luther King, Jr.", ["MARTIN LUTHER KING", "Dr. Martin Luther King, Jr."]),
        (Kind.ORGANIZATION, "European Commission", ["the European Commission", "European Commission's"]),
        (Kind.ORGANIZATION, "IBM", ["IBM’s"]),
        (Kind.ORGANIZATION, "Acme Steel", ["ACME STEEL", "ACME STEEL'S"]),
        (Kind.ORGANIZATION, "Siemens", ["SIEMENS"]),
        (Kind.PLACE, "Brazil", ["BRAZIL", "Brazilian", "Brazilians", "brazil's"]),
        (Kind.PLACE, "China", ["CHINA"]),
        (Kind.PLACE, "United States", ["American", "Americans", "the United States"]),
        (Kind.OTHER, "Typhoon Haiyan", ["TYPHOON HAIYAN"]),
    ],
)
def test_a_form_without_blemish_is_shown_however_rare(kind, best, others):
    assert best_form({best: 1} | dict.fromkeys(others, 9), kind) == best


@pytest.mark.parametrize(
    ("kind", "best", "other"),
    [
        (Kind.ORGANIZATION, "NATO", "Nato"),
        (Kind.ORGANIZATION, "IBM", "International Business Machines"),
        (Kind.ORGANIZATION, "The Beatles", "Beatles"),
        (Kind.PLACE, "US", "United States"),
        (Kind.PLACE, "Lodz", "Łódź"),
    ],
)
def test_among_good_forms_the_most_used_is_shown(kind, best, other):
    assert best_form({best: 2, other: 1}, kind) == best
    assert best_form({best: 1, other: 2}, kind) == other


@pytest.mark.parametrize("form", ["MARIE CURIE", "Dr. Curie", "Macy's", "French"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_form_alone_is_shown_as_it_is(form, kind):
    assert best_form({form: 1}, kind) == form


@given(
    forms=st.dictionaries(st.text(min_size=1), st.integers(1, 9), min_size=1),
    kind=st.sampled_from(Kind),
    data=st.data(),
)
def test_one_of_the_forms_is_shown_in_whatever_order_they_come(forms, kind, data):
    turned = dict(data.draw(st.permutations(sorted(forms.items()))))
    assert best_form(forms, kind) == best_form(Counter(turned), kind)
    assert best_form(forms, kind) in forms


def test_the_resolver_shows_it(resolve):
    names = ["MARIE CURIE", "MARIE CURIE", "Dr. Marie Curie", "Marie Curie"]
    (cluster,) = resolve([[("Person", name)] for name in names]).clusters
    assert (cluster.name, cluster.aliases) == ("Marie Curie", ("Dr. Marie Curie", "MARIE CURIE"))
