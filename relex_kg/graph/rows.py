"""What is written to the graph, worked out by pure functions: no store, no driver, no clock.

A run writes in two phases. ``document_rows`` says what one document contributes (its chunks, mentions and evidence).
``entity_layer`` then says what stands above all documents (entities, facts, and what refers to or supports them), and
``difference`` what has to change for the layer that is there to become the layer that should be.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from relex_kg.ids import ChunkId, DocumentId, EntityId, FactId, MentionId, RelationId, fact_id, mint_entity_id
from relex_kg.types import Chunk, Cluster, Document, Entity, Extraction, Fact, Mention, Relation, Resolution, Span

CONFIDENCE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document's node.

    ``model`` and ``schema`` are the fingerprints that it was extracted with, ``symmetric`` the schema's relation types
    that hold both ways, sorted: what settles the graph later need not know the schema.
    """

    id: DocumentId
    uri: str
    title: str
    sha256: str
    media_type: str
    ingested_at: str
    model: str
    schema: str
    symmetric: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MentionRow:
    """A mention and the first chunk that contains it whole."""

    mention: Mention
    chunk: ChunkId


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A relation, the characters from its first mention to its last, and a chunk.

    The chunk is the first that contains these characters whole. Where none does, the mentions were read together as
    sentences on both sides of a chunk's end, or as a sentence and the document's title; it is then the first that
    contains the later mention.
    """

    relation: Relation
    span: Span
    chunk: ChunkId


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """All that one document contributes to the graph, each part sorted by id."""

    document: DocumentRow
    chunks: tuple[Chunk, ...]
    mentions: tuple[MentionRow, ...]
    evidence: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class EntityLayer:
    """What stands above the documents, and what it stands on.

    Attributes:
        mentions: every mention of every document, sorted by document, then position.
        relations: every relation of every document, sorted by id.
        entities: by id.
        refers_to: the entity of each mention; a mention written since the last settling has none.
        facts: by id.
        supports: the fact that each relation supports; none where both its mentions refer to one entity.
        symmetric: the relation types that hold both ways, by the schemas that the documents were extracted with.
    """

    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...]
    entities: Mapping[EntityId, Entity]
    refers_to: Mapping[MentionId, EntityId]
    facts: Mapping[FactId, Fact]
    supports: Mapping[RelationId, FactId]
    symmetric: frozenset[str]


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """What turns one entity layer into another; every part is sorted by id.

    Attributes:
        retyped: the type that an entity of ``entities_updated`` had before, where it changed.
        refers_to: the mentions whose entity changes, and their new entity.
        supports: the relations whose fact changes, and their new fact (None: it supports none any more).
    """

    entities_created: tuple[Entity, ...]
    entities_updated: tuple[Entity, ...]
    entities_deleted: tuple[EntityId, ...]
    retyped: Mapping[EntityId, str]
    refers_to: Mapping[MentionId, EntityId]
    facts_created: tuple[Fact, ...]
    facts_updated: tuple[Fact, ...]
    facts_deleted: tuple[Fact, ...]
    supports: Mapping[RelationId, FactId | None]

    @property
    def empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__slots__)


def document_rows(
    document: Document,
    chunks: Sequence[Chunk],
    extraction: Extraction,
    *,
    model: str,
    schema: str,
    symmetric: frozenset[str],
    ingested_at: str,
) -> DocumentRows:
    """What ``document`` contributes to the graph.

    Args:
        document: the text as read.
        chunks: the document's chunks, following each other through the text (they may overlap).
        extraction: what was found in the document.
        model: the fingerprint of the model that found it.
        schema: the fingerprint of the schema that it was asked with.
        symmetric: the schema's relation types that hold both ways.
        ingested_at: when, in ISO 8601.

    Raises:
        ValueError: a mention lies in no chunk, or a relation names an unknown mention.
    """
    place = _ChunkFinder(chunks)
    spans = {mention.id: mention.span for mention in extraction.mentions}
    return DocumentRows(
        document=DocumentRow(
            id=document.id,
            uri=document.uri,
            title=document.title,
            sha256=document.sha256,
            media_type=document.media_type,
            ingested_at=ingested_at,
            model=model,
            schema=schema,
            symmetric=tuple(sorted(symmetric)),
        ),
        chunks=tuple(sorted(chunks, key=lambda chunk: chunk.id)),
        mentions=tuple(
            MentionRow(mention, place.of(mention.span))
            for mention in sorted(extraction.mentions, key=lambda mention: mention.id)
        ),
        evidence=tuple(
            _evidence(relation, spans, place)
            for relation in sorted(extraction.relations, key=lambda relation: relation.id)
        ),
    )


class _ChunkFinder:
    """Finds the first chunk that contains characters whole."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = sorted(chunks, key=lambda chunk: chunk.index)
        self._ends = [chunk.span.end for chunk in self._chunks]

    def of(self, span: Span) -> ChunkId:
        chunk = self.holding(span)
        if chunk is None:
            raise ValueError(f"no chunk contains the characters {span.start}..{span.end}")
        return chunk

    def holding(self, span: Span) -> ChunkId | None:
        """None where no chunk contains the span whole."""
        # Chunks follow each other, so of all that end late enough the first also starts earliest.
        position = bisect_left(self._ends, span.end)
        if position == len(self._chunks) or not self._chunks[position].span.contains(span):
            return None
        return self._chunks[position].id


