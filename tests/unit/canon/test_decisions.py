from textwrap import dedent

import pytest

from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import DecisionError
from relex_kg.types import Listed


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "merges.yaml"
        path.write_text(dedent(text), "utf-8")
        return Decisions.load(path)

    return load


def test_a_file_is_read(load, tmp_path):
    decisions = load(
        """\
        must_link:
          - {type: Person, names: [Mark  Twain, Samuel Clemens]}
        cannot_link:
          - type: Person
            names: [John Smith, J. Smith]
        """
    )
    assert decisions == Decisions(
        (Decision("Person", ("Mark Twain", "Samuel Clemens"), f"{tmp_path}/merges.yaml, line 2"),),
        (Decision("Person", ("John Smith", "J. Smith"), f"{tmp_path}/merges.yaml, line 4"),),
    )


@pytest.mark.parametrize("text", ["", "must_link:\n", "# nothing yet\n"])
def test_an_empty_file_decides_nothing(load, text):
    assert load(text) == Decisions.none()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("- a\n", 1, "the file is no mapping"),
        ("\nmust_lnk: []\n", 2, "unknown key 'must_lnk'"),
        ("must_link: all\n", 1, "must_link is no list"),
        ("must_link:\n  - [A, B]\n", 2, "an entry has a 'type' and 'names', nothing else"),
        ("must_link:\n  - {type: P, names: [A, B], x: 1}\n", 2, "an entry has a 'type' and 'names', nothing else"),
        ("must_link:\n  - {type: 1, names: [A, B]}\n", 2, "1 is no entity type"),
        ("must_link:\n  - {type: P, names: A}\n", 2, "names is no list of texts"),
        ("must_link:\n  - {type: P, names: [A, 1984]}\n", 2, "names is no list of texts"),
        ("must_link:\n  - {type: P, names: [A]}\n", 2, "needs at least two names, each once"),
        ("cannot_link:\n  - {type: P, names: [A, A]}\n", 2, "needs at least two names, each once"),
        ("cannot_link:\n  - {type: P, names: [A]}\n", 2, "needs at least two names, each once"),
        ("cannot_link:\n  - {names: [{name: A, type: P}, {name: B, type: Q}]}\n", 2, "names of two types are apart"),
        ("must_link:\n  - {names: [A, {name: B, type: Q}]}\n", 2, "'A' has no type"),
        ("must_link:\n  - {type: P, names: [A, {name: 1}]}\n", 2, "1 is no name"),
        ("must_link:\n  - {type: P, names: [A, {name: B, of: C}]}\n", 2, "names is no list of texts"),
        ("must_link:\n  - {type: P, names: [A, B], in: 3}\n", 2, "'in' names no document"),
        ("must_link:\n  - {type: P, names: [A, B\n", 3, "not valid YAML"),
        ("must_link: []\nmust_link: []\n", 2, "not valid YAML"),
    ],
)
def test_what_is_malformed_is_named(load, tmp_path, text, line, what):
    with pytest.raises(DecisionError) as error:
        load(text)
    assert str(error.value).startswith(f"{tmp_path}/merges.yaml, line {line}: {what}")
    assert error.value.fix


def test_who_lists_a_name_twice_is_told_how_to_part_namesakes(load):
    with pytest.raises(DecisionError) as error:
        load("cannot_link:\n  - {type: Person, names: [John Carver, John Carver]}\n")
    assert error.value.fix == "say with 'in: DOCUMENT' where a name means another thing"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DecisionError, match=r"merges\.yaml cannot be read"):
        Decisions.load(tmp_path / "merges.yaml")


def test_contradictions_are_refused_where_they_are_read(load, tmp_path):
    with pytest.raises(DecisionError) as error:
        load(
            """\
            must_link:
              - {type: Person, names: [A, B]}
              - {type: Person, names: [B, C]}
            cannot_link:
              - {type: Person, names: [A, C]}
            """
        )
    path = tmp_path / "merges.yaml"
    assert error.value.what == f"{path}, line 5: 'A' and 'C' (Person) are kept apart, but {path}, line 2 links them"


def test_contradictions_through_other_forms_of_a_name_are_refused_by_the_resolver():
    decisions = Decisions(
        (Decision("Organization", ("Acme Corp.", "Zenith"), "here"),),
        (Decision("Organization", ("ACME", "Zenith"), "there"),),
    )
    with pytest.raises(DecisionError, match="there: 'ACME' and 'Zenith'"):
        Resolver(decisions)


