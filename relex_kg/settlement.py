"""Settling: bringing names, entities and facts in line with the documents, at the cost of what changed.

Three things are done until none is left, each in transactions of bounded size (:mod:`relex_kg.graph.settling`):

* *count*: add what documents changed among names, and part the names around those whose forms changed into entities;
* *move*: let mentions follow a name that went to another entity, document by document;
* *link*: let the mentions of counted documents refer to their names' entities, and their relations support facts.

Why it is enough to look around the changed names: a pair of names is accepted or not by the two alone, and names are
parted within the connected components of accepted pairs and of decisions (:mod:`relex_kg.canon.clustering`). So a
component without a changed name is parted as before. All that may be accepted with a name is found under its keys
(:mod:`relex_kg.canon.keys`). The outcome is that of :meth:`relex_kg.canon.resolver.Resolver.resolve` over everything.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from relex_kg.canon.assembly import preferred
from relex_kg.canon.keys import keys, lookups
from relex_kg.canon.names import Identity, Name
from relex_kg.canon.resolver import Resolver
from relex_kg.canon.similarity import Verdict, compare
from relex_kg.graph.facts import FactKey, Support, fact_changes
from relex_kg.graph.names import NameRecord, NameUse, Uses, counted, difference, uses_of
from relex_kg.graph.settling import LinkChange, Move, NameLayerChange, Settling, Sweep, Uncounted, fact_of, supports_of
from relex_kg.graph.store import Store
from relex_kg.ids import DocumentId, EntityId, MentionId, NameId, RelationId, mint_entity_id, name_id
from relex_kg.types import Entity, Mention, Naming

_COUNTED_AT_ONCE = 200  # documents in one transaction
_LINKED_AT_ONCE = 100
_NAMES_AT_ONCE = 500

OnProgress = Callable[[int], None]


@dataclass(slots=True)
class SettleReport:
    """What a settling changed.

    ``self_relations`` counts relations of the documents linked that support no fact, being within one entity.
    """

    entities_created: int = 0
    entities_updated: int = 0
    entities_deleted: int = 0
    mentions_moved: int = 0
    facts_created: int = 0
    facts_updated: int = 0
    facts_deleted: int = 0
    self_relations: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything was written; a settling may find all as it should be."""
        return any(getattr(self, name) for name in self.__slots__ if name != "self_relations")

    def include(self, other: "SettleReport") -> None:
        """Count what another part of the same settling did."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def settle(store: Store, resolver: Resolver, *, on_progress: OnProgress = lambda done: None) -> SettleReport | None:
    """Bring names, entities and facts in line with the documents in the store; None where they are.

    Several processes may do so at once: their transactions take turns.

    Args:
        store: the graph.
        resolver: decides which names are one entity. Where it differs from the one before, all names are gone through.
        on_progress: is told how many documents have been linked.
    """
    if not store.unsettled(resolver.fingerprint):
        return None
    report, linked = SettleReport(), 0
    while part := store.settling(lambda settling: _do_next(settling, resolver)):
        report.include(part.report)
        linked += part.documents
        on_progress(linked)
    return report


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction did; ``documents`` counts those that were linked."""

    report: SettleReport
    documents: int = 0


def _do_next(settling: Settling, resolver: Resolver) -> _Part | None:
    """One part of what is left to do; None where nothing is."""
    sweep = _sweep(settling, resolver)
    if sweep.stage == _DOCUMENTS:
        return _rename_documents(settling, resolver, sweep)
    return (
        _count_documents(settling, resolver)
        or _go_through_names(settling, resolver, sweep)
        or _move_mentions(settling)
        or _link_documents(settling)
    )


# -- another resolver --------------------------------------------------------------------------------------------------

# What is gone through, in this order, where the resolver differs from the one before.
_DOCUMENTS, _KEYS, _NAMES = "documents", "keys", "names"


