"""Facts on a server: the edges between entities, kept in line with the evidence that supports them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    ends = {end for group in by_kind.values() for change in group for end in (change.fact.head, change.fact.tail)}
    rows = transaction.each(cypher.MENTIONS_OF_ENTITIES, sorted(ends))
    mentions = {EntityId(row["id"]): int(row["mentions"]) for row in rows}
    counts = [
        _change_facts_of_type(transaction, type, group, mentions, symmetric=symmetric)
        for (type, symmetric), group in sorted(by_kind.items())
    ]
    return FactCounts(
        created=sum(of_type.created for of_type in counts),
        updated=sum(of_type.updated for of_type in counts),
        deleted=sum(of_type.deleted for of_type in counts),
    )


def _change_facts_of_type(
    transaction: Transaction,
    type: str,
    changes: Sequence[FactChange],
    mentions: Mapping[EntityId, int],
    *,
    symmetric: bool,
) -> FactCounts:
    places = [_place(change.fact, mentions) for change in changes]
    edges = {row["id"]: row for row in transaction.each(cypher.sums_of_facts(type), places)}
    heads = _heads(transaction, changes) if symmetric else {}
    created, updated, turned, deleted = [], [], [], []
    for change, place in zip(changes, places, strict=True):
        edge = edges.get(change.fact.id)
        head = heads.get(change.fact, change.fact.head)
        tail = change.fact.tail if head == change.fact.head else change.fact.head
        row = place | {"head": head, "tail": tail, "properties": _sums(change, edge)}
        if not row["properties"]["support"]:
            deleted += [row] if edge else []
        elif edge is None:
            created.append(row)
        elif edge["head"] != head:
            turned.append(row)
        else:
            updated.append(row)
    transaction.each(cypher.delete_facts(type), [*deleted, *turned])
    transaction.each(cypher.create_facts(type), [*created, *turned])
    transaction.each(cypher.update_facts(type), updated)
    return FactCounts(len(created), len(updated) + len(turned), len(deleted))


def _heads(transaction: Transaction, changes: Sequence[FactChange]) -> dict[FactKey, EntityId]:
    """Where symmetric facts start: at the head of the relation with the least id among those that support them."""
    facts = {change.fact.id: change.fact for change in changes}
    return {facts[row["id"]]: row["head"] for row in transaction.each(cypher.FIRST_EVIDENCE, sorted(facts))}


def _place(fact: FactKey, mentions: Mapping[EntityId, int]) -> Row:
    near, far = sorted((fact.head, fact.tail), key=lambda end: mentions[end])
    return {"id": fact.id, "near": near, "far": far}


def _sums(change: FactChange, edge: Row | None) -> Row:
    old = edge or {"support": 0, "documents": 0, "weight": 0}
    weight = old["weight"] + change.weight
    return {
        "support": old["support"] + change.support,
        "documents": old["documents"] + change.documents,
        "weight": weight,
        "confidence": confidence(weight),
    }
