"""The store behind a Bolt address: one implementation for Neo4j and for the embedded server."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from relex_kg.graph import cypher
from relex_kg.graph.driver import Connection, Row, Transaction
from relex_kg.graph.rows import (
    DocumentRow,
    DocumentRows,
    EntityLayer,
    EvidenceRow,
    LayerDifference,
    MentionRow,
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
from relex_kg.graph.values import plain, touched
from relex_kg.ids import DocumentId, EntityId, FactId, MentionId, RelationId
from relex_kg.types import Chunk, Entity, Fact, Mention, Relation, Span

Typed = TypeVar("Typed", Entity, Fact)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """A query's columns, and its rows in the columns' order; nodes, relationships and paths are plain dicts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


class BoltStore:
    """The graph on a server. ``resources`` are closed with the store, last in first out."""

    def __init__(self, connection: Connection, resources: ExitStack) -> None:
        self._connection = connection
        self._resources = resources

    @property
    def name(self) -> str:
        return self._connection.dialect.name

    def prepare(self) -> None:
        for statement in (*self._connection.dialect.schema, cypher.LOCK):
            # One transaction each: Neo4j does not let a transaction change both the schema and the data.
            self._connection.run(statement)

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        rows = self._connection.read(lambda transaction: transaction.rows(cypher.DOCUMENTS))
        return {
            DocumentId(row["id"]): DocumentState(row["uri"], row["sha256"], row["model"], row["schema"]) for row in rows
        }

    def replace_document(self, rows: DocumentRows) -> None:
        self._connection.write(lambda transaction: _replace_document(transaction, rows))

    def remove_document(self, document: DocumentId) -> bool:
        return self._connection.write(lambda transaction: _remove_document(transaction, document))

    def unsettled(self, fingerprint: str) -> bool:
        [row] = self._connection.read(lambda transaction: transaction.rows(cypher.UNSETTLED))
        return bool(row["pending"]) or row["resolver"] != fingerprint

    def settle(self, plan: Plan, fingerprint: str) -> SettleReport:
        return self._connection.write(lambda transaction: _settle(transaction, plan, fingerprint))

    def counts(self) -> GraphCounts:
        return self._connection.read(_counts)

    def graph(self) -> Subgraph:
        return self._connection.read(_graph)

    def statements(self) -> tuple[Statement, ...]:
        return self._connection.read(_statements)

    def around(self, name: str, *, hops: int) -> Subgraph:
        return self._connection.read(lambda transaction: _around(transaction, name, hops))

    def query(self, statement: str, parameters: Mapping[str, object], *, timeout: float) -> QueryResult:
        """Run a Cypher statement that reads the graph.

        Args:
            statement: may not change the graph.
            parameters: the values of the statement's ``$names``.
            timeout: seconds after which to give up.

        Raises:
            QueryError: the statement is wrong, tries to write, or takes too long.
        """
        result = self._connection.query(statement, parameters, timeout=timeout)
        return QueryResult(
            columns=tuple(result.keys),
            rows=tuple(tuple(plain(value) for value in record.values()) for record in result.records),
        )

    def query_graph(self, statement: str, parameters: Mapping[str, object], *, timeout: float) -> Subgraph:
        """The entities and facts among a query's results (alone, in lists or in paths), and the facts' ends."""
        result = self._connection.query(statement, parameters, timeout=timeout)
        found = {item for record in result.records for value in record.values() for item in touched(value)}
        entities = {EntityId(id) for kind, id in found if kind == "entity"}
        facts = {FactId(id) for kind, id in found if kind == "fact"}
        return self._connection.read(lambda transaction: _selected(transaction, entities, facts))

    def close(self) -> None:
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# -- one document ------------------------------------------------------------------------------------------------------