def _sweep(settling: Settling, resolver: Resolver) -> Sweep:
    """How far everything is in line with the resolver; begun anew where it is another one."""
    sweep = settling.sweep()
    if sweep is None or sweep.resolver != resolver.fingerprint:
        sweep = Sweep(resolver.fingerprint, None if sweep is None else _DOCUMENTS, "")
        settling.set_sweep(sweep)
    return sweep


def _rename_documents(settling: Settling, resolver: Resolver, sweep: Sweep) -> _Part:
    """Let the mentions of some documents stand for the names that the resolver gives them."""
    documents = settling.documents_after(DocumentId(sweep.cursor), _COUNTED_AT_ONCE)
    for document, named in settling.mentions(documents).items():
        _rename(settling, resolver, document, named)
    settling.set_sweep(_advanced(sweep, documents, following=_KEYS))
    return _Part(SettleReport())


def _rename(
    settling: Settling, resolver: Resolver, document: DocumentId, named: Sequence[tuple[Mention, Naming]]
) -> None:
    mentions = [mention for mention, _ in named]
    old = {mention.id: naming for mention, naming in named}
    new = resolver.name(mentions)
    changed = {mention: naming for mention, naming in new.items() if naming != old[mention]}
    uses = difference(uses_of(mentions, old), uses_of(mentions, new))
    settling.rename(document, changed, Uncounted(uses, resolver.fingerprint))


def _go_through_names(settling: Settling, resolver: Resolver, sweep: Sweep) -> _Part | None:
    if sweep.stage is None:
        return None
    return (_renew_keys if sweep.stage == _KEYS else _part_again)(settling, resolver, sweep)


def _renew_keys(settling: Settling, resolver: Resolver, sweep: Sweep) -> _Part:
    """Let some names be found under the keys that the resolver now gives them."""
    records = settling.names_after(NameId(sweep.cursor), _NAMES_AT_ONCE)
    renewed = [replace(record, keys=_keys(resolver, record)) for record in records]
    settling.change_names(_name_change({record.id: record for record in records}, renewed))
    settling.set_sweep(_advanced(sweep, [record.id for record in records], following=_NAMES))
    return _Part(SettleReport())


def _part_again(settling: Settling, resolver: Resolver, sweep: Sweep) -> _Part:
    """Part some names into entities again."""
    records = settling.names_after(NameId(sweep.cursor), _NAMES_AT_ONCE)
    report = _count(settling, resolver, (), {}, again=[record.id for record in records])
    settling.set_sweep(_advanced(sweep, [record.id for record in records], following=None))
    return _Part(report)


def _advanced(sweep: Sweep, ids: Sequence[str], *, following: str | None) -> Sweep:
    return replace(sweep, cursor=ids[-1]) if ids else Sweep(sweep.resolver, following, "")


# -- names and entities ------------------------------------------------------------------------------------------------


def _count_documents(settling: Settling, resolver: Resolver) -> _Part | None:
    """Count what documents changed; those whose mentions another resolver named are first named anew."""
    uncounted = settling.uncounted(_COUNTED_AT_ONCE)
    if not uncounted:
        return None
    named_otherwise = settling.mentions(
        [document for document, change in uncounted.items() if change.resolver != resolver.fingerprint]
    )
    for document, named in named_otherwise.items():
        _rename(settling, resolver, document, named)
    documents = sorted(uncounted.keys() - named_otherwise.keys())
    uses = Counter[NameUse]()
    for document in documents:
        uses.update(uncounted[document].uses)
    return _Part(_count(settling, resolver, tuple(documents), uses))


def _count(
    settling: Settling,
    resolver: Resolver,
    documents: tuple[DocumentId, ...],
    uses: Uses,
    *,
    again: Collection[NameId] = (),
) -> SettleReport:
    """Count the uses that documents changed, and part the names around those whose forms changed into entities.

    Args:
        settling: the transaction.
        resolver: decides which names are one entity.
        documents: whose uses they are.
        uses: what they added and took away.
        again: other names to be parted again.
    """
    before = {record.id: record for record in settling.names({use.name for use in uses})}
    after = counted(before, uses)
    reformed = {id for id in before.keys() | after.keys() if _forms(before.get(id)) != _forms(after.get(id))}
    for id in reformed & after.keys():
        after[id] = replace(after[id], keys=_keys(resolver, after[id]))
    neighbourhood = _Neighbourhood(settling, resolver, before, after)
    parted = neighbourhood.part(reformed | set(again))
    return _write_entities(settling, documents, before, neighbourhood, parted)


