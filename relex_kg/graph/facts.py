"""What documents contribute to facts: whole numbers that add and subtract exactly, in any order.

A document is one witness of a fact, however often it repeats itself, and as sure as the best of its relations. A fact
is doubted as far as all its witnesses are: ``confidence = 1 - product(1 - score)``. Products of floats depend on their
order, so a fact keeps a sum instead, of :func:`weight` over its documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log

from relex_kg.ids import DocumentId, EntityId, FactId, RelationId, fact_id

CONFIDENCE_DIGITS = 6
_SCALE = 2**32
_LEAST_DOUBT = 1e-12  # a score of 1 leaves this much doubt, so that weights stay finite


def weight(score: float) -> int:
    """How much a document whose best relation has this score adds to a fact: ``-ln(1 - score)``, in units of 2^-32."""
    return round(-log(max(1 - score, _LEAST_DOUBT)) * _SCALE)


def confidence(total: int) -> float:
    """How sure a fact is whose documents' weights have this sum: ``1 - exp(-total)``, rounded to six digits."""
    return round(1 - exp(-total / _SCALE), CONFIDENCE_DIGITS)


@dataclass(frozen=True, slots=True, order=True)
class FactKey:
    """Which fact: its ends and type. The ends of a symmetric fact stand in the order of their ids."""

    head: EntityId
    type: str
    tail: EntityId
    symmetric: bool

    @classmethod
    def between(cls, head: EntityId, type: str, tail: EntityId, *, symmetric: bool) -> "FactKey":
        if symmetric and tail < head:
            head, tail = tail, head
        return cls(head, type, tail, symmetric)

    @property
    def id(self) -> FactId:
        return fact_id(self.head, self.type, self.tail)


@dataclass(frozen=True, slots=True)
class Support:
    """That a relation of a document supports a fact."""

    relation: RelationId
    document: DocumentId
    fact: FactKey
    score: float


@dataclass(frozen=True, slots=True)
class FactChange:
    """What is added to a fact's support, documents and weight (or taken off); all 0 where only its evidence changes."""

    fact: FactKey
    support: int
    documents: int
    weight: int


@dataclass(frozen=True, slots=True)
class FactCounts:
    """How many facts were created, updated and deleted."""

    created: int
    updated: int
    deleted: int


def fact_changes(before: Iterable[Support], after: Iterable[Support]) -> tuple[FactChange, ...]:
    """What changes for the facts that documents support, sorted by fact.

    Args:
        before: all that the documents supported.
        after: all that they support now.
    """
    old, new = _by_fact(before), _by_fact(after)
    changes = []
    for fact in sorted(old.keys() | new.keys()):
        was, now = old.get(fact, {}), new.get(fact, {})
        if was != now:
            changes.append(
                FactChange(
                    fact=fact,
                    support=len(now) - len(was),
                    documents=len(_witnesses(now)) - len(_witnesses(was)),
                    weight=sum(_witnesses(now).values()) - sum(_witnesses(was).values()),
                )
            )
    return tuple(changes)


_Relations = dict[RelationId, tuple[DocumentId, float]]


def _by_fact(supports: Iterable[Support]) -> Mapping[FactKey, _Relations]:
    facts: defaultdict[FactKey, _Relations] = defaultdict(dict)
    for support in supports:
        facts[support.fact][support.relation] = (support.document, support.score)
    return facts


def _witnesses(relations: _Relations) -> dict[DocumentId, int]:
    """The weight of each document."""
    best: defaultdict[DocumentId, float] = defaultdict(float)
    for document, score in relations.values():
        best[document] = max(best[document], score)
    return {document: weight(score) for document, score in best.items()}