def _replace_document(transaction: Transaction, rows: DocumentRows) -> None:
    transaction.rows(cypher.LOCK)
    document = rows.document.id
    chunks = {row["id"] for row in transaction.rows(cypher.OLD_CHUNKS, document=document)}
    mentions = {row["id"]: row["text"] for row in transaction.rows(cypher.OLD_MENTIONS, document=document)}
    evidence = {
        row["id"]: (row["head"], row["tail"]) for row in transaction.rows(cypher.OLD_EVIDENCE, document=document)
    }
    stale = stale_mentions(mentions, rows)
    stale_evidence = stale_relations(evidence, stale, rows)
    _drop_support(transaction, stale_evidence)

    new_evidence = {row.relation.id for row in rows.evidence}
    transaction.each(cypher.DELETE_EVIDENCE, sorted(evidence.keys() - new_evidence))
    transaction.each(cypher.CLEAR_FACTS, sorted(stale_evidence & new_evidence))
    transaction.each(cypher.UNPLACE_EVIDENCE, sorted(evidence.keys() & new_evidence))

    new_mentions = {row.mention.id for row in rows.mentions}
    transaction.each(cypher.DELETE_MENTIONS, sorted(mentions.keys() - new_mentions))
    transaction.each(cypher.CLEAR_ENTITIES, sorted(stale & new_mentions))
    transaction.each(cypher.UNPLACE_MENTIONS, sorted(mentions.keys() & new_mentions))

    transaction.each(cypher.DELETE_CHUNKS, sorted(chunks - {chunk.id for chunk in rows.chunks}))
    _write_document(transaction, rows)


def _write_document(transaction: Transaction, rows: DocumentRows) -> None:
    document = rows.document.id
    transaction.rows(cypher.WRITE_DOCUMENT, document=document, properties=_document_properties(rows.document))
    transaction.each(cypher.WRITE_CHUNKS, [_chunk_row(chunk) for chunk in rows.chunks], document=document)
    transaction.each(cypher.WRITE_MENTIONS, [_mention_row(row) for row in rows.mentions])
    transaction.each(cypher.WRITE_EVIDENCE, [_evidence_row(row) for row in rows.evidence])
    transaction.rows(cypher.MARK_PENDING, document=document)


def _remove_document(transaction: Transaction, document: DocumentId) -> bool:
    transaction.rows(cypher.LOCK)
    chunks = [row["id"] for row in transaction.rows(cypher.OLD_CHUNKS, document=document)]
    mentions = [row["id"] for row in transaction.rows(cypher.OLD_MENTIONS, document=document)]
    evidence = [row["id"] for row in transaction.rows(cypher.OLD_EVIDENCE, document=document)]
    _drop_support(transaction, evidence)
    transaction.each(cypher.DELETE_EVIDENCE, sorted(evidence))
    transaction.each(cypher.DELETE_MENTIONS, sorted(mentions))
    transaction.each(cypher.DELETE_CHUNKS, sorted(chunks))
    found = bool(transaction.rows(cypher.DELETE_DOCUMENT, document=document))
    if found:
        transaction.rows(cypher.MARK_PENDING, document=document)
    return found


def _drop_support(transaction: Transaction, evidence: Collection[RelationId]) -> None:
    """Let the evidence support nothing any more, and delete the facts that nothing supports then."""
    facts = {row["id"]: row for row in transaction.each(cypher.FACTS_OF_EVIDENCE, sorted(evidence))}
    transaction.each(cypher.CLEAR_FACTS, sorted(evidence))
    supported = {row["id"] for row in transaction.each(cypher.SUPPORTED_FACTS, sorted(facts))}
    transaction.each(cypher.DELETE_UNSUPPORTED_FACTS, [facts[id] for id in sorted(facts.keys() - supported)])


def _document_properties(document: DocumentRow) -> Row:
    return {
        "uri": document.uri,
        "title": document.title,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "ingested_at": document.ingested_at,
        "model": document.model,
        "schema": document.schema,
        "symmetric": list(document.symmetric),
    }


def _chunk_row(chunk: Chunk) -> Row:
    properties = {"index": chunk.index, "start": chunk.span.start, "end": chunk.span.end, "text": chunk.text}
    return {"id": chunk.id, "properties": properties}


def _mention_row(row: MentionRow) -> Row:
    mention = row.mention
    properties = {
        "start": mention.span.start,
        "end": mention.span.end,
        "text": mention.text,
        "type": mention.type,
        "score": mention.score,
        "reference": mention.is_reference,
        "antecedent": mention.antecedent,
    }
    return {"id": mention.id, "chunk": row.chunk, "properties": properties}


def _evidence_row(row: EvidenceRow) -> Row:
    relation = row.relation
    properties = {"type": relation.type, "score": relation.score, "start": row.span.start, "end": row.span.end}
    return {
        "id": relation.id,
        "chunk": row.chunk,
        "head": relation.head,
        "tail": relation.tail,
        "properties": properties,
    }


# -- the entity layer --------------------------------------------------------------------------------------------------


