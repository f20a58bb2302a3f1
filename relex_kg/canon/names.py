"""What the rules need to know of a name, read once from its surface form."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from relex_kg.canon import lexicon
from relex_kg.canon.countries import country, is_adjective
from relex_kg.canon.dates import date_value, depends_on_document
from relex_kg.canon.kinds import Kind
from relex_kg.canon.normalise import Token, is_alphabetic, is_roman, numbers, tokenise
from relex_kg.ids import DocumentId
from relex_kg.types import collapse

Identity = tuple[str, str, str]
"""Comparison key, gender that a title gives, and what else tells it from others of its key (:attr:`Name.single`)."""

_ACRONYM_LENGTHS = range(2, 9)
_LEAST_LETTERS_OF_A_STEM = 2

_PARENTHESIS = re.compile(r"(?P<before>.*\w.*?)\s*\((?P<inside>[^()]*\w[^()]*)\)?", re.DOTALL)
_NICKNAME = re.compile(
    r"""(?<=\w)[.,]?\s+
    (?: ["“”„«»] ([^"“”„«»]+) ["“”„«»] | ['‘’] ([^'‘’]+) ['‘’] | \( ([^()]+) \) )
    (?=\s+\w)""",
    re.VERBOSE,
)
_LIFE_DATES = re.compile(r"[\d\s.,/–—-]*\d{3,4}[\d\s.,/–—-]*")


@dataclass(frozen=True, slots=True)
class PersonName:
    """The parts of a person's name, folded.

    Attributes:
        given: given names and initials.
        surname: with its particles ("de gaulle").
        generation: "jr", "sr", a Roman numeral or nothing.
        gender: "m", "f" or unknown ("").
        nicknames: names in quotes or parentheses amid the others, sorted: ("willi",) in 'Wilfried "Willi" Schneider'.
    """

    given: tuple[str, ...]
    surname: str
    generation: str
    gender: str
    nicknames: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[tuple[str, ...], ...]:
        """The given names as written, then with each nickname in the place of the first of them."""
        return (self.given, *((nickname, *self.given[1:]) for nickname in self.nicknames if self.given))


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
        single: what tells it from other names of its key, otherwise empty: the surface form, if a reviewer told it from
            others; the document, if only that says what it means ("Wednesday").
        kind: the kind of its type.
        bare: the key of what stands before a parenthesis that tells it from others ("Paris (Texas)"), otherwise empty.
        stem: of an organisation's name, the key without what says that it is a group, party, alliance or club.
        tail: what that says: "group", "party", "alliance", "club" or nothing.
        value: of a date, what it says as ISO 8601 has it, otherwise empty.
        is_local: whether only its document can tell what it means ("Wednesday", "last year").
        document: the document that tells it from other names of its key, if one does.
    """

    surface: str
    tokens: tuple[str, ...]
    numbers: tuple[str, ...]
    acronym: str
    initialisms: tuple[str, ...]
    person: PersonName | None
    single: str
    kind: Kind = Kind.OTHER
    bare: str = ""
    stem: str = ""
    tail: str = ""
    value: str = ""
    is_local: bool = False
    document: DocumentId | None = None

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


def read_name(surface: str, *, is_person: bool, single: bool = False, kind: Kind = Kind.OTHER) -> Name:
    """Read a surface form.

    Args:
        surface: the name as written.
        is_person: read given names, surname, titles and generation; otherwise legal suffixes and acronyms.
        single: this form is not the same name as others of its key.
        kind: what else the type says, where it is not a person's.
    """
    one_line = collapse(surface)
    single_form = one_line if single else ""
    return _read_person(one_line, single_form) if is_person else _read_thing(one_line, single_form, kind)


def united(forms: Iterable[Name]) -> Name:
    """One name for several forms of one identity: what any of them can match, it can; its surface is the least."""
    least, *others = sorted(set(forms), key=lambda name: name.surface)
    if not others:
        return least
    all_names = (least, *others)
    nicknames = {nickname for name in all_names if name.person for nickname in name.person.nicknames}
    return replace(
        least,
        acronym=max(name.acronym for name in all_names),
        initialisms=tuple(sorted({initialism for name in all_names for initialism in name.initialisms})),
        bare=max(name.bare for name in all_names),
        person=replace(least.person, nicknames=tuple(sorted(nicknames))) if least.person else None,
    )


def _read_thing(surface: str, single: str, kind: Kind) -> Name:
    words = _without_article(list(tokenise(surface, join_dotted_letters=True)))
    core = _without_legal_suffix(words)
    read = _spelled_out(core)
    tokens = read
    if kind is Kind.PLACE and any(word.raw != word.raw.lower() for word in core):
        tokens = country(tokens) or tokens
    if kind is Kind.ORGANIZATION:
        tokens = _in_one_order(tokens)
    value = date_value(surface) if kind is Kind.DATE else ""
    tokens = (value,) if value else tokens
    its_numbers = numbers(tokens)
    stem, tail = _stem(tokens) if kind is Kind.ORGANIZATION else ("", "")
    name = Name(
        surface=surface,
        tokens=tokens,
        numbers=its_numbers,
        acronym=_acronym(core[0]) if tokens == (core[0].folded,) else "",
        initialisms=() if its_numbers else _initialisms(words, core, read),
        person=None,
        single=single,
        kind=kind,
        stem=stem,
        tail=tail,
        value=value,
        is_local=kind is Kind.DATE and depends_on_document(tokens),
    )
    return _with_parenthesis(name)


def _with_parenthesis(name: Name) -> Name:
    """Read a parenthesis behind a name: its acronym, or what the acronym before it means, or what tells it from others.

    "World Health Organization (WHO)" is the World Health Organization, and so is "WHO (World Health Organization)";
    "Paris (Texas)" may be Paris, but not "Paris (France)".
    """
    parts = _PARENTHESIS.fullmatch(name.surface) if "(" in name.surface else None
    if not parts:
        return name
    before, inside = (_read_thing(parts[group].strip(), "", name.kind) for group in ("before", "inside"))
    for acronym, full in ((inside, before), (before, inside)):
        if acronym.acronym and acronym.acronym in full.initialisms:
            return replace(full, surface=name.surface, single=name.single)
    if before.numbers != name.numbers:
        return name
    return replace(name, bare=before.key)


def _stem(tokens: tuple[str, ...]) -> tuple[str, str]:
    """An organisation's key without a first or last part that says what it is, and what that says.

    ("fc", "bayern", "munich") gives ("bayern munich", "club"). General words are no stem: ("national", "party") gives
    ("national party", "").
    """
    parted = [
        *(
            (tokens[: -len(tail)], says)
            for tail, says in lexicon.ORGANIZATION_TAILS.items()
            if tokens[-len(tail) :] == tail
        ),
        *(
            (tokens[len(head) :], says)
            for head, says in lexicon.ORGANIZATION_HEADS.items()
            if tokens[: len(head)] == head
        ),
    ]
    stem, says = min(parted, default=(tokens, ""), key=lambda part: len(part[0]))
    if len("".join(stem)) < _LEAST_LETTERS_OF_A_STEM or lexicon.GENERAL_WORDS.union(lexicon.FUNCTION_WORDS).issuperset(
        stem
    ):
        return " ".join(tokens), ""
    return " ".join(stem), says


def _without_article(words: list[Token]) -> list[Token]:
    if len(words) > 1 and (words[0].folded in lexicon.ARTICLES or words[0].raw in lexicon.LOWER_CASE_ARTICLES):
        return words[1:]
    return words


def _without_legal_suffix(words: list[Token]) -> list[Token]:
    core = words
    while len(core) > 1 and _is_legal_suffix(core[-1]):
        core = core[:-1]
    # "Tiffany & Co."
    return core[:-1] if len(core) > 1 and core is not words and core[-1].folded == "and" else core


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


def _initialisms(words: Sequence[Token], core: Sequence[Token], read: Sequence[str]) -> tuple[str, ...]:
    """First letters of a name: with and without function words, its legal suffix, and the union that it begins with.

    "U.S. Immigration and Customs Enforcement" may be USICE, UIACE, or ICE alone.
    """
    if not all(is_alphabetic(word.folded) for word in words):
        return ()
    parts = [tuple(word.folded for word in words), tuple(word.folded for word in core), tuple(read)]
    if tuple(read[:2]) in lexicon.WELL_KNOWN_ACRONYMS.values():
        parts.append(tuple(read[2:]))
    initialisms = set()
    for part in parts:
        content = [word for word in part if word not in lexicon.FUNCTION_WORDS]
        initialisms |= {"".join(word[0] for word in chosen) for chosen in (part, content) if len(chosen) > 1}
    return tuple(sorted(initialisms))


def _in_one_order(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """An organisation's words in one of the orders that say the same.

    "Department of Justice" becomes "justice department"; "Parliament of India" and "Indian Parliament" both become
    "india parliament".
    """
    for position, word in enumerate(tokens[:-2]):
        if word in lexicon.OFFICES and tokens[position + 1] == "of":
            return (*tokens[:position], *_without_the(tokens[position + 2 :]), word)
    if "of" in tokens[1:]:
        position = len(tokens) - 1 - tokens[::-1].index("of")
        body, place = tokens[:position], _body_country(tokens[position + 1 :])
        return (*place, *body) if place and body[-1] in lexicon.BODIES else tokens
    if len(tokens) > 1 and tokens[-1] in lexicon.BODIES and is_adjective(tokens[:1]):
        return (*_body_country(tokens[:1]), *tokens[1:]) if _body_country(tokens[:1]) else tokens
    return tokens


def _without_the(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tokens[1:] if len(tokens) > 1 and tokens[0] in lexicon.ARTICLES else tokens


def _body_country(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The country of a body. A continent is none: the Council of Europe is not the European Council."""
    name = country(_without_the(tokens)) or ()
    return () if name in lexicon.CONTINENTS else name


def _read_person(surface: str, single: str) -> Name:
    plain, nicknames = _without_nicknames(surface)
    parts = _PARENTHESIS.fullmatch(plain) if "(" in plain else None
    if parts and _LIFE_DATES.fullmatch(parts["inside"]):
        plain, parts = parts["before"], None
    words, gender = _without_titles(_in_natural_order(plain))
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
        person=PersonName(folded[:start], " ".join(folded[start:]), generation, gender, nicknames),
        single=single,
        kind=Kind.PERSON,
        bare=_read_person(parts["before"], "").key if parts else "",
    )


def _without_nicknames(surface: str) -> tuple[str, tuple[str, ...]]:
    """The name without what stands in quotes or parentheses amid it, and that, folded."""
    nicknames = {
        " ".join(token.folded for token in _without_article(list(tokenise(nickname, join_dotted_letters=False))))
        for groups in _NICKNAME.findall(surface)
        for nickname in groups
        if any(character.isalpha() for character in nickname)
    }
    return (_NICKNAME.sub("", surface), tuple(sorted(nicknames))) if nicknames else (surface, ())


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
