"""Which records training reads, in which order, and which of them share an input.

The whole order is fixed by one seed before training starts, so that a killed run resumes where it stopped.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil

from torch.utils.data import Dataset

from relex_kg.errors import DataError
from relex_kg.extract.encoding import Encoding
from relex_kg.training.data import LabelledRelation, LabelledSpan, Record
from relex_kg.training.examples import Example, ExampleMaker, LabelPool, TrainingBatch, training_batch
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
    """One input to come: the (joined) record, its source and the seed of its questions."""

    source: int
    record: Record
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
        passages: PassageMaker,
        references: bool,
    ) -> None:
        chance = random.Random(seed)
        self._maker = maker
        self._encoding = encoding
        self._pools = [_pool(source.records) for source in sources]
        self._batches: list[list[Draw]] = []
        prepare = ask_for_references if references else leave_out_references
        for turn in _turns(sources, chance):
            read = [[prepare(passages.cut(record, chance)) for record in chosen] for chosen in turn]
            draws = [draw for index, chosen in enumerate(read) for draw in _draws(index, chosen, join_tokens, chance)]
            self._batches += _batches(draws, batch_tokens, chance)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> TrainingBatch:
        # A batch whose texts hold no word that the model can read gives its turn to the next
        for following in range(len(self)):
            if examples := self._examples(self._batches[(index + following) % len(self)]):
                return training_batch(examples, self._encoding)
        raise DataError("the training data holds no text that the model can read", fix="give records with words")

    def _examples(self, draws: Sequence[Draw]) -> list[Example]:
        made = (self._maker.make(draw.record, self._pools[draw.source], random.Random(draw.seed)) for draw in draws)
        return [example for example in made if example]


def join(records: Sequence[Record]) -> Record:
    """Several records as one text, a blank between; pairs across them are unrelated where each judged all pairs."""
    if len(records) == 1:
        return records[0]
    entities: list[LabelledSpan] = []
    relations: list[LabelledRelation] = []
    unrelated: list[tuple[int, int]] = []
    clusters: list[tuple[int, ...]] = []
    cluster_relations: list[LabelledRelation] = []
    offset = 0
    for record in records:
        first, first_cluster = len(entities), len(clusters)
        entities += [replace(e, start=e.start + offset, end=e.end + offset) for e in record.entities]
        relations += [_moved(relation, first) for relation in record.relations]
        unrelated += [(head + first, tail + first) for head, tail in record.no_relation_pairs]
        clusters += [tuple(index + first for index in cluster) for cluster in record.clusters or ()]
        cluster_relations += [_moved(relation, first_cluster) for relation in record.cluster_relations]
        offset += len(record.text) + 1
    return replace(
        records[0],
        id="+".join(record.id for record in records),
        text=" ".join(record.text for record in records),
        entities=tuple(entities),
        relations=tuple(relations),
        no_relation_pairs=tuple(unrelated),
        clusters=tuple(clusters),
        cluster_relations=tuple(cluster_relations),
    )


def _moved(relation: LabelledRelation, by: int) -> LabelledRelation:
    return LabelledRelation(relation.head + by, relation.tail + by, relation.type)


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


def _draws(index: int, chosen: Sequence[Record], join_tokens: int, chance: random.Random) -> Iterable[Draw]:
    alike: dict[object, list[Record]] = defaultdict(list)
    for record in chosen:
        alike[(record.entity_types, record.relation_types, record.pairs)].append(record)
    for group in alike.values():
        for joined in _joined(group, join_tokens):
            yield Draw(index, joined, chance.getrandbits(32))


def _joined(records: Sequence[Record], join_tokens: int) -> Iterable[Record]:
    waiting: list[Record] = []
    for record in records:
        if waiting and sum(map(_tokens, waiting)) + _tokens(record) > join_tokens:
            yield join(waiting)
            waiting = []
        waiting.append(record)
    if waiting:
        yield join(waiting)


def _batches(draws: Sequence[Draw], batch_tokens: int, chance: random.Random) -> list[list[Draw]]:
    by_length = sorted(draws, key=lambda draw: (_tokens(draw.record), draw.seed))
    batches: list[list[Draw]] = []
    for draw in by_length:
        # Sorted ascending, so the newcomer is the longest and sets the padded size
        if not batches or (len(batches[-1]) + 1) * _tokens(draw.record) > batch_tokens:
            batches.append([])
        batches[-1].append(draw)
    chance.shuffle(batches)
    return batches


def _tokens(record: Record) -> float:
    return 1 + len(record.text) / _CHARACTERS_PER_TOKEN


def _pool(records: Sequence[Record]) -> LabelPool:
    return LabelPool(
        entities=tuple(sorted({e.type for e in chain.from_iterable(r.entities for r in records)} - {"entity"})),
        relations=tuple(sorted({x.type for x in chain.from_iterable(r.relations for r in records)})),
    )
