"""Settling on a server: one transaction, as :class:`relex_kg.graph.settling.Settling` describes it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from relex_kg.graph import cypher, mapping
from relex_kg.graph.documents import note_uses
from relex_kg.graph.driver import Transaction
from relex_kg.graph.edges import change_facts
from relex_kg.graph.entities import add_to_totals, create_entities, delete_unused_entities, retype_entities
from relex_kg.graph.names import NameRecord, load_uses
from relex_kg.graph.settling import (
    DocumentLinks,
    LinkChange,
    LinkCounts,
    LinkedMention,
    LinkedRelation,
    Move,
    NameLayerChange,
    ShortUse,
    Sweep,
    Uncounted,
)
from relex_kg.ids import DocumentId, EntityId, MentionId, NameId, digest
from relex_kg.types import Entity, Mention, Naming, collapse


class ServerNames:
    """Names and entities on a server, as a transaction sees them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def names(self, ids: Collection[NameId]) -> list[NameRecord]:
        return [mapping.name_record(row) for row in self._transaction.each(cypher.NAMES, sorted(ids))]

    def names_under(self, keys: Collection[str]) -> list[NameRecord]:
        rows = self._transaction.each(cypher.NAMES_UNDER_KEYS, sorted(keys))
        return self.names({NameId(row["id"]) for row in rows})

    def names_of(self, entities: Collection[EntityId]) -> list[NameRecord]:
        return [mapping.name_record(row) for row in self._transaction.each(cypher.NAMES_OF_ENTITIES, sorted(entities))]

    def entities(self, ids: Collection[EntityId]) -> Mapping[EntityId, Entity]:
        rows = self._transaction.each(cypher.ENTITIES_BY_ID, sorted(ids))
        return {EntityId(row["id"]): mapping.entity(row) for row in rows}

    def short_uses(self, names: Collection[NameId]) -> Mapping[ShortUse, int]:
        uses = Counter[ShortUse]()
        for row in self._transaction.each(cypher.SHORT_USES, sorted(names)):
            uses[ShortUse(NameId(row["name"]), collapse(row["text"]), row["rule"], row["score"])] += row["count"]
        return uses


