"""What a graph store must do, and the values that cross its border.

A store is written in two phases. A document goes in, changes or goes out in one transaction that leaves word of it and
the entities alone. Settling (:mod:`relex_kg.settlement`) then brings names, entities and facts in line with the
documents, in many small transactions. Killed at any moment, the store holds what the last finished transaction left;
``unsettled`` tells the next run whether anything is left to do.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar

from relex_kg.graph.rows import DocumentRows
from relex_kg.graph.settling import NameLayer, Settling
from relex_kg.ids import DecisionId, DocumentId, EntityId, FactId, RelationId, digest
from relex_kg.types import Entity, Fact, Listed, MetadataValue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What the store knows of a document, enough to tell whether it must be read again.

    ``metadata`` is a fingerprint; None in a store that was written before there was any.
    """

    uri: str
    title: str
    sha256: str
    model: str
    schema: str
    metadata: str | None


@dataclass(frozen=True, slots=True)
class GraphCounts:
    """How much the graph holds."""

    documents: int
    chunks: int
    mentions: int
    entities: int
    evidence: int
    facts: int
    entities_by_type: Mapping[str, int]
    facts_by_type: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Quote:
    """A mention as a fact's evidence shows it; offsets into the document."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a document states a fact.

    Attributes:
        relation: the relation that supports the fact.
        document: the document's URI.
        start: where the statement starts in the document.
        end: where it ends.
        text: the chunk in which it stands.
        text_start: where that chunk starts in the document.
        head: the mention at the head, as the relation was read (a symmetric fact may hold it the other way round).
        tail: the mention at the tail.
        score: of the relation.
        place: where in the file, for people: ``page 3``; None where it has no places.
        page: where the file has pages.
    """

    relation: RelationId
    document: str
    start: int
    end: int
    text: str
    text_start: int
    head: Quote
    tail: Quote
    score: float
    place: str | None = None
    page: int | None = None


def passage_order(passage: Passage) -> tuple[str, int, int, RelationId]:
    """The order of a fact's evidence: by document, then position."""
    return passage.document, passage.start, passage.end, passage.relation


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Entities, facts among them, and each fact's evidence; sorted by id, the evidence by document and position."""

    entities: tuple[Entity, ...]
    facts: tuple[tuple[Fact, tuple[Passage, ...]], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """That a document states a fact, in the document's own words.

    Attributes:
        document: the document's URI.
        type: of the fact.
        head: the head entity's name, and all names that this document has for it (references are none).
        tail: the same of the tail.
        symmetric: whether the fact holds both ways.
        passage: where the document states it most surely.
    """

    document: str
    type: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    symmetric: bool
    passage: Passage


def statements(
    graph: Subgraph, names: Mapping[tuple[str, EntityId], Collection[str]], symmetric: Collection[str]
) -> tuple[Statement, ...]:
    """Each fact of a graph once for each document that states it, by document, then position.

    Args:
        graph: the facts with their evidence.
        names: what each document (by URI) calls each entity.
        symmetric: the relation types that hold both ways.
    """
    name_of = {entity.id: entity.name for entity in graph.entities}

    def all_names(document: str, entity: EntityId) -> tuple[str, ...]:
        return tuple(dict.fromkeys((name_of[entity], *sorted(names.get((document, entity), ())))))

    best: dict[tuple[str, FactId], tuple[Fact, Passage]] = {}
    for fact, passages in graph.facts:
        for passage in passages:
            key = (passage.document, fact.id)
            if key not in best or best[key][1].score < passage.score:
                best[key] = (fact, passage)
    stated = sorted(best.values(), key=lambda item: (passage_order(item[1]), item[0].id))
    return tuple(
        Statement(
            document=passage.document,
            type=fact.type,
            head=all_names(passage.document, fact.head),
            tail=all_names(passage.document, fact.tail),
            symmetric=fact.type in symmetric,
            passage=passage,
        )
        for fact, passage in stated
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """How many entities and facts the graph holds, known without counting them."""

    entities: int
    facts: int


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A reviewer's decision that the graph keeps.

    Attributes:
        linked: whether its names are one; else no two of them are.
        names: at least two, sorted.
        decided_at: when, as ISO 8601 has it.
    """

    linked: bool
    names: tuple[Listed, ...]
    decided_at: str

    @property
    def id(self) -> DecisionId:
        fields = [field for listed in self.names for field in (listed.type, listed.name, listed.document)]
        return DecisionId(digest("decision", self.linked, *fields))


class Store(Protocol):
    """A graph store. Every method is safe to call from several threads at once."""

    def prepare(self, *, entity_types: Collection[str] = (), relation_types: Collection[str] = ()) -> None:
        """Create what the store needs before its first use (constraints, indexes); does no harm when done again.

        Raises:
            StoreError: others keep data in the same database, with constraints or indexes that refuse a graph with
                entities and relations of these types; nothing was written.
        """

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        """Every document in the store."""

    def states(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        """Those of the documents that the store has."""

    def documents_at(self, uri: str) -> Mapping[DocumentId, DocumentState]:
        """The document with this URI, and those in the file ("#..." behind it) or folder ("/...") of this URI."""

    def replace_document(self, rows: DocumentRows) -> None:
        """Write a document, in place of what the store had of it; facts that nothing supports any more go."""

    def describe_document(self, document: DocumentId, metadata: Mapping[str, MetadataValue]) -> None:
        """Write what a document says about itself, in place of what it said before, if the store has it."""

    def remove_document(self, document: DocumentId) -> bool:
        """Remove a document and all that it contributed to facts; False where there was none."""

    def unsettled(self, resolver: str) -> bool:
        """Whether anything is left to settle, or the last settling went by another resolver (by its fingerprint)."""

    def settling(self, work: Callable[[Settling], T]) -> T:
        """Do a part of settling, in one transaction; ``work`` is called again where that has to be tried again."""

    def totals(self) -> Totals:
        """How many entities and facts the graph holds, at once in a graph of any size."""

    def counts(self) -> GraphCounts:
        """How much the graph holds, counted: it takes longer the more there is."""

    def graph(self) -> Subgraph:
        """All entities and facts."""

    def statements(self) -> tuple[Statement, ...]:
        """Each fact once for each document that states it."""

    def around(self, name: str, *, hops: int) -> Subgraph:
        """The entities with this name or alias (in any case), those within ``hops`` facts, and all facts among them."""

    def look_at_names(self, look: Callable[[NameLayer], T]) -> T:
        """What ``look`` makes of the names and entities as they are at one moment."""

    def decisions(self) -> tuple[KeptDecision, ...]:
        """The decisions that the graph keeps, by id."""

    def keep_decision(self, decision: KeptDecision) -> None:
        """Keep a decision. It takes effect when the graph is settled by a resolver that knows it."""

    def forget_decision(self, decision: DecisionId) -> bool:
        """Forget a decision; False where there is none with this id."""

    def close(self) -> None:
        """Let go of what the store holds; no other method may be called afterwards."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