def test_decisions_win_over_the_rules(mentions, groups):
    decisions = Decisions(
        (Decision("Person", ("Mark Twain", "Samuel Clemens"), "1"),),
        (Decision("Person", ("John Smith", "J. Smith"), "2"), Decision("Organization", ("Mit", "MIT"), "3")),
    )
    names = [("Person", name) for name in ("Mark Twain", "M. Twain", "Samuel Clemens", "J. Smith", "John Smith")]
    documents = [[name] for name in (*names, ("Organization", "MIT"), ("Organization", "Mit"), ("Person", "Mit"))]
    resolution = Resolver(decisions).resolve(mentions(documents))
    assert groups(resolution) == [
        ["J. Smith"],
        ["John Smith"],
        ["MIT"],
        ["Mit"],
        ["Mit"],
        ["Samuel Clemens", "M. Twain", "Mark Twain"],
    ]
    assert [(merge.left, merge.right, merge.rule) for merge in resolution.merges] == [
        ("M. Twain", "Mark Twain", "initials"),
        ("Mark Twain", "Samuel Clemens", "must-link"),
    ]


def test_decisions_win_within_a_document(mentions, groups):
    decisions = Decisions((), (Decision("Person", ("Schneider", "Wilfried Schneider"), "1"),))
    document = [("Person", "Wilfried Schneider"), ("Person", "Schneider")]
    assert groups(Resolver(decisions).resolve(mentions([document]))) == [["Schneider"], ["Wilfried Schneider"]]


def test_the_fingerprint_follows_what_is_decided_not_how_it_is_written():
    one, other = Decision("P", ("A", "B"), "line 1"), Decision("P", ("C", "D"), "line 2")
    turned = Decision("P", ("B", "A"), "line 9")
    fingerprint = Resolver(Decisions((one, other), ())).fingerprint
    assert fingerprint == Resolver(Decisions((other, turned), ())).fingerprint
    others = {
        Resolver(Decisions.none()).fingerprint,
        Resolver(Decisions((one,), (other,))).fingerprint,
        Resolver(Decisions((one,), ())).fingerprint,
        Resolver(Decisions((one, other), ()), person_types=frozenset({"P"})).fingerprint,
    }
    assert len(others - {fingerprint}) == 4


def test_a_change_of_rules_changes_the_fingerprint(monkeypatch):
    before = Resolver(Decisions.none()).fingerprint
    monkeypatch.setattr("relex_kg.canon.resolver.RULES_VERSION", -1)
    assert Resolver(Decisions.none()).fingerprint != before


def test_a_name_of_one_document_and_of_another_type_is_read(load, tmp_path):
    decisions = load(
        """\
        must_link:
          - names: [{name: Vatican, type: Organization}, {name: Vatican City, type: Place}]
          - {type: Person, names: [Carver, "J. Carver"], in: 'https://example.org/a'}
        cannot_link:
          - {type: Person, names: [John Carver], in: b.txt}
          - {type: Person, names: [Ann, {name: Ann, in: "c.jsonl#7"}]}
        """
    )
    path, folder = f"{tmp_path}/merges.yaml", tmp_path.resolve().as_uri()
    assert [decision.listed for decision in decisions.must_link] == [
        (Listed("Organization", "Vatican"), Listed("Place", "Vatican City")),
        (Listed("Person", "Carver", "https://example.org/a"), Listed("Person", "J. Carver", "https://example.org/a")),
    ]
    assert decisions.cannot_link == (
        Decision(
            "Person",
            (Listed("Person", "John Carver", f"{folder}/b.txt"), Listed("Person", "John Carver")),
            f"{path}, line 5",
        ),
        Decision(
            "Person", (Listed("Person", "Ann"), Listed("Person", "Ann", f"{folder}/c.jsonl#7")), f"{path}, line 6"
        ),
    )


def _clusters(resolution, found):
    number = {mention.id: place for place, mention in enumerate(found)}
    return sorted((cluster.type, sorted(number[id] for id in cluster.mentions)) for cluster in resolution.clusters)


def test_a_namesake_of_one_document_is_kept_apart_with_all_that_stands_for_it(mentions):
    carver = Listed("Person", "John Carver", "file:1")
    decisions = Decisions((), (Decision("Person", (carver, "John Carver"), "1"),))
    found = mentions(
        [
            [("Person", "John Carver"), ("Person", "Carver")],
            [("Person", "John Carver"), ("Person", "JOHN CARVER"), ("Person", "Carver")],
            [("Person", "John Carver")],
        ]
    )
    assert _clusters(Resolver(decisions).resolve(found), found) == [("Person", [0, 1, 5]), ("Person", [2, 3, 4])]
    assert _clusters(Resolver(Decisions.none()).resolve(found), found) == [("Person", [0, 1, 2, 3, 4, 5])]


