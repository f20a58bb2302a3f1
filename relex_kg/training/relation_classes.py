"""Coarse classes of relations: training asks for "role" where the annotation says "employer" or "member of"."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from relex_kg.errors import DataError
from relex_kg.training.data import LabelledRelation, Record
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.tables import read_table

UNCLASSED = ""  # stands for a relation whose label has no class: which classes hold is then unknown

_BROAD = 50  # a list of so many relation types leaves little unsaid
_DIRECTIONS = ("", "-", "=")


@dataclass(frozen=True, slots=True)
class RelationClass:
    """A class that a label belongs to.

    Attributes:
        name: of the class.
        direction: "" where the class reads as the label does, "-" where it reads from the label's tail to its head,
            "=" where it has no direction, and is read from the mention that stands first in the text.
    """

    name: str
    direction: str


class RelationClasses:
    """Which classes each relation label belongs to.

    Args:
        classes: by label.
        phrases: other words for the classes.
        share: probability of asking for classes, of a record that allows it.
    """

    def __init__(self, classes: Mapping[str, Sequence[RelationClass]], phrases: PhraseTable, *, share: float) -> None:
        self.phrases = phrases
        self._classes = classes
        self._names = tuple(sorted({each.name for some in classes.values() for each in some}))
        self._share = share

    @classmethod
    def read(cls, path: Path, phrases: PhraseTable, *, share: float) -> "RelationClasses":
        """Read a tab-separated table: label, and classes with ``;`` between, each with its direction behind it.

        Raises:
            DataError: the file cannot be read, or a row has not two columns or names no class.
        """
        classes = {}
        for number, (label, cell) in enumerate(read_table(path, columns=("label", "classes")), start=1):
            classes[label] = tuple(_class(part.strip()) for part in cell.split(";"))
            if not all(each.name for each in classes[label]):
                raise DataError(f"{path}, line {number}: no class in {cell!r}", fix='write "role; origin-"')
        return cls(classes, phrases, share=share)

    @classmethod
    def none(cls) -> "RelationClasses":
        """No label has a class."""
        return cls({}, PhraseTable({}, rename=0.0), share=0.0)

    def turned(self, record: Record, chance: random.Random) -> Record | None:
        """The record with classes for types, or None where it is not the turn of one, or the record does not allow it.

        A record whose own types are classes is always read as one. Another allows it where all that its text says
        between the judged pairs is marked: its list of types is open or broad, or only given pairs were judged.
        """
        native = bool(self._names) and record.relation_types is not None and {*record.relation_types} <= {*self._names}
        if not native and not (_says_everything(record) and chance.random() < self._share):
            return None
        starts = [(entity.start, entity.end) for entity in record.entities]
        return replace(
            record,
            relations=tuple(self._relations(record.relations, starts)),
            cluster_relations=tuple(self._between_clusters(record.cluster_relations)),
            relation_types=record.relation_types if native else self._names,
        )

    def _of(self, label: str) -> Sequence[RelationClass]:
        unclassed = (RelationClass(label if label in self._names else UNCLASSED, ""),)
        return self._classes.get(label, unclassed)

    def _relations(
        self, relations: Iterable[LabelledRelation], starts: Sequence[tuple[int, int]]
    ) -> Iterator[LabelledRelation]:
        for relation in relations:
            for each in self._of(relation.type):
                later_first = starts[relation.tail] < starts[relation.head]
                turn = each.direction == "-" or (each.direction == "=" and later_first)
                yield _turned(relation, each.name) if turn else replace(relation, type=each.name)

    def _between_clusters(self, relations: Iterable[LabelledRelation]) -> Iterator[LabelledRelation]:
        for relation in relations:
            for each in self._of(relation.type):
                if each.direction != "-":
                    yield replace(relation, type=each.name)
                if each.direction != "":
                    yield _turned(relation, each.name)


def _says_everything(record: Record) -> bool:
    return record.pairs == "given" or record.relation_types is None or len(record.relation_types) >= _BROAD


def _turned(relation: LabelledRelation, type: str) -> LabelledRelation:
    return LabelledRelation(relation.tail, relation.head, type)


def _class(text: str) -> RelationClass:
    direction = text[-1:] if text[-1:] in _DIRECTIONS else ""
    return RelationClass(text.removesuffix(direction) if direction else text, direction)
