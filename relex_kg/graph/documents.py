"""One document on a server: written, replaced and removed."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from relex_kg.graph import cypher, mapping
from relex_kg.graph.driver import Row, Transaction
from relex_kg.graph.edges import change_facts
from relex_kg.graph.entities import add_to_totals, delete_unused_entities
from relex_kg.graph.facts import fact_changes
from relex_kg.graph.names import NameUse, Uses, difference, dump_uses, load_uses, uses_of
from relex_kg.graph.rows import DocumentRows, stale_mentions, stale_relations
from relex_kg.graph.settling import DocumentLinks, Uncounted, rescored, supports_of
from relex_kg.ids import DocumentId, EntityId, MentionId
from relex_kg.types import MetadataValue


class AlreadyThereError(Exception):
    """A document that was to be new is there, or was and is not settled since."""


def add_document(transaction: Transaction, rows: DocumentRows) -> None:
    """Write a document that is not there, without waiting for other writers.

    Raises:
        AlreadyThereError: it is there, or was and is not settled since.
    """
    document = rows.document.id
    [row] = transaction.rows(cypher.CREATE_DOCUMENT, document=document)
    if not row["created"] or transaction.rows(cypher.UNCOUNTED_USES, document=document):
        raise AlreadyThereError
    _write(transaction, rows)
    transaction.rows(cypher.MARK_UNCOUNTED, document=document, uses=dump_uses(rows.uses), resolver=rows.resolver)


def replace_document(transaction: Transaction, rows: DocumentRows) -> None:
    """Write a document in place of what there is of it; what stays as it was keeps its entities and facts."""
    transaction.rows(cypher.LOCK)
    document = rows.document.id
    old = _Old(transaction, document)
    stale = stale_mentions({id: row["text"] for id, row in old.mentions.items()}, rows)
    stale_evidence = stale_relations(old.links.relations, stale, rows)

    new_evidence = {row.relation.id for row in rows.evidence}
    transaction.each(cypher.DELETE_EVIDENCE, sorted(old.relations - new_evidence))
    transaction.each(cypher.CLEAR_FACTS, sorted(stale_evidence & new_evidence))
    transaction.each(cypher.UNPLACE_EVIDENCE, sorted(old.relations & new_evidence))

    new_mentions = {row.mention.id for row in rows.mentions}
    transaction.each(cypher.DELETE_MENTIONS, sorted(old.mentions.keys() - new_mentions))
    transaction.each(cypher.CLEAR_ENTITIES, sorted(stale & new_mentions))
    transaction.each(cypher.UNPLACE_MENTIONS, sorted(old.mentions.keys() & new_mentions))

    chunks = {row["id"] for row in transaction.rows(cypher.OLD_CHUNKS, document=document)}
    transaction.each(cypher.DELETE_CHUNKS, sorted(chunks - {chunk.id for chunk in rows.chunks}))
    _clear_metadata(transaction, document)
    _write(transaction, rows)
    scores = {row.relation.id: row.relation.score for row in rows.evidence if row.relation.id not in stale_evidence}
    facts = change_facts(transaction, fact_changes(supports_of(old.links), supports_of(rescored(old.links, scores))))
    deleted = delete_unused_entities(transaction, old.entities_of(stale))
    add_to_totals(transaction, entities=-deleted, facts=facts.created - facts.deleted)
    note_uses(transaction, document, Uncounted(difference(old.uses, rows.uses), rows.resolver))


def remove_document(transaction: Transaction, document: DocumentId) -> bool:
    """Remove a document and all that it contributed; False where there is none."""
    transaction.rows(cypher.LOCK)
    old = _Old(transaction, document)
    chunks = [row["id"] for row in transaction.rows(cypher.OLD_CHUNKS, document=document)]
    transaction.each(cypher.DELETE_EVIDENCE, sorted(old.relations))
    transaction.each(cypher.DELETE_MENTIONS, sorted(old.mentions))
    transaction.each(cypher.DELETE_CHUNKS, sorted(chunks))
    if not transaction.rows(cypher.DELETE_DOCUMENT, document=document):
        return False
    facts = change_facts(transaction, fact_changes(supports_of(old.links), ()))
    deleted = delete_unused_entities(transaction, old.entities_of(old.mentions))
    add_to_totals(transaction, entities=-deleted, facts=facts.created - facts.deleted)
    transaction.each(cypher.UNMARK_UNLINKED, [document])
    note_uses(transaction, document, Uncounted(difference(old.uses, {}), ""))
    return True


def describe_document(transaction: Transaction, document: DocumentId, metadata: Mapping[str, MetadataValue]) -> None:
    """Write what a document says about itself, in place of what it said before."""
    transaction.rows(cypher.LOCK)
    _clear_metadata(transaction, document)
    transaction.rows(cypher.DESCRIBE_DOCUMENT, document=document, properties=mapping.metadata_properties(metadata))


def _clear_metadata(transaction: Transaction, document: DocumentId) -> None:
    keys = [row["key"] for row in transaction.rows(cypher.PROPERTY_KEYS, document=document)]
    fields = {key: None for key in keys if key.startswith(mapping.METADATA_PREFIX)}
    if fields:
        transaction.rows(cypher.DESCRIBE_DOCUMENT, document=document, properties=fields)


def note_uses(transaction: Transaction, document: DocumentId, change: Uncounted) -> None:
    """Leave word of what a document changed among names, on top of what was not counted yet."""
    uses: Counter[NameUse] = Counter(change.uses)
    for row in transaction.rows(cypher.UNCOUNTED_USES, document=document):
        uses.update(load_uses(row["uses"]))
    total = {use: count for use, count in uses.items() if count}
    transaction.rows(cypher.MARK_UNCOUNTED, document=document, uses=dump_uses(total), resolver=change.resolver)


class _Old:
    """What a server has of a document."""

    def __init__(self, transaction: Transaction, document: DocumentId) -> None:
        self.mentions: Mapping[MentionId, Row] = {
            row["id"]: row for row in transaction.rows(cypher.OLD_MENTIONS, document=document)
        }
        evidence = transaction.rows(cypher.OLD_EVIDENCE, document=document)
        self.links = DocumentLinks(
            document,
            tuple(map(mapping.linked_mention, self.mentions.values())),
            tuple(map(mapping.linked_relation, evidence)),
        )
        self.relations = {relation.id for relation in self.links.relations}

    @property
    def uses(self) -> Uses:
        mentions = [mapping.mention(self.links.document, row) for row in self.mentions.values()]
        return uses_of(mentions, {id: mapping.naming(row) for id, row in self.mentions.items()})

    def entities_of(self, mentions: Iterable[MentionId]) -> Collection[EntityId]:
        return {entity for mention in mentions if (entity := self.mentions[mention]["entity"])}


def _write(transaction: Transaction, rows: DocumentRows) -> None:
    # What could not become a label or an edge later on would keep the whole graph from settling.
    for label in {row.mention.type for row in rows.mentions}:
        cypher.entity_label(label)
    for type in {row.relation.type for row in rows.evidence}:
        cypher.relationship_type(type)
    document = rows.document.id
    properties = mapping.document_properties(rows.document)
    transaction.rows(cypher.WRITE_DOCUMENT, document=document, properties=properties)
    transaction.each(cypher.WRITE_CHUNKS, [mapping.chunk_row(chunk) for chunk in rows.chunks], document=document)
    transaction.each(cypher.WRITE_MENTIONS, [mapping.mention_row(row) for row in rows.mentions])
    transaction.each(cypher.WRITE_EVIDENCE, [mapping.evidence_row(row) for row in rows.evidence])
