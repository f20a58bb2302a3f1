"""Which relations an example asks for, and what its record answers for each pair of mentions: yes, no or unknown.

Annotation is rarely complete. An answer counts only where the record says so: see ``docs/data-format.md``.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor

from relex_kg.training.data import Record
from relex_kg.training.phrases import PhraseTable, Wording
from relex_kg.training.relation_classes import UNCLASSED

_YES, _NO, _UNKNOWN = 1.0, 0.0, -1.0


@dataclass(frozen=True, slots=True)
class RelationQuestion:
    """A label in the words in which it is asked for, and how many labels a "no" to it stands for.

    A model is asked for all types of a schema. Where training asks only for some of those that a text lacks, each
    counts for its share of all, so that scores mean the same however many types are asked for.
    """

    label: str
    wording: Wording
    stands_for: float


@dataclass(frozen=True, slots=True)
class PairAnswers:
    """Pairs to score, and what is right.

    Shapes: ``pairs``, head and tail, indices of spans (P, 2); ``related``, whether relation r holds (P, R);
    ``weights``, how much that counts (P, R), 0 where nobody knows.
    """

    pairs: Tensor
    related: Tensor
    weights: Tensor


class Facts:
    """What a record says about ordered pairs of spans.

    Args:
        record: the annotation.
        mention_row: positions of the record's entities to rows of the example's spans; those that the text lost are
            missing.
        phrases: knows which labels are symmetric, and words to ask with.
    """

    def __init__(self, record: Record, mention_row: Mapping[int, int], phrases: PhraseTable) -> None:
        self.record = record
        self.phrases = phrases
        self.exhaustive = record.pairs == "all"
        self._closed = record.relation_types is not None
        self._stated: dict[tuple[int, int], set[str]] = {}
        for relation in record.relations:
            if relation.head in mention_row and relation.tail in mention_row:
                pair = (mention_row[relation.head], mention_row[relation.tail])
                self._stated.setdefault(pair, set()).add(relation.type)
        self._unrelated = {
            (mention_row[head], mention_row[tail])
            for head, tail in record.no_relation_pairs
            if head in mention_row and tail in mention_row
        }
        self._coreferent = _coreferent_pairs(record, mention_row)
        self.labels = {label for labels in self._stated.values() for label in labels}
        self.asks = len(mention_row) > 1 and bool(self.labels or record.no_relation_pairs or self.exhaustive)

    def judged(self, pair: tuple[int, int]) -> bool:
        """Whether the annotation names the pair, in either direction."""
        return any(each in self._stated or each in self._unrelated for each in (pair, pair[::-1]))

    def answer(self, pair: tuple[int, int], label: str) -> float:
        """Yes, no or unknown: whether the label holds from the pair's first span to its second."""
        stated, reverse = self._stated.get(pair, set()), self._stated.get(pair[::-1], set())
        if label in stated or (label in reverse and self.phrases.symmetric(label)):
            return _YES
        if UNCLASSED in stated | reverse or not self._coreferent.get(pair, set()).isdisjoint((label, UNCLASSED)):
            return _UNKNOWN
        if stated:
            # An open label list: the record's own other labels may say the same in other words
            return _NO if self._closed or label not in self.labels else _UNKNOWN
        if reverse:
            return _NO if label in reverse or (self.exhaustive and self._closed) else _UNKNOWN
        return _NO if self.exhaustive or self.judged(pair) else _UNKNOWN


def relation_questions(
    facts: Facts, pool: Sequence[str], *, limit: int, chance: random.Random
) -> list[RelationQuestion]:
    """The record's own relations, at most ``limit``, with some that its text lacks; none where it judges no pair.

    Args:
        facts: of the record.
        pool: relations of other records; where the record's list is open, absent ones come from it.
        limit: the most labels.
        chance: decides.
    """
    if not facts.asks:
        return []
    present = sorted(facts.labels - {UNCLASSED})
    chance.shuffle(present)
    present = present[:limit]
    room = max(limit - len(present), 2)
    listed = facts.record.relation_types
    source = list(listed) if listed is not None else chance.sample(pool, min(2 * room, len(pool)))
    known = {relation.type for relation in facts.record.relations}
    absent = [label for label in source if label not in known]
    chance.shuffle(absent)
    most = min(room, len(absent))
    chosen = absent[: chance.randint((most + 1) // 2, most)]
    stands_for = len(absent) / len(chosen) if chosen and listed is not None else 1.0
    asked = [(label, 1.0) for label in present] + [(label, stands_for) for label in chosen]
    chance.shuffle(asked)
    questions: dict[str, RelationQuestion] = {}
    for label, weight in asked:
        wording = facts.phrases.wording(label, chance)
        questions.setdefault(wording.text, RelationQuestion(label, wording, weight))
    return list(questions.values())


def pair_answers(
    facts: Facts, questions: Sequence[RelationQuestion], *, spans: range, limit: int, chance: random.Random
) -> PairAnswers:
    """All pairs that the annotation names and, where it is exhaustive, others up to ``limit`` in all.

    Each of the others stands for its share of those that were left out.

    Args:
        facts: what the annotation says.
        questions: the relations that are asked for.
        spans: rows of the spans to pair; the answers count from the first of them.
        limit: the most pairs, but for those that are named.
        chance: decides.
    """
    every = list(permutations(spans, 2)) if questions else []
    named = dict.fromkeys(pair for pair in every if facts.judged(pair))
    others = [pair for pair in every if pair not in named] if facts.exhaustive else []
    room = max(limit - len(named), 0)
    if len(others) > room:
        chance.shuffle(others)
    kept = others[:room]
    pairs = [*named, *kept]
    answers = [
        [facts.answer(pair[::-1] if each.wording.reversed else pair, each.label) for each in questions]
        for pair in pairs
    ]
    answered = torch.tensor(answers, dtype=torch.float).reshape(len(pairs), len(questions))
    by_pair = torch.tensor([1.0] * len(named) + [len(others) / max(len(kept), 1)] * len(kept))
    by_label = torch.tensor([question.stands_for for question in questions])
    related = (answered == _YES).float()
    weights = torch.where(answered == _YES, related, by_pair.unsqueeze(1) * by_label) * (answered != _UNKNOWN)
    return PairAnswers(torch.tensor(pairs, dtype=torch.long).reshape(-1, 2) - spans.start, related, weights)


def _coreferent_pairs(record: Record, mention_row: Mapping[int, int]) -> dict[tuple[int, int], set[str]]:
    """Mention pairs of two related clusters: the relation is true of them, though perhaps not said at that place."""
    pairs: dict[tuple[int, int], set[str]] = {}
    clusters = record.clusters or ()
    for relation in record.cluster_relations:
        for head in clusters[relation.head]:
            for tail in clusters[relation.tail]:
                if head in mention_row and tail in mention_row:
                    pairs.setdefault((mention_row[head], mention_row[tail]), set()).add(relation.type)
    return pairs
