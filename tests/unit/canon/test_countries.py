from collections import Counter

from relex_kg.canon.countries import country, is_adjective, rows
from relex_kg.canon.kinds import Kind
from relex_kg.canon.names import read_name


def test_names_adjectives_and_other_names():
    assert country(("british",)) == country(("great", "britain")) == ("united", "kingdom")
    assert country(("united", "kingdom")) == ("united", "kingdom")
    assert country(("korean",)) is None


def test_adjectives_are_told_from_names():
    assert [is_adjective((word,)) for word in ("brazilian", "brazilians", "french", "brazil", "frenchs")] == [
        *(True, True, True),
        *(False, False),
    ]


def test_no_form_stands_for_two_countries():
    forms = Counter(form for name, adjectives, others in rows() for form in (name, *adjectives, *others))
    assert [form for form, count in forms.items() if count > 1] == []
    assert len(list(rows())) > 200


def test_every_form_is_found_as_a_place_is_read():
    for name, adjectives, others in rows():
        key = read_name(name, is_person=False, kind=Kind.PLACE).key
        forms = (*adjectives, *others)
        assert {read_name(form, is_person=False, kind=Kind.PLACE).key for form in forms} <= {key}, name