def _evidence(relation: Relation, spans: Mapping[MentionId, Span], place: _ChunkFinder) -> EvidenceRow:
    if not {relation.head, relation.tail} <= spans.keys():
        raise ValueError(f"relation {relation.id} names a mention that the extraction lacks")
    earlier, later = sorted((spans[relation.head], spans[relation.tail]))
    span = Span(earlier.start, max(earlier.end, later.end))
    return EvidenceRow(relation, span, place.holding(span) or place.of(later))


def mention_order(mention: Mention) -> tuple[DocumentId, Span, str]:
    """The order of a layer's mentions: by document, then position."""
    return mention.document_id, mention.span, mention.type


def stale_mentions(old: Mapping[MentionId, str], rows: DocumentRows) -> set[MentionId]:
    """The mentions (id to text) that a document's new rows no longer have, or have with another text.

    A mention's id names a place: after an edit another name may stand there, and must not inherit the old one's entity.
    """
    new = {row.mention.id: row.mention.text for row in rows.mentions}
    return {mention for mention, text in old.items() if new.get(mention) != text}


def stale_relations(
    old: Mapping[RelationId, tuple[MentionId, MentionId]], stale: set[MentionId], rows: DocumentRows
) -> set[RelationId]:
    """The relations (id to head and tail) that a document's new rows no longer have, or that had a stale mention."""
    new = {row.relation.id for row in rows.evidence}
    return {relation for relation, ends in old.items() if relation not in new or not stale.isdisjoint(ends)}


def entity_layer(current: EntityLayer, resolution: Resolution) -> EntityLayer:
    """The layer that should stand above the current mentions and relations.

    It is a function of the mentions, the relations and their resolution alone, except for the entities' ids: those
    are kept from the current layer wherever an entity lives on.

    Args:
        current: the layer that is there.
        resolution: the current mentions' clusters.

    Raises:
        ValueError: the clusters do not hold every current mention exactly once.
    """
    _check_cover(current, resolution)
    ids = _entity_ids(current, resolution.clusters)
    refers_to = {
        mention: id for cluster, id in zip(resolution.clusters, ids, strict=True) for mention in cluster.mentions
    }
    least = {id: cluster.mentions[0] for cluster, id in zip(resolution.clusters, ids, strict=True)}
    groups = _fact_groups(current, refers_to, least)
    documents = {mention.id: mention.document_id for mention in current.mentions}
    facts = [_fact(ends, relations, documents) for ends, relations in groups.items()]
    return EntityLayer(
        mentions=current.mentions,
        relations=current.relations,
        entities={
            id: Entity(
                id=id,
                type=cluster.type,
                name=cluster.name,
                aliases=cluster.aliases,
                mentions=len(cluster.mentions),
                value=cluster.value,
                external_id=cluster.external_id,
            )
            for cluster, id in zip(resolution.clusters, ids, strict=True)
        },
        refers_to=refers_to,
        facts={fact.id: fact for fact in facts},
        supports={relation.id: fact_id(*ends) for ends, relations in groups.items() for relation in relations},
        symmetric=current.symmetric,
    )


def _check_cover(current: EntityLayer, resolution: Resolution) -> None:
    covered = sorted(mention for cluster in resolution.clusters for mention in cluster.mentions)
    if covered != sorted(mention.id for mention in current.mentions):
        raise ValueError("the resolution does not hold every mention exactly once")


