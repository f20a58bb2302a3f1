"""From what several passes found to what the whole text says: each thing once, overlaps settled, labels to types.

The passes are over the windows of a text or over the chunks of a document, or ask the same text for different
relations. One rule, :func:`join`, serves them all.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from relex_kg.extract.overlaps import settle
from relex_kg.ids import DocumentId, mention_id, relation_id
from relex_kg.ontology import Schema
from relex_kg.types import Chunk, Extraction, Mention, Relation, Span, TextExtraction, TextMention, TextRelation


@dataclass(frozen=True, slots=True)
class Part:
    """What one pass found in one stretch of a text; ``span`` and all offsets are into the whole text."""

    span: Span
    found: TextExtraction


@dataclass(frozen=True, slots=True)
class Joined:
    """What all passes found, and how much of it was left out, by reason."""

    found: TextExtraction
    dropped: Counter[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over one chunk; a chunk has several where the schema's labels do not fit into one prompt."""

    chunk: Chunk
    found: TextExtraction


def join(parts: Sequence[Part], *, flat: bool, symmetric: Collection[str] = ()) -> Joined:
    """Everything found in a text, each mention and relation once.

    A mention or relation found several times has its best score. Where mentions overlap, the best-scored stays (equal
    scores are decided by position, then label) and the relations of the others of its label pass to it. What cannot
    pass is dropped and counted; so is a relation whose mentions, after that, no longer stand in one of the stretches.
    What the passes cut is added up; in stretches that share words some of it is counted more than once.

    Args:
        parts: in any order; the result is the same.
        flat: no mention within another.
        symmetric: the relation labels without direction: such a relation runs from the mention that comes first.
    """
    seen = _best_mentions(mention for part in parts for mention in part.found.mentions)
    stand_ins = _stand_ins(seen, flat=flat)
    kept = [index for index, stand_in in enumerate(stand_ins) if stand_in == index]
    place = {(mention.span, mention.label): index for index, mention in enumerate(seen)}
    row = {index: number for number, index in enumerate(kept)}
    moved: list[TextRelation] = []
    lost = 0
    for part in parts:
        # Stretches may hold thousands of mentions each; only those that relations name are looked up
        for relation in part.found.relations:
            ends = (part.found.mentions[relation.head], part.found.mentions[relation.tail])
            head, tail = (stand_ins[place[end.span, end.label]] for end in ends)
            if head is None or tail is None or head == tail:
                lost += 1
                continue
            if relation.label in symmetric and tail < head:
                head, tail = tail, head
            moved.append(replace(relation, head=row[head], tail=row[tail]))
    mentions = tuple(seen[index] for index in kept)
    relations = best_relations(moved)
    stretches = _Stretches(part.span for part in parts)
    together = tuple(one for one in relations if stretches.hold(mentions[one.head].span, mentions[one.tail].span))
    dropped = Counter({"overlapping mention": len(seen) - len(kept)})
    dropped["relation of an overlapping mention"] = lost + len(relations) - len(together)
    found = TextExtraction(
        mentions,
        together,
        cut_spans=sum(part.found.cut_spans for part in parts),
        cut_pairs=sum(part.found.cut_pairs for part in parts),
        cut_relations=sum(part.found.cut_relations for part in parts),
    )
    return Joined(found, dropped)


def best_relations(relations: Iterable[TextRelation]) -> tuple[TextRelation, ...]:
    """Each relation once with its best score, by head, tail and label."""
    best: dict[tuple[int, int, str], TextRelation] = {}
    for relation in relations:
        key = (relation.head, relation.tail, relation.label)
        if key not in best or best[key].score < relation.score:
            best[key] = relation
    return tuple(best[key] for key in sorted(best))


def merge(document: DocumentId, readings: Sequence[Reading], schema: Schema, *, flat: bool = True) -> Extraction:
    """Everything found in a document's chunks, joined as :func:`join` says, under the schema's types.

    A relation asked for by its inverse phrase has head and tail exchanged; a symmetric one runs from the mention that
    comes first. Where ``flat`` is False, one mention may lie within another.
    """
    symmetric = [name for name, kind in schema.relations.items() if kind.symmetric]
    joined = join([_typed(reading, schema) for reading in readings], flat=flat, symmetric=symmetric)
    mentions = [_mention(document, found) for found in joined.found.mentions]
    relations = [_relation(mentions, found) for found in joined.found.relations]
    counts = joined.dropped + Counter(
        {
            "span over budget": joined.found.cut_spans,
            "pair over budget": joined.found.cut_pairs,
            "relation over budget": joined.found.cut_relations,
        }
    )
    return Extraction(
        document_id=document,
        mentions=tuple(mentions),
        relations=tuple(sorted(relations, key=lambda relation: relation.id)),
        dropped={reason: count for reason, count in sorted(counts.items()) if count},
    )


def _best_mentions(mentions: Iterable[TextMention]) -> list[TextMention]:
    """Each mention once with its best score, by position, then label."""
    best: dict[tuple[Span, str], TextMention] = {}
    for mention in mentions:
        key = (mention.span, mention.label)
        if key not in best or best[key].score < mention.score:
            best[key] = mention
    return [best[key] for key in sorted(best)]


def _stand_ins(mentions: Sequence[TextMention], *, flat: bool) -> list[int | None]:
    """Each mention's stand-in: itself where it stays, the best overlapping one of its label where there is one."""
    # Sorting is stable, so that of equal scores the first by position and label comes first
    order = sorted(range(len(mentions)), key=lambda index: -mentions[index].score)
    rivals = settle([(mention.span.start, mention.span.end) for mention in mentions], order, flat=flat)
    stand_ins: list[int | None] = []
    for index, mention in enumerate(mentions):
        alike = [rival for rival in rivals[index] if mentions[rival].label == mention.label]
        best = min(alike, key=lambda rival: -mentions[rival].score, default=None)
        stand_ins.append(best if rivals[index] else index)
    return stand_ins


class _Stretches:
    """Answers whether some stretch holds two spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [span.start for span in ordered]
        self._reach = list(accumulate((span.end for span in ordered), max))

    def hold(self, one: Span, other: Span) -> bool:
        position = bisect_right(self._starts, min(one.start, other.start))
        return position > 0 and self._reach[position - 1] >= max(one.end, other.end)


def _typed(reading: Reading, schema: Schema) -> Part:
    """A reading with types in place of labels, offsets into the document, inverse phrases turned round."""
    begin = reading.chunk.span.start
    mentions = tuple(
        replace(found, span=found.span.shifted(begin), label=schema.entity_by_label[found.label])
        for found in reading.found.mentions
    )
    relations = tuple(_turned(found, *schema.relation_by_label[found.label]) for found in reading.found.relations)
    return Part(reading.chunk.span, replace(reading.found, mentions=mentions, relations=relations))


def _turned(found: TextRelation, type: str, inverted: bool) -> TextRelation:
    head, tail = (found.tail, found.head) if inverted else (found.head, found.tail)
    return TextRelation(head, tail, type, found.score)


def _mention(document: DocumentId, found: TextMention) -> Mention:
    id = mention_id(document, found.span.start, found.span.end, found.label)
    return Mention(id, document, found.span, found.text, found.label, found.score)


def _relation(mentions: Sequence[Mention], found: TextRelation) -> Relation:
    head, tail = mentions[found.head].id, mentions[found.tail].id
    return Relation(relation_id(head, found.label, tail), head, tail, found.label, found.score)
