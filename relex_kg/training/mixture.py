"""Which records training reads, in which order, and which of them share an input.

The whole order is fixed by one seed before training starts, so that a killed run resumes where it stopped.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil

from torch.utils.data import Dataset

from relex_kg.errors import DataError
from relex_kg.extract.encoding import Encoding
from relex_kg.training.data import Record
from relex_kg.training.examples import Example, ExampleMaker, LabelPool, TrainingBatch, training_batch
from relex_kg.training.joining import join
from relex_kg.training.passages import PassageMaker
from relex_kg.training.references import ask_for_references, leave_out_references

_CHARACTERS_PER_TOKEN = 4.2  # English, word pieces; only used to put texts of like length together


@dataclass(frozen=True, slots=True)
class Source:
    """One file's records and how many to draw; drawn without repetition until all were drawn, then again."""

    name: str
    records: tuple[Record, ...]
    draws: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Inputs to come that share their questions: the (joined) records, their source and the seed of the questions."""

    source: int
    records: tuple[Record, ...]
    seed: int


class PlannedBatches(Dataset[TrainingBatch]):
    """All batches of a training run in their order, made when asked for; each pass over the data is batched by itself.

    Args:
        sources: where the records come from.
        maker: turns records into examples.
        encoding: turns examples into tensors.
        seed: fixes every choice.
        batch_tokens: tokens of text in a batch, roughly.
        join_tokens: short records of one source and one annotation are joined up to about this many tokens, so that
            they share one prompt, as the sentences of a paragraph do when the model is used.
        share_tokens: texts of one source and one annotation share their questions up to about this many tokens, each
            read by itself; 0 to ask of each its own.
        split: whether the model reads prompts without texts.
        passages: cuts out of each record what is read of it.
        references: whether the model is asked for pronouns and nouns that stand for names.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        maker: ExampleMaker,
        encoding: Encoding,
        *,
        seed: int,
        batch_tokens: int,
        join_tokens: int,
        share_tokens: int,
        split: bool,
        passages: PassageMaker,
        references: bool,
    ) -> None:
        chance = random.Random(seed)
        self._maker = maker
        self._encoding = encoding
        self._split = split
        self._pools = [_pool(source.records) for source in sources]
        self._batches: list[list[Draw]] = []
        prepare = ask_for_references if references else leave_out_references
        for turn in _turns(sources, chance):
            read = [[prepare(passages.cut(record, chance)) for record in chosen] for chosen in turn]
            draws = [
                draw
                for index, chosen in enumerate(read)
                for draw in _draws(index, chosen, join_tokens, share_tokens, chance)
            ]
            self._batches += _batches(draws, batch_tokens, chance)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> TrainingBatch:
        # A batch whose texts hold no word that the model can read gives its turn to the next
        for following in range(len(self)):
            if examples := self._examples(self._batches[(index + following) % len(self)]):
                return training_batch(examples, self._encoding, split=self._split)
        raise DataError("the training data holds no text that the model can read", fix="give records with words")

    def _examples(self, draws: Sequence[Draw]) -> list[Example]:
        return [
            example
            for draw in draws
            for example in self._maker.make_together(draw.records, self._pools[draw.source], random.Random(draw.seed))
        ]


def _turns(sources: Sequence[Source], chance: random.Random) -> Iterable[list[list[Record]]]:
    """What to read in each pass over the data, by source: batches made within one hold (almost) no record twice."""
    passes = max((ceil(source.draws / len(source.records)) for source in sources if source.records), default=0)
    drawn = [_drawn(source, chance) for source in sources]
    for turn in range(passes):
        yield [chosen[len(chosen) * turn // passes : len(chosen) * (turn + 1) // passes] for chosen in drawn]


def _drawn(source: Source, chance: random.Random) -> list[Record]:
    chosen: list[Record] = []
    while source.records and len(chosen) < source.draws:
        chosen += chance.sample(source.records, min(len(source.records), source.draws - len(chosen)))
    return chosen


def _draws(
    index: int, chosen: Sequence[Record], join_tokens: int, share_tokens: int, chance: random.Random
) -> Iterable[Draw]:
    alike: dict[object, list[Record]] = defaultdict(list)
    for record in chosen:
        alike[(record.entity_types, record.relation_types, record.pairs)].append(record)
    for group in alike.values():
        texts = [join(records) for records in _together(group, join_tokens)]
        # Texts of like length, so that little is padded
        for records in _together(sorted(texts, key=_tokens) if share_tokens else texts, share_tokens):
            yield Draw(index, tuple(records), chance.getrandbits(32))


def _together(records: Sequence[Record], tokens: int) -> Iterable[list[Record]]:
    """Records in their order, as many as make up about ``tokens``, or one."""
    waiting: list[Record] = []
    for record in records:
        if waiting and sum(map(_tokens, waiting)) + _tokens(record) > tokens:
            yield waiting
            waiting = []
        waiting.append(record)
    if waiting:
        yield waiting


def _batches(draws: Sequence[Draw], batch_tokens: int, chance: random.Random) -> list[list[Draw]]:
    by_length = sorted(draws, key=lambda draw: (_longest(draw), draw.seed))
    batches: list[list[Draw]] = []
    texts = 0  # in the last batch
    for draw in by_length:
        # Sorted ascending, so the newcomer is the longest and sets the padded size
        if not batches or (texts + len(draw.records)) * _longest(draw) > batch_tokens:
            batches.append([])
            texts = 0
        batches[-1].append(draw)
        texts += len(draw.records)
    chance.shuffle(batches)
    return batches


def _longest(draw: Draw) -> float:
    return max(map(_tokens, draw.records))


def _tokens(record: Record) -> float:
    return 1 + len(record.text) / _CHARACTERS_PER_TOKEN


def _pool(records: Sequence[Record]) -> LabelPool:
    return LabelPool(
        entities=tuple(sorted({e.type for e in chain.from_iterable(r.entities for r in records)} - {"entity"})),
        relations=tuple(sorted({x.type for x in chain.from_iterable(r.relations for r in records)})),
    )
