"""The names around those that changed: read from the store as they are needed, and parted as everything would be."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from relex_kg.canon.assembly import TypedIdentity
from relex_kg.canon.keys import lookups
from relex_kg.canon.names import Name
from relex_kg.canon.resolver import Resolver
from relex_kg.canon.similarity import Verdict, compare
from relex_kg.graph.names import NameRecord
from relex_kg.graph.settling import Settling
from relex_kg.ids import EntityId, NameId, name_id


@dataclass(frozen=True, slots=True)
class NameCluster:
    """Names that are one entity, and the id that they have in a list."""

    names: tuple[NameId, ...]
    external_id: str | None


def read_record(resolver: Resolver, record: NameRecord) -> Name:
    """The name as the rules see it, with all its forms."""
    return resolver.read(record.type, record.full, record.document)


class Neighbourhood:
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

    def part(self, changed: Collection[NameId]) -> list[NameCluster]:
        """Part into entities the changed names and all names that this may concern, each with its whole component."""
        frontier = set(changed) | self._partners_before(changed)
        frontier |= self._names_with({self._before[id].entity for id in changed if id in self._before})
        concerned: set[NameId] = set()
        self._read_missing(frontier)
        while frontier := {id for id in frontier - concerned if self._is_current(id)}:
            concerned |= frontier
            frontier = self._connected(frontier)
        id_of = {self._identity(id): id for id in concerned}
        accepted = {
            (self._identity(left), self._identity(right)): verdict
            for (left, right), verdict in self._verdicts.items()
            if left in concerned and right in concerned
        }
        return [
            NameCluster(tuple(id_of[identity] for identity in part.members), part.external_id)
            for part in self._resolver.part(id_of, accepted)
        ]

    def _is_current(self, id: NameId) -> bool:
        """Whether the name is there, and read as this resolver reads it; others go when documents are named anew."""
        return id in self.records and name_id(self.records[id].type, self.name(id).identity) == id

    def _connected(self, ids: Collection[NameId]) -> set[NameId]:
        """The names accepted with any of these, linked to them by decisions, or so far of one entity with them."""
        accepted = self._accepted({id: (self.records[id].type, self.name(id)) for id in ids})
        self._verdicts |= accepted
        entities = {self.records[id].entity for id in ids}
        self._read_names_of({entity for entity in entities if entity})
        return {id for pair in accepted for id in pair} | self._linked(ids) | self._names_with(entities)

    def _partners_before(self, changed: Collection[NameId]) -> set[NameId]:
        """The names that were accepted with what the changed names have been."""
        old = [self._before[id] for id in changed if id in self._before]
        names = {record.id: (record.type, read_record(self._resolver, record)) for record in old}
        return {id for pair in self._accepted(names) for id in pair}

    def _accepted(self, names: Mapping[NameId, tuple[str, Name]]) -> dict[tuple[NameId, NameId], Verdict]:
        """The pairs of one of the names (each with its type) and any other name that are accepted, by identity."""
        sought = {id: lookups(type, name) for id, (type, name) in names.items()}
        for record in self._settling.names_under(set().union(*sought.values())):
            self._add_unchanged(record)
        accepted: dict[tuple[NameId, NameId], Verdict] = {}
        for id, (_, name) in names.items():
            for other in {other for key in sought[id] for other in self._under.get(key, ())} - {id}:
                left, right = (id, other) if name.identity < self.name(other).identity else (other, id)
                if (left, right) in accepted:
                    continue
                lesser, greater = (name, self.name(other)) if left == id else (self.name(other), name)
                if verdict := compare(lesser, greater):
                    accepted[left, right] = verdict
        return accepted

    def _linked(self, ids: Collection[NameId]) -> set[NameId]:
        """The names that decisions and lists take for one with any of these."""
        linked = {name_id(*identity) for identity in self._resolver.linked({self._identity(id) for id in ids})}
        self._read_missing(linked)
        return linked

    def _identity(self, id: NameId) -> TypedIdentity:
        return self.records[id].type, self.name(id).identity

    def name(self, id: NameId) -> Name:
        """The name as the rules see it."""
        if id not in self._names:
            self._names[id] = read_record(self._resolver, self.records[id])
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