def test_namesakes_of_two_documents_are_kept_apart(mentions):
    names = tuple(Listed("Person", "John Carver", f"file:{number}") for number in (0, 1))
    found = mentions([[("Person", "John Carver")], [("Person", "John Carver")]])
    assert _clusters(Resolver(Decisions((), (Decision("Person", names, "1"),))).resolve(found), found) == [
        ("Person", [0]),
        ("Person", [1]),
    ]


def test_a_link_may_hold_in_one_document_only(mentions):
    names = (Listed("Person", "the Boss", "file:0"), "Ann Smith")
    found = mentions(
        [[("Person", "the Boss"), ("Person", "Ann Smith")], [("Person", "Bob Hill"), ("Person", "the Boss")]]
    )
    decisions = Decisions((Decision("Person", names, "1"),), (Decision("Person", (names[0], "the Boss"), "2"),))
    assert _clusters(Resolver(decisions).resolve(found), found) == [
        ("Person", [0, 1]),
        ("Person", [2]),
        ("Person", [3]),
    ]


def test_what_only_the_document_can_tell_can_be_linked_there(mentions):
    decisions = Decisions((Decision("Date", (Listed("Date", "Wednesday", "file:0"), "3 May 1999"), "1"),), ())
    found = mentions([[("Date", "Wednesday")], [("Date", "Wednesday")], [("Date", "1999-05-03")]])
    resolution = Resolver(decisions).resolve(found)
    assert _clusters(resolution, found) == [("Date", [0, 2]), ("Date", [1])]
    assert {cluster.value for cluster in resolution.clusters} == {None, "1999-05-03"}


def test_names_of_two_types_become_one_entity_of_the_type_with_most_mentions(mentions):
    link = Decision("", (Listed("Organization", "Vatican"), Listed("Place", "the Vatican")), "1")
    found = mentions(
        [[("Organization", "the Vatican"), ("Place", "Rome")], [("Place", "Vatican"), ("Place", "Vatican")]]
    )
    resolution = Resolver(Decisions((link,), ())).resolve(found)
    assert _clusters(resolution, found) == [("Place", [0, 2, 3]), ("Place", [1])]
    assert [(merge.type, merge.left, merge.right, merge.rule) for merge in resolution.merges] == [
        ("Organization", "Vatican", "the Vatican", "must-link")
    ]


def test_links_across_types_and_separations_hold_together(mentions):
    must = (
        Decision("", (Listed("Organization", "Acme"), Listed("Place", "Acme Works")), "1"),
        Decision("", (Listed("Organization", "Zenith"), Listed("Place", "Acme Work")), "2"),
    )
    cannot = (Decision("Organization", ("Acme", "Zenith"), "3"),)
    found = mentions(
        [
            [(type, name)]
            for type, name in [
                ("Organization", "Acme"),
                ("Organization", "Zenith"),
                ("Place", "Acme Works"),
                ("Place", "Acme Work"),
            ]
        ]
    )
    assert _clusters(Resolver(Decisions(must, cannot)).resolve(found), found) == [
        ("Organization", [0, 2]),
        ("Organization", [1, 3]),
    ]


def test_contradictions_across_types_are_refused():
    must = (
        Decision("", (Listed("Organization", "Acme"), Listed("Place", "Acme Works")), "1"),
        Decision("", (Listed("Organization", "Zenith"), Listed("Place", "ACME WORKS")), "2"),
    )
    with pytest.raises(
        DecisionError, match=r"3: 'Acme' and 'Zenith' \(Organization\) are kept apart, but 1 links them"
    ):
        Resolver(Decisions(must, (Decision("Organization", ("Acme", "Zenith"), "3"),)))


def test_the_fingerprint_knows_types_and_documents():
    every = {
        Resolver(Decisions((Decision("P", names, "1"),), ())).fingerprint
        for names in (
            ("A", "B"),
            ("A", Listed("Q", "B")),
            ("A", Listed("P", "B", "file:0")),
            ("A", Listed("P", "B", "file:1")),
        )
    }
    assert len(every) == 4
    assert (
        Decisions((Decision("P", ("A", "B"), "1"),), ()).entries
        == Decisions((Decision("", (Listed("P", "B"), Listed("P", "A")), "2"),), ()).entries
    )
