"""Reading the graph from a server."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from relex_kg.graph import cypher, mapping
from relex_kg.graph.driver import Row, Transaction
from relex_kg.graph.names import form_key
from relex_kg.graph.server_settling import ServerNames
from relex_kg.graph.store import GraphCounts, Passage, Statement, Subgraph, passage_order
from relex_kg.graph.store import statements as collect_statements
from relex_kg.ids import EntityId, FactId
from relex_kg.types import Entity, Fact


def counts(transaction: Transaction) -> GraphCounts:
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


def graph(transaction: Transaction) -> Subgraph:
    entities = [mapping.entity(row) for row in transaction.rows(cypher.ENTITIES)]
    return _subgraph(transaction, entities, _facts(transaction.rows(cypher.FACTS)))


def statements(transaction: Transaction) -> tuple[Statement, ...]:
    names = {
        (row["document"], EntityId(row["entity"])): row["names"] for row in transaction.rows(cypher.NAMES_IN_DOCUMENTS)
    }
    symmetric = {row["type"] for row in transaction.rows(cypher.SYMMETRIC_TYPES)}
    return collect_statements(graph(transaction), names, symmetric)


def around(transaction: Transaction, name: str, hops: int) -> Subgraph:
    records = ServerNames(transaction).names_under([form_key(name)])
    reached = {record.entity for record in records if record.entity}
    frontier = reached
    for _ in range(hops):
        frontier = {EntityId(row["id"]) for row in transaction.each(cypher.NEIGHBOURS, sorted(frontier))} - reached
        reached = reached | frontier
    return _subgraph(transaction, _entities(transaction, reached), _facts_among(transaction, reached))


def selected(transaction: Transaction, entities: set[EntityId], facts: set[FactId]) -> Subgraph:
    ends = transaction.each(cypher.ENDS_OF_FACTS, sorted(facts))
    entities = entities | {EntityId(row[end]) for row in ends for end in ("head", "tail")}
    among = [fact for fact in _facts_among(transaction, entities) if fact.id in facts]
    return _subgraph(transaction, _entities(transaction, entities), among)


def _facts(rows: Iterable[Row]) -> list[Fact]:
    return [mapping.fact(row) for row in rows]


def _entities(transaction: Transaction, ids: Collection[EntityId]) -> list[Entity]:
    return [mapping.entity(row) for row in transaction.each(cypher.ENTITIES_BY_ID, sorted(ids))]


def _facts_among(transaction: Transaction, entities: Collection[EntityId]) -> list[Fact]:
    facts = _facts(transaction.each(cypher.FACTS_FROM_ENTITIES, sorted(entities)))
    return [fact for fact in facts if fact.tail in entities]


def _subgraph(transaction: Transaction, entities: Sequence[Entity], facts: Sequence[Fact]) -> Subgraph:
    passages: dict[FactId, list[Passage]] = defaultdict(list)
    for row in transaction.each(cypher.PASSAGES, sorted(fact.id for fact in facts)):
        passages[row["fact"]].append(mapping.passage(row))
    return Subgraph(
        entities=tuple(sorted(entities, key=lambda entity: entity.id)),
        facts=tuple(
            (fact, tuple(sorted(passages[fact.id], key=passage_order)))
            for fact in sorted(facts, key=lambda fact: fact.id)
        ),
    )
