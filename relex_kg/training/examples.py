"""From an annotated record to one training example: which labels to ask for, what is right, and what is unknown.

Annotation is rarely complete. A target counts only where the record says so: see ``docs/data-format.md``.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from relex_kg.extract.encoding import Batch, EncodedText, Encoding
from relex_kg.training.data import Record
from relex_kg.training.entity_questions import EntityClasses, types_question
from relex_kg.training.phrases import PhraseTable, Wording
from relex_kg.types import Span


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one example asks: labels of each kind, and ordered pairs of mentions."""

    entities: int
    relations: int
    pairs: int


@dataclass(frozen=True, slots=True)
class LabelPool:
    """Labels of other records, to ask for what a text does not say."""

    entities: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One text and one set of questions with their answers.

    Attributes:
        text: the text, as pieces.
        entities: entity labels asked for (C).
        relations: relation labels asked for (R).
        spans: first and last word of each mention (E, 2).
        mentions: (span, entity label) pairs that are right (M, 2), as indices.
        judged_words: whether the annotation decides entity label c at word w (W, C).
        pairs: head and tail of the ordered pairs to score (P, 2), indices into ``spans``.
        related: whether relation r holds for pair p (P, R).
        judged_pairs: whether the annotation decides relation r for pair p (P, R).
    """

    text: EncodedText
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    spans: Tensor
    mentions: Tensor
    judged_words: Tensor
    pairs: Tensor
    related: Tensor
    judged_pairs: Tensor


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """Examples as one input of the model, with each example's targets."""

    inputs: Batch
    examples: tuple[Example, ...]


def training_batch(examples: Sequence[Example], encoding: Encoding) -> TrainingBatch:
    prompts = [encoding.prompt(example.entities, example.relations) for example in examples]
    return TrainingBatch(encoding.batch([example.text for example in examples], prompts), tuple(examples))


class ExampleMaker:
    """Samples labels to ask for and builds their targets.

    Args:
        encoding: cuts the text as the model will.
        phrases: other words for relation labels.
        classes: coarse classes of entity types.
        limits: how much to ask.
        max_tokens: longest text; the words beyond it are left out, with the mentions that reach into them.
    """

    def __init__(
        self, encoding: Encoding, phrases: PhraseTable, classes: EntityClasses, limits: Limits, *, max_tokens: int
    ) -> None:
        self._encoding = encoding
        self._phrases = phrases
        self._classes = classes
        self._limits = limits
        self._max_tokens = max_tokens

    def make(self, record: Record, pool: LabelPool, chance: random.Random) -> Example | None:
        """One example, or None where the record has no word that the model can read.

        Raises:
            CapacityError: the labels leave no room for text.
        """
        whole, limit = self._encoding.texts([record.text])[0], self._max_tokens
        while (text := _shortened(whole, limit)).words:
            example = self._example(record, text, pool, chance)
            limit = self._encoding.capacity(self._encoding.prompt(example.entities, example.relations))
            if len(text.pieces) <= limit:
                return example
        return None

    def _example(self, record: Record, text: EncodedText, pool: LabelPool, chance: random.Random) -> Example:
        placed = _place(record, text)
        span_rows = sorted({placed[index] for index in placed})
        span_of = {span: row for row, span in enumerate(span_rows)}
        entities, mentions, judged_words = self._entity_questions(
            record, pool, placed, span_of, words=len(text.words), chance=chance
        )
        mention_row = {index: span_of[span] for index, span in placed.items()}
        relations = self._relation_questions(record, pool, mention_row, chance)
        pairs, related, judged = self._pair_targets(record, mention_row, len(span_rows), relations, chance)
        return Example(
            text=text,
            entities=entities,
            relations=tuple(wording.text for _, wording in relations),
            spans=torch.tensor(span_rows, dtype=torch.long).reshape(-1, 2),
            mentions=mentions,
            judged_words=judged_words,
            pairs=pairs,
            related=related,
            judged_pairs=judged,
        )

    def _entity_questions(
        self,
        record: Record,
        pool: LabelPool,
        placed: dict[int, tuple[int, int]],
        span_of: dict[tuple[int, int], int],
        *,
        words: int,
        chance: random.Random,
    ) -> tuple[tuple[str, ...], Tensor, Tensor]:
        present = sorted({record.entities[index].type for index in placed})
        question = self._classes.question(record, present, chance) or types_question(
            record, present, pool.entities, limit=self._limits.entities, chance=chance
        )
        mentions = sorted(
            {
                (span_of[span], question.columns[record.entities[index].type])
                for index, span in placed.items()
                if record.entities[index].type in question.columns
            }
        )
        judged = _judged_words(record, placed, words, len(question.labels))
        return question.labels, torch.tensor(mentions, dtype=torch.long).reshape(-1, 2), judged

    def _relation_questions(
        self, record: Record, pool: LabelPool, mention_row: dict[int, int], chance: random.Random
    ) -> list[tuple[str, Wording]]:
        present = sorted({r.type for r in record.relations if r.head in mention_row and r.tail in mention_row})
        if len(mention_row) < 2 or not (present or record.no_relation_pairs or record.pairs == "all"):
            return []
        chance.shuffle(present)
        present = present[: self._limits.relations]
        room = max(self._limits.relations - len(present), 2)
        source = (
            list(record.relation_types)
            if record.relation_types is not None
            else list(chance.sample(pool.relations, min(2 * room, len(pool.relations))))
        )
        known = {relation.type for relation in record.relations}
        absent = [label for label in source if label not in known]
        chance.shuffle(absent)
        asked = present + absent[: chance.randint(min(2, room), room)]
        chance.shuffle(asked)
        wordings = [self._phrases.wording(label, chance) for label in asked]
        return [(asked[index], wordings[index]) for index, _ in _distinct([wording.text for wording in wordings])]

    def _pair_targets(
        self,
        record: Record,
        mention_row: dict[int, int],
        spans: int,
        relations: list[tuple[str, Wording]],
        chance: random.Random,
    ) -> tuple[Tensor, Tensor, Tensor]:
        facts = _Facts(record, mention_row, self._phrases)
        ordered = [(head, tail) for head in range(spans) for tail in range(spans) if head != tail]
        if record.pairs == "given":
            ordered = [pair for pair in ordered if pair in facts.touched or pair[::-1] in facts.touched]
        if not relations:
            ordered = []
        if len(ordered) > self._limits.pairs:
            kept = [pair for pair in ordered if pair in facts.touched or pair[::-1] in facts.touched]
            others = [pair for pair in ordered if pair not in facts.touched and pair[::-1] not in facts.touched]
            chance.shuffle(others)
            ordered = kept + others[: max(self._limits.pairs - len(kept), 0)]
        answers = [
            [facts.answer(pair[::-1] if wording.reversed else pair, label) for label, wording in relations]
            for pair in ordered
        ]
        answered = torch.tensor(answers, dtype=torch.float).reshape(len(ordered), len(relations))
        return (
            torch.tensor(ordered, dtype=torch.long).reshape(-1, 2),
            (answered == 1).float(),
            answered >= 0,
        )


