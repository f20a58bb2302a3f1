"""Within one document, a short form stands for the full name that the document has.

A person's name is short for another if it is the end of it ("Schneider", "van Gogh"), its first given name or a
usual form of that ("Wilfried", "Bill"), its nickname, or if it gives initials or leaves out middle names ("W.
Schneider"). Any other name is if it is its acronym ("MIT"), is introduced as one ("Japan Aerospace Exploration
Agency (JAXA)") or, behind it in the text, leaves out words ("the Commission", see :mod:`relex_kg.canon.shortened`).
Full names are those that are short for no other. The rule, for each short form:

* it stands for the one full name that it is short for;
* a surname that several full names end in stands for the one named nearest before it, and for itself where none is;
* an acronym that fits several stands for the one that it was introduced beside: "Name (ACRONYM)";
* any other short form that fits several stands for itself.

A surname is looked for first, then initials or fewer given names, then the first given name or nickname; an acronym
before words left out.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from relex_kg.canon import lexicon
from relex_kg.canon.names import Identity, Name, PersonName, united
from relex_kg.canon.shortened import is_shortened, words_kept
from relex_kg.canon.similarity import fuller_person, given_fits
from relex_kg.types import Span

_LONGEST_GAP_TO_PARENTHESIS = 2
_LEAST_LETTERS_IN_ORDER = 3
_MOST_WORDS = 16  # names are indexed by their parts up to there: a longer one is no name

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at a place of the document."""

    span: Span
    name: Name


