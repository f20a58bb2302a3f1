"""What the rules need to know of a name, read once from its surface form."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from relex_kg.canon import lexicon
from relex_kg.canon.normalise import Token, is_alphabetic, is_roman, numbers, tokenise
from relex_kg.types import collapse

Identity = tuple[str, str, str]
"""Comparison key, gender that a title gives, and the surface form where a reviewer told it from others of its key."""

_ACRONYM_LENGTHS = range(2, 9)


@dataclass(frozen=True, slots=True)
class PersonName:
    """The parts of a person's name, folded. ``surname`` includes particles; ``gender`` is "m", "f" or unknown ("")."""

    given: tuple[str, ...]
    surname: str
    generation: str
    gender: str


@dataclass(frozen=True)
class Name:
    """A surface form as the rules see it.

    Attributes:
        surface: the name as written, on one line.
        tokens: the words it is compared by; legal suffixes, honorifics and articles have fallen away.
        numbers: the numbers in it; names that differ here never merge.
        acronym: the folded name if it is written as an acronym, otherwise empty.
        initialisms: the acronyms it may be shortened to, sorted.
        person: its parts, if its type is a person's.
        single: the surface form, if a reviewer told it from other forms of its key, otherwise empty.
    """

    surface: str
    tokens: tuple[str, ...]
    numbers: tuple[str, ...]
    acronym: str
    initialisms: tuple[str, ...]
    person: PersonName | None
    single: str

    @cached_property
    def key(self) -> str:
        return " ".join(self.tokens)

    @cached_property
    def joined(self) -> str:
        return "".join(self.tokens)

    @cached_property
    def identity(self) -> Identity:
        """Names of one identity are one name, however written."""
        return (self.key, self.person.gender if self.person else "", self.single)

    @cached_property
    def is_quantity(self) -> bool:
        """A date, a number or the like (not a code such as F16): it equals nothing but itself."""
        return all(
            (not token[0].isalpha() and any(character.isdigit() for character in token))
            or token in lexicon.TIME_WORDS
            or token in lexicon.NUMBER_WORDS
            or token in lexicon.FUNCTION_WORDS
            for token in self.tokens
        )


def read_name(surface: str, *, is_person: bool, single: bool = False) -> Name:
    """Read a surface form.

    Args:
        surface: the name as written.
        is_person: read given names, surname, titles and generation; otherwise legal suffixes and acronyms.
        single: this form is not the same name as others of its key.
    """
    one_line = collapse(surface)
    return (_read_person if is_person else _read_thing)(one_line, one_line if single else "")


def united(forms: Iterable[Name]) -> Name:
    """One name for several forms of one identity: what any of them can match, it can; its surface is the least."""
    least, *others = sorted(set(forms), key=lambda name: name.surface)
    if not others:
        return least
    return replace(
        least,
        acronym=max(name.acronym for name in (least, *others)),
        initialisms=tuple(sorted({initialism for name in (least, *others) for initialism in name.initialisms})),
    )


def _read_thing(surface: str, single: str) -> Name:
    words = _without_article(list(tokenise(surface, join_dotted_letters=True)))
    core = _without_legal_suffix(words)
    tokens = _spelled_out(core)
    found = numbers(tokens)
    return Name(
        surface=surface,
        tokens=tokens,
        numbers=found,
        acronym=_acronym(core[0]) if tokens == (core[0].folded,) else "",
        initialisms=() if found else _initialisms([word.folded for word in words], len(core)),
        person=None,
        single=single,
    )


def _without_article(words: list[Token]) -> list[Token]:
    if len(words) > 1 and (words[0].folded in lexicon.ARTICLES or words[0].raw in lexicon.LOWER_CASE_ARTICLES):
        return words[1:]
    return words


def _without_legal_suffix(words: list[Token]) -> list[Token]:
    kept = words
    while len(kept) > 1 and _is_legal_suffix(kept[-1]):
        kept = kept[:-1]
    # "Tiffany & Co."
    return kept[:-1] if len(kept) > 1 and kept is not words and kept[-1].folded == "and" else kept


def _is_legal_suffix(word: Token) -> bool:
    if word.folded in lexicon.CAPITAL_LEGAL_SUFFIXES:
        return word.raw[1:] != word.raw[1:].lower()
    return word.folded in lexicon.LEGAL_SUFFIXES


