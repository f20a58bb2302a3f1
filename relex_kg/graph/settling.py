"""What settling reads and writes in one transaction, whatever the store.

A document that was written leaves word of what its mentions changed among names (it is *uncounted*). Settling counts
that, says which entity each name is now (:class:`NameLayerChange`), and then links the document's mentions to the
entities and its evidence to facts (:class:`LinkChange`). Where a name goes to another entity, its mentions follow
document by document (:class:`Move`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from relex_kg.graph.facts import FactChange, FactCounts, FactKey, Support
from relex_kg.graph.names import NameRecord, Uses
from relex_kg.ids import DocumentId, EntityId, MentionId, NameId, RelationId
from relex_kg.types import Entity, Mention, Naming


@dataclass(frozen=True, slots=True)
class Uncounted:
    """What a document changed among names, and the fingerprint of the resolver that named its mentions."""

    uses: Uses
    resolver: str


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """That a name has left an entity to which mentions of it may still refer."""

    name: NameId
    source: EntityId


@dataclass(frozen=True, slots=True)
class NameLayerChange:
    """What changes among names and entities; every part is sorted by id.

    Attributes:
        counted: the documents whose uses of names are now counted, and whose mentions are to be linked.
        names: those that are new or changed, as they are now.
        names_deleted: those that nothing uses any more.
        keys_created: (key, name) for what names are now found under.
        keys_deleted: (key, name) for what they are no longer found under.
        retyped: the type that an entity of ``entities_updated`` had before, where it changed.
        entities_deleted: those that have no name any more. They go once no mention refers to them.
    """

    counted: tuple[DocumentId, ...]
    names: tuple[NameRecord, ...]
    names_deleted: tuple[NameId, ...]
    keys_created: tuple[tuple[str, NameId], ...]
    keys_deleted: tuple[tuple[str, NameId], ...]
    entities_created: tuple[Entity, ...]
    entities_updated: tuple[Entity, ...]
    retyped: Mapping[EntityId, str]
    entities_deleted: tuple[EntityId, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class LinkedMention:
    """A mention's name, and the entity that it refers to so far."""

    id: MentionId
    name: NameId
    entity: EntityId | None


@dataclass(frozen=True, slots=True)
class LinkedRelation:
    """A relation, and whether it supports the fact between its mentions' entities so far."""

    id: RelationId
    head: MentionId
    tail: MentionId
    type: str
    symmetric: bool
    score: float
    supports: bool


def fact_of(relation: LinkedRelation, entities: Mapping[MentionId, EntityId | None]) -> FactKey | None:
    """The fact between the entities that a relation's mentions refer to; none where that is one, or one is missing."""
    head, tail = entities[relation.head], entities[relation.tail]
    if head is None or tail is None or head == tail:
        return None
    return FactKey.between(head, relation.type, tail, symmetric=relation.symmetric)


@dataclass(frozen=True, slots=True)
class DocumentLinks:
    """A document's mentions and relations, and what they are linked to."""

    document: DocumentId
    mentions: tuple[LinkedMention, ...]
    relations: tuple[LinkedRelation, ...]


def supports_of(links: DocumentLinks) -> list[Support]:
    """What a document's relations support so far."""
    entities = {mention.id: mention.entity for mention in links.mentions}
    return [
        Support(relation.id, links.document, fact, relation.score)
        for relation in links.relations
        if relation.supports and (fact := fact_of(relation, entities))
    ]


def rescored(links: DocumentLinks, scores: Mapping[RelationId, float]) -> DocumentLinks:
    """The same with those relations alone that have a score here, and with that score."""
    relations = (replace(relation, score=scores[relation.id]) for relation in links.relations if relation.id in scores)
    return replace(links, relations=tuple(relations))


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What changes for the mentions and relations of documents.

    Attributes:
        linked: the documents, all of which is linked now.
        refers_to: the mentions whose entity changes, and their new entity (None: their name has none yet).
        supports: the relations whose fact changes, and their new fact (None: it supports none any more).
        facts: what that changes for facts.
    """

    linked: tuple[DocumentId, ...]
    refers_to: Mapping[MentionId, EntityId | None]
    supports: Mapping[RelationId, FactKey | None]
    facts: tuple[FactChange, ...]


@dataclass(frozen=True, slots=True, order=True)
class ShortUse:
    """That mentions with this text stand for a name within their documents, by the rule, and its score."""

    name: NameId
    surface: str
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What a change of links did to facts, and how many entities it deleted."""

    facts: FactCounts
    entities_deleted: int


class NameLayer(Protocol):
    """Names and entities, as one transaction sees them."""

    def names(self, ids: Collection[NameId]) -> list[NameRecord]: ...

    def names_under(self, keys: Collection[str]) -> list[NameRecord]:
        """The names that are found under any of the keys, each once."""

    def names_of(self, entities: Collection[EntityId]) -> list[NameRecord]: ...

    def entities(self, ids: Collection[EntityId]) -> Mapping[EntityId, Entity]: ...

    def short_uses(self, names: Collection[NameId]) -> Mapping[ShortUse, int]:
        """How many mentions stand for these names as short forms of them, and why."""


class Settling(NameLayer, Protocol):
    """One transaction of settling. Until it ends no other process settles, or changes a document that is there."""

    def uncounted(self, limit: int) -> Mapping[DocumentId, Uncounted]:
        """Documents whose uses of names are not counted yet."""

    def change_names(self, change: NameLayerChange) -> int:
        """Write the change; returns how many entities are gone."""

    def entities_named(self, names: Collection[NameId]) -> Mapping[NameId, EntityId]:
        """The entities of those of the names that have one."""

    def unlinked(self, limit: int) -> Sequence[DocumentId]:
        """Documents that are counted, and whose mentions and relations are not linked yet."""

    def move(self) -> Move | None:
        """A move that is not finished."""

    def movable(self, move: Move, limit: int) -> Sequence[DocumentId]:
        """Documents with mentions that the move concerns."""

    def finish_move(self, move: Move) -> None:
        """Forget the move."""

    def links(self, documents: Collection[DocumentId]) -> list[DocumentLinks]: ...

    def change_links(self, change: LinkChange) -> LinkCounts:
        """Write the change. An entity that has no name any more goes with its last mention."""

    def documents_after(self, document: DocumentId, limit: int) -> Sequence[DocumentId]:
        """Documents in the order of their ids, from the one behind ``document`` on."""

    def documents_naming(self, names: Collection[NameId], document: DocumentId, limit: int) -> Sequence[DocumentId]:
        """Those of them with mentions of any of the names."""

    def mentions(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, list[tuple[Mention, Naming]]]:
        """The mentions of documents, and the names that they stand for so far."""

    def rename(self, document: DocumentId, namings: Mapping[MentionId, Naming], change: Uncounted) -> None:
        """Let mentions of a document stand for other names; ``change`` is what that adds to names and takes away."""

    def names_after(self, name: NameId, limit: int) -> Sequence[NameId]:
        """Names in the order of their ids, from the one behind ``name`` on."""

    def sweep(self) -> "Sweep | None":
        """How far the settling by a new resolver is; None where there was none before."""

    def set_sweep(self, sweep: "Sweep") -> None: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far all that the graph holds has been brought in line with a resolver.

    Attributes:
        resolver: its fingerprint.
        rulebook: what it goes by, for the next resolver to compare.
        stage: what is gone through; None when all is done.
        cursor: the id of the last that was; empty where none was.
        scope: the names that are gone through, and the documents that use them; None for all.
    """

    resolver: str
    rulebook: str
    stage: str | None
    cursor: str
    scope: tuple[NameId, ...] | None
