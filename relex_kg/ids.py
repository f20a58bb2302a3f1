"""Identifiers: what each names, and how each is derived from content.

Every id but an entity's is a pure function of what it names, so the same corpus gives the same ids in any order of
ingestion. An entity's id is minted once from one of its names and then stays, whatever the entity becomes.
"""

from collections.abc import Container, Iterable
from hashlib import blake2b
from itertools import count
from typing import NewType

DocumentId = NewType("DocumentId", str)
ChunkId = NewType("ChunkId", str)
MentionId = NewType("MentionId", str)
RelationId = NewType("RelationId", str)
EntityId = NewType("EntityId", str)
NameId = NewType("NameId", str)
DecisionId = NewType("DecisionId", str)
FactId = NewType("FactId", str)


def digest(*parts: str | int) -> str:
    """32 hexadecimal digits (128 bits) over the parts; each is length-prefixed, so no two lists of parts collide."""
    hasher = blake2b(digest_size=16)
    for part in parts:
        # surrogatepass: a file name that is not valid UTF-8 reaches us with lone surrogates in its URI
        encoded = str(part).encode("utf-8", "surrogatepass")
        hasher.update(f"{len(encoded)}:".encode("ascii"))
        hasher.update(encoded)
    return hasher.hexdigest()


def document_id(uri: str) -> DocumentId:
    return DocumentId(digest("document", uri))


def chunk_id(document: DocumentId, start: int, end: int) -> ChunkId:
    return ChunkId(digest("chunk", document, start, end))


def mention_id(document: DocumentId, start: int, end: int, type: str) -> MentionId:
    return MentionId(digest("mention", document, start, end, type))


def relation_id(head: MentionId, type: str, tail: MentionId) -> RelationId:
    return RelationId(digest("relation", head, type, tail))


def fact_id(head: EntityId, type: str, tail: EntityId) -> FactId:
    return FactId(digest("fact", head, type, tail))


def name_id(type: str, identity: Iterable[str]) -> NameId:
    return NameId(digest("name", type, *identity))


def mint_entity_id(name: NameId, taken: Container[EntityId]) -> EntityId:
    """A new entity's id, from its least name; the first free one where an older entity took that id before."""
    return next(
        candidate for attempt in count() if (candidate := EntityId(digest("entity", name, attempt))) not in taken
    )