def _forms(record: NameRecord | None) -> set[str]:
    return set(record.full) if record else set()


def _keys(resolver: Resolver, record: NameRecord) -> tuple[str, ...]:
    return tuple(sorted(keys(record.type, resolver.read(record.type, record.full))))


class _Neighbourhood:
    """Names as they will be once the changes are written, read from the store as they are needed.

    Args:
        settling: the transaction.
        resolver: reads names and parts them.
        before: the changed names as the store has them.
        after: the changed names as they will be; those that nothing uses any more are missing.
    """

    def __init__(
        self,
        settling: Settling,
        resolver: Resolver,
        before: Mapping[NameId, NameRecord],
        after: Mapping[NameId, NameRecord],
    ) -> None:
        self._settling = settling
        self._resolver = resolver
        self._before = before
        self.changed = before.keys() | after.keys()
        self._under: defaultdict[str, list[NameId]] = defaultdict(list)
        self._names: dict[NameId, Name] = {}
        self._verdicts: dict[tuple[NameId, NameId], Verdict] = {}
        self.records: dict[NameId, NameRecord] = {}
        for record in after.values():
            self._add(record)
        self._read_names_of({record.entity for record in before.values() if record.entity})

    def part(self, changed: Collection[NameId]) -> list[list[NameId]]:
        """Part into entities the changed names and all names that this may concern, each with its whole component."""
        frontier = set(changed) | self._partners_before(changed)
        frontier |= self._names_with({self._before[id].entity for id in changed if id in self._before})
        concerned: set[NameId] = set()
        self._read_missing(frontier)
        while frontier := {id for id in frontier - concerned if self._is_current(id)}:
            concerned |= frontier
            frontier = self._connected(frontier)
        by_type: defaultdict[str, list[NameId]] = defaultdict(list)
        for id in sorted(concerned):
            by_type[self.records[id].type].append(id)
        return [cluster for type, ids in sorted(by_type.items()) for cluster in self._part_type(type, ids)]

    def _is_current(self, id: NameId) -> bool:
        """Whether the name is there, and read as this resolver reads it; others go when documents are named anew."""
        return id in self.records and name_id(self.records[id].type, self._name(id).identity) == id

    def _connected(self, ids: Collection[NameId]) -> set[NameId]:
        """The names accepted with any of these, linked to them by decisions, or so far of one entity with them."""
        accepted = self._accepted({id: (self.records[id].type, self._name(id)) for id in ids})
        self._verdicts |= accepted
        entities = {self.records[id].entity for id in ids}
        self._read_names_of({entity for entity in entities if entity})
        return {id for pair in accepted for id in pair} | self._linked(ids) | self._names_with(entities)

    def _partners_before(self, changed: Collection[NameId]) -> set[NameId]:
        """The names that were accepted with what the changed names have been."""
        old = [self._before[id] for id in changed if id in self._before]
        names = {record.id: (record.type, self._resolver.read(record.type, record.full)) for record in old}
        return {id for pair in self._accepted(names) for id in pair}

    def _accepted(self, names: Mapping[NameId, tuple[str, Name]]) -> dict[tuple[NameId, NameId], Verdict]:
        """The pairs of one of the names (each with its type) and any other name that are accepted, by identity."""
        sought = {id: lookups(type, name) for id, (type, name) in names.items()}
        for record in self._settling.names_under(set().union(*sought.values())):
            self._add_unchanged(record)
        accepted: dict[tuple[NameId, NameId], Verdict] = {}
        for id, (_, name) in names.items():
            for other in {other for key in sought[id] for other in self._under.get(key, ())} - {id}:
                left, right = (id, other) if name.identity < self._name(other).identity else (other, id)
                if (left, right) in accepted:
                    continue
                lesser, greater = (name, self._name(other)) if left == id else (self._name(other), name)
                if verdict := compare(lesser, greater):
                    accepted[left, right] = verdict
        return accepted

    def _linked(self, ids: Collection[NameId]) -> set[NameId]:
        by_type: defaultdict[str, set[Identity]] = defaultdict(set)
        for id in ids:
            by_type[self.records[id].type].add(self._name(id).identity)
        linked = {
            name_id(type, identity)
            for type, identities in by_type.items()
            for identity in self._resolver.linked(type, identities)
        }
        self._read_missing(linked)
        return linked

    def _part_type(self, type: str, ids: Sequence[NameId]) -> list[list[NameId]]:
        id_of = {self._name(id).identity: id for id in ids}
        members = set(ids)
        verdicts = {
            (self._name(left).identity, self._name(right).identity): verdict
            for (left, right), verdict in self._verdicts.items()
            if members.issuperset((left, right))
        }
        return [[id_of[identity] for identity in cluster] for cluster in self._resolver.part(type, id_of, verdicts)]

    def _name(self, id: NameId) -> Name:
        if id not in self._names:
            self._names[id] = self._resolver.read(self.records[id].type, self.records[id].full)
        return self._names[id]

    def _names_with(self, entities: Collection[EntityId | None]) -> set[NameId]:
        return {id for id, record in self.records.items() if record.entity and record.entity in entities}

    def _read_names_of(self, entities: Collection[EntityId]) -> None:
        for record in self._settling.names_of(entities):
            self._add_unchanged(record)

    def _read_missing(self, ids: Collection[NameId]) -> None:
        for record in self._settling.names(set(ids) - self.records.keys() - self.changed):
            self._add_unchanged(record)

    def _add_unchanged(self, record: NameRecord) -> None:
        if record.id not in self.changed and record.id not in self.records:
            self._add(record)

    def _add(self, record: NameRecord) -> None:
        self.records[record.id] = record
        for key in record.keys:
            self._under[key].append(record.id)


