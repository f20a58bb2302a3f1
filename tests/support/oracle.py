"""The graph of a corpus, worked out all at once: what any history of a store must come to after settling.

It resolves every mention of every document together (:meth:`relex_kg.canon.resolver.Resolver.resolve`) and sums up the
facts from scratch. It is slow, simple, and shares nothing with settling but the rules.
"""

from collections import defaultdict
from collections.abc import Collection

from relex_kg.canon.resolver import Resolver
from relex_kg.graph.facts import confidence, weight
from relex_kg.graph.rows import DocumentRows
from relex_kg.graph.store import Subgraph

Thing = tuple[object, ...]


def expected(corpus: Collection[DocumentRows], resolver: Resolver) -> tuple[list[Thing], list[Thing]]:
    """Entities and facts of the corpus, without ids that depend on history."""
    clusters = resolver.resolve(row.mention for rows in corpus for row in rows.mentions).clusters
    entities = [
        (one.type, one.name, one.aliases, len(one.mentions), one.value or "", one.external_id or "") for one in clusters
    ]
    cluster_of = {mention: place for place, one in enumerate(clusters) for mention in one.mentions}
    evidence = defaultdict(list)
    for rows in corpus:
        for row in rows.evidence:
            relation = row.relation
            ends = cluster_of[relation.head], cluster_of[relation.tail]
            symmetric = relation.type in rows.document.symmetric
            if ends[0] != ends[1]:
                evidence[tuple(sorted(ends)) if symmetric else ends, relation.type, symmetric].append(
                    (relation.id, ends, rows.document.uri, relation.score)
                )
    facts = []
    for (_, type, _), relations in evidence.items():
        _, (head, tail), _, _ = min(relations)
        best: defaultdict[str, float] = defaultdict(float)
        for _, _, uri, score in relations:
            best[uri] = max(best[uri], score)
        total = sum(map(weight, best.values()))
        support = sorted(relation for relation, *_ in relations)
        facts.append((entities[head], type, entities[tail], len(relations), len(best), confidence(total), support))
    return sorted(entities), sorted(facts)


def shape(graph: Subgraph) -> tuple[list[Thing], list[Thing]]:
    """The same of a store's graph."""
    entities = {
        one.id: (one.type, one.name, one.aliases, one.mentions, one.value or "", one.external_id or "")
        for one in graph.entities
    }
    facts = [
        (
            entities[fact.head],
            fact.type,
            entities[fact.tail],
            fact.support,
            fact.documents,
            fact.confidence,
            sorted(passage.relation for passage in passages),
        )
        for fact, passages in graph.facts
    ]
    return sorted(entities.values()), sorted(facts)
