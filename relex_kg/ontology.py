"""The user's schema: which entity and relation types to look for, and how to ask the model for them."""

from hashlib import sha256
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

EntityTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9_]{0,63}$")]
RelationTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]

RESERVED = frozenset({"Document", "Chunk", "Mention", "Entity", "Evidence", "Graph", "Pending"})
RESERVED_RELATIONS = frozenset({"HAS_CHUNK", "IN_CHUNK", "REFERS_TO", "HEAD", "TAIL"})


class EntityType(BaseModel):
    """How one entity type is asked for. ``threshold``: the least score at which a mention counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Label
    description: str | None = None
    threshold: Threshold = 0.5


class RelationType(BaseModel):
    """How one relation type is asked for, and between what it may hold.

    Attributes:
        label: the phrase the model is asked with, read from head to tail ("works for").
        head: entity type names that may stand at the head.
        tail: entity type names that may stand at the tail.
        symmetric: the relation holds both ways; it is stored once.
        inverse: a phrase for the same relation read from tail to head ("employs"); it is asked too, and what it finds
            is stored with head and tail exchanged.
        threshold: the least score at which a relation counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Label
    description: str | None = None
    head: tuple[EntityTypeName, ...] = Field(min_length=1)
    tail: tuple[EntityTypeName, ...] = Field(min_length=1)
    symmetric: bool = False
    inverse: Label | None = None
    threshold: Threshold = 0.5


class Schema(BaseModel):
    """A validated schema: type names (as they appear in the graph) to how they are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str | None = None
    entities: dict[EntityTypeName, EntityType] = Field(min_length=1)
    relations: dict[RelationTypeName, RelationType] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        raise NotImplementedError

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over all that can change an extraction (not over descriptions or the name)."""
        content = self.model_dump_json(exclude={"name": True, "description": True})
        return sha256(content.encode()).hexdigest()[:16]
