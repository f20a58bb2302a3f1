"""The types that annotated texts name, which are what a model that is measured on them is asked for."""

from collections.abc import Iterable
from typing import NamedTuple

from relex_kg.training.data import Record


class Types(NamedTuple):
    """The types that a text is asked for, sorted."""

    entities: tuple[str, ...]
    relations: tuple[str, ...]


def types_of(records: Iterable[Record]) -> Types:
    """The types that any of the records uses or lists."""
    entities: set[str] = set()
    relations: set[str] = set()
    for record in records:
        entities.update(record.entity_types or (), (entity.type for entity in record.entities))
        stated = (*record.relations, *record.cluster_relations)
        relations.update(record.relation_types or (), (relation.type for relation in stated))
    return Types(tuple(sorted(entities)), tuple(sorted(relations)))
