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
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.relation_classes import RelationClasses
from relex_kg.training.relation_questions import Facts, pair_answers, relation_questions
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
        pair_weights: how much the answer on pair p and relation r counts (P, R): 0 where the annotation does not decide
            it, 1 where it does, and more for a "no" that stands for others that were not asked.
        complete: whether every mention and every pair of mentions is marked, so that any other is none.
    """

    text: EncodedText
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    spans: Tensor
    mentions: Tensor
    judged_words: Tensor
    pairs: Tensor
    related: Tensor
    pair_weights: Tensor
    complete: bool


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
        relation_classes: coarse classes of relations, with their own words.
        limits: how much to ask.
        rename_entities: probability of asking for an entity type in other words; 0 leaves names as they are.
        max_tokens: longest text; the words beyond it are left out, with the mentions that reach into them.
    """

    def __init__(
        self,
        encoding: Encoding,
        phrases: PhraseTable,
        classes: EntityClasses,
        relation_classes: RelationClasses,
        limits: Limits,
        *,
        rename_entities: float,
        max_tokens: int,
    ) -> None:
        self._encoding = encoding
        self._phrases = phrases
        self._classes = classes
        self._relation_classes = relation_classes
        self._limits = limits
        self._rename_entities = rename_entities
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
        turned = self._relation_classes.turned(record, chance)
        facts = (
            Facts(record, mention_row, self._phrases)
            if turned is None
            else Facts(turned, mention_row, self._relation_classes.phrases)
        )
        questions = relation_questions(facts, pool.relations, limit=self._limits.relations, chance=chance)
        answers = pair_answers(facts, questions, spans=len(span_rows), limit=self._limits.pairs, chance=chance)
        return Example(
            text=text,
            entities=entities,
            relations=tuple(question.wording.text for question in questions),
            spans=torch.tensor(span_rows, dtype=torch.long).reshape(-1, 2),
            mentions=mentions,
            judged_words=judged_words,
            pairs=answers.pairs,
            related=answers.related,
            pair_weights=answers.weights,
            complete=record.pairs == "all",
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
        rename = self._rename_entities
        question = self._classes.question(record, present, rename=rename, chance=chance) or types_question(
            record, present, pool.entities, limit=self._limits.entities, rename=rename, chance=chance
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
