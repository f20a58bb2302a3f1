"""Why names are one, or two, and what a reviewer decides about it.

The rules propose, a reviewer decides. Decisions are kept in the graph, in force for everyone who settles it, beside
those of a ``--decisions`` file. They name names, not entities, so they survive when documents are read again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from relex_kg.canon.decisions import Decision, Decisions
from relex_kg.canon.keys import lookups
from relex_kg.canon.names import Name
from relex_kg.canon.resolver import Resolver
from relex_kg.canon.shown import best_form
from relex_kg.canon.similarity import compare, likeness
from relex_kg.errors import DecisionError
from relex_kg.graph.names import NameRecord, form_key
from relex_kg.graph.settling import NameLayer
from relex_kg.graph.store import KeptDecision, Store
from relex_kg.ids import EntityId, NameId
from relex_kg.settlement.report import SettleReport
from relex_kg.settlement.run import settle
from relex_kg.types import Entity, Listed, Merge

_LEAST_LIKENESS = 0.8  # from which two names that no rule joins are worth a reviewer's look


def reviewed(resolver: Resolver, store: Store) -> Resolver:
    """The resolver, with the decisions that the graph keeps.

    Raises:
        DecisionError: one of these contradicts the resolver's own.
    """
    decisions = store.decisions()
    return resolver.including(_as_decisions(decisions)) if decisions else resolver


def _as_decisions(decisions: Sequence[KeptDecision]) -> Decisions:
    def said(*, linked: bool) -> tuple[Decision, ...]:
        return tuple(
            Decision(decision.names[0].type, decision.names, place_of(decision))
            for decision in decisions
            if decision.linked == linked
        )

    return Decisions(said(linked=True), said(linked=False))


def place_of(decision: KeptDecision) -> str:
    """How errors name a decision that the graph keeps."""
    return f"decision {decision.id[:8]} of the graph"


def decide(
    store: Store, resolver: Resolver, names: Sequence[Listed], *, linked: bool
) -> tuple[KeptDecision, SettleReport | None]:
    """Keep a decision in the graph, and settle what it changes.

    Args:
        store: the graph.
        resolver: with the decisions of files; those that the graph keeps are added here.
        names: two or more, in any order.
        linked: whether they are one; else no two of them are.

    Returns:
        the decision, and what changed.

    Raises:
        DecisionError: it contradicts another one, or is on fewer than two names; nothing is changed then.
    """
    decision = KeptDecision(linked, tuple(sorted(names)), datetime.now(UTC).isoformat(timespec="seconds"))
    others = [other for other in store.decisions() if other.id != decision.id]
    new_resolver = resolver.including(_as_decisions([*others, decision]))
    store.keep_decision(decision)
    return decision, settle(store, new_resolver)


def undo(store: Store, resolver: Resolver, id: str) -> tuple[KeptDecision, SettleReport | None]:
    """Forget the one decision whose id begins with ``id``, and settle what that changes.

    Raises:
        DecisionError: there is none, or several.
    """
    meant = [decision for decision in store.decisions() if decision.id.startswith(id)]
    if len(meant) != 1:
        raise DecisionError(
            f"{len(meant) or 'no'} decisions of the graph have an id that begins with '{id}'",
            fix="take an id from 'relex-kg decisions'",
        )
    store.forget_decision(meant[0].id)
    return meant[0], settle(store, reviewed(resolver, store))


def types_of(store: Store, name: str) -> tuple[str, ...]:
    """The types of the entities that have this name or alias, in any case."""
    records = store.look_at_names(lambda layer: layer.names_under([form_key(name)]))
    return tuple(sorted({record.type for record in records}))


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Two names of different entities that might be one.

    Attributes:
        name: of the entity that is explained.
        other: the other one.
        entity: the entity that has it.
        reason: why the two are not one.
        score: of the rule that would take them for one, or how much of their letters is the same.
    """

    name: str
    other: str
    entity: Entity
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an entity has its names.

    Attributes:
        entity: the entity.
        forms: how many mentions have each form as their full name.
        merges: each pair of forms that a rule or a decision takes for one, with the number of mentions that rest on it
            where that is told (short forms within a document), else 0.
        near_misses: the likeliest first.
    """

    entity: Entity
    forms: dict[str, int]
    merges: tuple[tuple[Merge, int], ...]
    near_misses: tuple[NearMiss, ...]


def explain(store: Store, resolver: Resolver, name: str, *, type: str | None = None) -> tuple[Explanation, ...]:
    """Explain each entity that has this name or alias (in any case), those with most mentions first.

    Args:
        store: the graph, settled.
        resolver: as settling used it.
        name: the name.
        type: only entities of this type.
    """

    def look(layer: NameLayer) -> list[Explanation]:
        records = layer.names_under([form_key(name)])
        entities = layer.entities({record.entity for record in records if record.entity}).values()
        return [_explain(layer, resolver, entity) for entity in entities if type in (None, entity.type)]

    explanations = store.look_at_names(look)
    return tuple(sorted(explanations, key=lambda explanation: _order(explanation.entity)))


def _order(entity: Entity) -> tuple[int, str, EntityId]:
    return -entity.mentions, entity.name, entity.id


def _explain(layer: NameLayer, resolver: Resolver, entity: Entity) -> Explanation:
    records = sorted(layer.names_of([entity.id]), key=lambda record: (-record.mentions, record.id))
    read = {record.id: resolver.read(record.type, record.full, record.document) for record in records}
    lead = {record.id: best_form(record.full, read[record.id].kind) for record in records}
    merges: list[tuple[Merge, int]] = []
    forms: dict[str, int] = {}
    for record in records:
        for form, count in sorted(record.full.items(), key=lambda item: (-item[1], item[0])):
            forms[form] = forms.get(form, 0) + count
            if form != lead[record.id]:
                merges.append((Merge(record.type, form, lead[record.id], "equal key", 1.0), 0))
    for use, count in sorted(layer.short_uses(list(read)).items()):
        merges.append((Merge(entity.type, use.surface, lead[use.name], use.rule, use.score), count))
    for left, right in combinations(records, 2):
        pair = (left.type, read[left.id].identity), (right.type, read[right.id].identity)
        if resolver.is_linked(*pair):
            merges.append((Merge(entity.type, lead[left.id], lead[right.id], "must-link", 1.0), 0))
        elif left.type == right.type and (verdict := compare(read[left.id], read[right.id])):
            merges.append((Merge(entity.type, lead[left.id], lead[right.id], verdict.rule, verdict.score), 0))
    misses = _near_misses(layer, resolver, entity, records, read)
    ranked = sorted(misses, key=lambda miss: (-miss.score, miss.name, miss.other))
    return Explanation(entity, forms, tuple(merges), tuple(ranked))


def _near_misses(
    layer: NameLayer,
    resolver: Resolver,
    entity: Entity,
    records: Sequence[NameRecord],
    read: dict[NameId, Name],
) -> Iterator[NearMiss]:
    sought = {key for record in records for key in lookups(record.type, read[record.id])}
    candidates = [record for record in layer.names_under(sought) if record.entity not in (None, entity.id)]
    others = layer.entities({record.entity for record in candidates if record.entity})
    closest: dict[EntityId, NearMiss] = {}
    for candidate in candidates:
        other = others.get(candidate.entity) if candidate.entity else None
        if other is None:
            continue
        other_name = resolver.read(candidate.type, candidate.full, candidate.document)
        for record in (record for record in records if record.type == candidate.type):
            name = read[record.id]
            reason, score = _why_two(resolver, record.type, name, other_name)
            if score >= _LEAST_LIKENESS and (other.id not in closest or closest[other.id].score < score):
                forms = best_form(record.full, name.kind), best_form(candidate.full, other_name.kind)
                closest[other.id] = NearMiss(*forms, other, reason, score)
    yield from closest.values()


def _why_two(resolver: Resolver, type: str, name: Name, other: Name) -> tuple[str, float]:
    verdict = compare(name, other)
    if resolver.is_apart((type, name.identity), (type, other.identity)):
        return "kept apart by a decision", verdict.score if verdict else 1.0
    if verdict:
        return f"{verdict.rule}, but one of them fits others that do not fit each other", verdict.score
    return "no rule takes them for one", likeness(name, other)