_YES, _NO, _UNKNOWN = 1.0, 0.0, -1.0


class _Facts:
    """What a record says about ordered pairs of spans: yes, no or unknown."""

    def __init__(self, record: Record, mention_row: dict[int, int], phrases: PhraseTable) -> None:
        self._exhaustive = record.pairs == "all"
        self._closed = record.relation_types is not None
        self._phrases = phrases
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
        self._labels = {label for labels in self._stated.values() for label in labels}
        self.touched = set(self._stated) | self._unrelated

    def answer(self, pair: tuple[int, int], label: str) -> float:
        stated, reverse = self._stated.get(pair, set()), self._stated.get(pair[::-1], set())
        if label in stated or (label in reverse and self._phrases.symmetric(label)):
            return _YES
        if pair in self._coreferent and label in self._coreferent[pair]:
            return _UNKNOWN
        if stated:
            # An open label list: the record's own other labels may say the same in other words
            return _NO if self._closed or label not in self._labels else _UNKNOWN
        if reverse:
            return self._reversed_answer(label, reverse)
        if pair in self._unrelated or pair[::-1] in self._unrelated or self._exhaustive:
            return _NO
        return _UNKNOWN

    def _reversed_answer(self, label: str, reverse: set[str]) -> float:
        if label in reverse:
            return _NO
        return _NO if self._exhaustive and self._closed else _UNKNOWN


def _coreferent_pairs(record: Record, mention_row: dict[int, int]) -> dict[tuple[int, int], set[str]]:
    """Mention pairs of two related clusters: the relation is true of them, though perhaps not said at that place."""
    pairs: dict[tuple[int, int], set[str]] = {}
    clusters = record.clusters or ()
    for relation in record.cluster_relations:
        for head in clusters[relation.head]:
            for tail in clusters[relation.tail]:
                if head in mention_row and tail in mention_row:
                    pairs.setdefault((mention_row[head], mention_row[tail]), set()).add(relation.type)
    return pairs


def _shortened(text: EncodedText, max_tokens: int) -> EncodedText:
    if len(text.pieces) <= max_tokens:
        return text
    words = sum(1 for first in text.first_pieces if first < max_tokens) - 1
    end = text.first_pieces[words]
    return EncodedText(
        text.words[:words],
        text.pieces[:end],
        text.first_pieces[:words],
        text.shapes[:end],
        tuple(word for word in text.paragraphs if word < words),
    )


def _place(record: Record, text: EncodedText) -> dict[int, tuple[int, int]]:
    """First and last word of every annotated entity that lies wholly in the text's words."""
    starts = [word.start for word in text.words]
    placed: dict[int, tuple[int, int]] = {}
    for index, entity in enumerate(record.entities):
        span = Span(entity.start, entity.end)
        words = [row for row in _near(starts, span) if text.words[row].overlaps(span)]
        if words and text.words[words[-1]].end >= span.end:
            placed[index] = (words[0], words[-1])
    return placed


def _near(starts: list[int], span: Span) -> range:
    """Rows of words that can overlap a span, given the words' sorted starts."""
    return range(max(bisect_right(starts, span.start) - 1, 0), bisect_left(starts, span.end))


def _judged_words(record: Record, placed: dict[int, tuple[int, int]], words: int, labels: int) -> Tensor:
    """(W, C): everywhere for exhaustive annotation, else only on the listed mentions and the word at either side."""
    if record.entity_types is not None or record.pairs == "all":
        return torch.ones(words, labels, dtype=torch.bool)
    judged = torch.zeros(words, labels, dtype=torch.bool)
    for first, last in placed.values():
        judged[max(first - 1, 0) : last + 2] = True
    return judged


def _distinct(texts: Sequence[str]) -> list[tuple[int, str]]:
    """The first of each text, with its index."""
    seen: dict[str, int] = {}
    for index, text in enumerate(texts):
        seen.setdefault(text, index)
    return [(index, text) for text, index in seen.items()]
