"""The store behind a Bolt address: one implementation for Neo4j and for the embedded server."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, TypeVar

from relex_kg.errors import StoreError
from relex_kg.graph import cypher, mapping, reading
from relex_kg.graph.cypher import Key
from relex_kg.graph.documents import (
    AlreadyThereError,
    add_document,
    describe_document,
    remove_document,
    replace_document,
)
from relex_kg.graph.driver import Connection
from relex_kg.graph.obstacles import described, obstacles, removal, rules
from relex_kg.graph.rows import DocumentRows
from relex_kg.graph.server_settling import ServerNames, ServerSettling
from relex_kg.graph.settling import NameLayer, Settling
from relex_kg.graph.store import DocumentState, GraphCounts, KeptDecision, Statement, Subgraph, Totals
from relex_kg.graph.values import plain, touched
from relex_kg.ids import DecisionId, DocumentId, EntityId, FactId
from relex_kg.types import MetadataValue

T = TypeVar("T")

_APART = "give the graph labels of its own, by a name behind the address (neo4j://localhost:7687#News)"


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

    def prepare(self, *, entity_types: Collection[str] = (), relation_types: Collection[str] = ()) -> None:
        if self._connection.read(lambda transaction: transaction.rows(cypher.WRITTEN_BEFORE_NAMES)):
            raise StoreError(
                "an earlier version of relex-kg wrote this graph, and it keeps no names",
                fix="build it anew, into an empty folder or database",
            )
        prefix = self._connection.prefix
        keys = [replace(key, label=prefix + key.label) for key in self._connection.dialect.keys]
        if self._connection.dialect.shared:
            self._refuse_obstacles(keys, entity_types, relation_types)
        for statement in (*(key.statement() for key in keys), cypher.LOCK):
            # One transaction each: Neo4j does not let a transaction change both the schema and the data.
            self._connection.run(statement)

    def _refuse_obstacles(
        self, keys: Collection[Key], entity_types: Collection[str], relation_types: Collection[str]
    ) -> None:
        """Look for rules and data of others that refuse ours, before anything is written."""
        constraints = rules(self._connection.read(lambda transaction: transaction.rows(cypher.CONSTRAINTS)))
        indexes = rules(self._connection.read(lambda transaction: transaction.rows(cypher.INDEXES)))
        if in_the_way := obstacles(
            constraints,
            indexes,
            keys,
            entity_types=entity_types,
            relation_types=relation_types,
            prefix=self._connection.prefix,
        ):
            raise StoreError(
                f"the database has rules of its own that refuse this graph: {'; '.join(map(described, in_the_way))}",
                cause="other data lives there, under labels or names that the graph uses too",
                fix=f"{_APART}, or remove the rules: {'; '.join(map(removal, in_the_way))}",
            )
        constrained = {(rule.subject, *rule.properties) for rule in constraints}
        for key in keys:
            if key.unique and (key.label, key.field) not in constrained:
                self._refuse_repeated(key)

    def _refuse_repeated(self, key: Key) -> None:
        for row in self._connection.read(lambda transaction: transaction.rows(cypher.repeated(key))):
            raise StoreError(
                f"the database holds several nodes :{key.label} with the {key.field} {row['value']!r}, "
                f"and the graph needs that property to be unique",
                cause="other data lives there, under a label that the graph uses too",
                fix=_APART,
            )

    def documents(self) -> Mapping[DocumentId, DocumentState]:
        return mapping.document_states(self._connection.read(lambda transaction: transaction.rows(cypher.DOCUMENTS)))

    def states(self, documents: Collection[DocumentId]) -> Mapping[DocumentId, DocumentState]:
        ids = sorted(documents)
        return mapping.document_states(self._connection.read(lambda transaction: transaction.each(cypher.STATES, ids)))

    def documents_at(self, uri: str) -> Mapping[DocumentId, DocumentState]:
        rows = self._connection.read(lambda transaction: transaction.rows(cypher.DOCUMENTS_AT, uri=uri))
        return mapping.document_states(rows)

    def replace_document(self, rows: DocumentRows) -> None:
        try:
            self._connection.write(lambda transaction: add_document(transaction, rows))
        except AlreadyThereError:
            self._connection.write(lambda transaction: replace_document(transaction, rows))

    def describe_document(self, document: DocumentId, metadata: Mapping[str, MetadataValue]) -> None:
        self._connection.write(lambda transaction: describe_document(transaction, document, metadata))

    def remove_document(self, document: DocumentId) -> bool:
        return self._connection.write(lambda transaction: remove_document(transaction, document))

    def unsettled(self, resolver: str) -> bool:
        [row] = self._connection.read(lambda transaction: transaction.rows(cypher.UNSETTLED))
        return bool(row["left"]) or row["resolver"] != resolver or row["stage"] is not None

    def settling(self, work: Callable[[Settling], T]) -> T:
        return self._connection.write(lambda transaction: work(ServerSettling(transaction)))

    def look_at_names(self, look: Callable[[NameLayer], T]) -> T:
        return self._connection.read(lambda transaction: look(ServerNames(transaction)))

    def decisions(self) -> tuple[KeptDecision, ...]:
        rows = self._connection.read(lambda transaction: transaction.rows(cypher.DECISIONS))
        return tuple(map(mapping.kept_decision, rows))

    def keep_decision(self, decision: KeptDecision) -> None:
        row = mapping.decision_row(decision)
        self._connection.write(lambda transaction: transaction.rows(cypher.KEEP_DECISION, **row))

    def forget_decision(self, decision: DecisionId) -> bool:
        [row] = self._connection.write(lambda transaction: transaction.rows(cypher.FORGET_DECISION, id=decision))
        return bool(row["count"])

    def totals(self) -> Totals:
        [row] = self._connection.read(lambda transaction: transaction.rows(cypher.TOTALS))
        return Totals(row["entities"], row["facts"])

    def counts(self) -> GraphCounts:
        return self._connection.read(reading.counts)

    def graph(self) -> Subgraph:
        return self._connection.read(reading.graph)

    def statements(self) -> tuple[Statement, ...]:
        return self._connection.read(reading.statements)

    def around(self, name: str, *, hops: int) -> Subgraph:
        return self._connection.read(lambda transaction: reading.around(transaction, name, hops))

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
        found = {
            item
            for record in result.records
            for value in record.values()
            for item in touched(value, f"{self._connection.prefix}Entity")
        }
        entities = {EntityId(id) for kind, id in found if kind == "entity"}
        facts = {FactId(id) for kind, id in found if kind == "fact"}
        return self._connection.read(lambda transaction: reading.selected(transaction, entities, facts))

    def close(self) -> None:
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
