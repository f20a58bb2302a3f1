"""Whether two names of one type may name one thing: the rules, each with its guards, and their scores.

A pair is accepted only by a rule that says why; closeness of spelling alone is never enough. A name that says less
than its partner ("J. Smith", "IBM") is marked, because it may fit several partners that do not fit each other.
"""

from dataclasses import dataclass, replace

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from relex_kg.canon import lexicon
from relex_kg.canon.names import Name, PersonName
from relex_kg.canon.normalise import is_alphabetic, is_initial

LEAST_EDITED_LETTERS = 6
"""No rule forgives a slip in a shorter word."""

_LEAST_LETTERS_ALONE = 7
_LEAST_LETTERS_SURNAME = 8
_LEAST_LETTERS_PERSON_JOINED = 8
_LEAST_ACRONYM_ACROSS_DOCUMENTS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why two names were accepted as one. ``left_shorter``: the left name says less than the right one."""

    rule: str
    score: float
    left_shorter: bool = False
    right_shorter: bool = False


def compare(left: Name, right: Name) -> Verdict | None:
    """The strongest rule that takes two names of one type for one thing, or nothing."""
    if left.identity > right.identity:
        return _turned(compare(right, left))
    if _genders_contradict(left.person, right.person) or left.is_local or right.is_local:
        return None
    verdict = _same_key(left, right) or _same_letters(left, right) or _slip_of_the_pen(left, right)
    if not verdict and left.person and right.person:
        verdict = fuller_person(left.person, right.person)
    if not verdict:
        verdict = _parenthesis(left, right) or _organization_tail(left, right) or _acronym(left, right)
    return _with_gender(verdict, left.person, right.person) if verdict else None


def likeness(left: Name, right: Name) -> float:
    """How much of two names' letters is the same, from 0 to 1. It is for people to look at; no rule goes by it."""
    return round(fuzz.ratio(left.key, right.key) / 100, 2)


def _turned(verdict: Verdict | None) -> Verdict | None:
    if verdict is None:
        return None
    return replace(verdict, left_shorter=verdict.right_shorter, right_shorter=verdict.left_shorter)


def _genders_contradict(left: PersonName | None, right: PersonName | None) -> bool:
    return bool(left and right and left.gender and right.gender and left.gender != right.gender)


def _with_gender(verdict: Verdict, left: PersonName | None, right: PersonName | None) -> Verdict:
    """A name without a title says less than one whose title tells the gender: "Smith" may be Mr. or Mrs. Smith."""
    if not left or not right or left.gender == right.gender:
        return verdict
    return replace(
        verdict,
        left_shorter=verdict.left_shorter or not left.gender,
        right_shorter=verdict.right_shorter or not right.gender,
    )


def _same_key(left: Name, right: Name) -> Verdict | None:
    return Verdict("equal key", 1.0) if left.key == right.key else None


def _same_letters(left: Name, right: Name) -> Verdict | None:
    """ "Wal Mart" and "Walmart", "F16" and "F-16"; a short person's name is too easily another ("An Na", "Anna")."""
    if left.joined != right.joined or left.numbers != right.numbers or left.is_quantity or right.is_quantity:
        return None
    if left.person and len(left.joined) < _LEAST_LETTERS_PERSON_JOINED:
        return None
    return Verdict("spacing", 0.98)


def _slip_of_the_pen(left: Name, right: Name) -> Verdict | None:
    """One word one letter apart: left out, doubled, exchanged with its neighbour, or a variant spelling."""
    if len(left.tokens) != len(right.tokens) or left.numbers != right.numbers or left.is_quantity or right.is_quantity:
        return None
    differing = [place for place, token in enumerate(left.tokens) if token != right.tokens[place]]
    if len(differing) != 1:
        return None
    place = differing[0]
    word, other = left.tokens[place], right.tokens[place]
    if not _long_enough(min(len(word), len(other)), left, place) or not _one_letter_apart(word, other):
        return None
    return Verdict("edit distance", round(OSA.normalized_similarity(left.key, right.key), 4))


def _long_enough(letters: int, name: Name, place: int) -> bool:
    """Whether a slip in a word of so many letters is forgiven. A surname alone is never close to another."""
    if name.person is None:
        return letters >= (LEAST_EDITED_LETTERS if len(name.tokens) > 1 else _LEAST_LETTERS_ALONE)
    given = len(name.person.given)
    return given > 0 and letters >= (LEAST_EDITED_LETTERS if place < given else _LEAST_LETTERS_SURNAME)