def _write_entities(
    settling: Settling,
    documents: tuple[DocumentId, ...],
    before: Mapping[NameId, NameRecord],
    neighbourhood: _Neighbourhood,
    parted: Sequence[Sequence[NameId]],
) -> SettleReport:
    """Say which entity each cluster of names is, and write it together with the names."""
    records = neighbourhood.records
    entity_of = {
        name: entity
        for cluster, entity in zip(parted, _entity_ids(settling, records, parted), strict=True)
        for name in cluster
    }
    old_entities = {
        record.entity for record in (*before.values(), *(records[name] for name in entity_of)) if record.entity
    }
    renamed = {id: replace(record, entity=entity_of.get(id, record.entity)) for id, record in records.items()}
    current = settling.entities(old_entities | set(entity_of.values()))
    names_of: defaultdict[EntityId, list[NameRecord]] = defaultdict(list)
    for record in renamed.values():
        if record.entity:
            names_of[record.entity].append(record)
    concerned = old_entities | set(entity_of.values())
    planned = {entity: _entity(entity, names_of[entity]) for entity in sorted(concerned) if names_of[entity]}
    change = _name_change(
        {**{id: records[id] for id in entity_of.keys() - neighbourhood.changed}, **before},
        [renamed[id] for id in sorted(entity_of.keys() | (neighbourhood.changed & records.keys()))],
    )
    change = replace(
        change,
        counted=documents,
        entities_created=tuple(entity for id, entity in planned.items() if id not in current),
        entities_updated=tuple(entity for id, entity in planned.items() if id in current and current[id] != entity),
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
    settling: Settling, records: Mapping[NameId, NameRecord], parted: Sequence[Sequence[NameId]]
) -> list[EntityId]:
    """An id for each cluster of names: that of the entity it shares most mentions with, or a new one."""
    chosen: dict[int, EntityId] = {}
    taken: set[EntityId] = set()
    for _, entity, position in sorted(_overlaps(records, parted)):
        if position not in chosen and entity not in taken:
            chosen[position] = entity
            taken.add(entity)
    missing = [position for position in range(len(parted)) if position not in chosen]
    while missing:
        minted = {position: mint_entity_id(min(parted[position]), taken) for position in missing}
        taken |= settling.entities(set(minted.values())).keys()
        chosen |= {position: entity for position, entity in minted.items() if entity not in taken}
        missing = [position for position in missing if position not in chosen]
    return [chosen[position] for position in range(len(parted))]