@dataclass(frozen=True, slots=True)
class Antecedent:
    """The full name that a short form stands for, and why."""

    name: Name
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way to be short for another name, where both stand in the text as they must."""

    rule: str
    score: float
    fits: Callable[[Name, Name], bool]
    stand: Callable[["_Index", Name, Name], bool] = lambda index, short, full: True


def antecedents(occurrences: Sequence[Occurrence], *, fixed: Collection[Identity]) -> list[Antecedent | None]:
    """For each occurrence in one document and of one type, the name that it stands for if it is a short form.

    Args:
        occurrences: all of them, by position.
        fixed: names that stand for themselves, because a reviewer decided on them.
    """
    index = _Index(occurrences)
    short_for = {
        identity: kind_and_names
        for identity, name in index.names.items()
        if identity not in fixed and (kind_and_names := _short_for(name, index))
    }
    full = {
        identity: (kind, [name for name in names if name.identity not in short_for])
        for identity, (kind, names) in short_for.items()
    }
    return [
        _choose(occurrence, *full[occurrence.name.identity], index) if occurrence.name.identity in full else None
        for occurrence in occurrences
    ]


class _Index:
    """The names of a document, by what a short form shares with them, and where each stands."""

    def __init__(self, occurrences: Sequence[Occurrence]) -> None:
        forms: defaultdict[Identity, list[Name]] = defaultdict(list)
        self.spans: defaultdict[Identity, list[Span]] = defaultdict(list)
        self._sharing: defaultdict[_Key, list[Name]] = defaultdict(list)
        for occurrence in sorted(occurrences, key=lambda occurrence: occurrence.span):
            name = occurrence.name
            forms[name.identity].append(name)
            self.spans[name.identity].append(occurrence.span)
        self.names = {identity: united(names) for identity, names in forms.items()}
        self._ending: defaultdict[int, list[Name]] = defaultdict(list)
        for name in self.names.values():
            for key in _shared(name):
                self._sharing[key].append(name)
            for span in self.spans[name.identity]:
                self._ending[span.end].append(name)

    def partners(self, name: Name) -> Iterable[Name]:
        """The other names that it may be short for."""
        if name.person:
            wanted = _sought(name.person)
        else:
            wanted = [("acronym", name.acronym), *(("part", *words) for words in words_kept(name))]
        partners = {other.identity: other for key in wanted for other in self._sharing.get(key, ())}
        if name.acronym:
            partners |= {other.identity: other for other in self._just_before(name)}
        return (partners[identity] for identity in sorted(partners) if identity != name.identity)

    def comes_behind(self, short: Name, full: Name) -> bool:
        """Whether a short form first stands behind the first place of a full name."""
        return self.spans[full.identity][0] < self.spans[short.identity][0]

    def is_introduced(self, acronym: Name, full: Name) -> bool:
        """Whether an acronym stands in parentheses behind a full name anywhere."""
        return any(other.identity == full.identity for other in self._just_before(acronym))

    def _just_before(self, name: Name) -> Iterator[Name]:
        """The names that end where a parenthesis with this name in it begins."""
        for span in self.spans[name.identity]:
            for gap in range(1, _LONGEST_GAP_TO_PARENTHESIS + 1):
                yield from self._ending.get(span.start - gap, ())


def _shared(name: Name) -> set[_Key]:
    """What a short form must have in common with this name."""
    if not name.person:
        parts = combinations(range(min(len(name.tokens), _MOST_WORDS) + 1), 2)
        return {
            *(("acronym", initialism) for initialism in name.initialisms),
            *(("part", *name.tokens[start:end]) for start, end in parts),
        }
    words = _words(name.person)
    keys: set[_Key] = {("end", *words[start:]) for start in range(1, len(words))}
    keys |= {("first", nickname) for nickname in name.person.nicknames}
    for reading in name.person.readings:
        keys |= {("first", given) for given in reading[:1]}
        for count in (1, 2):
            if count <= len(reading):
                forms = ({given, given[0]} for given in reading[:count])
                keys |= {("given", name.person.surname, *given) for given in product(*forms)}
    return keys


def _sought(person: PersonName) -> list[_Key]:
    """The keys of the names that this one may be short for."""
    words = _words(person)
    keys: list[_Key] = [("end", *words), ("first", " ".join(words))]
    longer = [{given, *lexicon.SHORT_GIVEN_NAMES.get(given, ())} for given in (person.given or words)[:2]]
    if person.given:
        return [*keys, *(("given", person.surname, *given) for given in product(*longer))]
    return [*keys, *(("first", given) for given in longer[0])] if len(words) == 1 else keys


def _words(person: PersonName) -> tuple[str, ...]:
    return (*person.given, *person.surname.split())


def _is_surname_of(short: Name, full: Name) -> bool:
    if not short.person or not full.person or short.person.generation not in {"", full.person.generation}:
        return False
    ending, whole = _words(short.person), _words(full.person)
    return len(ending) < len(whole) and len(ending[0]) > 1 and whole[-len(ending) :] == ending


def _has_fewer_given_names_than(short: Name, full: Name) -> bool:
    verdict = fuller_person(short.person, full.person) if short.person and full.person else None
    return bool(verdict and verdict.left_shorter and not verdict.right_shorter)


def _is_first_name_of(short: Name, full: Name) -> bool:
    if not full.person or len(short.key) == 1:
        return False
    if short.key in full.person.nicknames:
        return True
    return len(short.tokens) == 1 and any(given_fits(short.key, given) for given in full.person.given[:1])


def _is_acronym_of(short: Name, full: Name) -> bool:
    return bool(short.acronym) and short.acronym in full.initialisms


def _has_letters_of(short: Name, full: Name) -> bool:
    """Whether a name has an acronym's letters in their order, as Japan Aerospace Exploration Agency has JAXA's.

    One that has the acronym itself is another name: BBC News.
    """
    if len(short.acronym) < _LEAST_LETTERS_IN_ORDER or len(full.tokens) < 2 or short.acronym in full.tokens:
        return False
    letters = iter(full.joined)
    return all(letter in letters for letter in short.acronym)


def _agree(short: Name, full: Name) -> bool:
    genders = {name.person.gender for name in (short, full) if name.person}
    return not {"m", "f"} <= genders


_SURNAME = _Kind("surname", 0.9, _is_surname_of)
_ACRONYM = _Kind("acronym", 0.95, _is_acronym_of)
_KINDS = (
    _SURNAME,
    _Kind("given names", 0.9, _has_fewer_given_names_than),
    _Kind("first name", 0.8, _is_first_name_of),
    _ACRONYM,
    _Kind("introduced acronym", 0.9, _has_letters_of, _Index.is_introduced),
    _Kind("words left out", 0.8, is_shortened, _Index.comes_behind),
)
_NEAREST_SURNAME_SCORE = 0.7


def _short_for(name: Name, index: _Index) -> tuple[_Kind, list[Name]] | None:
    candidates = [partner for partner in index.partners(name) if _agree(name, partner)]
    for kind in _KINDS:
        fitting = [other for other in candidates if kind.fits(name, other) and kind.stand(index, name, other)]
        if fitting:
            return kind, fitting
    return None


def _choose(short: Occurrence, kind: _Kind, full: Sequence[Name], index: _Index) -> Antecedent | None:
    rule = f"within document: {kind.rule}"
    if len(full) == 1:
        return Antecedent(full[0], rule, kind.score)
    if kind is _SURNAME:
        nearest = _nearest_before(short.span, full, index)
        return Antecedent(nearest, rule, _NEAREST_SURNAME_SCORE) if nearest else None
    if kind is _ACRONYM:
        introduced = [name for name in full if index.is_introduced(short.name, name)]
        return Antecedent(introduced[0], rule, kind.score) if len(introduced) == 1 else None
    return None


def _nearest_before(span: Span, names: Iterable[Name], index: _Index) -> Name | None:
    before: list[tuple[Span, Identity]] = []
    for name in names:
        spans = index.spans[name.identity]
        if place := bisect_left(spans, span):
            before.append((spans[place - 1], name.identity))
    return index.names[max(before)[1]] if before else None
