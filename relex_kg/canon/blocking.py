"""Which names are worth comparing: an index instead of all pairs.

Every pair that :func:`relex_kg.canon.similarity.compare` accepts is among the candidates, because each rule has an
index built from what it requires:

* equal key, spacing: the letters without spaces are equal;
* edit distance: every word keeps its first and last letter, and one deleted letter makes the rest equal too;
* given names: the surname and the first letter of the first given name are equal, and so is the first given name
  unless one of the two is an initial;
* acronym: the acronym is among the other's initialisms.

No block is cut, so none is lost. Blocks stay small since each asks for nearly all that its rule does: five thousand
people named Smith meet only those of their own first name, and the J.s.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations

from relex_kg.canon.names import Name
from relex_kg.canon.normalise import is_initial
from relex_kg.canon.similarity import LEAST_EDITED_LETTERS

Pair = tuple[int, int]


def candidate_pairs(names: Sequence[Name]) -> Iterator[Pair]:
    """Positions of the names of one type to compare, the lesser first; a pair may come more than once."""
    yield from _within(_blocks((name.joined, place) for place, name in enumerate(names)))
    yield from _one_letter_apart(names)
    yield from _persons(names)
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
    blocks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.person and name.person.given:
            blocks[name.person.surname, name.person.given[0][0]].append(place)
    for block in blocks.values():
        first_names: defaultdict[str, list[int]] = defaultdict(list)
        for place in block:
            person = names[place].person
            if person:
                first_names[person.given[0]].append(place)
        yield from _within(first_names.values())
        for first_name, holders in first_names.items():
            if is_initial(first_name):
                bearers = set(holders)
                yield from ((min(a, b), max(a, b)) for a in holders for b in block if b not in bearers)


def _acronyms(names: Sequence[Name]) -> Iterator[Pair]:
    acronyms: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.acronym:
            acronyms[name.acronym].append(place)
    for place, name in enumerate(names):
        for initialism in name.initialisms:
            yield from ((min(place, other), max(place, other)) for other in acronyms.get(initialism, ()))
