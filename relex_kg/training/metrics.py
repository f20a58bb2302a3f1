"""How well predictions match gold annotation, at every threshold at once.

Three measures, each from a record and what the extractor found in its text to a :class:`Judgement`:

* :func:`judge_entities`: a mention is right when its span and its type are.
* :func:`judge_relations`: a relation is right when both spans, both their types and its own type are.
* :func:`judge_triples`: a relation is right when the texts of its two ends and its type are; the protocol under which
  zero-shot results are published.

A judgement is counted above any score; tables of many texts are added by :func:`added`; :func:`micro` sums a table
over its types. Relations have a direction in all of them, and saying one thing twice is saying it once, with the
better score. Where a record has clusters of coreferent mentions, any mention stands for its cluster: a relation
between clusters is found once, however many of its wordings are predicted, and none of those is wrong.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
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


class Scored(NamedTuple):
    """A type, and the score (0..1) that something of this type was said with."""

    type: str
    score: float


class Verdict(NamedTuple):
    """A prediction that counts: its type, its score in 0..1, and whether it is right."""

    type: str
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the predictions for one text are worth by one measure.

    Attributes:
        said: every different prediction that counts.
        found: what was there to find and was found, each with the score of the best prediction that found it.
        gold: the type of each thing that was there to find.
    """

    said: tuple[Verdict, ...]
    found: tuple[Scored, ...]
    gold: tuple[str, ...]

    def counts(self, *, above: float = 0.0) -> dict[str, Counts]:
        """The predictions scored above ``above``, a row a type; several of one gold relation count once."""
        found = [one.type for one in self.found if one.score > above]
        wrong = [one.type for one in self.said if not one.right and one.score > above]
        return _table(right=found, predicted=found + wrong, gold=self.gold)

    def total(self, *, above: float = 0.0) -> Counts:
        """As :meth:`counts`, over all types."""
        found = sum(one.score > above for one in self.found)
        wrong = sum(not one.right and one.score > above for one in self.said)
        return Counts(found, found + wrong, len(self.gold))


def judge_entities(record: Record, predicted: TextExtraction) -> Judgement:
    """Strict mentions: the same characters and the same type.

    Where the record's list of entity types is closed, predictions of a type outside it are not counted, for nobody
    looked. Where it is open, all are counted: mentions that the annotators left out then count as wrong, and precision
    is a lower bound.
    """
    gold = {(entity.start, entity.end, entity.type) for entity in record.entities}
    said: dict[tuple[int, int, str], float] = {}
    for mention in predicted.mentions:
        if _listed(mention.label, record.entity_types):
            said[_strict(mention)] = max(mention.score, said.get(_strict(mention), 0.0))
    return Judgement(
        said=tuple(Verdict(one[2], score, one in gold) for one, score in said.items()),
        found=tuple(Scored(one[2], score) for one, score in said.items() if one in gold),
        gold=tuple(type_name for *_, type_name in gold),
    )


def judge_relations(record: Record, predicted: TextExtraction) -> Judgement:
    """Strict relations: both spans, both entity types, and the relation's type.

    What nobody judged is not counted. Predictions of a type outside the record's closed list are left out. Where the
    record's pairs are "given", so are predictions between spans that are no judged pair: one of its relations, head to
    tail, or one of its pairs without relation, in either direction. There, with an open list of relation types, a
    judged pair may hold others too, and only right predictions count.
    """
    gold = _gold_relations(record, [(entity.start, entity.end, entity.type) for entity in record.entities])
    judged = _judged_pairs(record) if record.relation_types is not None else frozenset()
    said: dict[_Said, float] = {}
    for relation, head, tail in _with_ends(predicted):
        one = _Said(_strict(head), _strict(tail), relation.label)
        counts = (
            record.pairs == "all"
            or ((head.span.start, head.span.end), (tail.span.start, tail.span.end)) in judged
            or one in gold.forms
        )
        if counts and _listed(relation.label, record.relation_types):
            said[one] = max(relation.score, said.get(one, 0.0))
    return gold.judge(said)


def judge_triples(record: Record, predicted: TextExtraction, *, top: int = 3) -> Judgement:
    """Relations by the texts of their ends (see :func:`comparable`), whatever the ends' types and places.

    Every prediction is counted, judged or not: that is what makes published figures comparable.

    Args:
        record: the gold annotation.
        predicted: what was found in the record's text.
        top: at most so many relations of one pair of texts are looked at, the best by score (ties by type name).
    """
    gold = _gold_relations(record, [comparable(record.text[entity.start : entity.end]) for entity in record.entities])
    texts = [comparable(mention.text) for mention in predicted.mentions]
    scores: dict[_Said, float] = {}
    for relation in predicted.relations:
        one = _Said(texts[relation.head], texts[relation.tail], relation.label)
        scores[one] = max(relation.score, scores.get(one, 0.0))
    taken: Counter[tuple[Hashable, Hashable]] = Counter()
    said: dict[_Said, float] = {}
    for one in sorted(scores, key=lambda one: (-scores[one], one.type)):
        taken[one.head, one.tail] += 1
        if taken[one.head, one.tail] <= top:
            said[one] = scores[one]
    return gold.judge(said)


def comparable(text: str) -> str:
    """The text without regard to case, a leading article, and how its words are spaced."""
    return _LEADING_ARTICLE.sub("", " ".join(text.casefold().split()))


class _Said(NamedTuple):
    """A predicted relation, its ends in the form in which they are compared."""

    head: Hashable
    tail: Hashable
    type: str


@dataclass(frozen=True, slots=True)
class _Gold:
    """A record's relations: their types, and every form that will do to the positions of those it says."""

    types: tuple[str, ...]
    forms: Mapping[_Said, Sequence[int]]

    def judge(self, said: Mapping[_Said, float]) -> Judgement:
        best: dict[int, float] = {}
        for one, score in said.items():
            for position in self.forms.get(one, ()):
                best[position] = max(score, best.get(position, 0.0))
        return Judgement(
            said=tuple(Verdict(one.type, score, one in self.forms) for one, score in said.items()),
            found=tuple(Scored(self.types[position], score) for position, score in best.items()),
            gold=self.types,
        )


def _gold_relations(record: Record, forms: Sequence[Hashable]) -> _Gold:
    """The record's relations, between clusters where it has them; ``forms`` gives each entity as it is compared."""
    relations = record.relations if record.clusters is None else record.cluster_relations
    members = [(row,) for row in range(len(forms))] if record.clusters is None else record.clusters
    ends = [frozenset(forms[row] for row in some) for some in members]
    sought = dict.fromkeys((ends[gold.head], ends[gold.tail], gold.type) for gold in relations)
    positions: defaultdict[_Said, list[int]] = defaultdict(list)
    for position, (heads, tails, type_name) in enumerate(sought):
        for head, tail in product(heads, tails):
            positions[_Said(head, tail, type_name)].append(position)
    return _Gold(tuple(type_name for *_, type_name in sought), dict(positions))


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


def _table(*, right: Iterable[str], predicted: Iterable[str], gold: Iterable[str]) -> dict[str, Counts]:
    rights, predictions, golds = Counter(right), Counter(predicted), Counter(gold)
    return {name: Counts(rights[name], predictions[name], golds[name]) for name in sorted(predictions | golds)}
