"""Under which keys a name is found, and under which it looks: blocking that a store can index.

Any two names that :func:`relex_kg.canon.similarity.compare` accepts find each other both ways: one of the keys that
either looks under is one that the other is found under.

* equal key, spacing: the letters without spaces;
* edit distance: the other words and, of the word with the slip, its length (one more and one less are looked for) and
  one of its halves: a slip leaves the other half as it is;
* given names: the surname with the first given name, and with its first letter for initials; usual short forms are
  looked for too, and nicknames in the place of the first given name;
* parenthesis, organisation tail: the name without it;
* acronym: the acronym, and what the other may be shortened to.
"""

from collections import defaultdict
from collections.abc import Iterator

from relex_kg.canon import lexicon
from relex_kg.canon.names import Name, PersonName
from relex_kg.canon.normalise import is_alphabetic, is_initial
from relex_kg.canon.similarity import LEAST_EDITED_LETTERS
from relex_kg.ids import digest

_SHORT_FORMS: defaultdict[str, set[str]] = defaultdict(set)
for _short, _full_names in lexicon.SHORT_GIVEN_NAMES.items():
    for _full in _full_names:
        _SHORT_FORMS[_full].add(_short)


def keys(type: str, name: Name) -> frozenset[str]:
    """What a name of this type is found under, each 32 hexadecimal digits."""
    return _digests(type, _found_under(name))


def lookups(type: str, name: Name) -> frozenset[str]:
    """What a name of this type looks under for names that may be the same."""
    return _digests(type, _looked_under(name))


def short_key(type: str, name: Name) -> str:
    """What a name is found under that has this one as a short form, when a decision on this one changes."""
    return digest("short", type, name.key)


def _digests(type: str, keys: Iterator[str]) -> frozenset[str]:
    return frozenset(digest("key", type, key) for key in keys)


def _found_under(name: Name) -> Iterator[str]:
    if name.is_local:
        return
    yield f"letters {name.joined}"
    yield from _slips(name, lengthened=(0,))
    for surname, given in _first_given_names(name.person):
        yield f"given {surname}, {given}"
        yield f"initial {surname}, {given[0]}"
    yield from (f"bare {key}" for key in [name.bare] if key)
    yield from (f"stem {stem}" for stem in [name.stem] if stem)
    yield from (f"acronym {acronym}" for acronym in [name.acronym] if acronym)
    yield from (f"expansion {initialism}" for initialism in name.initialisms)


def _looked_under(name: Name) -> Iterator[str]:
    if name.is_local:
        return
    yield f"letters {name.joined}"
    yield from _slips(name, lengthened=(-1, 0, 1))
    for surname, given in _first_given_names(name.person):
        if is_initial(given):
            yield f"initial {surname}, {given[0]}"
        else:
            others = (given, given[0], *lexicon.SHORT_GIVEN_NAMES.get(given, ()), *_SHORT_FORMS.get(given, ()))
            yield from (f"given {surname}, {other}" for other in others)
    yield f"bare {name.key}"
    yield from (f"letters {key.replace(' ', '')}" for key in [name.bare] if key)
    yield from (f"stem {stem}" for stem in [name.stem] if stem)
    yield from (f"expansion {acronym}" for acronym in [name.acronym] if acronym)
    yield from (f"acronym {initialism}" for initialism in name.initialisms)


def _first_given_names(person: PersonName | None) -> set[tuple[str, str]]:
    """(surname, first given name) for each way to read a person's name."""
    return {(person.surname, given[0]) for given in person.readings if given} if person else set()


def _slips(name: Name, *, lengthened: tuple[int, ...]) -> Iterator[str]:
    if name.is_quantity:
        return
    for place, token in enumerate(name.tokens):
        if len(token) >= LEAST_EDITED_LETTERS and is_alphabetic(token):
            others = " ".join((*name.tokens[:place], "…", *name.tokens[place + 1 :]))
            for more in lengthened:
                yield from (f"slip {others} {half} {len(token) + more}" for half in _halves(token, len(token) + more))


def _halves(token: str, length: int) -> tuple[str, str]:
    """The first and the last letters of a word, so many that a slip between it and one of this length spares either.

    Two letters of the shorter word may be touched, and it may be one shorter than ``length``; the outer two never are.
    """
    first = max((length - 2) // 2, 1)
    last = max(length - 2 - first, 1)
    return f"{token[:first]}-{token[-1]}", f"{token[0]}-{token[-last:]}"
