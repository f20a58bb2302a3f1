"""Settling what changed leaves the graph that resolving everything at once would make; here, in memory."""

import pytest
from histories import SIZES, histories, rows_of
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from oracle import expected, shape

from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.memory import MemoryStore
from relex_kg.settlement import links, sweep
from relex_kg.settlement.run import settle

RESOLVER = Resolver(Decisions.none())


@pytest.mark.parametrize("size", [1, 3, 200])
def test_any_history_leaves_the_graph_of_its_corpus(size, monkeypatch):
    for module, name in SIZES:
        monkeypatch.setattr(module, name, size)
    run_state_machine_as_test(
        histories(MemoryStore), settings=settings(max_examples=400, stateful_step_count=20, deadline=None)
    )


def test_a_new_name_reads_its_neighbours_and_not_the_graph():
    store = MemoryStore()
    for number in range(300):
        store.replace_document(
            rows_of(
                f"{number}",
                [(("Person", f"Ann Number{number}x"), "KNOWS", ("Person", "Bob Hope"), 0.5, False)],
                RESOLVER,
            )
        )
    settle(store, RESOLVER)
    names_read: list[int] = []
    names = MemoryStore.names

    class Counting(MemoryStore):
        def names(self, ids):
            found = names(self, ids)
            names_read.append(len(found))
            return found

    store.__class__ = Counting
    store.replace_document(
        rows_of("new", [(("Person", "A. Number7x"), "KNOWS", ("Person", "Cy Young"), 0.5, False)], RESOLVER)
    )
    report = settle(store, RESOLVER)
    assert report is not None
    assert (report.entities_created, report.entities_updated, report.facts_created) == (1, 1, 1)
    assert sum(names_read) < 12


def test_a_changed_decision_goes_through_the_names_on_which_it_is(monkeypatch):
    monkeypatch.setattr(sweep, "_NAMES_AT_ONCE", 1)
    store = MemoryStore()
    people = [f"Ann Number{number}x" for number in range(50)] + ["Cy Young", "Denton Young", "Young"]
    for person in people:
        store.replace_document(
            rows_of(person, [(("Person", person), "KNOWS", ("Person", "Bob Hope"), 0.5, False)], RESOLVER)
        )
    # the same surname, short for a name of its document
    both = [(("Person", "Cy Young"), "KNOWS", ("Person", "Young"), 0.5, False)]
    store.replace_document(rows_of("short", both, RESOLVER))
    settle(store, RESOLVER)
    renamed: list[str] = []
    rename = MemoryStore.rename

    class Noting(MemoryStore):
        def rename(self, document, namings, change):
            renamed.append(self._documents[document].document.uri)
            rename(self, document, namings, change)

    store.__class__ = Noting
    entities = {entity.name for entity in store.graph().entities}
    linked = Decisions((Decision("Person", ("Young", "Denton Young"), "a"),), ())
    settle(store, Resolver(linked))
    assert {entity.name for entity in store.graph().entities} == entities - {"Denton Young"}
    assert sorted(renamed) == ["Cy Young", "Denton Young", "Young", "short"]
    renamed.clear()
    settle(store, Resolver(Decisions.none()))
    assert {entity.name for entity in store.graph().entities} == entities
    assert sorted(renamed) == ["Denton Young", "Young", "short"]


def test_mentions_follow_a_name_that_goes_to_another_entity(monkeypatch):
    monkeypatch.setattr(links, "_LINKED_AT_ONCE", 2)
    store = MemoryStore()
    corpus = [
        rows_of(f"{n}", [(("Person", "J. Smith"), "KNOWS", ("Person", "Ann Lee"), 0.5, False)], RESOLVER)
        for n in range(7)
    ]
    corpus += [rows_of("full", [(("Person", "John Smith"), "KNOWS", ("Person", "Bob Hope"), 0.5, False)], RESOLVER)]
    for rows in corpus:
        store.replace_document(rows)
    settle(store, RESOLVER)
    assert len(store.graph().entities) == 3
    # "J. Smith" may now be either, and is neither
    corpus += [rows_of("jane", [(("Person", "Jane Smith"), "KNOWS", ("Person", "Bob Hope"), 0.5, False)], RESOLVER)]
    store.replace_document(corpus[-1])
    report = settle(store, RESOLVER)
    assert report is not None
    assert report.entities_created == 2
    assert shape(store.graph()) == expected(corpus, RESOLVER)


def test_documents_that_another_resolver_named_are_named_anew():
    class Other(Resolver):
        fingerprint = "another"

    store = MemoryStore()
    rows = rows_of("a", [(("Person", "Smith"), "KNOWS", ("Person", "John Smith"), 0.5, False)], Other(Decisions.none()))
    store.replace_document(rows)
    settle(store, RESOLVER)
    assert shape(store.graph()) == expected([rows], RESOLVER)
