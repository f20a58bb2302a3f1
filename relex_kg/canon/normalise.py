"""From a surface form to the tokens that names are compared by, in any script."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

# Marks that are spelling, not substance: Latin, Greek and Cyrillic diacritics, Hebrew points, Arabic vowels and the
# Arabic stretching letter. Indic vowel signs and Japanese voicing marks make another letter and stay.
_FOLDED_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_FOLDED_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ＇`´ʻ", "'"))
_TRADE_MARKS = str.maketrans(dict.fromkeys("™®©℠"))
_POSSESSIVE = re.compile(r"(?<=\w)'s\b", re.IGNORECASE)
_DOTTED_LETTERS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_](?!\w)\.?")
# Where a line may or may not be broken, and byte order marks. Joiners and marks of direction change how a name is read.
_MINUS = re.compile(r"(?<!\S)[-−](?=\d)")
_DOT_OR_COMMA_OUTSIDE_A_NUMBER = re.compile(r"(?<!\d)[.,]|[.,](?!\d)")
_KEPT_PUNCTUATION = frozenset("#%@.,")

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"(?=[mdclxvi])m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_SYLLABIC = re.compile("[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")


class Token(NamedTuple):
    """A word of a name, as written and as compared."""

    raw: str
    folded: str


def fold(text: str) -> str:
    """Compatibility forms, case and diacritics folded: ``"Łódź"`` and ``"LODZ"`` become ``"lodz"``."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _FOLDED_MARKS.sub("", decomposed)).translate(_FOLDED_LETTERS)


def tokenise(surface: str, *, join_dotted_letters: bool) -> tuple[Token, ...]:
    """The words of a name, without punctuation and possessive 's; never empty.

    Currency signs, signs of numbers, ``#``, ``%`` and other symbols are part of a word (C++, $5). What consists of
    punctuation alone is one token that stands for itself.

    Args:
        surface: the name as written.
        join_dotted_letters: read "U.S." as one word; otherwise each letter is one, as a person's initials are.
    """
    text = unicodedata.normalize("NFKC", surface.translate(_TRADE_MARKS).translate(_APOSTROPHES))
    text = _POSSESSIVE.sub("", text).replace("'", "").replace("&", " and ")
    if join_dotted_letters:
        text = _DOTTED_LETTERS.sub(lambda match: match.group().replace(".", ""), text)
    text = _DOT_OR_COMMA_OUTSIDE_A_NUMBER.sub(" ", _MINUS.sub("−", text))
    words = "".join(map(_separated, text)).split()
    tokens = tuple(Token(word, folded) for word in words if (folded := fold(word)))
    return tokens or (Token(surface, fold(surface) or surface),)


@cache
def _separated(character: str) -> str:
    """The character itself, nothing (invisible ones) or a space (what separates words)."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    separates = category in {"Cc", "Sk"} or (category[0] == "P" and character not in _KEPT_PUNCTUATION)
    return " " if separates else character


def numbers(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The numbers that folded tokens hold, in order: runs of digits, and Roman numerals.

    A single letter is a numeral only at the end (George V), and only where it is a small one (I, V, X).
    """
    found: list[str] = []
    for position, token in enumerate(tokens):
        found.extend(_DIGITS.findall(token))
        if is_roman(token, last=0 < position == len(tokens) - 1):
            found.append(token)
    return tuple(found)


def is_roman(token: str, *, last: bool) -> bool:
    if len(token) == 1:
        return last and token in "ivx"
    return _ROMAN.fullmatch(token) is not None


def is_alphabetic(token: str) -> bool:
    """All letters, of a script that spells sounds by letters: a changed letter may be a slip of the pen.

    In Chinese characters, Kana and Hangul syllables a changed sign is another name.
    """
    return not _SYLLABIC.search(token) and all(unicodedata.category(character)[0] in "LM" for character in token)


def is_initial(token: str) -> bool:
    return len(token) == 1 and is_alphabetic(token)
