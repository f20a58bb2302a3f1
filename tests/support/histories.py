"""Histories of a graph at random: documents come, change and go, decisions change, settling stops half-way.

After each settling the graph is the oracle's on the documents that are there.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from oracle import expected, shape

from relex_kg.canon.aliases import Aliases, AliasRow
from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.graph.rows import DocumentRows, document_rows
from relex_kg.graph.store import Store, Totals
from relex_kg.ids import DocumentId, chunk_id, document_id, mention_id, relation_id
from relex_kg.settlement import links, names, run, sweep
from relex_kg.types import Chunk, Document, Extraction, Listed, Mention, Relation, Span

# Names that the rules join, keep apart, or join only while a third is there.
PEOPLE = """
    John Smith, J. Smith, Smith, John, John A. Smith, Jane Smith, Mrs. Smith, Mr. Smith, JOHN SMITH, Jon Smith,
    Johnathan Smithson, Johnathan Smithsen, Jonathan Smithson, John Smith Jr., George W. Bush, George H. W. Bush,
    George Bush, Bush
"""
THINGS = """
    International Business Machines, IBM, I.B.M., IBM Corp., Acme Ltd, ACME, Acme, Washington Post, Washington,
    Mitsubishi, Mitsubihsi, Mitsubishi Motors, SR-2023-052, SR-2023-053, Industrial Bank of Mali,
    Indian Bureau of Mines, colour works, color works, Wal Mart, Walmart, Samsung, Samsung Group, Acme (maker of roads)
"""
DAYS = "3 May 1999, May 3 1999, 1999-05-03, 1999, Wednesday, last year"
PLACES = "Brazil, Brazilian, U.S., American, United States, Paris, Paris (Texas), Washington"
NAMES = [
    (type, name.strip())
    for type, listing in (("Person", PEOPLE), ("Organisation", THINGS), ("Date", DAYS), ("Place", PLACES))
    for name in listing.replace("\n", " ").split(",")
]
DECISIONS = (
    Decisions.none(),
    Decisions((Decision("Place", (Listed("Place", "Washington"), Listed("Organisation", "Washington")), "e"),), ()),
    Decisions(
        (Decision("Place", (Listed("Place", "Paris", "a"), Listed("Place", "Paris (Texas)")), "f"),),
        (Decision("Date", (Listed("Date", "1999", "b"), Listed("Date", "1999-05-03")), "g"),),
    ),
    Decisions((Decision("Organisation", ("Acme Ltd", "Walmart"), "a"),), ()),
    Decisions((), (Decision("Organisation", ("IBM", "International Business Machines"), "b"),)),
    Decisions(
        (Decision("Person", ("J. Smith", "Jane Smith"), "c"),),
        (Decision("Person", ("John Smith", "JOHN SMITH"), "d"),),
    ),
)
ALIASES = Aliases(
    (
        AliasRow("Q1", "Organisation", ("IBM", "International Business Machines", "Acme"), "list.csv, line 2"),
        AliasRow("Q2", "Place", ("Washington", "Paris"), "list.csv, line 3"),
        AliasRow("Q3", "Person", ("George W. Bush",), "list.csv, line 4"),
    )
)
RESOLVERS = (*map(Resolver, DECISIONS), Resolver(DECISIONS[0], aliases=ALIASES))
# How much is done in one transaction.
SIZES = (
    (names, "_COUNTED_AT_ONCE"),
    (links, "_LINKED_AT_ONCE"),
    (sweep, "_DOCUMENTS_AT_ONCE"),
    (sweep, "_NAMES_AT_ONCE"),
)

# A statement: head, relation type, tail, score, and whether a pronoun that stands for the head says it.
STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["KNOWS", "MARRIED_TO"]),
        st.sampled_from(NAMES),
        st.sampled_from([0.3, 0.5, 0.9, 1.0]),
        st.booleans(),
    ),
    max_size=5,
)


def rows_of(uri: str, statements: list[Any], resolver: Resolver) -> DocumentRows:
    """A document that makes the statements; the marriages among them hold both ways."""
    id = document_id(uri)
    words: list[str] = []
    mentions: list[Mention] = []
    relations: list[Relation] = []

    def mention(text: str, type: str, antecedent: Mention | None = None) -> Mention:
        start = sum(len(word) + 1 for word in words)
        words.append(text)
        span = Span(start, start + len(text))
        new = Mention(
            mention_id(id, span.start, span.end, type), id, span, text, type, 0.9, antecedent.id if antecedent else None
        )
        mentions.append(new)
        return new

    for (head_type, head), type, (tail_type, tail), score, by_reference in statements:
        name = mention(head, head_type)
        ends = (mention("they", head_type, name) if by_reference else name, mention(tail, tail_type))
        relations.append(Relation(relation_id(ends[0].id, type, ends[1].id), ends[0].id, ends[1].id, type, score))
    text = " ".join(words) or "nothing"
    document = Document(id, uri, "t", text, "text/plain")
    chunk = Chunk(chunk_id(id, 0, len(text)), id, 0, Span(0, len(text)), text)
    return document_rows(
        document,
        [chunk],
        Extraction(id, tuple(mentions), tuple(relations), {}),
        resolver.name(mentions),
        resolver=resolver.fingerprint,
        model="m",
        schema="s",
        symmetric=frozenset({"MARRIED_TO"}),
        ingested_at="2026-01-02T03:04:05Z",
    )


def histories(empty_store: Callable[[], Store]) -> type[RuleBasedStateMachine]:
    """The machine, on a store that ``empty_store`` makes."""

    class Histories(RuleBasedStateMachine):
        documents = Bundle("documents")

        def __init__(self) -> None:
            super().__init__()
            self.store = empty_store()
            self.corpus: dict[DocumentId, DocumentRows] = {}
            self.resolver = RESOLVERS[0]

        @rule(target=documents, name=st.sampled_from("abcdef"), statements=STATEMENTS)
        def write(self, name: str, statements: list[Any]) -> DocumentId:
            rows = rows_of(name, statements, self.resolver)
            self.store.replace_document(rows)
            self.corpus[rows.document.id] = rows
            return rows.document.id

        @rule(document=documents)
        def read_again(self, document: DocumentId) -> None:
            if document in self.corpus:
                self.store.replace_document(self.corpus[document])

        @rule(document=consumes(documents))
        def remove(self, document: DocumentId) -> None:
            assert self.store.remove_document(document) == (document in self.corpus)
            self.corpus.pop(document, None)

        @rule(resolver=st.sampled_from(RESOLVERS))
        def decide(self, resolver: Resolver) -> None:
            self.resolver = resolver

        @rule(parts=st.integers(1, 4))
        def settle_partly(self, parts: int) -> None:
            for _ in range(parts):
                self.store.settling(lambda settling: run.do_next(settling, self.resolver))

        @rule()
        def settle(self) -> None:
            run.settle(self.store, self.resolver)
            graph = self.store.graph()
            assert shape(graph) == expected(self.corpus.values(), self.resolver)
            assert self.store.totals() == Totals(len(graph.entities), len(graph.facts))
            assert run.settle(self.store, self.resolver) is None

        @invariant()
        def no_fact_is_without_evidence(self) -> None:
            assert all(len(passages) == fact.support for fact, passages in self.store.graph().facts)

        def teardown(self) -> None:
            self.settle()
            for document in self.corpus:
                self.store.remove_document(document)
            run.settle(self.store, self.resolver)
            counts = self.store.counts()
            assert (counts.documents, counts.mentions, counts.entities, counts.facts) == (0, 0, 0, 0)

    return Histories
