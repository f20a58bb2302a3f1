"""Other words for a label: training asks for the same thing in different words, so that any wording works later."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relex_kg.training.tables import read_table

_COLUMNS = ("label", "same direction (head to tail)", "inverse (tail to head), or SYMMETRIC", "meaning")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Wordings of one relation label: ``same`` read from head to tail, ``inverse`` from tail to head."""

    same: tuple[str, ...]
    inverse: tuple[str, ...]
    symmetric: bool

    def with_more(self, more: "Phrases") -> "Phrases":
        return Phrases(
            tuple(dict.fromkeys((*self.same, *more.same))),
            tuple(dict.fromkeys((*self.inverse, *more.inverse))),
            self.symmetric or more.symmetric,
        )


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to ask for a relation; ``reversed`` where the phrase reads from tail to head."""

    text: str
    reversed: bool


class PhraseTable:
    """Relation labels to their wordings. Labels that the table lacks are asked as they are.

    Args:
        phrases: the wordings by label.
        rename: probability of asking in other words than the label's own.
    """

    def __init__(self, phrases: Mapping[str, Phrases], *, rename: float) -> None:
        self._phrases = phrases
        self._rename = rename

    @classmethod
    def read(cls, paths: Sequence[Path], *, rename: float) -> "PhraseTable":
        """Read tab-separated tables: label, wordings, inverse wordings or SYMMETRIC, meaning; ``;`` between wordings.

        A label of several rows has the wordings of all.

        Raises:
            DataError: a file is missing, or a row has not four columns.
        """
        phrases: dict[str, Phrases] = {}
        for path in paths:
            for label, known in _read_phrases(path):
                phrases[label] = phrases[label].with_more(known) if label in phrases else known
        return cls(phrases, rename=rename)

    def symmetric(self, label: str) -> bool:
        known = self._phrases.get(label)
        return known.symmetric if known else _reads_symmetric(label)

    def wording(self, label: str, chance: random.Random) -> Wording:
        """The label itself, or other words for it."""
        known = self._phrases.get(label)
        if known is None or chance.random() >= self._rename:
            return Wording(label, reversed=False)
        if known.inverse and chance.random() < 0.3:
            return Wording(chance.choice(known.inverse), reversed=True)
        return Wording(chance.choice(known.same), reversed=False) if known.same else Wording(label, reversed=False)


# A free label that holds one of these may hold both ways; its reverse must not count as wrong
_SYMMETRIC_WORDS = frozenset(
    [
        "spouse",
        "married",
        "wife",
        "husband",
        "partner",
        "sibling",
        "brother",
        "sister",
        "twin",
        "cousin",
        "friend",
        "colleague",
        "rival",
        "opponent",
        "against",
        "faced",
        "fought",
        "versus",
        "vs",
        "borders",
        "bordering",
        "adjacent",
        "neighbour",
        "neighbor",
        "similar",
        "same",
        "equivalent",
        "between",
        "with",
        "alongside",
        "together",
        "connects",
        "connected",
        "related",
        "associated",
        "ally",
        "allied",
        "contemporary",
        "co-star",
        "co-author",
    ]
)


def _reads_symmetric(label: str) -> bool:
    return not _SYMMETRIC_WORDS.isdisjoint(label.lower().replace("_", " ").split())


def _read_phrases(path: Path) -> Iterator[tuple[str, Phrases]]:
    for row in read_table(path, columns=_COLUMNS)[1:]:
        symmetric = row[2].strip() == "SYMMETRIC"
        yield row[0], Phrases(_split(row[1]), () if symmetric else _split(row[2]), symmetric)


def _split(cell: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in cell.split(";") if phrase.strip())


_ENTITY_WORDINGS: Mapping[str, Sequence[str]] = {
    "entity": ("named entity", "named thing"),
    "thing": ("entity", "named entity"),
    "other": ("miscellaneous", "other named thing", "misc"),
    "work": ("creative work", "work of art", "title of a work"),
    "person": ("people", "human", "name of a person", "individual"),
    "organization": ("organisation", "company or institution", "organized group", "institution"),
    "organisation": ("organization", "institution"),
    "location": ("place", "geographic location", "geographical place", "place name"),
    "time": ("date", "date or time", "point in time"),
    "miscellaneous": ("other named thing", "other", "misc"),
    "date": ("time", "point in time", "calendar date"),
    "corporation": ("company", "business"),
    "company": ("corporation", "business", "firm"),
    "geopolitical entity": ("country or city", "country, state or city"),
    "number": ("quantity", "numeric value"),
    "creative work": ("work of art", "work", "title of a work"),
    "written work": ("book", "text or publication"),
    "musical work": ("song or album", "piece of music"),
    "event": ("happening", "named event"),
    "product": ("commercial product", "manufactured thing"),
    "nationality, religious or political group": ("people or faith", "ethnic, religious or political group", "group"),
    "product or service": ("product", "offering", "good or service"),
    "brand": ("brand name", "trademark"),
    "stock exchange": ("exchange", "securities market"),
    "regulator": ("authority", "supervisory agency", "court or regulator"),
    "industry sector": ("industry", "line of business", "sector"),
    "money": ("amount of money", "sum of money", "monetary value"),
    "method": ("algorithm or model", "procedure", "technique"),
    "task": ("problem to be solved", "research task"),
    "dataset": ("corpus", "data set", "collection of data"),
    "metric": ("measure of quality", "evaluation measure"),
    "material": ("substance or object of study", "studied material"),
    "tool": ("software or instrument", "instrument", "software"),
    "scientific concept": ("theory", "law, effect or phenomenon", "concept"),
    "scientist": ("researcher", "scholar"),
    "university or research institution": ("university", "research institute", "academic institution"),
    "academic discipline": ("field of study", "discipline", "science"),
    "gene or gene product": ("gene", "gene or protein", "protein"),
    "chemical": ("drug or compound", "chemical substance", "compound"),
    "disease or phenotypic feature": ("disease", "disease or symptom", "medical condition"),
    "sequence variant": ("mutation", "genetic variant"),
    "organism": ("species", "living thing"),
    "cell line": ("cultured cell line",),
    "cell type": ("kind of cell",),
    "body part": ("anatomical structure", "organ or tissue", "anatomy"),
}


def entity_wording(label: str, chance: random.Random, *, rename: float) -> str:
    """An entity label in plain words, with probability ``rename`` in others; as it is where that is 0."""
    if rename == 0:
        return label
    plain = label.replace("_", " ").strip().lower()
    others = _ENTITY_WORDINGS.get(plain)
    return chance.choice(others) if others and chance.random() < rename else plain