def _one_letter_apart(word: str, other: str) -> bool:
    """Inside the word only: a changed first letter makes another word, a changed last one another form of it."""
    if word[0] != other[0] or word[-1] != other[-1] or OSA.distance(word, other, score_cutoff=1) != 1:
        return False
    if word[-1] == "s" and word[-2] != other[-2]:  # Americans, Americas
        return False
    if not (is_alphabetic(word) and is_alphabetic(other)) or _both_known(word, other):
        return False
    if len(word) == len(other):
        exchanged = [tuple(sorted(pair)) for pair in zip(word, other, strict=True) if pair[0] != pair[1]]
        return len(exchanged) == 2 or exchanged[0] in lexicon.SPELLING_VARIANTS
    short, long = sorted((word, other), key=len)
    return not any(
        short.endswith(ending) and long == short.removesuffix(ending) + longer
        for ending, longer in lexicon.CONFUSABLE_ENDINGS
    )


def _both_known(word: str, other: str) -> bool:
    known = lexicon.NUMBER_WORDS | lexicon.TIME_WORDS
    return word in known and other in known


def fuller_person(left: PersonName, right: PersonName) -> Verdict | None:
    """One surname and given names that fit.

    Initials and short forms stand for names ("J." and "Bill"), middle names and "Jr." may be left out, and a nickname
    beside a given name stands for it: "Willi Schneider" fits 'Wilfried "Willi" Schneider'.
    """
    if left.surname != right.surname or not left.given or not right.given:
        return None
    if left.generation != right.generation and {left.generation, right.generation} not in ({"", "jr"}, {"", "sr"}):
        return None
    verdict = _fitting_given_names(left.given, right.given)
    if not verdict:
        verdict = _by_nickname(left, right) or _turned(_by_nickname(right, left))
    if not verdict:
        return None
    return replace(
        verdict,
        left_shorter=verdict.left_shorter or (not left.generation and bool(right.generation)),
        right_shorter=verdict.right_shorter or (not right.generation and bool(left.generation)),
    )


def _by_nickname(left: PersonName, right: PersonName) -> Verdict | None:
    """The left given names fit the right ones with a nickname in the place of the first."""
    for reading in right.readings[1:]:
        if verdict := _fitting_given_names(left.given, reading):
            return replace(verdict, rule="nickname", score=0.9, left_shorter=True)
    return None


def _fitting_given_names(left: tuple[str, ...], right: tuple[str, ...]) -> Verdict | None:
    fewer, more = sorted((left, right), key=len)
    # In order and from the first on: George W. Bush is not George H. W. Bush.
    pairs = list(zip(fewer, more, strict=False))
    if not all(given_fits(short, full) or given_fits(full, short) for short, full in pairs):
        return None
    fewer_says_less = len(fewer) < len(more) or any(short != full and given_fits(short, full) for short, full in pairs)
    more_says_less = any(short != full and given_fits(short, full) for full, short in pairs)
    left_is_fewer = fewer is left
    rule, score = ("middle name", 0.95) if left[0] == right[0] and not is_initial(left[0]) else ("initials", 0.9)
    if left[0] != right[0] and not is_initial(left[0]) and not is_initial(right[0]):
        rule = "short given name"
    return Verdict(
        rule,
        score,
        left_shorter=fewer_says_less if left_is_fewer else more_says_less,
        right_shorter=more_says_less if left_is_fewer else fewer_says_less,
    )


def given_fits(short: str, full: str) -> bool:
    """Whether a given name is another, its initial, or its usual short form ("Bill" for "William")."""
    return (
        short == full
        or (is_initial(short) and full.startswith(short))
        or full in lexicon.SHORT_GIVEN_NAMES.get(short, ())
    )


def _parenthesis(left: Name, right: Name) -> Verdict | None:
    """One name is the other without the parenthesis behind it: "Paris" and "Paris (Texas)"."""
    if left.key == right.bare:
        return Verdict("parenthesis", 0.9, left_shorter=True)
    if right.key == left.bare:
        return Verdict("parenthesis", 0.9, right_shorter=True)
    return None


def _organization_tail(left: Name, right: Name) -> Verdict | None:
    """ "Samsung" and "Samsung Group", "Arsenal FC" and "Arsenal Football Club", but not "Arsenal" party and club."""
    if not left.stem or left.stem != right.stem or (left.tail and right.tail and left.tail != right.tail):
        return None
    return Verdict("organisation tail", 0.9, left_shorter=not left.tail, right_shorter=not right.tail)


def _acronym(left: Name, right: Name) -> Verdict | None:
    if left.acronym in right.initialisms and len(left.acronym) >= _LEAST_ACRONYM_ACROSS_DOCUMENTS:
        return Verdict("acronym", 0.9, left_shorter=True)
    if right.acronym in left.initialisms and len(right.acronym) >= _LEAST_ACRONYM_ACROSS_DOCUMENTS:
        return Verdict("acronym", 0.9, right_shorter=True)
    return None
