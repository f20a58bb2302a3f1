"""The mentions of one type, parted: short forms to their full names, full names to clusters, clusters named."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from relex_kg.canon.blocking import Pair, candidate_pairs
from relex_kg.canon.clustering import cluster
from relex_kg.canon.coreference import Antecedent, Occurrence, antecedents
from relex_kg.canon.names import Identity, Name, united
from relex_kg.canon.rulings import Rulings
from relex_kg.canon.similarity import Verdict, compare
from relex_kg.ids import DocumentId, MentionId, name_id
from relex_kg.types import Cluster, Mention, Merge, Naming, Resolution

_Short = tuple[Name, Antecedent]


@dataclass(frozen=True, slots=True)
class _Node:
    """A name, the mentions that it stands for, and how: in full, or as a short form within a document."""

    name: Name
    mentions: Sequence[MentionId]
    full: Counter[str]
    short: Sequence[_Short]

    @property
    def lead(self) -> str:
        return preferred(self.full)


def resolve_type(mentions: Sequence[Mention], rulings: Rulings) -> Resolution:
    """The clusters and merges of mentions of one type, sorted by id."""
    nodes = _nodes(mentions, rulings)
    verdicts = _accepted_pairs([node.name for node in nodes])
    linked, apart = rulings.among([node.name.identity for node in nodes])
    parted = cluster(len(nodes), verdicts, linked=linked, apart=apart)
    must = {pair for group in linked for pair in combinations(sorted(group), 2)}
    type = mentions[0].type
    merges = {merge for members in parted for merge in _merges(type, nodes, members, verdicts, must)}
    return Resolution(
        clusters=tuple(_cluster(type, [nodes[place] for place in members]) for members in parted),
        merges=tuple(sorted(merges, key=lambda merge: (merge.left, merge.right, merge.rule, merge.score))),
    )


def _nodes(mentions: Sequence[Mention], rulings: Rulings) -> list[_Node]:
    """The names that stand for themselves, by identity."""
    names = {surface: rulings.read(surface) for surface in {mention.surface for mention in mentions}}
    antecedent_of = _antecedents(mentions, names, rulings)
    forms: defaultdict[Identity, Counter[str]] = defaultdict(Counter)
    short: defaultdict[Identity, set[_Short]] = defaultdict(set)
    members: defaultdict[Identity, list[MentionId]] = defaultdict(list)
    for mention in mentions:
        name = names[mention.surface]
        antecedent = antecedent_of.get(mention.id)
        if antecedent:
            short[antecedent.name.identity].add((name, antecedent))
        else:
            forms[name.identity][name.surface] += 1
        members[(antecedent.name if antecedent else name).identity].append(mention.id)
    return [
        _Node(united(names[surface] for surface in full), members[identity], full, list(short[identity]))
        for identity, full in sorted(forms.items())
    ]


def _antecedents(
    mentions: Sequence[Mention], names: Mapping[str, Name], rulings: Rulings
) -> dict[MentionId, Antecedent]:
    documents: defaultdict[DocumentId, list[Mention]] = defaultdict(list)
    for mention in mentions:
        documents[mention.document_id].append(mention)
    found: dict[MentionId, Antecedent] = {}
    for members in documents.values():
        occurrences = [Occurrence(mention.span, names[mention.surface]) for mention in members]
        for mention, antecedent in zip(members, antecedents(occurrences, fixed=rulings.decided), strict=True):
            if antecedent:
                found[mention.id] = antecedent
    return found


def name_mentions(mentions: Sequence[Mention], rulings: Rulings) -> dict[MentionId, Naming]:
    """The names that mentions of one document and type stand for."""
    names = {surface: rulings.read(surface) for surface in {mention.surface for mention in mentions}}
    antecedent_of = _antecedents(mentions, names, rulings)
    return {mention.id: _naming(mention, names, antecedent_of.get(mention.id)) for mention in mentions}


def _naming(mention: Mention, names: Mapping[str, Name], antecedent: Antecedent | None) -> Naming:
    if antecedent:
        return Naming(name_id(mention.type, antecedent.name.identity), antecedent.rule, antecedent.score)
    return Naming(name_id(mention.type, names[mention.surface].identity), None, None)


def _accepted_pairs(names: Sequence[Name]) -> dict[Pair, Verdict]:
    accepted: dict[Pair, Verdict] = {}
    for pair in candidate_pairs(names):
        if pair not in accepted and (verdict := compare(names[pair[0]], names[pair[1]])):
            accepted[pair] = verdict
    return accepted


def preferred(forms: Mapping[str, int]) -> str:
    """The form with most mentions, then the longest, then the least."""
    return min(forms, key=lambda form: (-forms[form], -len(form), form))


def _cluster(type: str, nodes: Sequence[_Node]) -> Cluster:
    full = sum((node.full for node in nodes), Counter[str]())
    name = preferred(full)
    forms = set(full) | {short.surface for node in nodes for short, _ in node.short}
    return Cluster(
        type=type,
        name=name,
        aliases=tuple(sorted(forms - {name})),
        mentions=tuple(sorted(mention for node in nodes for mention in node.mentions)),
    )


def _merges(
    type: str, nodes: Sequence[_Node], members: Sequence[int], verdicts: Mapping[Pair, Verdict], must: set[Pair]
) -> Iterator[Merge]:
    """Why the names of one cluster are one: every pair of its names that a rule or a decision took for one."""
    for node in (nodes[place] for place in members):
        for form in sorted(node.full.keys() - {node.lead}):
            yield _merge(type, node.lead, form, "equal key", 1.0)
        for short, antecedent in node.short:
            yield _merge(type, short.surface, antecedent.name.surface, antecedent.rule, antecedent.score)
    for pair in combinations(members, 2):
        left, right = (nodes[place].lead for place in pair)
        if pair in must:
            yield _merge(type, left, right, "must-link", 1.0)
        elif pair in verdicts:
            yield _merge(type, left, right, verdicts[pair].rule, verdicts[pair].score)


def _merge(type: str, one: str, other: str, rule: str, score: float) -> Merge:
    left, right = sorted((one, other))
    return Merge(type, left, right, rule, score)
