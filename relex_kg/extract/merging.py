"""From what was read in each chunk to what the document says: offsets moved, labels to types, overlaps settled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relex_kg.ids import DocumentId, MentionId, mention_id, relation_id
from relex_kg.ontology import Schema
from relex_kg.types import Chunk, Extraction, Mention, Relation, Span, TextExtraction, TextMention


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over one chunk; a chunk has several where the schema's labels do not fit into one prompt."""

    chunk: Chunk
    found: TextExtraction


def merge(document: DocumentId, readings: Sequence[Reading], schema: Schema, *, flat: bool = True) -> Extraction:
    """Everything found in a document, each mention and relation once.

    A mention or relation seen in several readings has its best score. Where mentions of different readings overlap,
    the best-scored stays and the relations of the others of its type pass to it; what cannot pass is dropped and
    counted. Where ``flat`` is False, one mention may lie within another. A relation asked for by its inverse phrase has
    head and tail exchanged; a symmetric one runs from the mention that comes first.
    """
    dropped: Counter[str] = Counter()
    seen = _best_mentions(document, readings, schema)
    winners = _settle_overlaps(seen.values(), flat=flat)
    dropped["overlapping mention"] = sum(1 for id in seen if winners.get(id) != id)
    relations: dict[tuple[MentionId, str, MentionId], Relation] = {}
    for reading in readings:
        dropped["span over budget"] += reading.found.cut_spans
        dropped["pair over budget"] += reading.found.cut_pairs
        for relation in _relations(document, reading, schema, winners, seen, dropped=dropped):
            key = (relation.head, relation.type, relation.tail)
            if key not in relations or relations[key].score < relation.score:
                relations[key] = relation
    return _in_one_chunk(
        document,
        [seen[id] for id in seen if winners.get(id) == id],
        relations.values(),
        [reading.chunk.span for reading in readings],
        dropped,
    )


def _best_mentions(document: DocumentId, readings: Iterable[Reading], schema: Schema) -> dict[MentionId, Mention]:
    best: dict[MentionId, Mention] = {}
    for reading in readings:
        for found in reading.found.mentions:
            mention = _mention(document, reading.chunk, found, schema)
            if mention.id not in best or best[mention.id].score < mention.score:
                best[mention.id] = mention
    return best


def _mention(document: DocumentId, chunk: Chunk, found: TextMention, schema: Schema) -> Mention:
    span = found.span.shifted(chunk.span.start)
    type = schema.entity_by_label[found.label]
    return Mention(mention_id(document, span.start, span.end, type), document, span, found.text, type, found.score)


def _settle_overlaps(mentions: Iterable[Mention], *, flat: bool) -> dict[MentionId, MentionId]:
    """Each mention's stand-in: itself where it stays, the best overlapping one of its type where there is one."""
    winners: dict[MentionId, MentionId] = {}
    by_position: dict[int, list[Mention]] = {}  # kept mentions, under every 64-character block they touch
    for mention in sorted(mentions, key=lambda mention: (-mention.score, mention.span, mention.type)):
        rivals = [
            rival
            for block in _blocks(mention.span)
            for rival in by_position.get(block, ())
            if _conflict(rival.span, mention.span, flat=flat)
        ]
        if not rivals:
            winners[mention.id] = mention.id
            for block in _blocks(mention.span):
                by_position.setdefault(block, []).append(mention)
        alike = [rival for rival in rivals if rival.type == mention.type]
        if alike:
            winners[mention.id] = min(alike, key=lambda rival: (-rival.score, rival.span)).id
    return winners


def _conflict(one: Span, other: Span, *, flat: bool) -> bool:
    if flat or one == other:
        return one.overlaps(other)
    return one.overlaps(other) and not one.contains(other) and not other.contains(one)


def _blocks(span: Span) -> range:
    return range(span.start // 64, (span.end - 1) // 64 + 1)


def _relations(
    document: DocumentId,
    reading: Reading,
    schema: Schema,
    winners: Mapping[MentionId, MentionId],
    seen: Mapping[MentionId, Mention],
    *,
    dropped: Counter[str],
) -> Iterable[Relation]:
    ids = [_mention(document, reading.chunk, found, schema).id for found in reading.found.mentions]
    for found in reading.found.relations:
        head, tail = winners.get(ids[found.head]), winners.get(ids[found.tail])
        if head is None or tail is None or head == tail:
            dropped["relation of an overlapping mention"] += 1
            continue
        type, inverted = schema.relation_by_label[found.label]
        backwards = schema.relations[type].symmetric and seen[tail].span < seen[head].span
        if inverted or backwards:
            head, tail = tail, head
        yield Relation(relation_id(head, type, tail), head, tail, type, found.score)


def _in_one_chunk(
    document: DocumentId,
    mentions: Sequence[Mention],
    relations: Iterable[Relation],
    chunks: Sequence[Span],
    dropped: Counter[str],
) -> Extraction:
    """Leave out relations whose mentions, after overlaps were settled, no longer stand in one chunk."""
    spans = {mention.id: mention.span for mention in mentions}
    kept: list[Relation] = []
    for relation in relations:
        head, tail = spans[relation.head], spans[relation.tail]
        both = Span(min(head.start, tail.start), max(head.end, tail.end))
        if any(chunk.contains(both) for chunk in chunks):
            kept.append(relation)
        else:
            dropped["relation of an overlapping mention"] += 1
    return Extraction(
        document_id=document,
        mentions=tuple(sorted(mentions, key=lambda mention: mention.span)),
        relations=tuple(sorted(kept, key=lambda relation: relation.id)),
        dropped={reason: count for reason, count in sorted(dropped.items()) if count},
    )
