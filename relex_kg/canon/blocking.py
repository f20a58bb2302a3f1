"""Which names are worth comparing: an index instead of all pairs.

Every pair that :func:`relex_kg.canon.similarity.compare` accepts is among the candidates, because each rule has an
index built from what it requires:

* equal key, spacing: the letters without spaces are equal;
* edit distance: every word keeps its first and last letter, and one deleted letter makes the rest equal too;
* given names: the surname is equal, and so are the given names from the first on, until one of the two names has no
  more of them or one of the two given names is an initial or a usual short form of the other; a name with a nickname
  is also found under it in the place of the first given name;
* parenthesis: the one's letters are the other's without its parenthesis;
* organisation tail: the rest of the name is equal;
* acronym: the acronym is among the other's initialisms.

No block is cut, so none is lost. Blocks stay small since each asks for nearly all that its rule does: five thousand
people named Smith meet only those of their own given names, and the J.s.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations

from relex_kg.canon import lexicon
from relex_kg.canon.names import Name
from relex_kg.canon.normalise import is_initial
from relex_kg.canon.similarity import LEAST_EDITED_LETTERS

Pair = tuple[int, int]


def candidate_pairs(names: Sequence[Name]) -> Iterator[Pair]:
    """Positions of the names of one type to compare, the lesser first; a pair may come more than once."""
    yield from _within(_blocks((name.joined, place) for place, name in enumerate(names)))
    yield from _one_letter_apart(names)
    yield from _persons(names)
    yield from _within(_blocks((name.stem, place) for place, name in enumerate(names) if name.stem))
    yield from _parentheses(names)
    yield from _acronyms(names)


def _blocks(entries: Iterable[tuple[Hashable, int]]) -> Iterator[list[int]]:
    """Positions that share a key, for keys that more than one has."""
    blocks: defaultdict[Hashable, list[int]] = defaultdict(list)
    for key, place in entries:
        blocks[key].append(place)
    return (block for block in blocks.values() if len(block) > 1)


def _within(blocks: Iterable[list[int]]) -> Iterator[Pair]:
    for block in blocks:
        yield from combinations(block, 2)


def _one_letter_apart(names: Sequence[Name]) -> Iterator[Pair]:
    # The names are first parted by the letters that the rule never forgives, so that the index of all the ways to
    # leave a letter out is only ever built for a handful of names at a time.
    for block in _blocks((_frame(name), place) for place, name in enumerate(names) if not name.is_quantity):
        variants = ((variant, place) for place in block for variant in _with_one_letter_less(names[place]))
        yield from _within(_blocks(variants))


def _frame(name: Name) -> str:
    return " ".join(token[0] + token[-1] for token in name.tokens)


def _with_one_letter_less(name: Name) -> set[str]:
    """The key, and the key without one of the inner letters of a word long enough."""
    variants = {name.key}
    start = 0
    for token in name.tokens:
        if len(token) >= LEAST_EDITED_LETTERS:
            inner = range(start + 1, start + len(token) - 1)
            variants |= {name.key[:place] + name.key[place + 1 :] for place in inner}
        start += len(token) + 1
    return variants


def _persons(names: Sequence[Name]) -> Iterator[Pair]:
    surnames: defaultdict[str, list[int]] = defaultdict(list)
    readings: list[tuple[int, tuple[str, ...]]] = []
    for place, name in enumerate(names):
        if name.person and name.person.given:
            for given in name.person.readings:
                surnames[name.person.surname].append(len(readings))
                readings.append((place, given))
    given_names = [given for _, given in readings]
    for bearers in surnames.values():
        for reading, other_reading in _fitting(bearers, given_names, depth=0):
            place, other_place = readings[reading][0], readings[other_reading][0]
            if place != other_place:
                yield _ordered(place, other_place)


def _fitting(places: Sequence[int], given: Sequence[Sequence[str]], *, depth: int) -> Iterator[Pair]:
    """Pairs whose given names may fit: one has no more of them, or the next are equal or one stands for the other."""
    bearers: defaultdict[str, list[int]] = defaultdict(list)
    letters: defaultdict[str, list[int]] = defaultdict(list)
    shortest: list[int] = []  # names without more given names
    for place in places:
        if depth == len(given[place]):
            shortest.append(place)
        else:
            bearers[given[place][depth]].append(place)
            letters[given[place][depth][0]].append(place)
    yield from combinations(shortest, 2)
    longer = [place for same_name in bearers.values() for place in same_name]
    yield from (_ordered(place, longer_place) for place in shortest for longer_place in longer)
    for name, same_name in bearers.items():
        if len(same_name) > 1:
            yield from _fitting(same_name, given, depth=depth + 1)
        full_names = [place for full in lexicon.SHORT_GIVEN_NAMES.get(name, ()) for place in bearers.get(full, ())]
        if is_initial(name):
            full_names = [place for place in letters[name] if given[place][depth] != name]
        yield from (_ordered(place, full_place) for place in same_name for full_place in full_names)


def _ordered(place: int, other_place: int) -> Pair:
    return (place, other_place) if place < other_place else (other_place, place)


def _parentheses(names: Sequence[Name]) -> Iterator[Pair]:
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.bare:
            holders[name.bare].append(place)
    if holders:
        yield from (_ordered(place, other) for place, name in enumerate(names) for other in holders.get(name.key, ()))


def _acronyms(names: Sequence[Name]) -> Iterator[Pair]:
    acronyms: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.acronym:
            acronyms[name.acronym].append(place)
    for place, name in enumerate(names):
        for initialism in name.initialisms:
            yield from (_ordered(place, other) for other in acronyms.get(initialism, ()))
