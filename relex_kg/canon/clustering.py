"""From accepted pairs to clusters, by complete link: every pair within a cluster was accepted.

Names that a reviewer linked count as one *group*; two groups fit if one of their pairs was accepted.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from relex_kg.canon.blocking import Pair
from relex_kg.canon.similarity import Verdict


def cluster(
    count: int, verdicts: Mapping[Pair, Verdict], *, linked: Sequence[Collection[int]], apart: Collection[Pair]
) -> list[list[int]]:
    """Part the names ``0 .. count - 1``.

    Strongest pairs first, pairs of one score by position: two clusters become one if all their groups fit. A pair in
    which one name says less than the other counts only if all the names that the lesser one may stand for fit each
    other; otherwise it stands for none of them.

    Args:
        count: how many names there are; their order breaks ties, so let it follow from the names alone.
        verdicts: the accepted pairs, the lesser position first.
        linked: disjoint groups of names that are one, whatever the verdicts say.
        apart: pairs, the lesser first, that never share a cluster.

    Returns:
        The clusters, each sorted, by least member.
    """
    group_of = list(range(count))
    for members in linked:
        for member in members:
            group_of[member] = min(members)
    forbidden = {_ordered(group_of[left], group_of[right]) for left, right in apart}
    accepted = _unambiguous(_without(verdicts, group_of, forbidden), group_of)
    strength: dict[Pair, float] = {}
    for (left, right), verdict in accepted.items():
        pair = _ordered(group_of[left], group_of[right])
        strength[pair] = max(verdict.score, strength.get(pair, 0.0))
    return _expand(_complete_link(set(group_of), strength), group_of)


def _ordered(left: int, right: int) -> Pair:
    return (left, right) if left < right else (right, left)


def _without(
    verdicts: Mapping[Pair, Verdict], group_of: Sequence[int], forbidden: Collection[Pair]
) -> dict[Pair, Verdict]:
    return {
        pair: verdict
        for pair, verdict in verdicts.items()
        if _ordered(group_of[pair[0]], group_of[pair[1]]) not in forbidden
    }


def _unambiguous(verdicts: Mapping[Pair, Verdict], group_of: Sequence[int]) -> dict[Pair, Verdict]:
    """The pairs without those of a name that says less than several names that do not fit each other."""
    fuller: defaultdict[int, list[int]] = defaultdict(list)
    for (left, right), verdict in verdicts.items():
        if verdict.left_shorter:
            fuller[left].append(right)
        if verdict.right_shorter:
            fuller[right].append(left)
    ambiguous = {
        name
        for name, partners in fuller.items()
        if not all(
            group_of[name] == group_of[other] or _ordered(name, other) in verdicts
            for name, other in combinations(partners, 2)
        )
    }
    return {
        (left, right): verdict
        for (left, right), verdict in verdicts.items()
        if not (verdict.left_shorter and left in ambiguous) and not (verdict.right_shorter and right in ambiguous)
    }


def _complete_link(groups: Collection[int], strength: Mapping[Pair, float]) -> list[list[int]]:
    clusters = {group: [group] for group in groups}
    for (left, right), _ in sorted(strength.items(), key=lambda item: (-item[1], item[0])):
        one, other = clusters[left], clusters[right]
        if one is not other and all(_ordered(a, b) in strength for a in one for b in other):
            one.extend(other)
            for member in other:
                clusters[member] = one
    return list({id(members): members for members in clusters.values()}.values())


def _expand(clusters: Sequence[Sequence[int]], group_of: Sequence[int]) -> list[list[int]]:
    members: defaultdict[int, list[int]] = defaultdict(list)
    for name, group in enumerate(group_of):
        members[group].append(name)
    return sorted(sorted(name for group in groups for name in members[group]) for groups in clusters)
