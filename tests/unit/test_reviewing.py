"""Decisions of reviewers, and explanations for them; on the in-memory store."""

from itertools import pairwise

import pytest
from histories import rows_of

from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.errors import DecisionError
from relex_kg.graph.memory import MemoryStore
from relex_kg.reviewing import decide, explain, reviewed, types_of, undo
from relex_kg.settlement.run import settle
from relex_kg.types import Listed, Merge

RULES = Resolver(Decisions.none())


def person(name, document=""):
    return Listed("Person", name, document)


@pytest.fixture
def library():
    """Three documents about one writer, and one about another."""
    library = MemoryStore()
    for uri, *names in (
        ("a", "Mark Twain", "Twain", "Twain"),
        ("b", "Samuel Clemens", "Mark  Twain"),
        ("c", "M. Twain", "Bob Hope"),
        ("d", "Mark Twains", "MARK TWAIN"),
    ):
        statements = [(("Person", left), "KNOWS", ("Person", right), 0.5, False) for left, right in pairwise(names)]
        library.replace_document(rows_of(uri, statements, RULES))
    settle(library, RULES)
    return library


def named(library):
    return {entity.name: entity.aliases for entity in library.graph().entities}


def test_a_decision_is_kept_and_settled_and_outlives_its_documents(library):
    decision, report = decide(library, RULES, [person("Samuel Clemens"), person("Mark Twain")], linked=True)
    assert report is not None
    assert (report.entities_deleted, report.mentions_moved) == (1, 1)
    assert library.decisions() == (decision,)
    assert "Samuel Clemens" in named(library)["Mark Twain"]
    for document in list(library.documents()):
        library.remove_document(document)
    settle(library, reviewed(RULES, library))
    library.replace_document(
        rows_of("e", [(person_("Mark Twain"), "KNOWS", person_("Samuel Clemens"), 0.5, False)], RULES)
    )
    settle(library, reviewed(RULES, library))
    assert named(library) == {"Samuel Clemens": ("Mark Twain",)}


def person_(name):
    return ("Person", name)


def test_a_decision_undone_leaves_the_graph_of_before(library):
    before = named(library)
    decision, _ = decide(library, RULES, [person("Samuel Clemens"), person("Mark Twain")], linked=True)
    assert named(library) != before
    assert undo(library, RULES, decision.id[:6])[0] == decision
    assert named(library) == before
    assert library.decisions() == ()


def test_the_same_decision_twice_is_one(library):
    names = [person("Samuel Clemens"), person("Mark Twain")]
    first, _ = decide(library, RULES, names, linked=True)
    second, report = decide(library, RULES, names[::-1], linked=True)
    assert (second.id, report) == (first.id, None)
    assert library.decisions() == (second,)


def test_names_of_one_document_are_parted_from_the_others(library):
    decide(library, RULES, [person("Mark Twain", "b"), person("Mark Twain")], linked=False)
    assert sorted(entity.mentions for entity in library.graph().entities if "Twain" in entity.name) == [1, 1, 1, 5]


@pytest.mark.parametrize("linked", [True, False])
def test_a_contradiction_is_refused_and_names_both(library, linked):
    names = [person("Samuel Clemens"), person("Mark Twain")]
    kept, _ = decide(library, RULES, names, linked=linked)
    graph = named(library)
    with pytest.raises(DecisionError) as refusal:
        decide(library, RULES, names, linked=not linked)
    assert f"decision {kept.id[:8]} of the graph" in refusal.value.what
    assert "decision" in refusal.value.what.replace(kept.id[:8], "", 1)
    assert (named(library), library.decisions()) == (graph, (kept,))


def test_a_contradiction_to_a_file_names_its_line(library):
    decide(library, RULES, [person("Samuel Clemens"), person("Mark Twain")], linked=True)
    of_file = Decisions((), (Decision("Person", ("Samuel Clemens", "Mark Twain"), "merges.yaml, line 3"),))
    with pytest.raises(DecisionError, match=r"merges\.yaml, line 3"):
        reviewed(Resolver(of_file), library)


def test_one_name_is_no_decision(library):
    with pytest.raises(DecisionError, match="at least two names"):
        decide(library, RULES, [person("Mark Twain")], linked=True)
    assert library.decisions() == ()


def test_an_unknown_decision_cannot_be_undone(library):
    with pytest.raises(DecisionError, match="no decisions of the graph have an id that begins with 'abc'"):
        undo(library, RULES, "abc")


def test_a_name_s_types_are_those_of_its_entities(library):
    library.replace_document(rows_of("place", [(("Place", "Mark Twain"), "KNOWS", person_("Ann"), 0.5, False)], RULES))
    settle(library, RULES)
    assert types_of(library, "mark twain") == ("Person", "Place")
    assert types_of(library, "Nobody") == ()


def test_an_explanation_names_every_pair_and_its_rule(library):
    [explanation] = explain(library, RULES, "TWAIN")
    assert explanation.entity.name == "Mark Twain"
    assert explanation.forms == {"Mark Twain": 2, "MARK TWAIN": 1, "M. Twain": 1}
    assert explanation.merges == (
        (Merge("Person", "MARK TWAIN", "Mark Twain", "equal key", 1.0), 0),
        (Merge("Person", "Twain", "Mark Twain", "within document: surname", 0.9), 3),
        (Merge("Person", "Mark Twain", "M. Twain", "initials", 0.9), 0),
    )


def test_near_misses_say_why_they_are_not_one(library):
    decide(library, RULES, [person("M. Twain"), person("Mark Twain")], linked=False)
    [explanation] = explain(library, reviewed(RULES, library), "Mark Twain")
    assert [(miss.other, miss.reason, miss.score) for miss in explanation.near_misses] == [
        ("M. Twain", "kept apart by a decision", 0.9)
    ]
    library.replace_document(rows_of("f", [(person_("Mary Twain"), "KNOWS", person_("Ann Lee"), 0.5, False)], RULES))
    decision = library.decisions()[0]
    undo(library, RULES, decision.id)
    [initials] = explain(library, RULES, "M. Twain")
    assert {(miss.other, miss.reason) for miss in initials.near_misses} == {
        ("Mark Twain", "initials, but one of them fits others that do not fit each other"),
        ("Mary Twain", "initials, but one of them fits others that do not fit each other"),
    }


def test_a_decision_is_an_explanation_too(library):
    decide(library, RULES, [person("Samuel Clemens"), person("Mark Twain")], linked=True)
    [explanation] = explain(library, reviewed(RULES, library), "samuel clemens")
    assert (Merge("Person", "Mark Twain", "Samuel Clemens", "must-link", 1.0), 0) in explanation.merges


def test_only_entities_of_the_type_are_explained(library):
    assert explain(library, RULES, "Mark Twain", type="Place") == ()
