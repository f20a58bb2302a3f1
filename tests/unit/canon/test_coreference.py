"""Short forms within a document, through the real resolver."""

import pytest


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("Schneider", "Wilfried Schneider"),
        ("Wilfried", "Wilfried Schneider"),
        ("Dr. Schneider", "Wilfried Schneider"),
        ("W. Schneider", "Wilfried Schneider"),
        ("de Gaulle", "Charles de Gaulle"),
        ("Gaulle", "Charles de Gaulle"),
        ("van Gogh", "Vincent van Gogh"),
        ("García Márquez", "Gabriel García Márquez"),
        ("President Obama", "Barack Hussein Obama II"),
        ("Müller", "Gerd Muller"),
    ],
)
def test_a_short_form_stands_for_the_only_full_name(together, short, full):
    assert together("Person", full, short, short) == [[full, short]]
    assert together("Person", short, full) == [[full, short]]


@pytest.mark.parametrize(
    ("type", "short", "full"),
    [
        ("Person", "Wil", "Wilfried Schneider"),
        ("Person", "W.", "Wilfried Schneider"),
        ("Person", "Mr. Schneider", "Mrs. Gerda Schneider"),
        ("Person", "Herbert", "George Herbert Walker Bush"),
        ("Location", "Washington", "Washington Post"),
        ("Organization", "Post", "Washington Post"),
        ("Organization", "Post", "Washington Post Inc."),
        ("Organization", "MIT", "Massachusetts State"),
    ],
)
def test_others_stand_for_themselves(together, type, short, full):
    assert len(together(type, full, short)) == 2


def test_a_surname_of_several_is_that_of_the_nearest_before_it(mentions, resolver):
    names = ["Smith", "John Smith", "Smith", "Jane Smith", "Smith"]
    found = mentions([[("Person", name) for name in names]])
    clusters = {frozenset(cluster.mentions) for cluster in resolver.resolve(found).clusters}
    ids = [mention.id for mention in found]
    assert clusters == {frozenset(ids[:1]), frozenset(ids[1:3]), frozenset(ids[3:])}


def test_a_title_that_tells_the_gender_chooses(together):
    assert together("Person", "Mr. John Smith", "Mrs. Jane Smith", "Mr. Smith") == [
        ["Mr. John Smith", "Mr. Smith"],
        ["Mrs. Jane Smith"],
    ]


def test_initials_and_first_names_of_several_stand_for_themselves(together):
    assert together("Person", "John Smith", "Jane Smith", "J. Smith") == [
        ["J. Smith"],
        ["Jane Smith"],
        ["John Smith"],
    ]
    assert together("Person", "John Smith", "John Berg", "John") == [
        ["John"],
        ["John Berg"],
        ["John Smith"],
    ]


def test_the_document_decides_what_initials_mean(resolve, groups):
    documents = [
        [("Person", "John Smith"), ("Person", "J. Smith")],
        [("Person", "Jane Smith"), ("Person", "J. Smith")],
    ]
    resolution = resolve(documents)
    assert groups(resolution) == [["Jane Smith", "J. Smith"], ["John Smith", "J. Smith"]]
    assert [(merge.left, merge.right, merge.rule, merge.score) for merge in resolution.merges] == [
        ("J. Smith", "Jane Smith", "within document: given names", 0.9),
        ("J. Smith", "John Smith", "within document: given names", 0.9),
    ]


def test_an_acronym_is_that_of_the_document(together):
    names = ["Astana Centre", "AC", "Berlin Centre", "BC"]
    assert together("Organization", *names) == [
        ["Astana Centre", "AC"],
        ["Berlin Centre", "BC"],
    ]


def test_an_acronym_of_several_is_that_of_the_one_it_was_introduced_beside(together):
    names = ["American Centre", "Astana Centre", "AC", "American Centre", "Post"]
    assert together("Organization", *names) == [
        ["American Centre"],
        ["Astana Centre", "AC"],
        ["Post"],
    ]


def test_short_forms_do_not_cross_documents(resolve, groups):
    documents = [[("Person", "Wilfried Schneider")], [("Person", "Schneider")]]
    assert groups(resolve(documents)) == [["Schneider"], ["Wilfried Schneider"]]
