"""Entities: which one a cluster of names is, and what it is called."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from relex_kg.canon.assembly import NameForms, describe
from relex_kg.graph.names import NameRecord
from relex_kg.graph.settling import Move, NameLayerChange, Settling
from relex_kg.ids import DocumentId, EntityId, NameId, mint_entity_id
from relex_kg.settlement.neighbourhood import NameCluster, Neighbourhood
from relex_kg.settlement.report import SettleReport
from relex_kg.types import Entity


def write_entities(
    settling: Settling,
    documents: tuple[DocumentId, ...],
    before: Mapping[NameId, NameRecord],
    neighbourhood: Neighbourhood,
    clusters: Sequence[NameCluster],
) -> SettleReport:
    """Say which entity each cluster of names is, and write it together with the names.

    Args:
        settling: the transaction.
        documents: those that this counts.
        before: the changed names as the store has them.
        neighbourhood: the names as they will be, but for their entities.
        clusters: names that are one entity.
    """
    records = neighbourhood.records
    ids = _entity_ids(settling, records, clusters)
    entity_of = {name: id for cluster, id in zip(clusters, ids, strict=True) for name in cluster.names}
    old_entities = {
        record.entity for record in (*before.values(), *(records[name] for name in entity_of)) if record.entity
    }
    current = settling.entities(old_entities | set(ids))
    external_ids = {id: entity.external_id for id, entity in current.items()}
    external_ids |= {id: cluster.external_id for cluster, id in zip(clusters, ids, strict=True)}
    names_of: defaultdict[EntityId, list[NameRecord]] = defaultdict(list)
    renamed = {id: replace(record, entity=entity_of.get(id, record.entity)) for id, record in records.items()}
    for record in renamed.values():
        if record.entity:
            names_of[record.entity].append(record)
    planned = {
        id: _entity(id, neighbourhood, names_of[id], external_ids[id])
        for id in sorted(old_entities | set(ids))
        if names_of[id]
    }
    updated = [entity for id, entity in planned.items() if id in current and current[id] != entity]
    change = replace(
        name_change(
            {**{id: records[id] for id in entity_of.keys() - neighbourhood.changed}, **before},
            [renamed[id] for id in sorted(entity_of.keys() | (neighbourhood.changed & records.keys()))],
        ),
        counted=documents,
        entities_created=tuple(entity for id, entity in planned.items() if id not in current),
        entities_updated=tuple(updated),
        retyped={entity.id: old for entity in updated if (old := current[entity.id].type) != entity.type},
        entities_deleted=tuple(sorted(old_entities - planned.keys())),
        moves=tuple(
            sorted(
                Move(id, source)
                for id, entity in entity_of.items()
                if (source := records[id].entity) and source != entity
            )
        ),
    )
    deleted = settling.change_names(change)
    return SettleReport(
        entities_created=len(change.entities_created),
        entities_updated=len(change.entities_updated),
        entities_deleted=deleted,
    )


def _entity_ids(
    settling: Settling, records: Mapping[NameId, NameRecord], clusters: Sequence[NameCluster]
) -> list[EntityId]:
    """An id for each cluster of names: that of the entity it shares most mentions with, or a new one."""
    chosen: dict[int, EntityId] = {}
    taken: set[EntityId] = set()
    for _, entity, position in sorted(_overlaps(records, clusters)):
        if position not in chosen and entity not in taken:
            chosen[position] = entity
            taken.add(entity)
    missing = [position for position in range(len(clusters)) if position not in chosen]
    while missing:
        minted = {position: mint_entity_id(min(clusters[position].names), taken) for position in missing}
        taken |= settling.entities(set(minted.values())).keys()
        chosen |= {position: entity for position, entity in minted.items() if entity not in taken}
        missing = [position for position in missing if position not in chosen]
    return [chosen[position] for position in range(len(clusters))]


def _overlaps(
    records: Mapping[NameId, NameRecord], clusters: Sequence[NameCluster]
) -> Iterator[tuple[int, EntityId, int]]:
    """(- shared mentions, entity, cluster's position) for each entity and cluster that share a name."""
    for position, cluster in enumerate(clusters):
        shared: Counter[EntityId] = Counter()
        for name in cluster.names:
            if entity := records[name].entity:
                shared[entity] += records[name].mentions
        yield from ((-mentions, entity, position) for entity, mentions in shared.items())


def _entity(
    id: EntityId, neighbourhood: Neighbourhood, records: Collection[NameRecord], external_id: str | None
) -> Entity:
    description = describe(
        [NameForms(record.type, neighbourhood.name(record.id), record.full, record.short) for record in records]
    )
    return Entity(
        id=id,
        type=description.type,
        name=description.name,
        aliases=description.aliases,
        mentions=sum(record.mentions for record in records),
        value=description.value,
        external_id=external_id,
    )


def name_change(old: Mapping[NameId, NameRecord], new: Sequence[NameRecord]) -> NameLayerChange:
    """What turns the records of some names into others; a name that is missing among the new ones goes."""
    fresh = {record.id: record for record in new}
    old_keys = {(key, record.id) for record in old.values() for key in record.keys}
    new_keys = {(key, record.id) for record in new for key in record.keys}
    return NameLayerChange(
        counted=(),
        names=tuple(record for id, record in sorted(fresh.items()) if record != old.get(id)),
        names_deleted=tuple(sorted(old.keys() - fresh.keys())),
        keys_created=tuple(sorted(new_keys - old_keys)),
        keys_deleted=tuple(sorted(old_keys - new_keys)),
        entities_created=(),
        entities_updated=(),
        retyped={},
        entities_deleted=(),
        moves=(),
    )
