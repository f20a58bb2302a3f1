"""Which entity labels an example asks for, and which of its record's types each of them covers."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relex_kg.training.data import Record
from relex_kg.training.phrases import entity_wording
from relex_kg.training.tables import read_table

UNNAMED = "entity"  # the type of mentions whose source names none

# Classes whose mentions are values: who asks for "entity" means things, not dates and amounts
_VALUES = frozenset({"date", "number"})
_PLAIN = ("person", "organization", "location")


@dataclass(frozen=True, slots=True)
class EntityQuestion:
    """Labels to ask for (C), and the column of each of the record's types that one of them covers."""

    labels: tuple[str, ...]
    columns: Mapping[str, int]

    @classmethod
    def of(cls, worded: Sequence[tuple[str, str]]) -> "EntityQuestion":
        """From (type, label) pairs; types asked for in the same words share a column."""
        labels = tuple(dict.fromkeys(label for _, label in worded))
        return cls(labels, {type: labels.index(label) for type, label in worded})


def types_question(
    record: Record, present: Sequence[str], pool: Sequence[str], *, limit: int, rename: float, chance: random.Random
) -> EntityQuestion:
    """The record's own types, at most ``limit``, with some that its text lacks.

    Args:
        record: says which types are annotated in full; where none are, absent types come from ``pool``.
        present: the types of the text's mentions.
        pool: types of other records.
        limit: the most labels.
        rename: probability of asking for a type in other words; 0 leaves names as they are.
        chance: decides.
    """
    asked = sorted(set(present) - {UNNAMED})
    chance.shuffle(asked)
    asked = asked[:limit]
    room = max(limit - len(asked), 1)
    if record.entity_types is None:
        source = chance.sample(pool, min(room, len(pool), 3))
    else:
        source = [type for type in record.entity_types if type != UNNAMED]
    absent = [type for type in source if type not in {entity.type for entity in record.entities}]
    chance.shuffle(absent)
    asked += absent[: chance.randint(0, room)]
    chance.shuffle(asked)
    return EntityQuestion.of([(type, entity_wording(type, chance, rename=rename)) for type in asked])


class EntityClasses:
    """Coarse classes of fine types, to ask for "person" where the annotation says "actor" or "athlete".

    Args:
        classes: the class of each type that has one.
        share: probability of asking for classes, of a record that allows it.
    """

    def __init__(self, classes: Mapping[str, str], *, share: float) -> None:
        self._classes = classes
        self._share = share

    @classmethod
    def read(cls, path: Path, *, share: float) -> "EntityClasses":
        """Read a tab-separated table of two columns, type and class.

        Raises:
            DataError: the file is missing, or a row has not two columns.
        """
        return cls({row[0]: row[1] for row in read_table(path, columns=("type", "class"))}, share=share)

    def question(
        self, record: Record, present: Sequence[str], *, rename: float, chance: random.Random
    ) -> EntityQuestion | None:
        """A question by classes, or None where it is not the turn of one, or the record does not allow it.

        A record allows it where its mentions are all the text's named things, and each has a class.
        """
        if not _names_everything(record) or not all(type in self._classes for type in present):
            return None
        if chance.random() >= self._share:
            return None
        label_of = chance.choice((_as_entity, _as_plain, _as_class))
        labels = {type: label_of(self._classes[type]) for type in present}
        possible = sorted({label_of(each) for each in self._classes.values()} - {""})
        asked = chance.sample(possible, chance.randint(1, len(possible)))
        wording = {label: entity_wording(label, chance, rename=rename) for label in asked}
        columns = {type: asked.index(label) for type, label in labels.items() if label in wording}
        return EntityQuestion(tuple(wording.values()), columns)


def _names_everything(record: Record) -> bool:
    """Whether the marked mentions are the text's named things, not those of some narrow types only."""
    return record.entity_types is None or {"person", "location"} <= set(record.entity_types)


def _as_entity(entity_class: str) -> str:
    return "" if entity_class in _VALUES else UNNAMED


def _as_plain(entity_class: str) -> str:
    return entity_class if entity_class in {*_PLAIN, *_VALUES} else "other"


def _as_class(entity_class: str) -> str:
    return entity_class