class ServerSettling(ServerNames):
    """A transaction of settling on a server; it holds the lock."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        transaction.rows(cypher.LOCK)

    def sweep(self) -> Sweep | None:
        rows = self._transaction.rows(cypher.SWEEP)
        return mapping.sweep(rows[0]) if rows else None

    def set_sweep(self, sweep: Sweep) -> None:
        self._transaction.rows(cypher.SET_SWEEP, sweep=mapping.sweep_row(sweep))

    def uncounted(self, limit: int) -> Mapping[DocumentId, Uncounted]:
        return {
            DocumentId(row["id"]): Uncounted(load_uses(row["uses"]), row["resolver"])
            for row in self._transaction.rows(cypher.UNCOUNTED, limit=limit)
        }

    def names_after(self, name: NameId, limit: int) -> Sequence[NameId]:
        return [NameId(row["id"]) for row in self._transaction.rows(cypher.NAMES_AFTER, after=name, limit=limit)]

    def entities_named(self, names: Collection[NameId]) -> Mapping[NameId, EntityId]:
        rows = self._transaction.each(cypher.ENTITIES_OF_NAMES, sorted(names))
        return {NameId(row["id"]): EntityId(row["entity"]) for row in rows}

    def change_names(self, change: NameLayerChange) -> int:
        transaction = self._transaction
        transaction.each(cypher.UNMARK_UNCOUNTED, change.counted)
        transaction.each(cypher.MARK_UNLINKED, change.counted)
        transaction.each(cypher.DELETE_KEYS, [{"key": key, "name": name} for key, name in change.keys_deleted])
        transaction.each(cypher.CREATE_KEYS, [{"key": key, "name": name} for key, name in change.keys_created])
        create_entities(transaction, change.entities_created)
        retype_entities(transaction, change)
        transaction.each(cypher.UPDATE_ENTITIES, [mapping.entity_row(entity) for entity in change.entities_updated])
        transaction.each(cypher.WRITE_NAMES, [mapping.name_row(record) for record in change.names])
        transaction.each(cypher.DELETE_NAMES, change.names_deleted)
        transaction.each(
            cypher.CREATE_MOVES,
            [{"id": _move_id(move), "name": move.name, "source": move.source} for move in change.moves],
        )
        deleted = delete_unused_entities(transaction, change.entities_deleted)
        add_to_totals(transaction, entities=len(change.entities_created) - deleted)
        return deleted

    def unlinked(self, limit: int) -> Sequence[DocumentId]:
        return [DocumentId(row["id"]) for row in self._transaction.rows(cypher.UNLINKED, limit=limit)]

    def move(self) -> Move | None:
        rows = self._transaction.rows(cypher.MOVE)
        return Move(NameId(rows[0]["name"]), EntityId(rows[0]["source"])) if rows else None

    def movable(self, move: Move, limit: int) -> Sequence[DocumentId]:
        if self.entities_named([move.name]).get(move.name) == move.source:
            return []  # it has come back
        rows = self._transaction.rows(cypher.MOVABLE_DOCUMENTS, name=move.name, source=move.source, limit=limit)
        return [DocumentId(row["id"]) for row in rows]

    def finish_move(self, move: Move) -> None:
        self._transaction.rows(cypher.DELETE_MOVE, id=_move_id(move))

    def links(self, documents: Collection[DocumentId]) -> list[DocumentLinks]:
        mentions: defaultdict[DocumentId, list[LinkedMention]] = defaultdict(list)
        for row in self._transaction.each(cypher.LINKED_MENTIONS, sorted(documents)):
            mentions[row["document"]].append(mapping.linked_mention(row))
        relations: defaultdict[DocumentId, list[LinkedRelation]] = defaultdict(list)
        for row in self._transaction.each(cypher.LINKED_RELATIONS, sorted(documents)):
            relations[row["document"]].append(mapping.linked_relation(row))
        return [
            DocumentLinks(document, tuple(mentions[document]), tuple(relations[document]))
            for document in sorted(documents)
        ]

    def change_links(self, change: LinkChange) -> LinkCounts:
        transaction = self._transaction
        moved = sorted(change.refers_to)
        left_entities = {row["entity"] for row in transaction.each(cypher.CLEAR_ENTITIES, moved)}
        transaction.each(
            cypher.REFER,
            [
                {"mention": mention, "entity": change.refers_to[mention]}
                for mention in moved
                if change.refers_to[mention]
            ],
        )
        supports = sorted(change.supports.items())
        transaction.each(cypher.CLEAR_FACTS, [relation for relation, fact in supports if fact is None])
        transaction.each(
            cypher.SET_FACTS_OF_EVIDENCE,
            [{"id": relation, "fact": fact.id} for relation, fact in supports if fact is not None],
        )
        facts = change_facts(transaction, change.facts)
        transaction.each(cypher.UNMARK_UNLINKED, change.linked)
        deleted = delete_unused_entities(transaction, left_entities)
        add_to_totals(transaction, entities=-deleted, facts=facts.created - facts.deleted)
        return LinkCounts(facts, deleted)

    def documents_after(self, document: DocumentId, limit: int) -> Sequence[DocumentId]:
        rows = self._transaction.rows(cypher.DOCUMENTS_AFTER, after=document, limit=limit)
        return [DocumentId(row["id"]) for row in rows]

    def documents_naming(self, names: Collection[NameId], document: DocumentId, limit: int) -> Sequence[DocumentId]:
        rows = self._transaction.each(cypher.DOCUMENTS_NAMING, sorted(names))
        return sorted({DocumentId(row["id"]) for row in rows if row["id"] > document})[:limit]

    def mentions(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, list[tuple[Mention, Naming]]]:
        mentions: defaultdict[DocumentId, list[tuple[Mention, Naming]]] = defaultdict(list)
        for row in self._transaction.each(cypher.MENTIONS_OF_DOCUMENTS, sorted(documents)):
            document = DocumentId(row["document"])
            mentions[document].append((mapping.mention(document, row), mapping.naming(row)))
        return mentions

    def rename(self, document: DocumentId, namings: Mapping[MentionId, Naming], change: Uncounted) -> None:
        rows = [{"id": mention, **mapping.naming_properties(naming)} for mention, naming in sorted(namings.items())]
        self._transaction.each(cypher.RENAME_MENTIONS, rows)
        note_uses(self._transaction, document, change)


def _move_id(move: Move) -> str:
    return digest("move", move.name, move.source)
