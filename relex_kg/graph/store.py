"""What a graph store must do, and the values that cross its border.

A store is written in two phases. A document goes in, changes or goes out in one transaction that leaves the document
*pending* and the entities alone. ``settle`` then brings entities and facts in line with the documents, again in one
transaction. Killed at any moment, the store holds what the last finished transaction left; ``unsettled`` tells the
next run what is left to do.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from relex_kg.graph.rows import DocumentRows, EntityLayer, LayerDifference
from relex_kg.ids import DocumentId, EntityId, FactId, RelationId
from relex_kg.types import Entity, Fact

Plan = Callable[[EntityLayer], EntityLayer]


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What the store knows of a document, enough to tell whether it must be read again."""

    uri: str
    sha256: str
    model: str
    schema: str


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
class SettleReport:
    """What a settling changed. ``self_relations`` counts relations that support no fact, being within one entity."""

    entities_created: int
    entities_updated: int
    entities_deleted: int
    mentions_moved: int
    facts_created: int
    facts_updated: int
    facts_deleted: int
    self_relations: int

    @property
    def changed(self) -> bool:
        """Whether anything was written; a settling may find all as it should be."""
        return any(getattr(self, name) for name in self.__slots__ if name != "self_relations")

    @classmethod
    def of(cls, change: LayerDifference, planned: EntityLayer) -> "SettleReport":
        return cls(
            entities_created=len(change.entities_created),
            entities_updated=len(change.entities_updated),
            entities_deleted=len(change.entities_deleted),
            mentions_moved=len(change.refers_to),
            facts_created=len(change.facts_created),
            facts_updated=len(change.facts_updated),
            facts_deleted=len(change.facts_deleted),
            self_relations=len(planned.relations) - len(planned.supports),
        )


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


class Store(Protocol):
    """A graph store. Every method is safe to call from several threads at once."""

    def prepare(self) -> None:
        """Create what the store needs before its first use (constraints, indexes); does no harm when done again."""

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        """Every document in the store."""

    def replace_document(self, rows: DocumentRows) -> None:
        """Write a document, in place of what the store had of it, and leave it pending."""

    def remove_document(self, document: DocumentId) -> bool:
        """Remove a document and all that it contributed, and leave it pending; False where there was none."""

    def unsettled(self, fingerprint: str) -> bool:
        """Whether a document is pending, or the last settling went by another resolver than ``fingerprint``'s."""

    def settle(self, plan: Plan, fingerprint: str) -> SettleReport:
        """Turn the entity layer into what ``plan`` makes of it, writing only the difference.

        Args:
            plan: a pure function; it is called again where the transaction has to be tried again.
            fingerprint: of the resolver that plans.
        """

    def counts(self) -> GraphCounts:
        """How much the graph holds."""

    def graph(self) -> Subgraph:
        """All entities and facts."""

    def statements(self) -> tuple[Statement, ...]:
        """Each fact once for each document that states it."""

    def around(self, name: str, *, hops: int) -> Subgraph:
        """The entities with this name or alias (in any case), those within ``hops`` facts, and all facts among them."""

    def close(self) -> None:
        """Let go of what the store holds; no other method may be called afterwards."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
