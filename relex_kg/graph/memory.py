"""A store that lives in this process and ends with it: for dry runs, and wherever a server would be too much."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import RLock
from types import TracebackType
from typing import Self, TypeVar

from relex_kg.graph.facts import FactChange, FactCounts, FactKey, confidence, fact_changes
from relex_kg.graph.names import NameRecord, Uses, difference, form_key
from relex_kg.graph.rows import DocumentRows, metadata_fingerprint, stale_mentions, stale_relations
from relex_kg.graph.settling import (
    DocumentLinks,
    LinkChange,
    LinkCounts,
    LinkedMention,
    LinkedRelation,
    Move,
    NameLayer,
    NameLayerChange,
    Settling,
    ShortUse,
    Sweep,
    Uncounted,
    rescored,
    supports_of,
)
from relex_kg.graph.store import (
    DocumentState,
    GraphCounts,
    KeptDecision,
    Passage,
    Quote,
    Statement,
    Subgraph,
    Totals,
    passage_order,
    statements,
)
from relex_kg.ids import DecisionId, DocumentId, EntityId, MentionId, NameId, RelationId
from relex_kg.types import Entity, Fact, Mention, MetadataValue, Naming, Relation

T = TypeVar("T")


@dataclass(slots=True)
class _FactSums:
    """What supports a fact, summed up."""

    support: int = 0
    documents: int = 0
    weight: int = 0


class MemoryStore:
    """The graph in dictionaries. It is its own :class:`~relex_kg.graph.settling.Settling`."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._documents: dict[DocumentId, DocumentRows] = {}
        self._uncounted: dict[DocumentId, Uncounted] = {}
        self._unlinked: dict[DocumentId, None] = {}
        self._moves: set[Move] = set()
        self._sweep: Sweep | None = None
        self._names: dict[NameId, NameRecord] = {}
        self._names_under: defaultdict[str, set[NameId]] = defaultdict(set)
        self._names_of: defaultdict[EntityId, set[NameId]] = defaultdict(set)
        self._mentions_named: defaultdict[NameId, set[MentionId]] = defaultdict(set)
        self._document_of: dict[MentionId, DocumentId] = {}
        self._entities: dict[EntityId, Entity] = {}
        self._refers_to: dict[MentionId, EntityId] = {}
        self._referring: Counter[EntityId] = Counter()
        self._relations: dict[RelationId, Relation] = {}
        self._supports: dict[RelationId, FactKey] = {}
        self._evidence: defaultdict[FactKey, set[RelationId]] = defaultdict(set)
        self._facts: dict[FactKey, _FactSums] = {}
        self._decisions: dict[DecisionId, KeptDecision] = {}

    def prepare(self, *, entity_types: Collection[str] = (), relation_types: Collection[str] = ()) -> None:
        """Nothing to do."""

    # -- documents -----------------------------------------------------------------------------------------------------

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        with self._lock:
            return self.states(sorted(self._documents))

    def states(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        with self._lock:
            rows = [self._documents[id].document for id in documents if id in self._documents]
            return {
                row.id: DocumentState(
                    row.uri, row.title, row.sha256, row.model, row.schema, metadata_fingerprint(row.metadata)
                )
                for row in rows
            }

    def documents_at(self, uri: str) -> Mapping[DocumentId, DocumentState]:
        with self._lock:
            return {
                id: state
                for id, state in self.documents().items()
                if state.uri == uri or state.uri.startswith((f"{uri}#", f"{uri}/"))
            }

    def replace_document(self, rows: DocumentRows) -> None:
        with self._lock:
            old = self._documents.get(rows.document.id)
            self._note(rows.document.id, difference(old.uses if old else {}, rows.uses), rows.resolver)
            if old:
                links = self._links(old)
                stale = stale_mentions({row.mention.id: row.mention.text for row in old.mentions}, rows)
                stale_evidence = stale_relations(links.relations, stale, rows)
                scores = {
                    row.relation.id: row.relation.score
                    for row in rows.evidence
                    if row.relation.id not in stale_evidence
                }
                self._forget(old, stale, stale_evidence)
                self._change_facts(fact_changes(supports_of(links), supports_of(rescored(links, scores))))
            self._documents[rows.document.id] = rows
            self._index(rows)

    def describe_document(self, document: DocumentId, metadata: Mapping[str, MetadataValue]) -> None:
        with self._lock:
            if rows := self._documents.get(document):
                self._documents[document] = replace(rows, document=replace(rows.document, metadata=metadata))

    def remove_document(self, document: DocumentId) -> bool:
        with self._lock:
            old = self._documents.pop(document, None)
            if old is None:
                return False
            self._note(document, difference(old.uses, {}), old.resolver)
            supports = supports_of(self._links(old))
            self._forget(old, {row.mention.id for row in old.mentions}, {row.relation.id for row in old.evidence})
            self._change_facts(fact_changes(supports, ()))
            self._unlinked.pop(document, None)
            return True

    def _note(self, document: DocumentId, uses: Uses, resolver: str) -> None:
        total = Counter(self._uncounted[document].uses if document in self._uncounted else {})
        total.update(uses)
        self._uncounted[document] = Uncounted({use: count for use, count in total.items() if count}, resolver)

    def _forget(self, old: DocumentRows, mentions: Collection[MentionId], relations: Collection[RelationId]) -> None:
        """Let go of a document as it was; of the entities of these mentions, and of what these relations support."""
        left_entities = {self._refers_to[mention] for mention in mentions if mention in self._refers_to}
        for relation in relations:
            if fact := self._supports.pop(relation, None):
                self._evidence[fact].discard(relation)
        for mention in mentions:
            self._refer(mention, None)
        for row in old.mentions:
            self._mentions_named[row.naming.name].discard(row.mention.id)
            del self._document_of[row.mention.id]
        for evidence in old.evidence:
            del self._relations[evidence.relation.id]
        self._delete_unused(left_entities)

    def _index(self, rows: DocumentRows) -> None:
        for row in rows.mentions:
            self._mentions_named[row.naming.name].add(row.mention.id)
            self._document_of[row.mention.id] = rows.document.id
        for evidence in rows.evidence:
            self._relations[evidence.relation.id] = evidence.relation

    def _refer(self, mention: MentionId, entity: EntityId | None) -> None:
        if old := self._refers_to.pop(mention, None):
            self._referring[old] -= 1
        if entity:
            self._refers_to[mention] = entity
            self._referring[entity] += 1

    # -- settling ------------------------------------------------------------------------------------------------------

    def unsettled(self, resolver: str) -> bool:
        with self._lock:
            return bool(self._uncounted or self._unlinked or self._moves) or (
                self._sweep is None or self._sweep.resolver != resolver or self._sweep.stage is not None
            )

    def settling(self, work: Callable[[Settling], T]) -> T:
        with self._lock:
            return work(self)

    def look_at_names(self, look: Callable[[NameLayer], T]) -> T:
        with self._lock:
            return look(self)

    def decisions(self) -> tuple[KeptDecision, ...]:
        with self._lock:
            return tuple(decision for _, decision in sorted(self._decisions.items()))

    def keep_decision(self, decision: KeptDecision) -> None:
        with self._lock:
            self._decisions[decision.id] = decision

    def forget_decision(self, decision: DecisionId) -> bool:
        with self._lock:
            return self._decisions.pop(decision, None) is not None

    def sweep(self) -> Sweep | None:
        return self._sweep

    def set_sweep(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def uncounted(self, limit: int) -> Mapping[DocumentId, Uncounted]:
        return dict(islice(self._uncounted.items(), limit))

    def names(self, ids: Collection[NameId]) -> list[NameRecord]:
        return [self._names[id] for id in ids if id in self._names]

    def names_under(self, keys: Collection[str]) -> list[NameRecord]:
        return self.names({name for key in keys if key in self._names_under for name in self._names_under[key]})

    def names_of(self, entities: Collection[EntityId]) -> list[NameRecord]:
        return [self._names[name] for entity in entities for name in self._names_of.get(entity, ())]

    def names_after(self, name: NameId, limit: int) -> Sequence[NameId]:
        return sorted(id for id in self._names if id > name)[:limit]

    def entities(self, ids: Collection[EntityId]) -> Mapping[EntityId, Entity]:
        return {id: self._entities[id] for id in ids if id in self._entities}

    def short_uses(self, names: Collection[NameId]) -> Mapping[ShortUse, int]:
        uses = Counter[ShortUse]()
        mentions = {mention for name in names for mention in self._mentions_named.get(name, ())}
        for document in {self._document_of[mention] for mention in mentions}:
            for row in self._documents[document].mentions:
                naming = row.naming
                if row.mention.id in mentions and naming.rule is not None and naming.score is not None:
                    uses[ShortUse(naming.name, row.mention.surface, naming.rule, naming.score)] += 1
        return uses

    def entities_named(self, names: Collection[NameId]) -> Mapping[NameId, EntityId]:
        return {record.id: record.entity for record in self.names(names) if record.entity}

    def change_names(self, change: NameLayerChange) -> int:
        for document in change.counted:
            del self._uncounted[document]
            if document in self._documents:
                self._unlinked[document] = None
        for key, name in change.keys_deleted:
            self._names_under[key].discard(name)
        for key, name in change.keys_created:
            self._names_under[key].add(name)
        for name in (*change.names_deleted, *(record.id for record in change.names)):
            if (old := self._names.pop(name, None)) and old.entity:
                self._names_of[old.entity].discard(name)
        for record in change.names:
            self._names[record.id] = record
            if record.entity:
                self._names_of[record.entity].add(record.id)
        for entity in (*change.entities_created, *change.entities_updated):
            self._entities[entity.id] = entity
        self._moves |= set(change.moves)
        return self._delete_unused(change.entities_deleted)

    def _delete_unused(self, entities: Iterable[EntityId]) -> int:
        """Delete those of the entities that no name names and no mention refers to."""
        unused = [
            entity
            for entity in entities
            if entity in self._entities and not self._names_of.get(entity) and not self._referring[entity]
        ]
        for entity in unused:
            del self._entities[entity]
        return len(unused)

    def unlinked(self, limit: int) -> Sequence[DocumentId]:
        return list(islice(self._unlinked, limit))

    def move(self) -> Move | None:
        return min(self._moves, default=None)

    def movable(self, move: Move, limit: int) -> Sequence[DocumentId]:
        record = self._names.get(move.name)
        if record and record.entity == move.source:
            return []
        mentions = [id for id in self._mentions_named[move.name] if self._refers_to.get(id) == move.source]
        return sorted({self._document_of[mention] for mention in mentions})[:limit]

    def finish_move(self, move: Move) -> None:
        self._moves.discard(move)

    def links(self, documents: Collection[DocumentId]) -> list[DocumentLinks]:
        return [self._links(self._documents[document]) for document in documents if document in self._documents]

    def _links(self, rows: DocumentRows) -> DocumentLinks:
        return DocumentLinks(
            rows.document.id,
            tuple(
                LinkedMention(row.mention.id, row.naming.name, self._refers_to.get(row.mention.id))
                for row in rows.mentions
            ),
            tuple(
                LinkedRelation(
                    id=row.relation.id,
                    head=row.relation.head,
                    tail=row.relation.tail,
                    type=row.relation.type,
                    symmetric=row.relation.type in rows.document.symmetric,
                    score=row.relation.score,
                    supports=row.relation.id in self._supports,
                )
                for row in rows.evidence
            ),
        )

    def change_links(self, change: LinkChange) -> LinkCounts:
        left_entities = {self._refers_to[mention] for mention in change.refers_to if mention in self._refers_to}
        for mention, entity in change.refers_to.items():
            self._refer(mention, entity)
        for relation, fact in change.supports.items():
            if old := self._supports.pop(relation, None):
                self._evidence[old].discard(relation)
            if fact:
                self._supports[relation] = fact
                self._evidence[fact].add(relation)
        for document in change.linked:
            self._unlinked.pop(document, None)
        return LinkCounts(self._change_facts(change.facts), self._delete_unused(left_entities))

    def _change_facts(self, changes: Iterable[FactChange]) -> FactCounts:
        created = updated = deleted = 0
        for change in changes:
            new = change.fact not in self._facts
            sums = self._facts.setdefault(change.fact, _FactSums())
            sums.support += change.support
            sums.documents += change.documents
            sums.weight += change.weight
            gone = sums.support == 0
            if gone:
                del self._facts[change.fact]
            created += new and not gone
            deleted += gone and not new
            updated += not new and not gone
        return FactCounts(created, updated, deleted)

    def documents_after(self, document: DocumentId, limit: int) -> Sequence[DocumentId]:
        return sorted(id for id in self._documents if id > document)[:limit]

    def documents_naming(self, names: Collection[NameId], document: DocumentId, limit: int) -> Sequence[DocumentId]:
        mentions = (mention for name in names for mention in self._mentions_named.get(name, ()))
        return sorted({id for mention in mentions if (id := self._document_of[mention]) > document})[:limit]

    def mentions(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, list[tuple[Mention, Naming]]]:
        return {
            id: [(row.mention, row.naming) for row in self._documents[id].mentions]
            for id in documents
            if id in self._documents
        }

    def rename(self, document: DocumentId, namings: Mapping[MentionId, Naming], change: Uncounted) -> None:
        rows = self._documents[document]
        self._note(document, change.uses, change.resolver)
        for row in rows.mentions:
            self._mentions_named[row.naming.name].discard(row.mention.id)
        renamed = tuple(replace(row, naming=namings.get(row.mention.id, row.naming)) for row in rows.mentions)
        self._documents[document] = replace(rows, mentions=renamed, resolver=change.resolver)
        for row in renamed:
            self._mentions_named[row.naming.name].add(row.mention.id)

    # -- reading -------------------------------------------------------------------------------------------------------

    def totals(self) -> Totals:
        with self._lock:
            return Totals(len(self._entities), len(self._facts))

    def counts(self) -> GraphCounts:
        with self._lock:
            documents = self._documents.values()
            return GraphCounts(
                documents=len(documents),
                chunks=sum(len(rows.chunks) for rows in documents),
                mentions=sum(len(rows.mentions) for rows in documents),
                entities=len(self._entities),
                evidence=sum(len(rows.evidence) for rows in documents),
                facts=len(self._facts),
                entities_by_type=_tally(entity.type for entity in self._entities.values()),
                facts_by_type=_tally(fact.type for fact in self._facts),
            )

    def graph(self) -> Subgraph:
        with self._lock:
            return self._subgraph(lambda _: True)

    def statements(self) -> tuple[Statement, ...]:
        with self._lock:
            names: defaultdict[tuple[str, EntityId], set[str]] = defaultdict(set)
            for rows in self._documents.values():
                for row in rows.mentions:
                    if row.mention.antecedent is None and row.mention.id in self._refers_to:
                        names[rows.document.uri, self._refers_to[row.mention.id]].add(row.mention.text)
            symmetric = {type for rows in self._documents.values() for type in rows.document.symmetric}
            return statements(self.graph(), names, symmetric)

    def around(self, name: str, *, hops: int) -> Subgraph:
        with self._lock:
            reached = {record.entity for record in self.names_under([form_key(name)]) if record.entity}
            for _ in range(hops):
                reached |= {fact.tail for fact in self._facts if fact.head in reached} | {
                    fact.head for fact in self._facts if fact.tail in reached
                }
            return self._subgraph(reached.__contains__)

    def _subgraph(self, wanted: Callable[[EntityId], bool]) -> Subgraph:
        passages = self._passages()
        return Subgraph(
            entities=tuple(entity for id, entity in sorted(self._entities.items()) if wanted(id)),
            facts=tuple(
                (self._fact(key), tuple(passages[key]))
                for key in sorted(self._facts, key=lambda key: key.id)
                if wanted(key.head) and wanted(key.tail)
            ),
        )

    def _fact(self, key: FactKey) -> Fact:
        head, tail = key.head, key.tail
        if key.symmetric and self._refers_to[self._relations[min(self._evidence[key])].head] == tail:
            head, tail = tail, head
        sums = self._facts[key]
        return Fact(key.id, head, tail, key.type, sums.support, sums.documents, confidence(sums.weight))

    def _passages(self) -> dict[FactKey, list[Passage]]:
        passages: dict[FactKey, list[Passage]] = {fact: [] for fact in self._facts}
        for rows in sorted(self._documents.values(), key=lambda rows: rows.document.uri):
            for passage in _document_passages(rows):
                if passage.relation in self._supports:
                    passages[self._supports[passage.relation]].append(passage)
        return passages

    def close(self) -> None:
        """Nothing to do."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _tally(types: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(types).items()))


def _document_passages(rows: DocumentRows) -> list[Passage]:
    chunks = {chunk.id: chunk for chunk in rows.chunks}
    quotes = {
        row.mention.id: Quote(row.mention.text, row.mention.span.start, row.mention.span.end) for row in rows.mentions
    }
    passages = [
        Passage(
            relation=row.relation.id,
            document=rows.document.uri,
            start=row.span.start,
            end=row.span.end,
            text=chunks[row.chunk].text,
            text_start=chunks[row.chunk].span.start,
            head=quotes[row.relation.head],
            tail=quotes[row.relation.tail],
            score=row.relation.score,
            place=row.location.name if row.location else None,
            page=row.location.page if row.location else None,
        )
        for row in rows.evidence
    ]
    return sorted(passages, key=passage_order)
