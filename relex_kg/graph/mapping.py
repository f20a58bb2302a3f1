"""What the store's nodes and edges hold, from and to the values that flow."""

from collections.abc import Iterable, Mapping

from relex_kg.graph.driver import Row
from relex_kg.graph.names import NameRecord
from relex_kg.graph.rows import DocumentRow, EvidenceRow, Location, MentionRow, metadata_fingerprint
from relex_kg.graph.settling import LinkedMention, LinkedRelation, Sweep
from relex_kg.graph.store import DocumentState, KeptDecision, Passage, Quote
from relex_kg.ids import DocumentId, EntityId, FactId, MentionId, NameId, RelationId
from relex_kg.types import Chunk, Entity, Fact, Listed, Mention, MetadataValue, Naming, Span

METADATA_PREFIX = "meta_"
_INTEGERS_END = 1 << 63


def document_properties(document: DocumentRow) -> Row:
    return {
        "uri": document.uri,
        "title": document.title,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "ingested_at": document.ingested_at,
        "model": document.model,
        "schema": document.schema,
        "symmetric": list(document.symmetric),
        **metadata_properties(document.metadata),
    }


def metadata_properties(metadata: Mapping[str, MetadataValue]) -> Row:
    """Each field behind ``meta_``, where it meets no property of ours, and a fingerprint of all."""
    fields = {f"{METADATA_PREFIX}{key}": _property(value) for key, value in metadata.items()}
    return {**fields, "metadata": metadata_fingerprint(metadata)}


def _property(value: MetadataValue) -> str | int | float | bool | list[str]:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, int) and not -_INTEGERS_END <= value < _INTEGERS_END:
        return str(value)  # a property holds 64 bits
    return value


def document_states(rows: Iterable[Row]) -> dict[DocumentId, DocumentState]:
    return {
        DocumentId(row["id"]): DocumentState(
            row["uri"], row["title"], row["sha256"], row["model"], row["schema"], row["metadata"]
        )
        for row in rows
    }


def chunk_row(chunk: Chunk) -> Row:
    properties = {"index": chunk.index, "start": chunk.span.start, "end": chunk.span.end, "text": chunk.text}
    return {"id": chunk.id, "properties": properties}


def mention_row(row: MentionRow) -> Row:
    mention = row.mention
    properties = {
        "start": mention.span.start,
        "end": mention.span.end,
        "text": mention.text,
        "type": mention.type,
        "score": mention.score,
        "reference": mention.is_reference,
        "antecedent": mention.antecedent,
        **naming_properties(row.naming),
        **_location_properties(row.location),
        "boxes": [side for box in row.location.boxes for side in box] if row.location and row.location.boxes else None,
    }
    return {"id": mention.id, "chunk": row.chunk, "properties": properties}


def _location_properties(location: Location | None) -> Row:
    return {"place": location.name if location else None, "page": location.page if location else None}


def naming_properties(naming: Naming) -> Row:
    return {
        "name": naming.name,
        "name_document": naming.document,
        "rule": naming.rule,
        "rule_score": naming.score,
    }


def mention(document: DocumentId, row: Row) -> Mention:
    return Mention(
        id=MentionId(row["id"]),
        document_id=document,
        span=Span(row["start"], row["end"]),
        text=row["text"],
        type=row["type"],
        score=row["score"],
        antecedent=None if row["antecedent"] is None else MentionId(row["antecedent"]),
    )


def naming(row: Row) -> Naming:
    return Naming(NameId(row["name"]), row["name_document"], row["rule"], row["rule_score"])


def evidence_row(row: EvidenceRow) -> Row:
    relation = row.relation
    properties = {
        "type": relation.type,
        "score": relation.score,
        "start": row.span.start,
        "end": row.span.end,
        **_location_properties(row.location),
    }
    return {
        "id": relation.id,
        "chunk": row.chunk,
        "head": relation.head,
        "tail": relation.tail,
        "properties": properties,
    }


def linked_mention(row: Row) -> LinkedMention:
    return LinkedMention(
        MentionId(row["id"]), NameId(row["name"]), None if row["entity"] is None else EntityId(row["entity"])
    )


def linked_relation(row: Row) -> LinkedRelation:
    return LinkedRelation(
        id=RelationId(row["id"]),
        head=MentionId(row["head"]),
        tail=MentionId(row["tail"]),
        type=row["type"],
        symmetric=row["symmetric"],
        score=row["score"],
        supports=row["fact"] is not None,
    )


def name_row(record: NameRecord) -> Row:
    properties = {
        "type": record.type,
        "document": record.document,
        "forms": list(record.full),
        "form_counts": list(record.full.values()),
        "short_forms": list(record.short),
        "short_counts": list(record.short.values()),
        "references": record.references,
        "keys": list(record.keys),
        "entity": record.entity,
    }
    return {"id": record.id, "properties": properties}


def name_record(row: Row) -> NameRecord:
    return NameRecord(
        id=NameId(row["id"]),
        type=row["type"],
        document=None if row["document"] is None else DocumentId(row["document"]),
        full=dict(zip(row["forms"], row["form_counts"], strict=True)),
        short=dict(zip(row["short_forms"], row["short_counts"], strict=True)),
        references=row["references"],
        keys=tuple(row["keys"]),
        entity=None if row["entity"] is None else EntityId(row["entity"]),
    )


def entity_row(entity: Entity) -> Row:
    properties = {
        "name": entity.name,
        "type": entity.type,
        "aliases": list(entity.aliases),
        "mentions": entity.mentions,
        "value": entity.value,
        "external_id": entity.external_id,
    }
    return {"id": entity.id, "properties": properties}


def entity(row: Row) -> Entity:
    return Entity(
        id=EntityId(row["id"]),
        type=row["type"],
        name=row["name"],
        aliases=tuple(row["aliases"]),
        mentions=row["mentions"],
        value=row["value"],
        external_id=row["external_id"],
    )


def fact(row: Row) -> Fact:
    return Fact(
        id=FactId(row["id"]),
        head=EntityId(row["head"]),
        tail=EntityId(row["tail"]),
        type=row["type"],
        support=row["support"],
        documents=row["documents"],
        confidence=row["confidence"],
    )


def passage(row: Row) -> Passage:
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
        place=row["place"],
        page=row["page"],
    )


def sweep_row(sweep: Sweep) -> Row:
    return {
        "resolver": sweep.resolver,
        "rulebook": sweep.rulebook,
        "stage": sweep.stage,
        "cursor": sweep.cursor,
        "scope": None if sweep.scope is None else list(sweep.scope),
    }


def sweep(row: Row) -> Sweep:
    scope = None if row["scope"] is None else tuple(map(NameId, row["scope"]))
    return Sweep(row["resolver"], row["rulebook"], row["stage"], row["cursor"], scope)


def decision_row(decision: KeptDecision) -> Row:
    properties = {
        "linked": decision.linked,
        "types": [listed.type for listed in decision.names],
        "names": [listed.name for listed in decision.names],
        "documents": [listed.document for listed in decision.names],
        "decided_at": decision.decided_at,
    }
    return {"id": decision.id, "properties": properties}


def kept_decision(row: Row) -> KeptDecision:
    names = tuple(map(Listed, row["types"], row["names"], row["documents"]))
    return KeptDecision(row["linked"], names, row["decided_at"])