def _settle(transaction: Transaction, plan: Plan, fingerprint: str) -> SettleReport:
    transaction.rows(cypher.LOCK)
    current = _layer(transaction)
    planned = plan(current)
    change = difference(current, planned)
    _apply(transaction, change, current)
    transaction.rows(cypher.CLEAR_PENDING)
    transaction.rows(cypher.FINISH_SETTLING, fingerprint=fingerprint)
    return SettleReport.of(change, planned)


def _layer(transaction: Transaction) -> EntityLayer:
    mentions = transaction.rows(cypher.LAYER_MENTIONS)
    relations = transaction.rows(cypher.LAYER_RELATIONS)
    return EntityLayer(
        mentions=tuple(sorted(map(_mention, mentions), key=mention_order)),
        relations=tuple(sorted(map(_relation, relations), key=lambda relation: relation.id)),
        entities={row["id"]: _entity(row) for row in transaction.rows(cypher.LAYER_ENTITIES)},
        refers_to={row["id"]: row["entity"] for row in mentions if row["entity"] is not None},
        facts={fact.id: fact for fact in _facts(transaction.rows(cypher.LAYER_FACTS))},
        supports={row["id"]: row["fact"] for row in relations if row["fact"] is not None},
        symmetric=frozenset(row["type"] for row in transaction.rows(cypher.LAYER_SYMMETRIC)),
    )


def _apply(transaction: Transaction, change: LayerDifference, current: EntityLayer) -> None:
    for type, facts in _by_type(change.facts_deleted):
        transaction.each(cypher.delete_facts(type), [_fact_row(fact) for fact in facts])
    for type, entities in _by_type(change.entities_created):
        transaction.each(cypher.create_entities(type), [_entity_row(entity) for entity in entities])
    _retype(transaction, change)
    transaction.each(cypher.UPDATE_ENTITIES, [_entity_row(entity) for entity in change.entities_updated])
    transaction.each(cypher.CLEAR_ENTITIES, [mention for mention in change.refers_to if mention in current.refers_to])
    moves = [{"mention": mention, "entity": entity} for mention, entity in change.refers_to.items()]
    transaction.each(cypher.MOVE_MENTIONS, moves)
    for type, facts in _by_type(change.facts_created):
        transaction.each(cypher.create_facts(type), [_fact_row(fact) for fact in facts])
    for type, facts in _by_type(change.facts_updated):
        transaction.each(cypher.update_facts(type), [_fact_row(fact) for fact in facts])
    supports = change.supports.items()
    transaction.each(cypher.CLEAR_FACTS, [relation for relation, fact in supports if fact is None])
    transaction.each(
        cypher.SET_FACTS_OF_EVIDENCE,
        [{"id": relation, "fact": fact} for relation, fact in supports if fact is not None],
    )
    transaction.each(cypher.DELETE_ENTITIES, change.entities_deleted)


def _retype(transaction: Transaction, change: LayerDifference) -> None:
    ids: dict[tuple[str, str], list[EntityId]] = defaultdict(list)
    for entity in change.entities_updated:
        if entity.id in change.retyped:
            ids[change.retyped[entity.id], entity.type].append(entity.id)
    for (old, new), entities in sorted(ids.items()):
        transaction.each(cypher.retype_entities(old, new), entities)


def _by_type(items: Sequence[Typed]) -> list[tuple[str, list[Typed]]]:
    groups: dict[str, list[Typed]] = defaultdict(list)
    for item in items:
        groups[item.type].append(item)
    return sorted(groups.items())


def _entity_row(entity: Entity) -> Row:
    properties = {
        "name": entity.name,
        "type": entity.type,
        "aliases": list(entity.aliases),
        "mentions": entity.mentions,
        "value": entity.value,
        "external_id": entity.external_id,
    }
    return {"id": entity.id, "properties": properties}


def _fact_row(fact: Fact) -> Row:
    properties = {"support": fact.support, "documents": fact.documents, "confidence": fact.confidence}
    return {"id": fact.id, "head": fact.head, "tail": fact.tail, "properties": properties}


def _mention(row: Row) -> Mention:
    return Mention(
        id=MentionId(row["id"]),
        document_id=DocumentId(row["document"]),
        span=Span(row["start"], row["end"]),
        text=row["text"],
        type=row["type"],
        score=row["score"],
        antecedent=None if row["antecedent"] is None else MentionId(row["antecedent"]),
    )


def _relation(row: Row) -> Relation:
    return Relation(RelationId(row["id"]), MentionId(row["head"]), MentionId(row["tail"]), row["type"], row["score"])


