"""Mentions parted: short forms to their full names, full names of a type to clusters, clusters named."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from relex_kg.canon.blocking import candidate_pairs
from relex_kg.canon.clustering import cluster
from relex_kg.canon.coreference import Antecedent, Occurrence, antecedents
from relex_kg.canon.names import Identity, Name, united
from relex_kg.canon.rulings import Rulings
from relex_kg.canon.shown import best_form
from relex_kg.canon.similarity import Verdict, compare
from relex_kg.ids import DocumentId, MentionId, name_id
from relex_kg.types import Cluster, Mention, Merge, Naming, Resolution

TypedIdentity = tuple[str, Identity]
"""A type, and the identity of a name of that type."""

Accepted = Mapping[tuple[TypedIdentity, TypedIdentity], Verdict]
"""Pairs of names of one type that the rules accept, the lesser identity first."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the rules do not decide.

    Attributes:
        linked: disjoint groups of names that are one.
        apart: pairs of names that are not one, each way round.
        ids: the ids that names have in a list; names of two ids are never one.
    """

    linked: Sequence[Collection[TypedIdentity]]
    apart: Collection[tuple[TypedIdentity, TypedIdentity]]
    ids: Mapping[TypedIdentity, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Names that are one entity, sorted, and the id that they have in a list."""

    members: tuple[TypedIdentity, ...]
    external_id: str | None


def part(identities: Iterable[TypedIdentity], accepted: Accepted, constraints: Constraints) -> list[Part]:
    """Part names into entities; the outcome for a name depends on its connected component alone.

    Args:
        identities: the names.
        accepted: the pairs of them that the rules accept.
        constraints: what decisions and lists say.
    """
    order = sorted(identities)
    places = {identity: place for place, identity in enumerate(order)}
    present = [[places[identity] for identity in group if identity in places] for group in constraints.linked]
    linked = [group for group in present if group]
    id_of = {place: constraints.ids[identity] for identity, place in places.items() if identity in constraints.ids}
    for group in linked:
        for id in [id_of[place] for place in sorted(group) if place in id_of][:1]:
            id_of.update(dict.fromkeys(group, id))
    verdicts = {
        (places[left], places[right]): verdict
        for (left, right), verdict in accepted.items()
        if id_of.get(places[left], "") == id_of.get(places[right], "")
        or not {places[left], places[right]} <= id_of.keys()
    }
    apart = {
        (places[pair[0]], places[pair[1]])
        for pair in constraints.apart
        if places.keys() >= set(pair) and pair[0] < pair[1]
    }
    return [
        Part(
            tuple(order[place] for place in members),
            next((id_of[place] for place in members if place in id_of), None),
        )
        for members in cluster(len(order), verdicts, linked=linked, apart=apart)
    ]


@dataclass(frozen=True, slots=True)
class NameForms:
    """A name of a type, how many mentions have each of its forms, and its short forms."""

    type: str
    name: Name
    full: Mapping[str, int]
    short: Mapping[str, int]

    @property
    def lead(self) -> str:
        return best_form(self.full, self.name.kind)

    @property
    def mentions(self) -> int:
        """How many mentions have the name in full or in short."""
        return sum(self.full.values()) + sum(self.short.values())


@dataclass(frozen=True, slots=True)
class Description:
    """What an entity is called: see :class:`relex_kg.types.Entity`."""

    type: str
    name: str
    aliases: tuple[str, ...]
    value: str | None


def describe(names: Sequence[NameForms]) -> Description:
    """What the entity is called that has these names: its type is that of most mentions, its name the best form."""
    full = Counter[str]()
    mentions_of_type = Counter[str]()
    for forms in names:
        full.update(forms.full)
        mentions_of_type[forms.type] += forms.mentions
    type = min(mentions_of_type, key=lambda type: (-mentions_of_type[type], type))
    name = best_form(full, next(forms.name.kind for forms in names if forms.type == type))
    values = {forms.name.value for forms in names if forms.name.value}
    all_forms = full.keys() | {surface for forms in names for surface in forms.short}
    return Description(type, name, tuple(sorted(all_forms - {name})), values.pop() if len(values) == 1 else None)


@dataclass(frozen=True, slots=True)
class _Node:
    """A name, the mentions that it stands for, and how its short forms were told."""

    forms: NameForms
    mentions: Sequence[MentionId]
    short: Collection[tuple[Name, Antecedent]]


def resolve_types(
    mentions: Mapping[str, Sequence[Mention]], rulings: Mapping[str, Rulings], constraints: Constraints
) -> Resolution:
    """The clusters and merges of mentions by type, sorted by id.

    Args:
        mentions: those of one type, or of several types that decisions link.
        rulings: of each of these types.
        constraints: what decisions and lists say.
    """
    nodes: dict[TypedIdentity, _Node] = {}
    accepted: dict[tuple[TypedIdentity, TypedIdentity], Verdict] = {}
    for type, members in sorted(mentions.items()):
        own = _nodes(type, members, rulings[type])
        accepted |= _accepted_pairs(type, [node.forms.name for node in own])
        nodes |= {(type, node.forms.name.identity): node for node in own}
    parts = part(nodes, accepted, constraints)
    must = {pair for group in constraints.linked for pair in combinations(sorted(group), 2)}
    merges = {merge for cluster in parts for merge in _merges(nodes, cluster.members, accepted, must)}
    return Resolution(
        clusters=tuple(
            _cluster([nodes[member] for member in cluster.members], cluster.external_id) for cluster in parts
        ),
        merges=tuple(sorted(merges, key=lambda merge: (merge.left, merge.right, merge.rule, merge.score))),
    )


