from textwrap import dedent

import pytest

from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import DecisionError


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
        ("must_link:\n  - {type: P, names: [A, B\n", 3, "not valid YAML"),
        ("must_link: []\nmust_link: []\n", 2, "not valid YAML"),
    ],
)
def test_what_is_malformed_is_named(load, tmp_path, text, line, what):
    with pytest.raises(DecisionError) as error:
        load(text)
    assert str(error.value).startswith(f"{tmp_path}/merges.yaml, line {line}: {what}")
    assert error.value.fix


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
