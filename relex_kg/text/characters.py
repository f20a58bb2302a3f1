"""Characters as a person reads them.

Two spellings that look alike are one text: ``e`` with a combining accent is ``é``, the ligature ``ﬁ`` is ``fi``, wide
``Ｌ`` is ``L``, a no-break space is a space, and what is never seen (soft hyphens, zero-width spaces, marks of writing
direction) is not there. Emoji, and scripts in which a joiner changes what is seen, stay as they are.
"""

import re
import unicodedata
from collections.abc import Iterable

from relex_kg.text.mapped import MappedText, substitute

REPLACEMENT = "\ufffd"

_UNCLEAN = re.compile(r"\r\n?|[\x00\ud800-\udfff]")
# Joiners (200C, 200D) change what is seen between letters of Arabic or Indic scripts, and between emoji: all of them
# are beyond 0590, all of Latin, Greek and Cyrillic before it.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0001-\U000e007f"
_ODD = re.compile(
    rf"""
      [{_UNSEEN}]+
    | (?<![\u0590-\u1dff\u2190-\U0010ffff])[\u200c\u200d]+ | [\u200c\u200d]+(?![\u0590-\u1dff\u2190-\U0010ffff])
    | [\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]             # spaces of every width
    | [\ufb00-\ufb06]                                           # Latin ligatures
    | [\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff06\uff07\uff0d\uff0e\uff20]    # wide letters, digits, & ' - . @
    """,
    re.VERBOSE,
)
# Unicode's own bound for text that is put in order in linear time
_MOST_MARKS = 30


def clean(text: str) -> MappedText:
    r"""Line ends become ``\n``; each NUL and each lone surrogate, which stores refuse, becomes one U+FFFD."""
    return substitute(_UNCLEAN, lambda found: "\n" if found[0] == "\r" else REPLACEMENT, text)


def normalise(text: str) -> MappedText:
    """The text in NFC, without what is unseen, and with plain letters and spaces where they look like these.

    A letter with more than 30 combining marks keeps the order that they have.
    """
    plain = substitute(_ODD, _plain, text)
    pattern = _changing(set(plain.text))
    if pattern is None:
        return plain
    composed = substitute(pattern, lambda found: unicodedata.normalize("NFC", found), plain.text)
    return composed.after(plain)


def legible(text: str) -> str:
    """A string from outside, a title say, as :func:`clean` and :func:`normalise` leave it."""
    return normalise(clean(text).text).text


def _plain(found: str) -> str:
    if found.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", found)
    return plain if plain.isprintable() and plain != found else ""


def _changing(characters: Iterable[str]) -> re.Pattern[str] | None:
    """What finds the stretches that NFC may change: letters with marks, and characters that have another form."""
    marks = "".join(sorted(character for character in characters if _joins(character)))
    singles = "".join(
        sorted(character for character in characters if unicodedata.normalize("NFC", character) != character)
    )
    kinds = [rf"[\s\S]?[{re.escape(marks)}]{{1,{_MOST_MARKS}}}"] if marks else []
    kinds += [f"[{re.escape(singles)}]"] if singles else []
    return re.compile("|".join(kinds)) if kinds else None


def _joins(character: str) -> bool:
    """Whether it may become one with the character before it: combining marks, and the later letters of Hangul."""
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
