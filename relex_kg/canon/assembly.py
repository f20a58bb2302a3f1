"""Mentions parted: short forms to their full names, full names of a type to clusters, clusters named."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from relex_kg.canon.blocking import Pair, candidate_pairs
from relex_kg.canon.clustering import cluster
from relex_kg.canon.coreference import Antecedent, Occurrence, antecedents
from relex_kg.canon.decisions import joined_groups
from relex_kg.canon.names import Identity, Name, united
from relex_kg.canon.normalise import collapse
from relex_kg.canon.rulings import Rulings
from relex_kg.canon.shown import best_form
from relex_kg.canon.similarity import Verdict, compare
from relex_kg.ids import DocumentId, MentionId
from relex_kg.types import Cluster, Mention, Merge, Resolution

_Short = tuple[Name, Antecedent]


@dataclass(frozen=True, slots=True)
class _Node:
    """A name, the mentions that it stands for, and how: in full, or as a short form within a document."""

    type: str
    name: Name
    mentions: Sequence[MentionId]
    full: Counter[str]
    short: Sequence[_Short]

    @property
    def lead(self) -> str:
        return best_form(self.full, self.name.kind)


TypedIdentity = tuple[str, Identity]
"""A type, and the identity of a name of that type."""


def resolve_types(
    mentions: Mapping[str, Sequence[Mention]],
    rulings: Mapping[str, Rulings],
    *,
    across: Iterable[Collection[TypedIdentity]],
    ids: Mapping[TypedIdentity, str],
) -> Resolution:
    """The clusters and merges of mentions by type, sorted by id.

    Args:
        mentions: those of one type, or of several types that decisions link.
        rulings: of each of these types.
        across: names that are one beside those that the rulings link.
        ids: the ids that names have in a list; names of two ids are never one.
    """
    nodes: list[_Node] = []
    verdicts: dict[Pair, Verdict] = {}
    for type, members in sorted(mentions.items()):
        own = _nodes(members, rulings[type])
        for (left, right), verdict in _accepted_pairs([node.name for node in own]).items():
            verdicts[left + len(nodes), right + len(nodes)] = verdict
        nodes += own
    places = {(node.type, node.name.identity): place for place, node in enumerate(nodes)}
    named = [
        *across,
        *([(type, identity) for identity in group] for type in mentions for group in rulings[type].linked),
    ]
    linked = joined_groups({places[identity] for identity in group if identity in places} for group in named)
    id_of = _ids_of_places(places, linked, ids)
    verdicts = {
        (left, right): verdict
        for (left, right), verdict in verdicts.items()
        if not (left in id_of and right in id_of and id_of[left] != id_of[right])
    }
    apart = {
        (places[type, left], places[type, right])
        for type in mentions
        for left, right in rulings[type].apart
        if (type, left) in places and (type, right) in places
    }
    parted = cluster(
        len(nodes),
        verdicts,
        linked=[sorted(group) for group in linked if group],
        apart={pair for pair in apart if pair[0] < pair[1]},
    )
    must = {pair for group in linked for pair in combinations(sorted(group), 2)}
    merges = {merge for members in parted for merge in _merges(nodes, members, verdicts, must)}
    return Resolution(
        clusters=tuple(
            _cluster(
                [nodes[place] for place in members], next((id_of[place] for place in members if place in id_of), None)
            )
            for members in parted
        ),
        merges=tuple(sorted(merges, key=lambda merge: (merge.left, merge.right, merge.rule, merge.score))),
    )


def _ids_of_places(
    places: Mapping[TypedIdentity, int], linked: Iterable[Collection[int]], ids: Mapping[TypedIdentity, str]
) -> dict[int, str]:
    """The id of each name that has one, or is linked to one that has."""
    id_of = {place: ids[identity] for identity, place in places.items() if identity in ids}
    for group in linked:
        for id in [id_of[place] for place in sorted(group) if place in id_of][:1]:
            id_of.update(dict.fromkeys(group, id))
    return id_of


def _nodes(mentions: Sequence[Mention], rulings: Rulings) -> list[_Node]:
    """The names of one type that stand for themselves, by identity."""
    names = _names(mentions, rulings)
    antecedent_of = _antecedents(mentions, names, rulings)
    forms: defaultdict[Identity, Counter[str]] = defaultdict(Counter)
    short: defaultdict[Identity, set[_Short]] = defaultdict(set)
    members: defaultdict[Identity, list[MentionId]] = defaultdict(list)
    full_names: defaultdict[Identity, set[Name]] = defaultdict(set)
    for mention in mentions:
        name = names[mention.id]
        antecedent = antecedent_of.get(mention.id)
        if antecedent:
            short[antecedent.name.identity].add((name, antecedent))
        else:
            forms[name.identity][name.surface] += 1
            full_names[name.identity].add(name)
        members[(antecedent.name if antecedent else name).identity].append(mention.id)
    return [
        _Node(mentions[0].type, united(full_names[identity]), members[identity], full, list(short[identity]))
        for identity, full in sorted(forms.items())
    ]


def _names(mentions: Sequence[Mention], rulings: Rulings) -> dict[MentionId, Name]:
    """The name of each mention; equal surfaces are read once."""
    read: dict[str, Name] = {}
    names: dict[MentionId, Name] = {}
    for mention in mentions:
        surface = collapse(mention.text)
        name = read.get(surface) or read.setdefault(surface, rulings.read(surface))
        names[mention.id] = rulings.placed(name, mention.document_id)
    return names


def _antecedents(
    mentions: Sequence[Mention], names: Mapping[MentionId, Name], rulings: Rulings
) -> dict[MentionId, Antecedent]:
    documents: defaultdict[DocumentId, list[Mention]] = defaultdict(list)
    for mention in mentions:
        documents[mention.document_id].append(mention)
    found: dict[MentionId, Antecedent] = {}
    for members in documents.values():
        occurrences = [Occurrence(mention.span, names[mention.id]) for mention in members]
        for mention, antecedent in zip(members, antecedents(occurrences, fixed=rulings.decided), strict=True):
            if antecedent:
                found[mention.id] = antecedent
    return found


def _accepted_pairs(names: Sequence[Name]) -> dict[Pair, Verdict]:
    accepted: dict[Pair, Verdict] = {}
    for pair in candidate_pairs(names):
        if pair not in accepted and (verdict := compare(names[pair[0]], names[pair[1]])):
            accepted[pair] = verdict
    return accepted


def _cluster(nodes: Sequence[_Node], external_id: str | None) -> Cluster:
    full = sum((node.full for node in nodes), Counter[str]())
    mentions_of_type = Counter[str]()
    for node in nodes:
        mentions_of_type[node.type] += len(node.mentions)
    type = min(mentions_of_type, key=lambda type: (-mentions_of_type[type], type))
    name = best_form(full, next(node.name.kind for node in nodes if node.type == type))
    values = {node.name.value for node in nodes if node.name.value}
    forms = set(full) | {short.surface for node in nodes for short, _ in node.short}
    return Cluster(
        type=type,
        name=name,
        aliases=tuple(sorted(forms - {name})),
        mentions=tuple(sorted(mention for node in nodes for mention in node.mentions)),
        value=values.pop() if len(values) == 1 else None,
        external_id=external_id,
    )


def _merges(
    nodes: Sequence[_Node], members: Sequence[int], verdicts: Mapping[Pair, Verdict], must: set[Pair]
) -> Iterator[Merge]:
    """Why the names of one cluster are one: every pair of its names that a rule or a decision took for one."""
    for node in (nodes[place] for place in members):
        for form in sorted(node.full.keys() - {node.lead}):
            yield _merge(node.type, node.lead, form, "equal key", 1.0)
        for short, antecedent in node.short:
            yield _merge(node.type, short.surface, antecedent.name.surface, antecedent.rule, antecedent.score)
    for pair in combinations(members, 2):
        left, right = (nodes[place] for place in pair)
        if pair in must:
            yield _merge(left.type, left.lead, right.lead, "must-link", 1.0)
        elif pair in verdicts:
            yield _merge(left.type, left.lead, right.lead, verdicts[pair].rule, verdicts[pair].score)


def _merge(type: str, one: str, other: str, rule: str, score: float) -> Merge:
    left, right = sorted((one, other))
    return Merge(type, left, right, rule, score)