def _entity_ids(current: EntityLayer, clusters: Sequence[Cluster]) -> list[EntityId]:
    """An id for each cluster: that of the entity it shares most mentions with, of an orphan so named, or a new one."""
    chosen: dict[int, EntityId] = {}
    kept: set[EntityId] = set()
    for _, id, position in sorted(_overlaps(current, clusters)):
        if position not in chosen and id not in kept:
            chosen[position] = id
            kept.add(id)
    return _fill(current, clusters, chosen)


def _overlaps(current: EntityLayer, clusters: Sequence[Cluster]) -> list[tuple[int, EntityId, int]]:
    """(- shared mentions, entity, cluster's position) for each entity and cluster that share a mention."""
    return [
        (-shared, id, position)
        for position, cluster in enumerate(clusters)
        for id, shared in Counter(
            current.refers_to[mention] for mention in cluster.mentions if mention in current.refers_to
        ).items()
    ]


def _fill(current: EntityLayer, clusters: Sequence[Cluster], chosen: dict[int, EntityId]) -> list[EntityId]:
    orphans: dict[tuple[str, str], list[EntityId]] = defaultdict(list)
    for id in sorted(current.entities.keys() - set(current.refers_to.values()), reverse=True):
        orphans[current.entities[id].type, current.entities[id].name].append(id)
    taken = set(current.entities)
    for position, cluster in enumerate(clusters):
        if position not in chosen:
            namesakes = orphans[cluster.type, cluster.name]
            chosen[position] = namesakes.pop() if namesakes else mint_entity_id(cluster.mentions[0], taken)
            taken.add(chosen[position])
    return [chosen[position] for position in range(len(clusters))]


def _fact_groups(
    current: EntityLayer,
    refers_to: Mapping[MentionId, EntityId],
    least: Mapping[EntityId, MentionId],
) -> dict[tuple[EntityId, str, EntityId], list[Relation]]:
    """The relations of each fact, by (head, type, tail)."""
    groups: dict[tuple[EntityId, str, EntityId], list[Relation]] = defaultdict(list)
    for relation in current.relations:
        head, tail = refers_to[relation.head], refers_to[relation.tail]
        # Oriented by mentions, not by entity ids: those depend on what the graph held before.
        if relation.type in current.symmetric and least[tail] < least[head]:
            head, tail = tail, head
        if head != tail:
            groups[head, relation.type, tail].append(relation)
    return groups


def _fact(
    ends: tuple[EntityId, str, EntityId], relations: Sequence[Relation], documents: Mapping[MentionId, DocumentId]
) -> Fact:
    best: dict[DocumentId, float] = defaultdict(float)
    for relation in relations:
        document = documents[relation.head]
        best[document] = max(best[document], relation.score)
    head, type, tail = ends
    return Fact(
        id=fact_id(head, type, tail),
        head=head,
        tail=tail,
        type=type,
        support=len(relations),
        documents=len(best),
        confidence=confidence(list(best.values())),
    )


def confidence(best_scores: Sequence[float]) -> float:
    """How sure a fact is, from the best score in each document that states it: ``1 - product(1 - score)``.

    Each document is one witness, however often it repeats itself. Rounded, so that equal graphs compare equal.
    """
    return round(1 - prod(1 - score for score in sorted(best_scores)), CONFIDENCE_DIGITS)


def difference(current: EntityLayer, planned: EntityLayer) -> LayerDifference:
    """What has to change for the current layer to become the planned one."""
    old, new = current.entities, planned.entities
    updated = [id for id in sorted(new.keys() & old.keys()) if new[id] != old[id]]
    facts = sorted(planned.facts.keys() & current.facts.keys())
    return LayerDifference(
        entities_created=tuple(new[id] for id in sorted(new.keys() - old.keys())),
        entities_updated=tuple(new[id] for id in updated),
        entities_deleted=tuple(sorted(old.keys() - new.keys())),
        retyped={id: old[id].type for id in updated if new[id].type != old[id].type},
        refers_to={
            mention: entity
            for mention, entity in sorted(planned.refers_to.items())
            if current.refers_to.get(mention) != entity
        },
        facts_created=tuple(planned.facts[id] for id in sorted(planned.facts.keys() - current.facts.keys())),
        facts_updated=tuple(planned.facts[id] for id in facts if planned.facts[id] != current.facts[id]),
        facts_deleted=tuple(current.facts[id] for id in sorted(current.facts.keys() - planned.facts.keys())),
        supports={
            relation.id: planned.supports.get(relation.id)
            for relation in planned.relations
            if planned.supports.get(relation.id) != current.supports.get(relation.id)
        },
    )
