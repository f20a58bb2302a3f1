"""The decisions on one type, by the identity of the names that they list."""

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

from relex_kg.canon.decisions import Decision, Decisions, linked_groups, refuse_contradictions
from relex_kg.canon.kinds import Kind, kind_of_type
from relex_kg.canon.names import Identity, Name, read_name
from relex_kg.ids import DocumentId, document_id
from relex_kg.types import Listed


class Rulings:
    """How names of one type are read, linked and kept apart.

    Attributes:
        decided: the names that a decision lists; they stand for themselves wherever they occur.
        linked: disjoint groups of names that are one.
        apart: pairs of names that are not one, each way round.

    Raises:
        DecisionError: names that are kept apart are linked through forms that the rules take for one name.
    """

    def __init__(self, type: str, decisions: Decisions, *, is_person: bool) -> None:
        self._is_person = is_person
        kind = kind_of_type(type)
        self._kind = Kind.OTHER if kind is Kind.PERSON else kind
        must = [own for decision in decisions.must_link if (own := _of_type(type, decision))]
        cannot = [own for decision in decisions.cannot_link if (own := _of_type(type, decision))]
        self._singled = frozenset[
            str
        ]()  # names are read by the bare rules until it is known which a reviewer told apart
        self._singled = frozenset(surface for decision in cannot for surface in self._alike(decision))
        all_listed = [listed for decision in (*must, *cannot) for listed in decision.listed]
        self._decided_in: defaultdict[Identity, set[DocumentId]] = defaultdict(set)
        for listed in all_listed:
            if listed.document:
                self._decided_in[self.read(listed.name).identity].add(document_id(listed.document))
        refuse_contradictions(
            Decisions(tuple(decision for decision in must if len(decision.names) > 1), tuple(cannot)), self.identity
        )
        self.linked = [sorted(group) for group in linked_groups(must, self.identity)]
        self.apart = {
            (left, right)
            for decision in cannot
            for pair in combinations([self.identity(listed) for listed in decision.listed], 2)
            for left, right in (pair, pair[::-1])
        }
        self.decided = frozenset(self.identity(listed) for listed in all_listed)

    def read(self, surface: str) -> Name:
        """The name as the rules see it, whichever document it stands in."""
        single = surface in self._singled
        return read_name(surface, is_person=self._is_person, single=single, kind=self._kind)

    def placed(self, name: Name, document: DocumentId) -> Name:
        """The name in its document: another one if only that says what it means, or if a decision is on it there."""
        if name.is_local or document in self._decided_in.get(name.identity, ()):
            return _in_document(name, document)
        return name

    def read_in(self, surface: str, document: DocumentId | None) -> Name:
        """The name as the rules see it; in a document, where that tells it from others."""
        name = self.read(surface)
        return _in_document(name, document) if document else name

    def identity(self, listed: Listed) -> Identity:
        """What tells a name that a decision lists from others."""
        name = self.read(listed.name)
        return (_in_document(name, document_id(listed.document)) if listed.document else name).identity

    def _alike(self, decision: Decision) -> list[str]:
        """The forms in one decision that the rules would take for one name, in one document or everywhere."""
        identities = [(self.read(listed.name).identity, listed.document) for listed in decision.listed]
        return [
            listed.name
            for listed, identity in zip(decision.listed, identities, strict=True)
            if identities.count(identity) > 1
        ]


def _of_type(type: str, decision: Decision) -> Decision | None:
    """The part of a decision that is on one type."""
    names = tuple(listed for listed in decision.listed if listed.type == type)
    return Decision(type, names, decision.place) if names else None


def _in_document(name: Name, document: DocumentId) -> Name:
    return replace(name, single=f"{name.single} {document}".lstrip(), document=document)