def _overlaps(
    records: Mapping[NameId, NameRecord], parted: Sequence[Sequence[NameId]]
) -> Iterator[tuple[int, EntityId, int]]:
    """(- shared mentions, entity, cluster's position) for each entity and cluster that share a name."""
    for position, cluster in enumerate(parted):
        shared: Counter[EntityId] = Counter()
        for name in cluster:
            if entity := records[name].entity:
                shared[entity] += records[name].mentions
        yield from ((-mentions, entity, position) for entity, mentions in shared.items())


def _entity(id: EntityId, names: Collection[NameRecord]) -> Entity:
    full: Counter[str] = Counter()
    for record in names:
        full.update(record.full)
    name = preferred(full)
    forms = full.keys() | {form for record in names for form in record.short}
    [type] = {record.type for record in names}
    return Entity(id, type, name, tuple(sorted(forms - {name})), sum(record.mentions for record in names))


def _name_change(old: Mapping[NameId, NameRecord], new: Sequence[NameRecord]) -> NameLayerChange:
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
        entities_deleted=(),
        moves=(),
    )


# -- mentions and facts ------------------------------------------------------------------------------------------------


def _move_mentions(settling: Settling) -> _Part | None:
    """Let mentions in some more documents follow a name that went to another entity."""
    move = settling.move()
    if move is None:
        return None
    documents = settling.movable(move, _LINKED_AT_ONCE)
    report = _link(settling, documents) if documents else SettleReport()
    if len(documents) < _LINKED_AT_ONCE:
        settling.finish_move(move)
    return _Part(report)


def _link_documents(settling: Settling) -> _Part | None:
    documents = settling.unlinked(_LINKED_AT_ONCE)
    return _Part(_link(settling, documents), len(documents)) if documents else None


def _link(settling: Settling, documents: Sequence[DocumentId]) -> SettleReport:
    """Let the mentions of documents refer to their names' entities, and their relations support facts between these."""
    links = settling.links(documents)
    entity_of_name = settling.entities_named({mention.name for document in links for mention in document.mentions})
    refers_to: dict[MentionId, EntityId | None] = {}
    supports: dict[RelationId, FactKey | None] = {}
    after: list[Support] = []
    self_relations = 0
    for document in links:
        old = {mention.id: mention.entity for mention in document.mentions}
        new = {mention.id: entity_of_name.get(mention.name) for mention in document.mentions}
        refers_to |= {mention: entity for mention, entity in new.items() if entity != old[mention]}
        for relation in document.relations:
            old_fact = fact_of(relation, old) if relation.supports else None
            new_fact = fact_of(relation, new)
            after += [Support(relation.id, document.document, new_fact, relation.score)] if new_fact else []
            self_relations += new[relation.head] is not None and new[relation.head] == new[relation.tail]
            if old_fact != new_fact:
                supports[relation.id] = new_fact
    before = [support for document in links for support in supports_of(document)]
    counts = settling.change_links(LinkChange(tuple(documents), refers_to, supports, fact_changes(before, after)))
    return SettleReport(
        mentions_moved=len(refers_to),
        facts_created=counts.facts.created,
        facts_updated=counts.facts.updated,
        facts_deleted=counts.facts.deleted,
        entities_deleted=counts.entities_deleted,
        self_relations=self_relations,
    )
