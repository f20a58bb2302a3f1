"""From mentions to entities: a pure function of the set of mentions and the reviewed decisions."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from typing import cast

from relex_kg.canon.aliases import Aliases
from relex_kg.canon.assembly import Accepted, Constraints, Part, TypedIdentity, name_mentions, part, resolve_types
from relex_kg.canon.decisions import Decision, Decisions, joined_groups, linked_groups, refuse_contradictions
from relex_kg.canon.kinds import Kind, kind_of_type
from relex_kg.canon.lexicon import RULES_VERSION
from relex_kg.canon.names import Name, united
from relex_kg.canon.rulings import Rulings
from relex_kg.errors import DecisionError
from relex_kg.ids import DocumentId, MentionId, digest, document_id
from relex_kg.types import Cluster, Listed, Mention, Naming, Resolution


def is_person_type(type: str) -> bool:
    """Whether a type's name ends in a word for people: "Person", "PER", "FictionalCharacter"."""
    return kind_of_type(type) is Kind.PERSON


def _with_references(cluster: Cluster, references: Mapping[MentionId, Sequence[MentionId]]) -> Cluster:
    """The cluster, with the references to any of its mentions."""
    added = [reference for mention in cluster.mentions for reference in references.get(mention, ())]
    return replace(cluster, mentions=tuple(sorted((*cluster.mentions, *added)))) if added else cluster


