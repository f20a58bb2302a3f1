"""From an annotated record to one training example: which labels to ask for, what is right, and what is unknown.

Annotation is rarely complete. A target counts only where the record says so: see ``docs/data-format.md``.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from relex_kg.extract.encoding import Batch, EncodedText, Encoding, SplitBatch
from relex_kg.training.data import Record
from relex_kg.training.entity_questions import EntityClasses, EntityQuestion, types_question
from relex_kg.training.joining import join
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

    inputs: Batch | SplitBatch
    examples: tuple[Example, ...]


def training_batch(examples: Sequence[Example], encoding: Encoding, *, split: bool = False) -> TrainingBatch:
    """The examples in one batch; ``split`` for models that read prompts without texts."""
    texts = [example.text for example in examples]
    prompts = [encoding.prompt(example.entities, example.relations) for example in examples]
    inputs = encoding.split_batch(texts, prompts) if split else encoding.batch(texts, prompts)
    return TrainingBatch(inputs, tuple(examples))


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
        return next(iter(self.make_together([record], pool, chance)), None)

    def make_together(self, records: Sequence[Record], pool: LabelPool, chance: random.Random) -> list[Example]:
        """An example of each record that has words, all with the same questions, as if they were one text.

        Raises:
            CapacityError: the labels leave no room for text.
        """
        readable = [(record, text) for record in records if (text := self._encoding.texts([record.text])[0]).words]
        limit = self._max_tokens
        while shortened := [(record, cut) for record, text in readable if (cut := _shortened(text, limit)).words]:
            examples = self._examples(shortened, pool, chance)
            prompt = self._encoding.prompt(examples[0].entities, examples[0].relations)
            limit = self._encoding.capacity(prompt)
            if all(len(example.text.pieces) <= limit for example in examples):
                return examples
        return []

    def _examples(
        self, texts: Sequence[tuple[Record, EncodedText]], pool: LabelPool, chance: random.Random
    ) -> list[Example]:
        whole = join([record for record, _ in texts])
        placed_texts: list[_PlacedText] = []
        mention_row: dict[int, int] = {}
        first_mention = spans_before = 0
        for record, text in texts:
            placed = _place(record, text)
            placed_text = _PlacedText(record, text, placed, sorted({*placed.values()}), first_mention, spans_before)
            mention_row |= placed_text.mention_rows()
            placed_texts.append(placed_text)
            first_mention += len(record.entities)
            spans_before += len(placed_text.spans)
        entity_question = self._entity_question(whole, mention_row, pool, chance)
        turned = self._relation_classes.turned(whole, chance)
        facts = (
            Facts(whole, mention_row, self._phrases)
            if turned is None
            else Facts(turned, mention_row, self._relation_classes.phrases)
        )
        questions = relation_questions(facts, pool.relations, limit=self._limits.relations, chance=chance)
        examples = []
        for placed_text in placed_texts:
            first, count = placed_text.spans_before, len(placed_text.spans)
            answers = pair_answers(
                facts, questions, spans=range(first, first + count), limit=self._limits.pairs, chance=chance
            )
            examples.append(
                Example(
                    text=placed_text.text,
                    entities=entity_question.labels,
                    relations=tuple(question.wording.text for question in questions),
                    spans=torch.tensor(placed_text.spans, dtype=torch.long).reshape(-1, 2),
                    mentions=placed_text.mentions(entity_question),
                    judged_words=_judged_words(
                        whole, placed_text.placed, len(placed_text.text.words), len(entity_question.labels)
                    ),
                    pairs=answers.pairs,
                    related=answers.related,
                    pair_weights=answers.weights,
                    complete=whole.pairs == "all",
                )
            )
        return examples

    def _entity_question(
        self, whole: Record, mention_row: Mapping[int, int], pool: LabelPool, chance: random.Random
    ) -> EntityQuestion:
        present = sorted({whole.entities[index].type for index in mention_row})
        rename = self._rename_entities
        return self._classes.question(whole, present, rename=rename, chance=chance) or types_question(
            whole, present, pool.entities, limit=self._limits.entities, rename=rename, chance=chance
        )


@dataclass(frozen=True, slots=True)
class _PlacedText:
    """A record's text with its mentions, one of several that are asked together.

    Attributes:
        record, text: what is read.
        placed: first and last word of each of the record's entities that lies wholly in the words.
        spans: the same without repetition, in order.
        first_mention, spans_before: how many entities and spans the texts before have.
    """

    record: Record
    text: EncodedText
    placed: Mapping[int, tuple[int, int]]
    spans: Sequence[tuple[int, int]]
    first_mention: int
    spans_before: int

    def mention_rows(self) -> dict[int, int]:
        """The span of each entity, both counted over all texts."""
        span_of = {span: row for row, span in enumerate(self.spans, start=self.spans_before)}
        return {index + self.first_mention: span_of[span] for index, span in self.placed.items()}

    def mentions(self, question: EntityQuestion) -> Tensor:
        """The (span, entity label) pairs that are right (M, 2), counted in this text."""
        columns, entities = question.columns, self.record.entities
        span_of = {span: row for row, span in enumerate(self.spans)}
        rows = {
            (span_of[span], columns[entities[index].type])
            for index, span in self.placed.items()
            if entities[index].type in columns
        }
        return torch.tensor(sorted(rows), dtype=torch.long).reshape(-1, 2)


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


def _judged_words(record: Record, placed: Mapping[int, tuple[int, int]], words: int, labels: int) -> Tensor:
    """(W, C): everywhere for exhaustive annotation, else only on the listed mentions and the word at either side."""
    if record.entity_types is not None or record.pairs == "all":
        return torch.ones(words, labels, dtype=torch.bool)
    judged = torch.zeros(words, labels, dtype=torch.bool)
    for first, last in placed.values():
        judged[max(first - 1, 0) : last + 2] = True
    return judged
