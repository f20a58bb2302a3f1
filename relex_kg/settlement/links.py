"""Links: which entity a mention refers to, and which fact a relation supports."""

from collections.abc import Sequence

from relex_kg.graph.facts import FactKey, Support, fact_changes
from relex_kg.graph.settling import LinkChange, Settling, fact_of, supports_of
from relex_kg.ids import DocumentId, EntityId, MentionId, RelationId
from relex_kg.settlement.report import SettleReport, Step

_LINKED_AT_ONCE = 100  # documents in one transaction


def move_mentions(settling: Settling) -> Step | None:
    """Let mentions in some more documents follow a name that went to another entity."""
    move = settling.move()
    if move is None:
        return None
    documents = settling.movable(move, _LINKED_AT_ONCE)
    report = _link(settling, documents) if documents else SettleReport()
    if len(documents) < _LINKED_AT_ONCE:
        settling.finish_move(move)
    return Step(report)


def link_documents(settling: Settling) -> Step | None:
    """Link some of the documents that have been counted and not yet linked."""
    documents = settling.unlinked(_LINKED_AT_ONCE)
    return Step(_link(settling, documents), len(documents)) if documents else None


def _link(settling: Settling, documents: Sequence[DocumentId]) -> SettleReport:
    """Let the mentions of documents refer to their names' entities, and their relations support facts between these."""
    links = settling.links(documents)
    entity_of_name = settling.entities_named({mention.name for document in links for mention in document.mentions})
    refers_to: dict[MentionId, EntityId | None] = {}
    supports: dict[RelationId, FactKey | None] = {}
    after: list[Support] = []
    self_relations = 0
    for document in links:
        old = {mention.id: mention.entity for mention in document.mentions}
        new = {mention.id: entity_of_name.get(mention.name) for mention in document.mentions}
        refers_to |= {mention: entity for mention, entity in new.items() if entity != old[mention]}
        for relation in document.relations:
            old_fact = fact_of(relation, old) if relation.supports else None
            new_fact = fact_of(relation, new)
            after += [Support(relation.id, document.document, new_fact, relation.score)] if new_fact else []
            self_relations += new[relation.head] is not None and new[relation.head] == new[relation.tail]
            if old_fact != new_fact:
                supports[relation.id] = new_fact
    before = [support for document in links for support in supports_of(document)]
    counts = settling.change_links(LinkChange(tuple(documents), refers_to, supports, fact_changes(before, after)))
    return SettleReport(
        mentions_moved=len(refers_to),
        facts_created=counts.facts.created,
        facts_updated=counts.facts.updated,
        facts_deleted=counts.facts.deleted,
        entities_deleted=counts.entities_deleted,
        self_relations=self_relations,
    )
