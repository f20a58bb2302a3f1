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
        ("Liz", "Elizabeth Cheney"),
        ("Bill Gates", "William H. Gates"),
        ("Willi", 'Wilfried "Willi" Schneider'),
        ("Schneider", 'Wilfried "Willi" Schneider'),
        ("Lulu", "Lesley Lu (Lulu) Spencer"),
        ("The Rock", "Dwayne “The Rock” Johnson"),
        ("Einstein", "Albert Einstein (1879–1955)"),
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
        ("Organization", "Washington", "Washington Post"),
        ("Organization", "MIT", "Massachusetts State"),
        ("Organization", "BBC", "BBC News"),
        ("Organization", "European Union", "Council of the European Union"),
        ("Organization", "Union", "Council of the European Union"),
        ("Organization", "Justice", "Court of Justice"),
        ("Organization", "National", "National Party"),
        ("Organization", "Catholic", "Pittsburgh Catholic"),
        ("Organization", "DuMont", "ABC-DuMont"),
        ("Organization", "Texas A&M University", "Texas A&M University System"),
        ("Organization", "Sony", "Sony Pictures"),
        ("Organization", "House", "House Judiciary Committee"),
        ("Location", "California", "Southern California"),
        ("Location", "Virginia", "Virginia Beach"),
        ("Event", "Winter Olympics", "2018 Winter Olympics"),
        ("Concept", "network", "neural network"),
        ("Person", "Bill", "Robert Gates"),
    ],
)
def test_others_stand_for_themselves(together, type, short, full):
    assert len(together(type, full, short)) == 2


@pytest.mark.parametrize(
    ("type", "short", "full"),
    [
        ("Organization", "the Commission", "the European Commission"),
        ("Organization", "the Post", "Washington Post"),
        ("Organization", "Vikings", "Minnesota Vikings"),
        ("Organization", "Bayern", "FC Bayern Munich"),
        ("Organization", "Bayern", "Bayern Munich"),
        ("Organization", "Bayern Munich", "FC Bayern Munich"),
        ("Organization", "Stanford", "Stanford University"),
        ("Organization", "Oxford", "University of Oxford"),
        ("Organization", "Samsung", "Samsung Group"),
        ("Organization", "the Council", "the Council of the European Union"),
        ("Organization", "the House", "the United States House of Representatives"),
        ("Organization", "Marshall", "Marshall Space Flight Center"),
        ("Organization", "Parliament", "Parliament of Victoria"),
        ("Organization", "the Liberals", "the Liberal Party"),
        ("Organization", "Social Democrats", "Social Democratic Party"),
        ("Team", "Swansea", "Swansea City"),
        ("Event", "Haiyan", "Typhoon Haiyan"),
        ("Product", "the Odyssey", "Magnavox Odyssey"),
    ],
)
def test_words_are_left_out_once_the_whole_name_is_told(together, type, short, full):
    assert len(together(type, full, short, short)) == 1
    kind_of_tail = len(together(type, short, full)) == 1
    assert kind_of_tail == (full in {"Samsung Group", "FC Bayern Munich"} and short != "Bayern")


def test_words_are_left_out_for_one_name_only(together):
    assert together("Organization", "the European Commission", "the Trilateral Commission", "the Commission") == [
        ["the Commission"],
        ["the European Commission"],
        ["the Trilateral Commission"],
    ]
    # the one full name, however it is written
    assert together("Organization", "Commission of Enquiry", "the EU Commission", "the European Commission") == [
        ["Commission of Enquiry"],
        ["the EU Commission"],
        ["the European Commission"],
    ]


def test_a_chain_of_short_forms_ends_at_the_full_name(together):
    names = ["United States Supreme Court", "Supreme Court", "Court"]
    assert together("Organization", *names) == [["United States Supreme Court", "Court", "Supreme Court"]]


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


def test_an_acronym_of_other_letters_counts_where_it_is_introduced(together):
    agency = "Japan Aerospace Exploration Agency"
    assert together("Organization", agency, "JAXA", "JAXA") == [[agency, "JAXA"]]
    assert together("Organization", agency, "European Central Bank", "JAXA") == [
        ["European Central Bank"],
        ["JAXA"],
        [agency],
    ]
    assert len(together("Organization", agency, "JSPS")) == 2


def test_short_forms_do_not_cross_documents(resolve, groups):
    documents = [[("Person", "Wilfried Schneider")], [("Person", "Schneider")]]
    assert groups(resolve(documents)) == [["Schneider"], ["Wilfried Schneider"]]
    documents = [[("Organization", "European Commission")], [("Organization", "Commission")]]
    assert groups(resolve(documents)) == [["Commission"], ["European Commission"]]
