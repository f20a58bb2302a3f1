"""How well predictions match gold annotation.

Three measures, each from a record and what the extractor found in its text to a table of counts, a row a type:

* :func:`entity_counts`: a mention is right when its span and its type are.
* :func:`relation_counts`: a relation is right when both spans, both their types and its own type are.
* :func:`triple_counts`: a relation is right when the texts of its two ends and its type are; the protocol under which
  zero-shot results are published.

Tables of many texts are added by :func:`added`; :func:`micro` sums a table over its types. Relations have a direction
in all of them, and saying one thing twice is saying it once. Where a record has clusters of coreferent mentions, any
mention stands for its cluster: a relation between clusters is found once, however many of its wordings are predicted,
and none of those is wrong.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from relex_kg.training.data import Record
from relex_kg.types import TextExtraction, TextMention, TextRelation

_LEADING_ARTICLE = re.compile(r"\A(?:the|an|a) ")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were right, said, and there to find. The ratios are in 0..1, and 0 where they would divide by 0."""

    true_positive: int
    predicted: int
    gold: int

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positive + other.true_positive, self.predicted + other.predicted, self.gold + other.gold
        )

    @property
    def precision(self) -> float:
        return self.true_positive / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.true_positive / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        # the harmonic mean of precision and recall, in whole numbers up to the one division
        both = self.predicted + self.gold
        return 2 * self.true_positive / both if both else 0.0


NOTHING = Counts(true_positive=0, predicted=0, gold=0)


def added(tables: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """The tables of several texts as one, its types sorted."""
    sums: dict[str, Counts] = {}
    for table in tables:
        for type_name, counts in table.items():
            sums[type_name] = sums.get(type_name, NOTHING) + counts
    return dict(sorted(sums.items()))


def micro(table: Mapping[str, Counts]) -> Counts:
    """The sum over all types: every mention or relation weighs the same, whatever its type."""
    return sum(table.values(), start=NOTHING)


def entity_counts(record: Record, predicted: TextExtraction) -> dict[str, Counts]:
    """Strict mentions: the same characters and the same type.

    Where the record's list of entity types is closed, predictions of a type outside it are not counted, for nobody
    looked. Where it is open, all are counted: mentions that the annotators left out then count as wrong, and precision
    is a lower bound.
    """
    gold = {(entity.start, entity.end, entity.type) for entity in record.entities}
    said = {_strict(mention) for mention in predicted.mentions if _listed(mention.label, record.entity_types)}
    return _table(
        right=[type_name for *_, type_name in gold & said],
        predicted=[type_name for *_, type_name in said],
        gold=[type_name for *_, type_name in gold],
    )


def relation_counts(record: Record, predicted: TextExtraction) -> dict[str, Counts]:
    """Strict relations: both spans, both entity types, and the relation's type.

    What nobody judged is not counted. Predictions of a type outside the record's closed list are left out. Where the
    record's pairs are "given", so are predictions between spans that are no judged pair: one of its relations, head to
    tail, or one of its pairs without relation, in either direction. There, with an open list of relation types, a
    judged pair may hold others too, and only right predictions count.
    """
    gold = _gold_relations(record, [(entity.start, entity.end, entity.type) for entity in record.entities])
    judged = _judged_pairs(record) if record.relation_types is not None else frozenset()
    said = set()
    for relation, head, tail in _with_ends(predicted):
        one = _Said(_strict(head), _strict(tail), relation.label)
        counts = (
            record.pairs == "all"
            or ((head.span.start, head.span.end), (tail.span.start, tail.span.end)) in judged
            or any(sought.is_met_by(one) for sought in gold)
        )
        if counts and _listed(relation.label, record.relation_types):
            said.add(one)
    return _counted(gold, said)


def triple_counts(record: Record, predicted: TextExtraction, *, top: int = 3) -> dict[str, Counts]:
    """Relations by the texts of their ends (see :func:`comparable`), whatever the ends' types and places.

    Every prediction is counted, judged or not: that is what makes published figures comparable.

    Args:
        record: the gold annotation.
        predicted: what was found in the record's text.
        top: at most so many relations of one pair of texts are looked at, the best by score (ties by type name).
    """
    gold = _gold_relations(record, [comparable(record.text[entity.start : entity.end]) for entity in record.entities])
    scores: dict[_Said, float] = {}
    for relation, head, tail in _with_ends(predicted):
        one = _Said(comparable(head.text), comparable(tail.text), relation.label)
        scores[one] = max(relation.score, scores.get(one, relation.score))
    ranked = sorted(scores, key=lambda one: (-scores[one], one.type))
    taken: Counter[tuple[Hashable, Hashable]] = Counter()
    said = set()
    for one in ranked:
        taken[one.head, one.tail] += 1
        if taken[one.head, one.tail] <= top:
            said.add(one)
    return _counted(gold, said)


def comparable(text: str) -> str:
    """The text without regard to case, a leading article, and how its words are spaced."""
    return _LEADING_ARTICLE.sub("", " ".join(text.casefold().split()))


class _Said(NamedTuple):
    """A predicted relation, its ends in the form in which they are compared."""

    head: Hashable
    tail: Hashable
    type: str


class _Sought(NamedTuple):
    """A gold relation, and every form of its ends that will do."""

    heads: frozenset[Hashable]
    tails: frozenset[Hashable]
    type: str

    def is_met_by(self, said: _Said) -> bool:
        return said.type == self.type and said.head in self.heads and said.tail in self.tails


def _gold_relations(record: Record, forms: Sequence[Hashable]) -> set[_Sought]:
    """The record's relations, between clusters where it has them; ``forms`` gives each entity as it is compared."""
    if record.clusters is None:
        ends = [frozenset({form}) for form in forms]
        return {_Sought(ends[gold.head], ends[gold.tail], gold.type) for gold in record.relations}
    ends = [frozenset(forms[member] for member in cluster) for cluster in record.clusters]
    return {_Sought(ends[gold.head], ends[gold.tail], gold.type) for gold in record.cluster_relations}


def _judged_pairs(record: Record) -> frozenset[tuple[tuple[int, int], tuple[int, int]]]:
    """The pairs of spans, head first, of which the annotation says all that holds between them."""
    spans = [(entity.start, entity.end) for entity in record.entities]
    related = {(spans[gold.head], spans[gold.tail]) for gold in record.relations}
    unrelated = {(spans[one], spans[other]) for one, other in record.no_relation_pairs}
    return frozenset(related | unrelated | {(other, one) for one, other in unrelated})


def _with_ends(predicted: TextExtraction) -> Iterator[tuple[TextRelation, TextMention, TextMention]]:
    for relation in predicted.relations:
        yield relation, predicted.mentions[relation.head], predicted.mentions[relation.tail]


def _strict(mention: TextMention) -> tuple[int, int, str]:
    return mention.span.start, mention.span.end, mention.label


def _listed(type_name: str, closed_list: Sequence[str] | None) -> bool:
    return closed_list is None or type_name in closed_list


def _counted(gold: set[_Sought], said: set[_Said]) -> dict[str, Counts]:
    found = [sought.type for sought in gold if any(sought.is_met_by(one) for one in said)]
    wrong = [one.type for one in said if not any(sought.is_met_by(one) for sought in gold)]
    return _table(right=found, predicted=found + wrong, gold=[sought.type for sought in gold])


def _table(*, right: Iterable[str], predicted: Iterable[str], gold: Iterable[str]) -> dict[str, Counts]:
    rights, predictions, golds = Counter(right), Counter(predicted), Counter(gold)
    return {name: Counts(rights[name], predictions[name], golds[name]) for name in sorted(predictions | golds)}
