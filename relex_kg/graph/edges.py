"""Facts on a server: the edges between entities, kept in line with the evidence that supports them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from relex_kg.graph import cypher
from relex_kg.graph.driver import Row, Transaction
from relex_kg.graph.facts import FactChange, FactCounts, FactKey, confidence
from relex_kg.ids import EntityId


def change_facts(transaction: Transaction, changes: Iterable[FactChange]) -> FactCounts:
    """Add to the sums of facts, delete those that nothing supports any more, and turn symmetric ones as they should be.

    The evidence and its mentions' entities are as they will be already.
    """
    by_kind: defaultdict[tuple[str, bool], list[FactChange]] = defaultdict(list)
    for change in changes:
        by_kind[change.fact.type, change.fact.symmetric].append(change)
    counts = [
        _change_facts_of_type(transaction, type, symmetric=symmetric, changes=group)
        for (type, symmetric), group in sorted(by_kind.items())
    ]
    return FactCounts(
        created=sum(of_type.created for of_type in counts),
        updated=sum(of_type.updated for of_type in counts),
        deleted=sum(of_type.deleted for of_type in counts),
    )


def _change_facts_of_type(
    transaction: Transaction, type: str, *, symmetric: bool, changes: Sequence[FactChange]
) -> FactCounts:
    keys = [_row(change.fact, change.fact.head) for change in changes]
    edges = {row["id"]: row for row in transaction.each(cypher.sums_of_facts(type, symmetric=symmetric), keys)}
    heads = _heads(transaction, changes) if symmetric else {}
    created, updated, turned, deleted = [], [], [], []
    for change in changes:
        edge = edges.get(change.fact.id)
        head = heads.get(change.fact, change.fact.head)
        row = _row(change.fact, head) | {"properties": _sums(change, edge)}
        if not row["properties"]["support"]:
            deleted += [row] if edge else []
        elif edge is None:
            created.append(row)
        elif edge["head"] != head:
            turned.append(row)
        else:
            updated.append(row)
    transaction.each(cypher.delete_facts(type, symmetric=symmetric), [*deleted, *turned])
    transaction.each(cypher.create_facts(type), [*created, *turned])
    transaction.each(cypher.update_facts(type, symmetric=symmetric), updated)
    return FactCounts(len(created), len(updated) + len(turned), len(deleted))


def _heads(transaction: Transaction, changes: Sequence[FactChange]) -> dict[FactKey, EntityId]:
    """Where symmetric facts start: at the head of the relation with the least id among those that support them."""
    facts = {change.fact.id: change.fact for change in changes}
    return {facts[row["id"]]: row["head"] for row in transaction.each(cypher.FIRST_EVIDENCE, sorted(facts))}


def _row(fact: FactKey, head: EntityId) -> Row:
    return {"id": fact.id, "head": head, "tail": fact.tail if head == fact.head else fact.head}


def _sums(change: FactChange, edge: Row | None) -> Row:
    old = edge or {"support": 0, "documents": 0, "weight": 0}
    weight = old["weight"] + change.weight
    return {
        "support": old["support"] + change.support,
        "documents": old["documents"] + change.documents,
        "weight": weight,
        "confidence": confidence(weight),
    }
