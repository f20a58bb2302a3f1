import json
from itertools import permutations

import pytest

from relex_kg.canon.aliases import Aliases, AliasRow
from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import DecisionError

GOOGLE = AliasRow("Q95", "Organization", ("Google", "Alphabet's Google", "the Mountain View firm"), "list, line 2")
SMITH = AliasRow("Q7", "Person", ("Ann Smith",), "list, line 3")


def _load(folder, name, text):
    path = folder / name
    path.write_text(text, "utf-8")
    return Aliases.load(path)


def test_csv_and_json_lines_say_the_same(tmp_path):
    csv = _load(
        tmp_path,
        "list.CSV",
        "\ufeffid,name,type,aliases\nQ95,Google,Organization,Alphabet's  Google|the Mountain View firm\n"
        'Q7,"Ann Smith",Person,\n',
    )
    rows = [
        {"id": "Q95", "type": "Organization", "name": "Google", "aliases": [*GOOGLE.names[1:], "Google"]},
        {"id": "Q7", "type": "Person", "name": "Ann Smith"},
    ]
    jsonl = _load(tmp_path, "list.jsonl", "\n\n".join(json.dumps(row) for row in rows))
    place = f"{tmp_path}/list"
    assert [(row.id, row.type, row.names) for row in csv.rows] == [
        (row.id, row.type, row.names) for row in (GOOGLE, SMITH)
    ]
    assert [row.place for row in csv.rows] == [f"{place}.CSV, line 2", f"{place}.CSV, line 3"]
    assert [row.place for row in jsonl.rows] == [f"{place}.jsonl, line 1", f"{place}.jsonl, line 3"]
    assert csv.fingerprint == jsonl.fingerprint == Aliases((SMITH, GOOGLE)).fingerprint
    assert csv.fingerprint != Aliases((GOOGLE,)).fingerprint


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("a.csv", "", 1, "the columns are not id, type, name, aliases"),
        ("a.csv", "id,name\n", 1, "the columns are not id, type, name, aliases"),
        ("a.csv", "id,type,name,aliases\nQ1,T,A\n", 2, "not 4 cells"),
        ("a.csv", "id,type,name,aliases\nQ1,T,A,B,C\n", 2, "not 4 cells"),
        ("a.csv", "id,type,name,aliases\nQ1,T,A,B\nQ2,T, ,B\n", 3, "'name' is no text"),
        ("a.csv", 'id,type,name,aliases\nQ1,T,"A"B,C\n', 2, "not valid CSV"),
        ("a.csv", "id,type,name,aliases\nQ1,T,A,\nQ1,T,B,\n", 3, "the id 'Q1' is that of "),
        ("a.jsonl", "{", 1, "not valid JSON"),
        ("a.jsonl", "\n[]", 2, "the fields are not id, type, name, aliases"),
        ("a.jsonl", '{"id": "Q1", "type": "T"}', 1, "the fields are not id, type, name, aliases"),
        ("a.jsonl", '{"id": "Q1", "type": "T", "name": "A", "alias": []}', 1, "the fields are not"),
        ("a.jsonl", '{"id": 1, "type": "T", "name": "A"}', 1, "'id' is no text"),
        ("a.jsonl", '{"id": "Q1", "type": "T", "name": "A", "aliases": "B"}', 1, "'aliases' is no list of texts"),
    ],
)
def test_what_is_malformed_is_named(tmp_path, name, text, line, what):
    with pytest.raises(DecisionError) as error:
        _load(tmp_path, name, text)
    assert error.value.what.startswith(f"{tmp_path}/{name}, line {line}: {what}")
    assert error.value.fix


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DecisionError, match=r"the aliases in .*gone\.csv cannot be read"):
        Aliases.load(tmp_path / "gone.csv")


def _entities(resolver, found):
    resolution = resolver.resolve(found)
    return sorted((cluster.name, cluster.aliases, cluster.external_id) for cluster in resolution.clusters)


def test_names_of_a_row_are_one_entity_with_its_id(mentions):
    names = [("Organization", name) for name in ("GOOGLE", "the Mountain View firm", "Google Inc.", "Bing")]
    found = mentions(
        [[name] for name in (*names, ("Person", "A. Smith"), ("Person", "Ann Smith"), ("Product", "Google"))]
    )
    resolver = Resolver(Decisions.none(), aliases=Aliases((GOOGLE, SMITH)))
    assert _entities(resolver, found) == [
        ("Ann Smith", ("A. Smith",), "Q7"),
        ("Bing", (), None),
        ("Google", (), None),
        ("Google Inc.", ("GOOGLE", "the Mountain View firm"), "Q95"),
    ]
    assert resolver.fingerprint != Resolver(Decisions.none()).fingerprint


def test_names_of_two_rows_are_never_one(mentions):
    rows = (AliasRow("1", "Person", ("J. Smith",), "a"), AliasRow("2", "Person", ("John Smith", "Johnny"), "b"))
    found = mentions([[("Person", name)] for name in ("J. Smith", "John Smith", "Johnny", "John A. Smith")])
    expected = [("J. Smith", (), "1"), ("John A. Smith", ("John Smith", "Johnny"), "2")]
    for turned in permutations(rows):
        assert _entities(Resolver(Decisions.none(), aliases=Aliases(turned)), found) == expected


def test_a_name_of_two_rows_belongs_to_neither(mentions):
    rows = (AliasRow("1", "Person", ("Ann Hill", "Annie"), "a"), AliasRow("2", "Person", ("Ann Berg", "Annie"), "b"))
    found = mentions([[("Person", name)] for name in ("Ann Hill", "Ann Berg", "Annie")])
    assert _entities(Resolver(Decisions.none(), aliases=Aliases(rows)), found) == [
        ("Ann Berg", (), "2"),
        ("Ann Hill", (), "1"),
        ("Annie", (), None),
    ]


def test_a_short_form_within_a_document_comes_before_a_list(mentions):
    rows = (AliasRow("1", "Person", ("William Gates", "Bill"), "a"),)
    found = mentions(
        [[("Person", "Bill Clinton"), ("Person", "Bill")], [("Person", "Bill")], [("Person", "William Gates")]]
    )
    assert _entities(Resolver(Decisions.none(), aliases=Aliases(rows)), found) == [
        ("Bill Clinton", ("Bill",), None),
        ("William Gates", ("Bill",), "1"),
    ]


def test_decisions_and_rows_hold_together(mentions):
    decisions = Decisions((Decision("Organization", ("Google", "Gogle"), "1"),), ())
    found = mentions([[("Organization", name)] for name in ("Gogle", "the Mountain View firm")])
    resolver = Resolver(decisions, aliases=Aliases((GOOGLE,)))
    assert _entities(resolver, found) == [("Gogle", ("the Mountain View firm",), "Q95")]


def test_contradictions_are_refused():
    apart = Decisions((), (Decision("Organization", ("GOOGLE", "the Mountain View firm"), "here"),))
    with pytest.raises(DecisionError, match=r"here: 'GOOGLE' and .* are kept apart, but list, line 2 links them"):
        Resolver(apart, aliases=Aliases((GOOGLE,)))
    linked = Decisions((Decision("Person", ("Ann Smith", "Bob"), "here"),), ())
    bob = AliasRow("Q8", "Person", ("Bob",), "list, line 9")
    with pytest.raises(DecisionError, match=r"decisions link names of list, line 3 and of list, line 9"):
        Resolver(linked, aliases=Aliases((SMITH, bob)))
