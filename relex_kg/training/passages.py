"""Which part of an annotated text training reads at once: all of it or a few sentences, with its title in front or not.

A model reads documents in windows (:mod:`relex_kg.extract.windows`): runs of sentences, long and short, behind the
document's title. It learns to from passages that are cut in the same way.
"""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from relex_kg.sentences import sentences
from relex_kg.training.data import LabelledRelation, LabelledSpan, Record

_LONGEST_CROP = 5  # sentences
_BELOW_TITLE = "\n\n"  # a title is a paragraph of its own
_IN_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_CAPITALISED = re.compile(r"\b[A-Z]\w+")


@dataclass(frozen=True, slots=True)
class PassageMaker:
    """Cuts passages out of records, by chance.

    Attributes:
        crop: probability of reading a few of a text's sentences instead of all.
        title: probability of reading the title in front, of a record that has one whose names are all marked.
    """

    crop: float
    title: float

    def cut(self, record: Record, chance: random.Random) -> Record:
        """The record, or a part of it."""
        with_title = chance.random() < self.title
        if self.crop and chance.random() < self.crop:
            record = _cropped(record, chance)
        return below_title(record) if with_title else record


def _cropped(record: Record, chance: random.Random) -> Record:
    """A run of one to five of the record's sentences, if it has more."""
    spans = list(sentences(record.text))
    count = chance.randint(1, _LONGEST_CROP)
    if count >= len(spans):
        return record
    first = chance.randint(0, len(spans) - count)
    return part_of(record, spans[first].start, spans[first + count - 1].end)


def part_of(record: Record, start: int, end: int) -> Record:
    """The characters ``start`` to ``end`` of a record, with the mentions that lie whole in them.

    A relation goes where one of its mentions does; that its clusters are related stays known, where both have mentions
    left, so that such a pair does not count as unrelated.
    """
    inside = [row for row, entity in enumerate(record.entities) if start <= entity.start and entity.end <= end]
    new_row = {row: number for number, row in enumerate(inside)}
    clusters = [[new_row[row] for row in cluster if row in new_row] for cluster in record.clusters or ()]
    new_cluster = {old: new for new, old in enumerate(old for old, cluster in enumerate(clusters) if cluster)}
    return replace(
        record,
        text=record.text[start:end],
        entities=tuple(
            replace(
                record.entities[row], start=record.entities[row].start - start, end=record.entities[row].end - start
            )
            for row in inside
        ),
        relations=_within(record.relations, new_row),
        no_relation_pairs=tuple(
            (new_row[head], new_row[tail])
            for head, tail in record.no_relation_pairs
            if head in new_row and tail in new_row
        ),
        clusters=None if record.clusters is None else tuple(tuple(cluster) for cluster in clusters if cluster),
        cluster_relations=_within(record.cluster_relations, new_cluster),
    )


def _within(relations: Iterable[LabelledRelation], new_row: dict[int, int]) -> tuple[LabelledRelation, ...]:
    return tuple(
        LabelledRelation(new_row[relation.head], new_row[relation.tail], relation.type)
        for relation in relations
        if relation.head in new_row and relation.tail in new_row
    )


def below_title(record: Record) -> Record:
    """The record with its title as a first paragraph, the names in it marked; as it is where it may hold others.

    A title may name what the text does not: such a title, told by a capitalised word that is part of no marked name,
    would teach that a name is none.
    """
    if record.title is None or record.clusters is None:
        return record
    title = _IN_PARENTHESES.sub("", record.title)
    mentions = _named_in(title, record)
    covered = {place for entity, _ in mentions for place in range(entity.start, entity.end)}
    capitalised = [match.start() for match in _CAPITALISED.finditer(title)]
    if not mentions or any(place not in covered for place in capitalised if place):
        return record
    offset, first = len(title) + len(_BELOW_TITLE), len(mentions)
    members = [[row + first for row in cluster] for cluster in record.clusters]
    entities: list[LabelledSpan] = []
    for row, (entity, cluster) in enumerate(mentions):
        members[cluster].insert(0, row)
        entities.append(entity)
    return replace(
        record,
        text=title + _BELOW_TITLE + record.text,
        entities=(
            *entities,
            *(replace(entity, start=entity.start + offset, end=entity.end + offset) for entity in record.entities),
        ),
        relations=tuple(
            LabelledRelation(relation.head + first, relation.tail + first, relation.type)
            for relation in record.relations
        ),
        no_relation_pairs=tuple((head + first, tail + first) for head, tail in record.no_relation_pairs),
        clusters=tuple(tuple(cluster) for cluster in members),
    )


def _named_in(title: str, record: Record) -> Sequence[tuple[LabelledSpan, int]]:
    """The names of the record that stand in its title, longest first, none within another, each with its cluster."""
    names = {
        (record.text[entity.start : entity.end], entity.type, number)
        for number, cluster in enumerate(record.clusters or ())
        for entity in (record.entities[row] for row in cluster)
        if not entity.reference
    }
    mentions: list[tuple[LabelledSpan, int]] = []
    for name, type, cluster in sorted(names, key=lambda item: (-len(item[0]), item)):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", title):
            if all(match.end() <= other.start or other.end <= match.start() for other, _ in mentions):
                mentions.append((LabelledSpan(match.start(), match.end(), type), cluster))
    return sorted(mentions, key=lambda item: item[0].start)
