"""From what several passes found to what the whole text says: each thing once, overlaps settled, labels to types.

The passes are over the windows of a text, or ask the same window for different relations. One rule, :func:`join`,
serves them all.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from relex_kg.extract.overlaps import settle
from relex_kg.extract.references import REFERENCE, STANDS_FOR, Linked, link
from relex_kg.ids import DocumentId, mention_id, relation_id
from relex_kg.ontology import Schema
from relex_kg.types import Extraction, Mention, Relation, Span, TextExtraction, TextMention, TextRelation


@dataclass(frozen=True, slots=True)
class Part:
    """What one pass found in one stretch of a text; ``span`` and all offsets are into the whole text.

    ``title``: where the words stand that were read in front of the stretch, if any were.
    """

    span: Span
    title: Span | None
    found: TextExtraction


@dataclass(frozen=True, slots=True)
class Joined:
    """What all passes found, and how much of it was left out, by reason."""

    found: TextExtraction
    dropped: Counter[str]


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
    stretches = _Stretches(parts)
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


def merge(document: DocumentId, parts: Sequence[Part], schema: Schema, *, flat: bool = True) -> Extraction:
    """Everything found in a document, joined as :func:`join` says, under the schema's types.

    A relation asked for by its inverse phrase has head and tail exchanged; a symmetric one runs from the mention that
    comes first. References take the type of what they stand for (:mod:`relex_kg.extract.references`). Where ``flat``
    is False, one mention may lie within another.
    """
    symmetric = [name for name, kind in schema.relations.items() if kind.symmetric]
    joined = join([_typed(part, schema) for part in parts], flat=flat, symmetric=symmetric)
    linked = link(joined.found, schema)
    mentions = _mentions(document, linked)
    relations = [_relation(mentions, relation) for relation in linked.relations]
    counts = joined.dropped + Counter(
        {
            "span over budget": joined.found.cut_spans,
            "pair over budget": joined.found.cut_pairs,
            "relation over budget": joined.found.cut_relations,
            "reference to nothing named": linked.unlinked,
            "relation that a reference cannot have": linked.unfit,
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
    """Answers whether some part was read with two spans in view, in its stretch or in the title in front."""

    def __init__(self, parts: Sequence[Part]) -> None:
        ordered = sorted(part.span for part in parts)
        self._starts = [span.start for span in ordered]
        self._reach = list(accumulate((span.end for span in ordered), max))
        self._titles = [part.title for part in parts if part.title is not None]

    def hold(self, one: Span, other: Span) -> bool:
        position = bisect_right(self._starts, min(one.start, other.start))
        together = position > 0 and self._reach[position - 1] >= max(one.end, other.end)
        return together or any(title.contains(one) or title.contains(other) for title in self._titles[:1])


def _typed(part: Part, schema: Schema) -> Part:
    """A part with types in place of labels, inverse phrases turned round; what asks for references stays."""
    mentions = tuple(
        mention if mention.label == REFERENCE else replace(mention, label=schema.entity_by_label[mention.label])
        for mention in part.found.mentions
    )
    relations = tuple(
        relation if relation.label == STANDS_FOR else _turned(relation, *schema.relation_by_label[relation.label])
        for relation in part.found.relations
    )
    return replace(part, found=replace(part.found, mentions=mentions, relations=relations))


def _turned(relation: TextRelation, type: str, inverted: bool) -> TextRelation:
    head, tail = (relation.tail, relation.head) if inverted else (relation.head, relation.tail)
    return TextRelation(head, tail, type, relation.score)


def _mentions(document: DocumentId, linked: Linked) -> list[Mention]:
    ids = [mention_id(document, mention.span.start, mention.span.end, mention.label) for mention in linked.mentions]
    return [
        Mention(
            id=id,
            document_id=document,
            span=mention.span,
            text=mention.text,
            type=mention.label,
            score=mention.score,
            antecedent=None if antecedent is None else ids[antecedent],
        )
        for id, mention, antecedent in zip(ids, linked.mentions, linked.antecedents, strict=True)
    ]


def _relation(mentions: Sequence[Mention], relation: TextRelation) -> Relation:
    head, tail = mentions[relation.head].id, mentions[relation.tail].id
    return Relation(relation_id(head, relation.label, tail), head, tail, relation.label, relation.score)