def _spelled_out(words: list[Token]) -> tuple[str, ...]:
    """The words compared, usual abbreviations read out."""
    shouted = len(words) > 1 and all(word.raw.isupper() for word in words)
    read: list[str] = []
    for position, word in enumerate(words):
        folded = word.folded
        if word.raw.isupper() and not shouted and folded in lexicon.WELL_KNOWN_ACRONYMS:
            read.extend(lexicon.WELL_KNOWN_ACRONYMS[folded])
        elif position == 0 and len(words) > 1 and folded in lexicon.LEADING_ABBREVIATIONS:
            read.append(lexicon.LEADING_ABBREVIATIONS[folded])
        else:
            read.append(lexicon.ABBREVIATIONS.get(folded, folded))
    return lexicon.WELL_KNOWN_PHRASES.get(tuple(read), tuple(read))


def _acronym(word: Token) -> str:
    written_as_one = len(word.raw) in _ACRONYM_LENGTHS and word.raw.isupper() and word.raw.isalpha()
    return word.folded if written_as_one and is_alphabetic(word.folded) else ""


def _initialisms(words: list[str], core: int) -> tuple[str, ...]:
    """First letters: with and without the legal suffix, with and without function words."""
    if not all(is_alphabetic(word) for word in words):
        return ()
    found = set()
    for part in (words, words[:core]):
        content = [word for word in part if word not in lexicon.FUNCTION_WORDS]
        found |= {"".join(word[0] for word in chosen) for chosen in (part, content) if len(chosen) > 1}
    return tuple(sorted(found))


def _read_person(surface: str, single: str) -> Name:
    words, gender = _without_titles(_in_natural_order(surface))
    words, generation = _without_generation(_without_postnominals(words))
    folded = tuple(word.folded for word in words)
    start = _surname_start(folded)
    tokens = (*folded, generation) if generation else folded
    return Name(
        surface=surface,
        tokens=tokens,
        numbers=numbers(tokens),
        acronym="",
        initialisms=(),
        person=PersonName(folded[:start], " ".join(folded[start:]), generation, gender),
        single=single,
    )


def _in_natural_order(surface: str) -> list[Token]:
    """The words, given names first: "Smith, John" becomes "John Smith"; "PhD" after a comma falls away."""
    first, *rest = [part for part in surface.split(",") if any(character.isalnum() for character in part)] or [surface]
    words = list(tokenise(first, join_dotted_letters=False))
    given: list[Token] = []
    after: list[Token] = []
    for part in rest:
        tokens = list(tokenise(part, join_dotted_letters=False))
        if "".join(token.folded for token in tokens) in lexicon.POSTNOMINALS:
            continue
        is_generation = all(
            token.folded in lexicon.GENERATIONS or is_roman(token.folded, last=True) for token in tokens
        )
        (after if is_generation else given).extend(tokens)
    core, _ = _without_titles(words)
    titles = words[: len(words) - len(core)]
    return titles + given + core + after


def _without_titles(words: list[Token]) -> tuple[list[Token], str]:
    gender = ""
    while len(words) > 1:
        title = words[0].folded
        if title in lexicon.MASCULINE_TITLES:
            gender = gender or "m"
        elif title in lexicon.FEMININE_TITLES:
            gender = gender or "f"
        elif title not in lexicon.NEUTRAL_TITLES:
            break
        words = words[1:]
    return words, gender


def _without_postnominals(words: list[Token]) -> list[Token]:
    while len(words) > 2 and words[-1].folded in lexicon.POSTNOMINALS:
        words = words[:-1]
    return words


def _without_generation(words: list[Token]) -> tuple[list[Token], str]:
    last = words[-1].folded
    if len(words) > 1 and last in lexicon.GENERATIONS:
        return words[:-1], lexicon.GENERATIONS[last]
    if len(words) > 1 and words[-1].raw.isupper() and is_roman(last, last=True):
        return words[:-1], last
    return words, ""


def _surname_start(words: tuple[str, ...]) -> int:
    """Where the surname begins: at the last word, or at the particles before it ("de Gaulle")."""
    start = len(words) - 1
    while start > 0 and words[start - 1] in lexicon.SURNAME_PARTICLES:
        start -= 1
    return start
