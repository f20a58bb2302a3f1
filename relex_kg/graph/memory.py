"""A store that lives in this process and ends with it: for dry runs, and wherever a server would be too much."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from threading import RLock
from types import TracebackType
from typing import Self

from relex_kg.graph.rows import (
    DocumentRows,
    EntityLayer,
    difference,
    mention_order,
    stale_mentions,
    stale_relations,
)
from relex_kg.graph.store import (
    DocumentState,
    GraphCounts,
    Passage,
    Plan,
    Quote,
    SettleReport,
    Statement,
    Subgraph,
    passage_order,
    statements,
)
from relex_kg.ids import DocumentId, EntityId, FactId, MentionId, RelationId
from relex_kg.types import Entity, Fact


class MemoryStore:
    """The graph in dictionaries."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._documents: dict[DocumentId, DocumentRows] = {}
        self._pending: set[DocumentId] = set()
        self._resolver: str | None = None
        self._entities: Mapping[EntityId, Entity] = {}
        self._facts: dict[FactId, Fact] = {}
        self._refers_to: dict[MentionId, EntityId] = {}
        self._supports: dict[RelationId, FactId] = {}

    def prepare(self) -> None:
        """Nothing to do."""

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        with self._lock:
            return {
                id: DocumentState(row.uri, row.sha256, row.model, row.schema)
                for id, row in sorted((id, rows.document) for id, rows in self._documents.items())
            }

    def replace_document(self, rows: DocumentRows) -> None:
        with self._lock:
            old = self._documents.get(rows.document.id)
            if old:
                stale = stale_mentions({row.mention.id: row.mention.text for row in old.mentions}, rows)
                ends = {row.relation.id: (row.relation.head, row.relation.tail) for row in old.evidence}
                self._forget(stale, stale_relations(ends, stale, rows))
            self._documents[rows.document.id] = rows
            self._pending.add(rows.document.id)

    def remove_document(self, document: DocumentId) -> bool:
        with self._lock:
            old = self._documents.pop(document, None)
            if old is None:
                return False
            self._forget({row.mention.id for row in old.mentions}, {row.relation.id for row in old.evidence})
            self._pending.add(document)
            return True

    def _forget(self, mentions: Collection[MentionId], relations: Collection[RelationId]) -> None:
        for mention in mentions:
            self._refers_to.pop(mention, None)
        for relation in relations:
            self._supports.pop(relation, None)
        supported = set(self._supports.values())
        self._facts = {id: fact for id, fact in self._facts.items() if id in supported}

    def unsettled(self, fingerprint: str) -> bool:
        with self._lock:
            return bool(self._pending) or self._resolver != fingerprint

    def settle(self, plan: Plan, fingerprint: str) -> SettleReport:
        with self._lock:
            current = self._layer()
            planned = plan(current)
            self._entities = planned.entities
            self._refers_to = dict(planned.refers_to)
            self._facts = dict(planned.facts)
            self._supports = dict(planned.supports)
            self._pending.clear()
            self._resolver = fingerprint
            return SettleReport.of(difference(current, planned), planned)

    def _layer(self) -> EntityLayer:
        mentions = [row.mention for rows in self._documents.values() for row in rows.mentions]
        relations = [row.relation for rows in self._documents.values() for row in rows.evidence]
        return EntityLayer(
            mentions=tuple(sorted(mentions, key=mention_order)),
            relations=tuple(sorted(relations, key=lambda relation: relation.id)),
            entities=self._entities,
            refers_to=self._refers_to,
            facts=self._facts,
            supports=self._supports,
            symmetric=frozenset(type for rows in self._documents.values() for type in rows.document.symmetric),
        )

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
                facts_by_type=_tally(fact.type for fact in self._facts.values()),
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
            return statements(self.graph(), names, self._layer().symmetric)

    def around(self, name: str, *, hops: int) -> Subgraph:
        with self._lock:
            wanted = name.lower()
            reached = {
                entity.id
                for entity in self._entities.values()
                if wanted in {text.lower() for text in (entity.name, *entity.aliases)}
            }
            for _ in range(hops):
                facts = self._facts.values()
                reached |= {fact.tail for fact in facts if fact.head in reached} | {
                    fact.head for fact in facts if fact.tail in reached
                }
            return self._subgraph(reached.__contains__)

    def _subgraph(self, wanted: Callable[[EntityId], bool]) -> Subgraph:
        passages = self._passages()
        return Subgraph(
            entities=tuple(entity for id, entity in sorted(self._entities.items()) if wanted(id)),
            facts=tuple(
                (fact, tuple(passages[id]))
                for id, fact in sorted(self._facts.items())
                if wanted(fact.head) and wanted(fact.tail)
            ),
        )

    def _passages(self) -> dict[FactId, list[Passage]]:
        passages: dict[FactId, list[Passage]] = {fact: [] for fact in self._facts}
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
        )
        for row in rows.evidence
    ]
    return sorted(passages, key=passage_order)
