"""What kind of thing a type's name says it is: rules for people, organisations, places, events and dates differ."""

import re
from enum import Enum

from relex_kg.canon import lexicon

_WORD_OF_TYPE_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Kind(Enum):
    """How names of a type are read and compared."""

    PERSON = "person"
    ORGANIZATION = "organization"
    PLACE = "place"
    DATE = "date"
    OTHER = "other"


_WORDS_OF_KINDS = {
    Kind.PERSON: lexicon.PERSON_TYPES,
    Kind.ORGANIZATION: lexicon.ORGANIZATION_TYPES,
    Kind.PLACE: lexicon.PLACE_TYPES,
    Kind.DATE: lexicon.DATE_TYPES,
}


def kind_of_type(type: str) -> Kind:
    """The kind that the last word of a type's name tells: "Person", "PER" and "FictionalCharacter" are people."""
    words = _WORD_OF_TYPE_NAME.findall(type)
    last = words[-1].lower() if words else ""
    return next((kind for kind, known in _WORDS_OF_KINDS.items() if last in known), Kind.OTHER)