def _entity(row: Row) -> Entity:
    return Entity(
        id=EntityId(row["id"]),
        type=row["type"],
        name=row["name"],
        aliases=tuple(row["aliases"]),
        mentions=row["mentions"],
        value=row["value"],
        external_id=row["external_id"],
    )


def _facts(rows: Iterable[Row]) -> list[Fact]:
    return [
        Fact(
            id=FactId(row["id"]),
            head=EntityId(row["head"]),
            tail=EntityId(row["tail"]),
            type=row["type"],
            support=row["support"],
            documents=row["documents"],
            confidence=row["confidence"],
        )
        for row in rows
    ]


# -- reading -----------------------------------------------------------------------------------------------------------


def _counts(transaction: Transaction) -> GraphCounts:
    def count(statement: str) -> int:
        [row] = transaction.rows(statement)
        return int(row["count"])

    def by_type(statement: str) -> dict[str, int]:
        return {row["type"]: row["count"] for row in transaction.rows(statement)}

    entities, facts = by_type(cypher.COUNT_ENTITIES), by_type(cypher.COUNT_FACTS)
    return GraphCounts(
        documents=count(cypher.COUNT_DOCUMENTS),
        chunks=count(cypher.COUNT_CHUNKS),
        mentions=count(cypher.COUNT_MENTIONS),
        entities=sum(entities.values()),
        evidence=count(cypher.COUNT_EVIDENCE),
        facts=sum(facts.values()),
        entities_by_type=entities,
        facts_by_type=facts,
    )


def _graph(transaction: Transaction) -> Subgraph:
    entities = [_entity(row) for row in transaction.rows(cypher.LAYER_ENTITIES)]
    return _subgraph(transaction, entities, _facts(transaction.rows(cypher.LAYER_FACTS)))


def _statements(transaction: Transaction) -> tuple[Statement, ...]:
    names = {
        (row["document"], EntityId(row["entity"])): row["names"] for row in transaction.rows(cypher.NAMES_IN_DOCUMENTS)
    }
    symmetric = {row["type"] for row in transaction.rows(cypher.LAYER_SYMMETRIC)}
    return statements(_graph(transaction), names, symmetric)


def _around(transaction: Transaction, name: str, hops: int) -> Subgraph:
    reached = {EntityId(row["id"]) for row in transaction.rows(cypher.ENTITIES_NAMED, name=name)}
    frontier = reached
    for _ in range(hops):
        frontier = {EntityId(row["id"]) for row in transaction.each(cypher.NEIGHBOURS, sorted(frontier))} - reached
        reached = reached | frontier
    return _subgraph(transaction, _entities(transaction, reached), _facts_among(transaction, reached))


def _selected(transaction: Transaction, entities: set[EntityId], facts: set[FactId]) -> Subgraph:
    ends = transaction.each(cypher.ENDS_OF_FACTS, sorted(facts))
    entities = entities | {EntityId(row[end]) for row in ends for end in ("head", "tail")}
    among = [fact for fact in _facts_among(transaction, entities) if fact.id in facts]
    return _subgraph(transaction, _entities(transaction, entities), among)


def _entities(transaction: Transaction, ids: Collection[EntityId]) -> list[Entity]:
    return [_entity(row) for row in transaction.each(cypher.ENTITIES_BY_ID, sorted(ids))]


def _facts_among(transaction: Transaction, entities: Collection[EntityId]) -> list[Fact]:
    facts = _facts(transaction.each(cypher.FACTS_FROM_ENTITIES, sorted(entities)))
    return [fact for fact in facts if fact.tail in entities]


def _subgraph(transaction: Transaction, entities: Sequence[Entity], facts: Sequence[Fact]) -> Subgraph:
    passages: dict[FactId, list[Passage]] = defaultdict(list)
    for row in transaction.each(cypher.PASSAGES, sorted(fact.id for fact in facts)):
        passages[row["fact"]].append(_passage(row))
    return Subgraph(
        entities=tuple(sorted(entities, key=lambda entity: entity.id)),
        facts=tuple(
            (fact, tuple(sorted(passages[fact.id], key=passage_order)))
            for fact in sorted(facts, key=lambda fact: fact.id)
        ),
    )


def _passage(row: Row) -> Passage:
    return Passage(
        relation=RelationId(row["relation"]),
        document=row["document"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        text_start=row["text_start"],
        head=Quote(row["head_text"], row["head_start"], row["head_end"]),
        tail=Quote(row["tail_text"], row["tail_start"], row["tail_end"]),
        score=row["score"],
    )
