"""Under which keys a name is found, and under which it looks: blocking that a store can index.

Any two names that :func:`relex_kg.canon.similarity.compare` accepts find each other both ways: one of the keys that
either looks under is one that the other is found under.

* equal key, spacing: the letters without spaces;
* edit distance: the other words and, of the word with the slip, its length (one more and one less are looked for) and
  its ends: two letters at the one end or three at the other are sure to be untouched;
* given names: the surname with the first given name, and with its first letter for initials;
* acronym: the acronym, and what the other may be shortened to.
"""

from collections.abc import Iterator

from relex_kg.canon.names import Name, PersonName
from relex_kg.canon.normalise import is_alphabetic, is_initial
from relex_kg.canon.similarity import LEAST_EDITED_LETTERS
from relex_kg.ids import digest


def keys(type: str, name: Name) -> frozenset[str]:
    """What a name of this type is found under, each 32 hexadecimal digits."""
    return _digests(type, _found_under(name))


def lookups(type: str, name: Name) -> frozenset[str]:
    """What a name of this type looks under for names that may be the same."""
    return _digests(type, _looked_under(name))


def _digests(type: str, keys: Iterator[str]) -> frozenset[str]:
    return frozenset(digest("key", type, key) for key in keys)


def _found_under(name: Name) -> Iterator[str]:
    yield f"letters {name.joined}"
    yield from _slips(name, lengthened=(0,))
    if name.person and name.person.given:
        yield _given(name.person, name.person.given[0])
        yield _initial(name.person)
    if name.acronym:
        yield f"acronym {name.acronym}"
    yield from (f"expansion {initialism}" for initialism in name.initialisms)


def _looked_under(name: Name) -> Iterator[str]:
    yield f"letters {name.joined}"
    yield from _slips(name, lengthened=(-1, 0, 1))
    if name.person and name.person.given:
        first = name.person.given[0]
        if is_initial(first):
            yield _initial(name.person)
        else:
            yield _given(name.person, first)
            yield _given(name.person, first[0])
    if name.acronym:
        yield f"expansion {name.acronym}"
    yield from (f"acronym {initialism}" for initialism in name.initialisms)


def _given(person: PersonName, given: str) -> str:
    return f"given {person.surname}, {given}"


def _initial(person: PersonName) -> str:
    return f"initial {person.surname}, {person.given[0][0]}"


def _slips(name: Name, *, lengthened: tuple[int, ...]) -> Iterator[str]:
    if name.is_quantity:
        return
    for place, token in enumerate(name.tokens):
        if len(token) >= LEAST_EDITED_LETTERS and is_alphabetic(token):
            others = " ".join((*name.tokens[:place], "…", *name.tokens[place + 1 :]))
            for ends in _ends(token, alone=len(name.tokens) == 1):
                yield from (f"slip {others} {ends} {len(token) + more}" for more in lengthened)


def _ends(token: str, *, alone: bool) -> tuple[str, ...]:
    """Letters that one slip inside a word leaves as they are; more of them where no other word narrows the search."""
    if alone:
        return f"{token[:2]}-{token[-1]}", f"{token[0]}-{token[-3:]}"
    return (f"{token[0]}-{token[-1]}",)
