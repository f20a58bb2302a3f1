from dataclasses import replace

import pytest

from relex_kg.canon.decisions import Decisions
from relex_kg.canon.kinds import Kind, kind_of_type
from relex_kg.canon.resolver import Resolver, is_person_type
from relex_kg.types import Cluster, Merge, Resolution


def test_the_whole_resolution(mentions, resolver):
    found = mentions(
        [
            [("Person", "Wilfried  Schneider"), ("Person", "Schneider"), ("Organization", "Acme Corp.")],
            [("Person", "Wilfried Schneider"), ("Organization", "ACME")],
            [("Person", "W. Schneider"), ("Organization", "ACME")],
        ]
    )
    ids = [mention.id for mention in found]
    people = Cluster(
        type="Person",
        name="Wilfried Schneider",
        aliases=("Schneider", "W. Schneider"),
        mentions=tuple(sorted([ids[0], ids[1], ids[3], ids[5]])),
    )
    firms = Cluster("Organization", "ACME", ("Acme Corp.",), tuple(sorted([ids[2], ids[4], ids[6]])))
    assert resolver.resolve(found) == Resolution(
        clusters=tuple(sorted([people, firms], key=lambda cluster: cluster.mentions)),
        merges=(
            Merge("Organization", "ACME", "Acme Corp.", "equal key", 1.0),
            Merge("Person", "Schneider", "Wilfried Schneider", "within document: surname", 0.9),
            Merge("Person", "W. Schneider", "Wilfried Schneider", "initials", 0.9),
        ),
    )


def test_nothing_gives_nothing(resolver):
    assert resolver.resolve([]) == Resolution((), ())


def test_types_are_never_mixed(mentions, groups, resolver):
    documents = [[("Location", "Washington"), ("Organization", "Washington")]]
    assert groups(resolver.resolve(mentions(documents))) == [["Washington"], ["Washington"]]


def test_a_chain_of_variants_is_not_one_cluster(apart):
    # each neighbour is one letter from the next, the ends are not
    found = apart("Organization", "Interational Bank", "International Bank", "Internationnal Bank")
    assert found == [["Interational Bank"], ["Internationnal Bank", "International Bank"]]


def test_the_name_is_the_most_used_full_form(mentions, groups, resolver):
    documents = [[("Location", name)] for name in ("Łódź", "Lodz", "Lodz", "LODZ")]
    assert groups(resolver.resolve(mentions(documents))) == [["Lodz", "LODZ", "Łódź"]]


def test_what_no_reader_sees_is_in_no_name(mentions, groups, resolver):
    documents = [[("Person", name)] for name in ("Ange\u200bla Mer\u00adkel", "\ufeffAngela Merkel", "A. Mer\u2060kel")]
    assert groups(resolver.resolve(mentions(documents))) == [["Angela Merkel", "A. Merkel"]]


@pytest.mark.parametrize(
    "type", ["Person", "PER", "Peop", "person", "Researcher", "FictionalCharacter", "HUMAN_PERSON"]
)
def test_types_of_people(type):
    assert is_person_type(type)


@pytest.mark.parametrize("type", ["Organization", "PersonalItem", "Permit", "X1", "人"])
def test_other_types(type):
    assert not is_person_type(type)


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("Organization", Kind.ORGANIZATION),
        ("ORG", Kind.ORGANIZATION),
        ("FootballClub", Kind.ORGANIZATION),
        ("Location", Kind.PLACE),
        ("GPE", Kind.PLACE),
        ("birth_date", Kind.DATE),
        ("time", Kind.DATE),
        ("nationality, religious or political group", Kind.OTHER),
        ("Product", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_kinds_of_types(type, kind):
    assert kind_of_type(type) is kind


def test_person_types_can_be_given(mentions, groups):
    resolver = Resolver(Decisions.none(), person_types=frozenset({"Saint"}))
    documents = [[(type, name)] for type in ("Saint", "Person") for name in ("J. Smith", "John Smith")]
    assert groups(resolver.resolve(mentions(documents))) == [["J. Smith"], ["John Smith"], ["John Smith", "J. Smith"]]


def test_five_thousand_people_of_one_surname_meet_few_others(mentions, resolver):
    first = [
        a + b + c
        for a in "bcdfghjklmnprstvwxyz"
        for b in ("an", "el", "ir", "on", "ub")
        for c in ("a", "e", "i", "o", "u", "y", "as", "es", "is", "os", "us", "ad", "ed", "id", "od", "ud")
    ]
    names = [f"{given} {middle}Smith" for given in first for middle in ("", "A. ", "B. ")]
    assert len(names) == 4800
    resolution = resolver.resolve(mentions([[("Person", name)] for name in names]))
    assert (len(resolution.clusters), resolution.merges) == (4800, ())


def test_references_go_with_their_name_and_give_no_alias(mentions, resolver):
    found = mentions([[("Person", "Ann Smith"), ("Person", "Smith"), ("Person", "she"), ("Organization", "it")]])
    name, short, she, it = found
    referring = [name, short, replace(she, antecedent=short.id), it]
    resolution = resolver.resolve(referring)
    assert [
        (cluster.name, cluster.aliases, cluster.mentions) for cluster in resolution.clusters if cluster.type == "Person"
    ] == [("Ann Smith", ("Smith",), tuple(sorted([name.id, short.id, she.id])))]
    assert resolution.merges == resolver.resolve([name, short, it]).merges
