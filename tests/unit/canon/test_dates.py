from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.canon.dates import date_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 May 1999", "1999-05-03"),
        ("May 3, 1999", "1999-05-03"),
        ("1999-05-03", "1999-05-03"),
        ("MAY 3 1999", "1999-05-03"),
        ("the 3rd of May, 1999", "1999-05-03"),
        ("Monday, 3 May 1999", "1999-05-03"),
        ("Mon. May 3rd, 1999", "1999-05-03"),
        ("3-May-1999", "1999-05-03"),
        ("3.5.1999", "1999-05-03"),
        ("1999/5/3", "1999-05-03"),
        ("13/5/1999", "1999-05-13"),
        ("5/13/1999", "1999-05-13"),
        ("5/5/1999", "1999-05-05"),
        ("Sept. 30, 2001", "2001-09-30"),
        ("May 1999", "1999-05"),
        ("May of 1999", "1999-05"),
        ("1999-05", "1999-05"),
        ("1999", "1999"),
        ("the year 1999", "1999"),
        ("AD 1066", "1066"),
        ("the 1990s", "1990s"),
        ("1990’s", "1990s"),
        # neither one day, month, year nor decade
        ("3/5/1999", ""),
        ("31 February 1999", ""),
        ("1999-13", ""),
        ("13.13.1999", ""),
        ("44 BC", ""),
        ("May", ""),
        ("3 May", ""),
        ("early 1999", ""),
        ("1998-99", ""),
        ("3-5 May 1999", ""),
        ("May 3, 1999 and 2000", ""),
        ("the 20th century", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_values(text, value):
    assert date_value(text) == value


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_every_way_to_write_a_day_has_its_value(day):
    month = day.strftime("%B")
    forms = (
        day.isoformat(),
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.strftime('%A')}, {month[:3]}. {day.day}, {day.year}",
    )
    assert {date_value(form) for form in forms} == {day.isoformat()}
    assert date_value(f"{month} {day.year}") == day.isoformat()[:7]


def test_dates_of_one_value_are_one_across_documents(resolve):
    names = ["3 May 1999", "May 3, 1999", "1999-05-03", "1999-05-03"]
    (cluster,) = resolve([[("Date", name)] for name in names]).clusters
    assert (cluster.name, cluster.aliases, cluster.value) == ("1999-05-03", ("3 May 1999", "May 3, 1999"), "1999-05-03")


@pytest.mark.parametrize("name", ["Wednesday", "yesterday", "last year", "two days ago", "3 May", "May", "this summer"])
def test_what_only_the_document_can_tell_stays_in_it(mentions, resolver, name):
    found = mentions([[("Date", name), ("Date", name)], [("Date", name)]])
    resolution = resolver.resolve(found)
    ids = [mention.id for mention in found]
    assert {frozenset(cluster.mentions) for cluster in resolution.clusters} == {frozenset(ids[:2]), frozenset(ids[2:])}
    assert {cluster.value for cluster in resolution.clusters} == {None}


@pytest.mark.parametrize("name", ["the summer of 1999", "two years", "the 19th century", "5 p.m.", "Christmas"])
def test_other_times_are_one_across_documents(resolve, name):
    (cluster,) = resolve([[("Date", name)], [("Date", name)]]).clusters
    assert cluster.value is None


def test_names_of_other_types_are_no_dates(resolve):
    clusters = resolve([[("Work", "1984")], [("Work", "May")], [("Work", "May")], [("Work", "the year 1984")]]).clusters
    assert sorted((cluster.name, cluster.value) for cluster in clusters) == [
        ("1984", None),
        ("May", None),
        ("the year 1984", None),
    ]
