"""Entities on a server."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from relex_kg.graph import cypher, mapping
from relex_kg.graph.driver import Transaction
from relex_kg.graph.settling import NameLayerChange
from relex_kg.ids import EntityId
from relex_kg.types import Entity


def create_entities(transaction: Transaction, entities: Sequence[Entity]) -> None:
    by_type: defaultdict[str, list[Entity]] = defaultdict(list)
    for entity in entities:
        by_type[entity.type].append(entity)
    for type, members in sorted(by_type.items()):
        transaction.each(cypher.create_entities(type), [mapping.entity_row(entity) for entity in members])


def retype_entities(transaction: Transaction, change: NameLayerChange) -> None:
    ids: defaultdict[tuple[str, str], list[EntityId]] = defaultdict(list)
    for entity in change.entities_updated:
        if entity.id in change.retyped:
            ids[change.retyped[entity.id], entity.type].append(entity.id)
    for (old, new), entities in sorted(ids.items()):
        transaction.each(cypher.retype_entities(old, new), entities)


def add_to_totals(transaction: Transaction, *, entities: int, facts: int = 0) -> None:
    """Note that there are so many more; the transaction holds the lock."""
    if entities or facts:
        transaction.rows(cypher.ADD_TO_TOTALS, entities=entities, facts=facts)


def delete_unused_entities(transaction: Transaction, entities: Collection[EntityId]) -> int:
    """Delete those of the entities that no name names and no mention refers to; returns how many."""
    named = {row["id"] for row in transaction.each(cypher.NAMED_ENTITIES, sorted(entities))}
    rows = transaction.each(cypher.DELETE_UNUSED_ENTITIES, sorted(set(entities) - named))
    return sum(row["count"] for row in rows)
