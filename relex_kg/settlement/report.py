"""What a settling did."""

from dataclasses import dataclass


@dataclass(slots=True)
class SettleReport:
    """What a settling changed.

    ``self_relations`` counts relations of the documents linked that support no fact, being within one entity.
    """

    entities_created: int = 0
    entities_updated: int = 0
    entities_deleted: int = 0
    mentions_moved: int = 0
    facts_created: int = 0
    facts_updated: int = 0
    facts_deleted: int = 0
    self_relations: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything was written; a settling may find all as it should be."""
        return any(getattr(self, name) for name in self.__slots__ if name != "self_relations")

    def include(self, other: "SettleReport") -> None:
        """Count what another part of the same settling did."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did; ``documents`` counts those that were linked."""

    report: SettleReport
    documents: int = 0
