"""Which of an entity's names is shown: the best written form, then the one used most."""

import re
import unicodedata
from collections.abc import Mapping

from relex_kg.canon.countries import is_adjective
from relex_kg.canon.kinds import Kind
from relex_kg.canon.names import read_name
from relex_kg.canon.normalise import fold, tokenise

_LONGEST_ACRONYM = 6
_POSSESSIVE_END = re.compile(r"['’](?:s|S)?$")


def best_form(forms: Mapping[str, int], kind: Kind) -> str:
    """The name to show, of forms and how often each occurs.

    Best is a form without blemish; among those of equally many the most used, then the longest, then the least.
    Blemishes are an invisible character, a possessive end, a lower-case article, capitals throughout (unless they may
    be an acronym), of a person's name a title, letters behind it or the surname first, of a country its adjective:
    "Marie Curie" is shown rather than "MARIE CURIE", "Curie, Marie", "Dr. Marie Curie" and "Marie Curie's".
    """
    if len(forms) == 1:
        return next(iter(forms))
    mixed_case = {_letters(form) for form in forms if not form.isupper()}
    return min(forms, key=lambda form: (_blemishes(form, kind, mixed_case), -forms[form], -len(form), form))


def _blemishes(form: str, kind: Kind, mixed_case: set[str]) -> int:
    words = tuple(token.folded for token in tokenise(form, join_dotted_letters=kind is not Kind.PERSON))
    return sum(
        (
            any(unicodedata.category(character) == "Cf" for character in form),
            bool(_POSSESSIVE_END.search(form)),
            form.startswith(("the ", "a ", "an ")),
            form.isupper() and not _may_be_acronym(form, kind, mixed_case),
            kind is Kind.PERSON and read_name(form, is_person=True).tokens != words,
            kind is Kind.PLACE and is_adjective(words),
        )
    )


def _may_be_acronym(form: str, kind: Kind, mixed_case: set[str]) -> bool:
    """Whether capitals are the usual way to write it: "NASA" and "U.S.", but not "CHINA" beside "China"."""
    if kind in (Kind.PERSON, Kind.PLACE) and _letters(form) in mixed_case:
        return False
    return len(form.split()) == 1 and len(_letters(form)) <= _LONGEST_ACRONYM


def _letters(form: str) -> str:
    return "".join(character for character in fold(form) if character.isalnum())
