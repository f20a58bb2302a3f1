"""Which names may be shortened to which others within a document, by leaving words out.

Across documents nothing here counts: "the Commission" is another one in the next text.
"""

import re
from collections.abc import Sequence

from relex_kg.canon import lexicon
from relex_kg.canon.kinds import Kind
from relex_kg.canon.names import Name

_LEAST_LETTERS = 3
_JOINT = re.compile(r"\w\s*[-–—/]\s*\w")  # between two names that make one: ABC-DuMont
_SMALL_WORDS = lexicon.FUNCTION_WORDS | {"against", "as", "from", "in", "to", "with"}


def is_shortened(short: Name, full: Name) -> bool:
    """Whether a name is another with words left out, as texts do once the whole name is told.

    An organisation's name may end early where the rest says what it is ("Stanford" for Stanford University), where the
    rest is one word that names no part of it ("Swansea" for Swansea City, but not "BBC" for BBC News), or where it
    begins with "of" or the like ("the Council" for the Council of the European Union). It may begin late ("the
    Commission" for the European Commission) and do both where what is left is a body ("the House" for the United States
    House of Representatives) or the first word is a club's ("Bayern" for FC Bayern Munich).

    A work's, an event's or a product's name may only begin late, at its last word ("Haiyan" for Typhoon Haiyan).
    """
    words, whole = short.tokens, full.tokens
    if short.is_quantity or short.acronym or len(short.joined) < _LEAST_LETTERS or len(words) >= len(whole):
        return False
    if _SMALL_WORDS.union(lexicon.GENERAL_WORDS).issuperset(words):
        return False
    last_start = 0 if _JOINT.search(full.surface) else len(whole) - len(words)
    if full.kind is Kind.ORGANIZATION:
        return _are_its_members(short, full) or any(
            _may_stand_alone(words, whole[:start], whole[start + len(words) :])
            for start in range(last_start + 1)
            if whole[start : start + len(words)] == words
        )
    return (
        full.kind is Kind.OTHER and len(words) == 1 and words == whole[last_start:] and _is_capitalised(short.surface)
    )


def words_kept(short: Name) -> list[tuple[str, ...]]:
    """What any name that this one may be short for has in it, word by word: one of these."""
    return [short.tokens, *(tuple(stem.split()) for stem in _stems_of_members(short))]


def _are_its_members(short: Name, full: Name) -> bool:
    """ "Liberals" for the Liberal Party, "Social Democrats" for the Social Democratic Party."""
    return full.tail == "party" and full.stem in _stems_of_members(short)


def _stems_of_members(short: Name) -> list[str]:
    member = short.key.removesuffix("s")
    return [member, f"{member}ic"] if member != short.key and short.kind is Kind.ORGANIZATION else []


def _is_capitalised(surface: str) -> bool:
    return surface.rsplit(maxsplit=1)[-1][:1].isupper()


def _may_stand_alone(words: Sequence[str], before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether these words of an organisation's name may stand for all of it, without those before and behind them."""
    if not _SMALL_WORDS.isdisjoint(before):
        return not behind and len(before) == 2 and before[0] in lexicon.SCHOOLS and before[1] == "of"
    if not behind:
        return True
    if behind[0] in _SMALL_WORDS:
        return words[-1] in lexicon.BODIES and behind[0] in lexicon.LINKS_OF_BODIES
    if words[-1] in lexicon.BODIES | lexicon.SCHOOLS:
        return False
    is_called = len(words) == len(behind) == 1 and behind[0] not in lexicon.PARTS_OF_ORGANIZATIONS
    may_begin = not before or tuple(before) in lexicon.ORGANIZATION_HEADS
    return lexicon.ORGANIZATION_WORDS.union({"and"}).issuperset(behind) or (is_called and may_begin)
