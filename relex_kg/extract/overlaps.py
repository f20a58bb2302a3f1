"""Which of several spans stay: the one rule for candidates of one pass and for what several passes found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

_BLOCK = 64  # positions that share a list of the spans kept there, so that only near ones are compared

Place = tuple[int, int]  # first position, and the one after the last


def settle(places: Sequence[Place], order: Iterable[int], *, flat: bool) -> list[list[int]]:
    """Keep spans one by one, each that conflicts with none kept before it.

    Two spans conflict where they overlap; where ``flat`` is False, one may lie within the other, but not be the same.

    Args:
        places: the spans.
        order: the index of every span, the best first.
        flat: no span within another.

    Returns:
        For every span the kept ones that it conflicts with, by index; none where it is kept itself.
    """
    kept: defaultdict[int, list[int]] = defaultdict(list)
    rivals: list[list[int]] = [[]] * len(places)
    for index in order:
        start, end = places[index]
        blocks = range(start // _BLOCK, (end - 1) // _BLOCK + 1)
        near = {other for block in blocks for other in kept[block]}
        rivals[index] = sorted(other for other in near if _conflict(places[index], places[other], flat=flat))
        if not rivals[index]:
            for block in blocks:
                kept[block].append(index)
    return rivals


def _conflict(one: Place, other: Place, *, flat: bool) -> bool:
    if one[1] <= other[0] or other[1] <= one[0]:
        return False
    if flat or one == other:
        return True
    within = one[0] <= other[0] and other[1] <= one[1]
    return not (within or (other[0] <= one[0] and one[1] <= other[1]))