def name_mentions(mentions: Sequence[Mention], rulings: Rulings) -> dict[MentionId, Naming]:
    """The names that mentions of one document and type stand for."""
    names = _names(mentions, rulings)
    antecedent_of = _antecedents(mentions, names, rulings)
    return {mention.id: _naming(mention, names[mention.id], antecedent_of.get(mention.id)) for mention in mentions}


def _naming(mention: Mention, own: Name, antecedent: Antecedent | None) -> Naming:
    name = antecedent.name if antecedent else own
    return Naming(
        name=name_id(mention.type, name.identity),
        document=name.document,
        rule=antecedent.rule if antecedent else None,
        score=antecedent.score if antecedent else None,
    )


def _nodes(type: str, mentions: Sequence[Mention], rulings: Rulings) -> list[_Node]:
    """The names of one type that stand for themselves, by identity."""
    names = _names(mentions, rulings)
    antecedent_of = _antecedents(mentions, names, rulings)
    full: defaultdict[Identity, Counter[str]] = defaultdict(Counter)
    short_counts: defaultdict[Identity, Counter[str]] = defaultdict(Counter)
    short: defaultdict[Identity, set[tuple[Name, Antecedent]]] = defaultdict(set)
    members: defaultdict[Identity, list[MentionId]] = defaultdict(list)
    full_names: defaultdict[Identity, set[Name]] = defaultdict(set)
    for mention in mentions:
        name = names[mention.id]
        antecedent = antecedent_of.get(mention.id)
        if antecedent:
            short[antecedent.name.identity].add((name, antecedent))
            short_counts[antecedent.name.identity][name.surface] += 1
        else:
            full[name.identity][name.surface] += 1
            full_names[name.identity].add(name)
        members[(antecedent.name if antecedent else name).identity].append(mention.id)
    return [
        _Node(
            NameForms(type, united(full_names[identity]), forms, short_counts[identity]),
            members[identity],
            short[identity],
        )
        for identity, forms in sorted(full.items())
    ]


def _names(mentions: Sequence[Mention], rulings: Rulings) -> dict[MentionId, Name]:
    """The name of each mention; equal surfaces are read once."""
    read: dict[str, Name] = {}
    names: dict[MentionId, Name] = {}
    for mention in mentions:
        surface = mention.surface
        name = read.get(surface) or read.setdefault(surface, rulings.read(surface))
        names[mention.id] = rulings.placed(name, mention.document_id)
    return names


def _antecedents(
    mentions: Sequence[Mention], names: Mapping[MentionId, Name], rulings: Rulings
) -> dict[MentionId, Antecedent]:
    documents: defaultdict[DocumentId, list[Mention]] = defaultdict(list)
    for mention in mentions:
        documents[mention.document_id].append(mention)
    antecedent_of: dict[MentionId, Antecedent] = {}
    for members in documents.values():
        occurrences = [Occurrence(mention.span, names[mention.id]) for mention in members]
        for mention, antecedent in zip(members, antecedents(occurrences, fixed=rulings.decided), strict=True):
            if antecedent:
                antecedent_of[mention.id] = antecedent
    return antecedent_of


def _accepted_pairs(type: str, names: Sequence[Name]) -> dict[tuple[TypedIdentity, TypedIdentity], Verdict]:
    """The accepted pairs of names of one type, sorted by identity."""
    accepted: dict[tuple[TypedIdentity, TypedIdentity], Verdict] = {}
    for place, other_place in candidate_pairs(names):
        name, other = names[place], names[other_place]
        pair = (type, name.identity), (type, other.identity)
        if pair not in accepted and (verdict := compare(name, other)):
            accepted[pair] = verdict
    return accepted


def _cluster(nodes: Sequence[_Node], external_id: str | None) -> Cluster:
    description = describe([node.forms for node in nodes])
    return Cluster(
        type=description.type,
        name=description.name,
        aliases=description.aliases,
        mentions=tuple(sorted(mention for node in nodes for mention in node.mentions)),
        value=description.value,
        external_id=external_id,
    )


def _merges(
    nodes: Mapping[TypedIdentity, _Node],
    members: Sequence[TypedIdentity],
    accepted: Accepted,
    must: Collection[tuple[TypedIdentity, TypedIdentity]],
) -> Iterator[Merge]:
    """Why the names of one cluster are one: every pair of its names that a rule or a decision took for one."""
    for node in (nodes[member] for member in members):
        forms = node.forms
        for form in sorted(forms.full.keys() - {forms.lead}):
            yield _merge(forms.type, forms.lead, form, "equal key", 1.0)
        for short, antecedent in node.short:
            yield _merge(forms.type, short.surface, antecedent.name.surface, antecedent.rule, antecedent.score)
    for pair in combinations(members, 2):
        left, right = (nodes[member].forms for member in pair)
        if pair in must:
            yield _merge(left.type, left.lead, right.lead, "must-link", 1.0)
        elif pair in accepted:
            yield _merge(left.type, left.lead, right.lead, accepted[pair].rule, accepted[pair].score)


def _merge(type: str, name: str, other: str, rule: str, score: float) -> Merge:
    left, right = sorted((name, other))
    return Merge(type, left, right, rule, score)
