"""From mentions to entities: a pure function of the set of mentions and the reviewed decisions."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from typing import cast

from relex_kg.canon.assembly import name_mentions, resolve_type
from relex_kg.canon.clustering import cluster
from relex_kg.canon.decisions import Decisions
from relex_kg.canon.lexicon import PERSON_TYPES, RULES_VERSION
from relex_kg.canon.names import Identity, Name, united
from relex_kg.canon.rulings import Rulings
from relex_kg.canon.similarity import Verdict
from relex_kg.ids import MentionId, digest
from relex_kg.types import Cluster, Mention, Naming, Resolution

IdentityPair = tuple[Identity, Identity]

_WORD_OF_TYPE_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def is_person_type(type: str) -> bool:
    """Whether a type's name ends in a word for people: "Person", "PER", "FictionalCharacter"."""
    words = _WORD_OF_TYPE_NAME.findall(type)
    return bool(words) and words[-1].lower() in PERSON_TYPES


def _with_references(cluster: Cluster, references: Mapping[MentionId, Sequence[MentionId]]) -> Cluster:
    """The cluster, with the references to any of its mentions."""
    added = [reference for mention in cluster.mentions for reference in references.get(mention, ())]
    return replace(cluster, mentions=tuple(sorted((*cluster.mentions, *added)))) if added else cluster


class Resolver:
    """Takes mentions for one entity where rules or decisions say so; decisions win.

    Short forms are first resolved within their document (:mod:`relex_kg.canon.coreference`); the other names are then
    compared within their type, across documents.

    Args:
        decisions: reviewed merges and separations.
        person_types: the types whose names are read as given names and a surname; by default those whose type name
            says so (:func:`is_person_type`).

    Raises:
        DecisionError: names that decisions keep apart are linked through forms that the rules take for one name.
    """

    def __init__(self, decisions: Decisions, *, person_types: frozenset[str] | None = None) -> None:
        self._decisions = decisions
        self._person_types = person_types
        decided = {decision.type for decision in (*decisions.must_link, *decisions.cannot_link)}
        self._rulings = {type: self._rule_on(type) for type in sorted(decided)}

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over all that can change a resolution beside the mentions."""
        types = ("by name",) if self._person_types is None else ("given", *sorted(self._person_types))
        return digest(RULES_VERSION, self._decisions.fingerprint, *types)[:16]

    def resolve(self, mentions: Iterable[Mention]) -> Resolution:
        """Part the mentions into entities. Mentions of one id count once.

        References go with the name that they stand for, and give their entity neither name nor aliases.
        """
        unique = {mention.id: mention for mention in mentions}
        by_type: defaultdict[str, list[Mention]] = defaultdict(list)
        references: defaultdict[MentionId, list[MentionId]] = defaultdict(list)
        for id, mention in sorted(unique.items()):
            if mention.antecedent is None:
                by_type[mention.type].append(mention)
            else:
                references[mention.antecedent].append(id)
        resolutions = [resolve_type(members, self._rulings_of(type)) for type, members in sorted(by_type.items())]
        clusters = [
            _with_references(cluster, references) for resolution in resolutions for cluster in resolution.clusters
        ]
        return Resolution(
            clusters=tuple(sorted(clusters, key=lambda cluster: cluster.mentions[0])),
            merges=tuple(merge for resolution in resolutions for merge in resolution.merges),
        )

    def name(self, mentions: Iterable[Mention]) -> dict[MentionId, Naming]:
        """The names that the mentions of one document stand for."""
        by_type: defaultdict[str, list[Mention]] = defaultdict(list)
        references: list[Mention] = []
        for mention in sorted(mentions, key=lambda mention: mention.id):
            (references if mention.is_reference else by_type[mention.type]).append(mention)
        namings: dict[MentionId, Naming] = {}
        for type, members in by_type.items():
            namings |= name_mentions(members, self._rulings_of(type))
        for reference in references:
            antecedent = cast("MentionId", reference.antecedent)
            namings[reference.id] = replace(namings[antecedent], rule=None, score=None)
        return namings

    def read(self, type: str, surfaces: Iterable[str]) -> Name:
        """The name of a type that has these forms."""
        rulings = self._rulings_of(type)
        return united(rulings.read(surface) for surface in surfaces)

    def linked(self, type: str, identities: Set[Identity]) -> set[Identity]:
        """The identities that decisions link to any of these."""
        groups = self._rulings_of(type).linked
        return {identity for group in groups if not identities.isdisjoint(group) for identity in group}

    def part(
        self, type: str, identities: Iterable[Identity], verdicts: Mapping[IdentityPair, Verdict]
    ) -> list[list[Identity]]:
        """Part names of one type into entities.

        Args:
            type: theirs.
            identities: the names. With each come all that it was accepted with, that decisions link it to, and so on:
                the outcome is then that of :meth:`resolve` over everything.
            verdicts: the accepted pairs, the lesser identity first.
        """
        order = sorted(identities)
        places = {identity: place for place, identity in enumerate(order)}
        by_place = {(places[left], places[right]): verdict for (left, right), verdict in verdicts.items()}
        linked, apart = self._rulings_of(type).among(order)
        parted = cluster(len(order), by_place, linked=linked, apart=apart)
        return [[order[place] for place in members] for members in parted]

    def _rulings_of(self, type: str) -> Rulings:
        if type not in self._rulings:
            self._rulings[type] = self._rule_on(type)
        return self._rulings[type]

    def _rule_on(self, type: str) -> Rulings:
        is_person = is_person_type(type) if self._person_types is None else type in self._person_types
        return Rulings(type, self._decisions, is_person=is_person)
