"""explain, merge, split and decisions, on a small graph."""

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("graph")


def test_names_are_merged_listed_and_taken_back(run: Any) -> None:
    merged = run("merge", "Ada", "Bea")
    assert (merged.code, merged.err) == (0, "")
    [kept] = run("decisions", "--json").document["decisions"]
    assert merged.out == (
        f"Kept as {kept['id'][:8]}: 'Ada' and 'Bea' (Person) are one\n"
        "Entities: 0 created, 1 updated, 1 deleted; 1 mentions moved\n"
    )
    assert run("status", "--json").document["entities_by_type"] == {"Organisation": 1, "Person": 1}
    listed = run("decisions").out.splitlines()
    assert [line.split()[0] for line in listed] == ["id", kept["id"][:8]]
    assert listed[1].endswith("'Ada' and 'Bea' (Person) are one")
    undone = run("decisions", "--undo", kept["id"][:8])
    assert undone.out == (
        "Took back 'Ada' and 'Bea' (Person) are one\nEntities: 1 created, 1 updated, 0 deleted; 1 mentions moved\n"
    )
    assert run("decisions").err == "The graph keeps no decisions.\n"


def test_names_are_split_and_a_contradiction_is_refused(run: Any) -> None:
    assert run("split", "Ada", "Bea").out.endswith("Nothing in the graph changes by it now.\n")
    refused = run("merge", "Ada", "Bea", "--json")
    assert refused.code == 1
    assert refused.document["error"]["kind"] == "DecisionError"
    assert "are kept apart, but" in refused.document["error"]["what"]


def test_one_name_of_a_document_is_split_from_the_same_elsewhere(run: Any) -> None:
    split = run("split", "Ada", "--in", "file:///b.txt", "--json")
    assert split.code == 0
    assert split.document["decision"]["names"] == [
        {"type": "Person", "name": "Ada", "document": ""},
        {"type": "Person", "name": "Ada", "document": "file:///b.txt"},
    ]
    assert split.document["settled"]["entities_created"] == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("merge", "Ada", "Nobody"), "'Nobody' is no name that the graph knows"),
        (("merge", "Ada"), "needs at least two names"),
        (("split", "Ada", "Ada"), "needs at least two names"),
        (("decisions", "--undo", "ffff"), "no decisions of the graph have an id that begins with 'ffff'"),
        (("explain", "Nobody"), "no entity has the name 'Nobody'"),
    ],
)
def test_what_cannot_be_decided_is_refused(run: Any, arguments: tuple[str, ...], complaint: str) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert complaint in ran.err


def test_an_entity_is_explained(run: Any) -> None:
    [decision] = [run("merge", "Ada", "Bea", "--json").document["decision"]]
    ran = run("explain", "bea")
    assert ran.code == 0
    assert ran.out.splitlines()[1:] == [
        "  written Ada (3), Bea (1)",
        "  one because",
        "  name  is   rule       score  mentions",
        "  Ada   Bea  must-link   1.00",
    ]
    [entity] = run("explain", "bea", "--json").document["entities"]
    assert entity["merges"] == [
        {"type": "Person", "left": "Ada", "right": "Bea", "rule": "must-link", "score": 1.0, "mentions": None}
    ]
    assert run("decisions", "--undo", decision["id"]).code == 0
