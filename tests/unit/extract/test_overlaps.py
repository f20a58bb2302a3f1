"""Which spans stay, against the slowest way to say the same."""

from hypothesis import given
from hypothesis import strategies as st

from relex_kg.extract.overlaps import settle


def conflict(one: tuple[int, int], other: tuple[int, int], *, flat: bool) -> bool:
    shared = set(range(*one)) & set(range(*other))
    nested = one != other and shared in (set(range(*one)), set(range(*other)))
    return bool(shared) and (flat or not nested)


places = st.tuples(st.integers(0, 150), st.integers(1, 90)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(places, max_size=12), st.booleans())
def test_what_stays_is_what_brute_force_keeps(spans: list[tuple[int, int]], flat: bool) -> None:
    kept: list[int] = []
    expected: list[list[int]] = [[] for _ in spans]
    order = list(range(len(spans)))[::-1]
    for index in order:
        expected[index] = sorted(other for other in kept if conflict(spans[index], spans[other], flat=flat))
        if not expected[index]:
            kept.append(index)
    assert settle(spans, order, flat=flat) == expected
