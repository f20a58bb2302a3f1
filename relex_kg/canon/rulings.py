"""The decisions on one type, by the identity of the names that they list."""

from collections.abc import Sequence
from itertools import combinations

from relex_kg.canon.blocking import Pair
from relex_kg.canon.decisions import Decision, Decisions, linked_groups, refuse_contradictions
from relex_kg.canon.names import Identity, Name, read_name


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
        must = [decision for decision in decisions.must_link if decision.type == type]
        cannot = [decision for decision in decisions.cannot_link if decision.type == type]
        self._singled = frozenset[
            str
        ]()  # names are read by the bare rules until it is known which a reviewer told apart
        self._singled = frozenset(surface for decision in cannot for surface in self._alike(decision))
        refuse_contradictions(Decisions(tuple(must), tuple(cannot)), self._identity)
        self.linked = [sorted(group) for group in linked_groups(must, self._identity)]
        self.apart = {
            (left, right)
            for decision in cannot
            for one, other in combinations([self._identity(type, name) for name in decision.names], 2)
            for left, right in ((one, other), (other, one))
        }
        self.decided = frozenset(self._identity(type, name) for decision in (*must, *cannot) for name in decision.names)

    def read(self, surface: str) -> Name:
        return read_name(surface, is_person=self._is_person, single=surface in self._singled)

    def among(self, identities: Sequence[Identity]) -> tuple[list[list[int]], set[Pair]]:
        """What is linked and kept apart among names, by their positions: groups, and pairs, the lesser first."""
        places = {identity: place for place, identity in enumerate(identities)}
        groups = ([places[identity] for identity in group if identity in places] for group in self.linked)
        pairs = ((places.get(left, -1), places.get(right, -1)) for left, right in self.apart)
        return [group for group in groups if group], {(left, right) for left, right in pairs if 0 <= left < right}

    def _identity(self, _: str, surface: str) -> Identity:
        return self.read(surface).identity

    def _alike(self, decision: Decision) -> list[str]:
        """The forms in one decision that the rules would take for one name."""
        identities = [self.read(name).identity for name in decision.names]
        return [
            name for name, identity in zip(decision.names, identities, strict=True) if identities.count(identity) > 1
        ]
