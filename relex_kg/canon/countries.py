"""Countries and continents by any of their usual names: "American", "U.S." and "the United States" are one place.

The table beside this module (``countries.tsv``) lists each with its adjectives and its other names. An adjective that
several share ("Korean", "Congolese") is in none.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from relex_kg.canon.normalise import tokenise

Words = tuple[str, ...]


def country(words: Words) -> Words | None:
    """The words of a country's name by those of any of its names, compared as names are."""
    return _countries().get(words)


def is_adjective(words: Words) -> bool:
    """Whether the words are a country's adjective ("Brazilian") or the plural of one ("Brazilians")."""
    return words in _adjectives()


@cache
def _countries() -> Mapping[Words, Words]:
    by_name = dict(_adjectives())
    for name, _, others in rows():
        for other in (name, *others):
            by_name[_words(other)] = _words(name)
    return by_name


@cache
def _adjectives() -> Mapping[Words, Words]:
    return {
        _words(form): _words(name)
        for name, adjectives, _ in rows()
        for adjective in adjectives
        for form in ((adjective, f"{adjective}s") if adjective.endswith(("n", "i")) else (adjective,))
    }


def rows() -> Iterator[tuple[str, list[str], list[str]]]:
    """(name, adjectives, other names) for each country."""
    for line in files("relex_kg.canon").joinpath("countries.tsv").read_text("utf-8").splitlines()[1:]:
        name, adjectives, others = line.split("\t")
        yield name, _forms(adjectives), _forms(others)


def _forms(cell: str) -> list[str]:
    return cell.split(", ") if cell else []


def _words(text: str) -> Words:
    return tuple(token.folded for token in tokenise(text, join_dotted_letters=True))