class Resolver:
    """Takes mentions for one entity where rules or decisions say so; decisions win.

    Short forms are first resolved within their document (:mod:`relex_kg.canon.coreference`); the other names are then
    compared within their type, across documents. Types never mix, unless decisions link names of two.

    Args:
        decisions: reviewed merges and separations.
        person_types: the types whose names are read as given names and a surname; by default those whose type name
            says so (:func:`is_person_type`).
        aliases: things with ids and names: the names of one are one entity with that id, those of two never.

    Raises:
        DecisionError: names that decisions keep apart are linked through forms that the rules take for one name or
            through a row of aliases, or decisions link names of two rows.
    """

    def __init__(
        self, decisions: Decisions, *, person_types: frozenset[str] | None = None, aliases: Aliases | None = None
    ) -> None:
        self._decisions = decisions
        self._person_types = person_types
        self._aliases = aliases or Aliases.none()
        all_decisions = (*decisions.must_link, *decisions.cannot_link)
        types = {listed.type for decision in all_decisions for listed in decision.listed}
        self._rulings = {type: self._rule_on(type) for type in sorted(types | {row.type for row in self._aliases.rows})}
        rows = self._rows()
        self._ids = {identity: id for id, identities in rows.items() for identity in identities}
        across = [
            group
            for group in linked_groups(decisions.must_link, self._identity)
            if len({type for type, _ in group}) > 1 or not self._ids.keys().isdisjoint(group)
        ]
        self._linked_types = joined_groups({type for type, _ in group} for group in across)
        self._across = [sorted(group) for group in joined_groups([*across, *map(set, rows.values())])]
        self._refuse_contradictions()
        within = [
            {(type, identity) for identity in group}
            for type, rulings in self._rulings.items()
            for group in rulings.linked
        ]
        self._constraints = Constraints(
            linked=[sorted(group) for group in joined_groups([*within, *map(set, self._across)])],
            apart={
                ((type, left), (type, right))
                for type, rulings in self._rulings.items()
                for left, right in rulings.apart
            },
            ids=self._ids,
        )
        self._group_of = {identity: frozenset(group) for group in self._constraints.linked for identity in group}

    @cached_property
    def rulebook(self) -> str:
        """All that can change a resolution beside the mentions, as JSON: the rules' fingerprint, and the decisions."""
        types = ("by name",) if self._person_types is None else ("given", *sorted(self._person_types))
        rules = digest(RULES_VERSION, self._aliases.fingerprint, *types)
        entries = [
            [section, *([listed.type, listed.name, listed.document] for listed in names)]
            for section, names in sorted(self._decisions.entries)
        ]
        return json.dumps({"rules": rules, "decisions": entries})

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the rulebook."""
        return digest(self.rulebook)[:16]

    def names_decided_otherwise(self, rulebook: str) -> dict[TypedIdentity, Name] | None:
        """The names on which a resolver with another rulebook had other decisions; None if more than these differ."""
        old, new = json.loads(rulebook), json.loads(self.rulebook)
        if old["rules"] != new["rules"]:
            return None
        old_entries = {(section, tuple(Listed(*listed) for listed in names)) for section, *names in old["decisions"]}
        decisions = Decisions.of(old_entries, place="an earlier decision")
        before = Resolver(decisions, person_types=self._person_types, aliases=self._aliases)
        names: dict[TypedIdentity, Name] = {}
        for _, entry in old_entries ^ self._decisions.entries:
            for listed in entry:
                document = document_id(listed.document) if listed.document else None
                for rulings in (before._rulings_of(listed.type), self._rulings_of(listed.type)):
                    for name in (rulings.read(listed.name), rulings.read_in(listed.name, document)):
                        names[listed.type, name.identity] = name
        return names

    def including(self, decisions: Decisions) -> "Resolver":
        """The same with more decisions.

        Raises:
            DecisionError: they contradict those that it has.
        """
        joined = self._decisions.joined(decisions)
        return Resolver(joined, person_types=self._person_types, aliases=self._aliases)

    def is_linked(self, left: TypedIdentity, right: TypedIdentity) -> bool:
        """Whether a decision, or a row of a list, takes two names for one."""
        return right in self._group_of.get(left, ())

    def is_apart(self, left: TypedIdentity, right: TypedIdentity) -> bool:
        """Whether a decision keeps two names apart."""
        return (left, right) in self._constraints.apart

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
        linked_types = {type: min(types) for types in self._linked_types for type in types}
        groups: defaultdict[str, dict[str, list[Mention]]] = defaultdict(dict)
        for type, members in by_type.items():
            groups[linked_types.get(type, type)][type] = members
        resolutions = [
            resolve_types(group, {type: self._rulings_of(type) for type in group}, self._constraints)
            for _, group in sorted(groups.items())
        ]
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

    def read(self, type: str, surfaces: Iterable[str], document: DocumentId | None) -> Name:
        """The name of a type that has these forms; where its document tells it from others, in that document."""
        rulings = self._rulings_of(type)
        return united(rulings.read_in(surface, document) for surface in surfaces)

    def linked(self, identities: Set[TypedIdentity]) -> set[TypedIdentity]:
        """The names that decisions and lists take for one with any of these."""
        return {other for identity in identities for other in self._group_of.get(identity, ())}

    def part(self, identities: Iterable[TypedIdentity], accepted: Accepted) -> list[Part]:
        """Part names into entities.

        Args:
            identities: the names. With each come all that it was accepted with, that are linked to it, and so on: the
                outcome is then that of :meth:`resolve` over everything.
            accepted: the pairs of them that the rules accept.
        """
        return part(identities, accepted, self._constraints)

    def _rulings_of(self, type: str) -> Rulings:
        if type not in self._rulings:
            self._rulings[type] = self._rule_on(type)
        return self._rulings[type]

    def _rows(self) -> dict[str, list[TypedIdentity]]:
        """The names of each row of aliases, by its id; without names that two rows have."""
        rows = {row.id: {self._identity(Listed(row.type, name)) for name in row.names} for row in self._aliases.rows}
        holders = Counter(identity for identities in rows.values() for identity in identities)
        return {
            id: sorted(identity for identity in identities if holders[identity] == 1) for id, identities in rows.items()
        }

    def _refuse_contradictions(self) -> None:
        places = {row.id: row.place for row in self._aliases.rows}
        for group in self._across:
            ids = sorted({self._ids[identity] for identity in group if identity in self._ids})
            if len(ids) > 1:
                raise DecisionError(
                    f"decisions link names of {places[ids[0]]} and of {places[ids[1]]}",
                    fix="make one row of the two, or take the decision out",
                )
        rows = [Decision(row.type, row.names, row.place) for row in self._aliases.rows if len(row.names) > 1]
        refuse_contradictions(replace(self._decisions, must_link=(*self._decisions.must_link, *rows)), self._identity)

    def _identity(self, listed: Listed) -> TypedIdentity:
        return listed.type, self._rulings[listed.type].identity(listed)

    def _rule_on(self, type: str) -> Rulings:
        is_person = is_person_type(type) if self._person_types is None else type in self._person_types
        return Rulings(type, self._decisions, is_person=is_person)
