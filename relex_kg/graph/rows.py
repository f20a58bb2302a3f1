"""What one document contributes to the graph, worked out by pure functions: no store, no driver, no clock."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from relex_kg.graph.names import Uses, uses_of
from relex_kg.graph.settling import LinkedRelation
from relex_kg.ids import ChunkId, DocumentId, MentionId, RelationId, digest
from relex_kg.source_map import Box
from relex_kg.types import Chunk, Document, Extraction, Mention, MetadataValue, Naming, Relation, Span


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document's node.

    ``model`` and ``schema`` are the fingerprints that it was extracted with, ``symmetric`` the schema's relation types
    that hold both ways, sorted: what settles the graph later need not know the schema. ``metadata`` is what the source
    says about itself.
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
    metadata: Mapping[str, MetadataValue] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the file something stands.

    Attributes:
        name: for people: ``page 3``, ``table 1, row 2, column 3``.
        page: where the file has pages.
        boxes: those of its lines on that page.
    """

    name: str
    page: int | None
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class MentionRow:
    """A mention, the first chunk that contains it whole, the name that it stands for, and where it is in the file."""

    mention: Mention
    chunk: ChunkId
    naming: Naming
    location: Location | None


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A relation, the characters from its first mention to its last, and a chunk.

    The chunk is the first that contains these characters whole. Where none does, the mentions were read together as
    sentences on both sides of a chunk's end, or as a sentence and the document's title; it is then the first that
    contains the later mention. ``location`` is that of the chunk's first mention of the two.
    """

    relation: Relation
    span: Span
    chunk: ChunkId
    location: Location | None


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """All that one document contributes to the graph, each part sorted by id.

    ``resolver`` is the fingerprint of the resolver that named the mentions.
    """

    document: DocumentRow
    resolver: str
    chunks: tuple[Chunk, ...]
    mentions: tuple[MentionRow, ...]
    evidence: tuple[EvidenceRow, ...]

    @property
    def uses(self) -> Uses:
        """How the document's mentions use names."""
        return uses_of((row.mention for row in self.mentions), {row.mention.id: row.naming for row in self.mentions})


def document_rows(
    document: Document,
    chunks: Sequence[Chunk],
    extraction: Extraction,
    namings: Mapping[MentionId, Naming],
    *,
    resolver: str,
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
        namings: the name that each mention stands for.
        resolver: the fingerprint of the resolver that named them.
        model: the fingerprint of the model that found it.
        schema: the fingerprint of the schema that it was asked with.
        symmetric: the schema's relation types that hold both ways.
        ingested_at: when, in ISO 8601.

    Raises:
        ValueError: a mention lies in no chunk, or a relation names an unknown mention.
    """
    chunk_of = _ChunkFinder(chunks)
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
            metadata=document.metadata,
        ),
        resolver=resolver,
        chunks=tuple(sorted(chunks, key=lambda chunk: chunk.id)),
        mentions=tuple(
            MentionRow(mention, chunk_of.of(mention.span), namings[mention.id], _location(document, mention.span))
            for mention in sorted(extraction.mentions, key=lambda mention: mention.id)
        ),
        evidence=tuple(
            _evidence(document, relation, spans, chunk_of)
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


def metadata_fingerprint(metadata: Mapping[str, MetadataValue]) -> str:
    """16 hexadecimal digits that change with any field's name, type or value."""
    return digest(*(repr(field) for field in sorted(metadata.items())))[:16]


def _location(document: Document, span: Span) -> Location | None:
    places = document.places_of(span)
    if not places:
        return None
    first = places[0]
    return Location(
        first.name, first.page, tuple(place.box for place in places if place.box and place.page == first.page)
    )


def _evidence(
    document: Document, relation: Relation, spans: Mapping[MentionId, Span], chunk_of: _ChunkFinder
) -> EvidenceRow:
    if not {relation.head, relation.tail} <= spans.keys():
        raise ValueError(f"relation {relation.id} names a mention that the extraction lacks")
    earlier, later = sorted((spans[relation.head], spans[relation.tail]))
    span = Span(earlier.start, max(earlier.end, later.end))
    chunk = chunk_of.holding(span)
    return EvidenceRow(relation, span, chunk or chunk_of.of(later), _location(document, earlier if chunk else later))


def stale_mentions(old: Mapping[MentionId, str], rows: DocumentRows) -> set[MentionId]:
    """The mentions (id to text) that a document's new rows no longer have, or have with another text.

    A mention's id names a place: after an edit another name may stand there, and must not inherit the old one's entity.
    """
    new = {row.mention.id: row.mention.text for row in rows.mentions}
    return {mention for mention, text in old.items() if new.get(mention) != text}


def stale_relations(old: Iterable[LinkedRelation], stale: Collection[MentionId], rows: DocumentRows) -> set[RelationId]:
    """The relations that a document's new rows no longer have, or that cannot support what they did.

    These had a stale mention, or were symmetric and are no longer, or the other way round.
    """
    new = {row.relation.id: row.relation.type in rows.document.symmetric for row in rows.evidence}
    return {
        relation.id
        for relation in old
        if new.get(relation.id) != relation.symmetric or relation.head in stale or relation.tail in stale
    }
