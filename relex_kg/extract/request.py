"""What an extraction asks for: labels, their thresholds, and between which labels a relation may hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from relex_kg.extract.references import REFERENCE, REFERENCE_THRESHOLD, STANDS_FOR, STANDS_FOR_THRESHOLD
from relex_kg.ontology import Schema


@dataclass(frozen=True, slots=True)
class EntityLabel:
    """An entity label, and the score that a mention of it must exceed."""

    label: str
    threshold: float


@dataclass(frozen=True, slots=True)
class RelationLabel:
    """A relation label, the score it must exceed, and the entity labels allowed at either end."""

    label: str
    threshold: float
    heads: frozenset[str]
    tails: frozenset[str]


@dataclass(frozen=True, slots=True)
class Request:
    """All that one pass over a text looks for."""

    entities: tuple[EntityLabel, ...]
    relations: tuple[RelationLabel, ...]

    @classmethod
    def of_labels(
        cls,
        entities: Sequence[str],
        relations: Sequence[str],
        *,
        entity_threshold: float,
        relation_threshold: float,
    ) -> "Request":
        """Any relation between any two mentions."""
        every = frozenset(entities)
        return cls(
            tuple(EntityLabel(label, entity_threshold) for label in entities),
            tuple(RelationLabel(label, relation_threshold, every, every) for label in relations),
        )

    @classmethod
    def of_schema(cls, schema: Schema, *, references: bool = False) -> "Request":
        """What a schema asks, inverse phrases included; those read from the relation's tail to its head.

        With ``references`` also the pronouns and nouns that stand for names. What they stand for decides their type,
        and with it which relations they can have, so here they may stand at either end of any.
        """
        anything = frozenset({REFERENCE}) if references else frozenset()
        relations: list[RelationLabel] = []
        for kind in schema.relations.values():
            heads = frozenset(schema.entities[name].label for name in kind.head) | anything
            tails = frozenset(schema.entities[name].label for name in kind.tail) | anything
            relations.append(RelationLabel(kind.label, kind.threshold, heads, tails))
            if kind.inverse is not None:
                relations.append(RelationLabel(kind.inverse, kind.threshold, tails, heads))
        entities = [EntityLabel(kind.label, kind.threshold) for kind in schema.entities.values()]
        if references:
            entities.append(EntityLabel(REFERENCE, REFERENCE_THRESHOLD))
            labels = frozenset(entity.label for entity in entities)
            relations.append(RelationLabel(STANDS_FOR, STANDS_FOR_THRESHOLD, anything, labels))
        return cls(tuple(entities), tuple(relations))
