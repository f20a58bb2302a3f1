"""A built graph against the facts that readers listed: how much of what is said is in it, and how much of it is said.

Readers list, for one document a file, the facts that its text states and those that it implies (docs/evaluation.md).
A fact of the graph is right if a stated one has its relation and, at both ends, a name in common; it is neither right
nor wrong if only an implied one does; else it is wrong. A stated fact is found once, however many edges say it.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from relex_kg.errors import DataError
from relex_kg.graph.store import Statement
from relex_kg.training.metrics import NOTHING, Counts

_LEADING_ARTICLE = re.compile(r"\A(?:the|an|a)\s+")
_FINAL_POSSESSIVE = re.compile(r"['’]s?\Z")
_NO_WORD = re.compile(r"[^\w]+")
_OFTEN = 10  # stated facts that make a relation count in the macro average


@dataclass(frozen=True, slots=True)
class ListedFact:
    """A fact that a reader listed, its ends by all names that the text has for them.

    ``via`` is what it takes to read it ("sentence", "pronoun", ...), ``quote`` the words that say it; either may be "".
    """

    head: tuple[str, ...]
    relation: str
    tail: tuple[str, ...]
    level: Literal["said", "implied"]
    via: str
    quote: str


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """All facts that readers found in one document; ``name`` is the end of its address, without the suffix."""

    name: str
    facts: tuple[ListedFact, ...]

    @property
    def genre(self) -> str:
        """The folder that the document lies in, or "" where its name has none."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class WrongFact:
    """A fact that a document does not state, and the sentence that the graph names for it."""

    document: str
    head: str
    relation: str
    tail: str
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class MissedFact:
    """A stated fact that the graph lacks."""

    document: str
    head: str
    relation: str
    tail: str
    via: str
    quote: str


@dataclass(frozen=True, slots=True)
class FactScores:
    """How right a graph is.

    Attributes:
        total: over all documents.
        by_genre, by_relation, by_via: parts of it; by way of saying only recall means anything.
        implied: facts of the graph that are neither right nor wrong.
        absent: listed documents that the graph does not have; their facts count as missed.
        wrong, missed: one by one, by document.
    """

    total: Counts
    by_genre: Mapping[str, Counts]
    by_relation: Mapping[str, Counts]
    by_via: Mapping[str, Counts]
    implied: int
    absent: tuple[str, ...]
    wrong: tuple[WrongFact, ...]
    missed: tuple[MissedFact, ...]

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the relations with ten stated facts or more, in 0..1; 0 where there are none."""
        often = [counts.f1 for counts in self.by_relation.values() if counts.gold >= _OFTEN]
        return sum(often) / len(often) if often else 0.0

    def document(self) -> dict[str, Any]:
        """All figures as JSON holds them."""
        return {
            "total": _figures(self.total),
            "macro_f1": self.macro_f1,
            "implied": self.implied,
            "absent": list(self.absent),
            "by_genre": {name: _figures(counts) for name, counts in self.by_genre.items()},
            "by_relation": {name: _figures(counts) for name, counts in self.by_relation.items()},
            "by_via": {name: {"recall": counts.recall, "gold": counts.gold} for name, counts in self.by_via.items()},
            "wrong": [asdict(fact) for fact in self.wrong],
            "missed": [asdict(fact) for fact in self.missed],
        }


def read_listed(folder: Path) -> list[ListedDocument]:
    """The documents of a folder's ``*.json`` files, by name.

    Raises:
        DataError: there are none, or one is malformed: file, what is wrong, and the fix.
    """
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    if not files:
        raise DataError(
            f"{folder} holds no facts that readers listed",
            fix="give a folder with one JSON file a document; docs/evaluation.md shows one",
        )
    return sorted((_listed(file) for file in files), key=lambda document: document.name)


def score(listed: Sequence[ListedDocument], stated: Iterable[Statement], documents: Collection[str]) -> FactScores:
    """Compare what a graph states with what readers listed.

    Args:
        listed: the readers' documents; the graph's others are left aside.
        stated: what the graph states.
        documents: the URIs of the graph's documents.

    Raises:
        DataError: two documents of the graph answer to one name.
    """
    uri_of = _matched(listed, documents)
    by_uri: dict[str, list[Statement]] = {}
    for statement in stated:
        by_uri.setdefault(statement.document, []).append(statement)
    parts = [_score_document(document, by_uri.get(uri_of.get(document.name, ""), ())) for document in listed]
    return FactScores(
        total=sum((part.total for part in parts), start=NOTHING),
        by_genre=_summed((document.genre, part.total) for document, part in zip(listed, parts, strict=True)),
        by_relation=_summed(item for part in parts for item in part.by_relation.items()),
        by_via=_summed(item for part in parts for item in part.by_via.items()),
        implied=sum(part.implied for part in parts),
        absent=tuple(document.name for document in listed if document.name not in uri_of),
        wrong=tuple(fact for part in parts for fact in part.wrong),
        missed=tuple(fact for part in parts for fact in part.missed),
    )


def _matched(listed: Sequence[ListedDocument], documents: Collection[str]) -> dict[str, str]:
    """The URI of each listed document that the graph has."""
    stems = {uri: re.sub(r"\.[A-Za-z0-9]{1,8}\Z", "", uri) for uri in documents}
    uri_of: dict[str, str] = {}
    for document in listed:
        ending = f"/{document.name.lstrip('/')}"
        uris = [
            uri
            for uri, stem in sorted(stems.items())
            if document.name == uri or stem.endswith(ending) or uri.endswith(ending)
        ]
        if len(uris) > 1:
            raise DataError(
                f"{document.name!r} may be {uris[0]} or {uris[1]}",
                fix="put more of the folders in front of the name in 'doc', or its whole address",
            )
        if uris:
            uri_of[document.name] = uris[0]
    return uri_of


def _score_document(document: ListedDocument, stated: Iterable[Statement]) -> FactScores:
    said = [fact for fact in document.facts if fact.level == "said"]
    implied = [fact for fact in document.facts if fact.level == "implied"]
    found_rows: set[int] = set()
    wrong: dict[tuple[str, frozenset[str], frozenset[str]], WrongFact] = {}
    neither = 0
    for statement in stated:
        fitting = [row for row, fact in enumerate(said) if _fits(statement, fact)]
        if fitting:
            # Of several stated facts that it may be, one that no other edge has found; a second edge is no mistake
            found_rows.add(next((row for row in fitting if row not in found_rows), fitting[0]))
        elif any(_fits(statement, fact) for fact in implied):
            neither += 1
        else:
            key = (statement.type, frozenset(_keys(statement.head)), frozenset(_keys(statement.tail)))
            wrong.setdefault(key, _wrong(document, statement))
    missed = [fact for row, fact in enumerate(said) if row not in found_rows]
    right = [said[row] for row in sorted(found_rows)]
    return FactScores(
        total=Counts(len(right), len(right) + len(wrong), len(said)),
        by_genre={},
        by_relation=_summed(
            [
                *((fact.relation, Counts(1, 1, 1)) for fact in right),
                *((fact.relation, Counts(0, 0, 1)) for fact in missed),
                *((fact.relation, Counts(0, 1, 0)) for fact in wrong.values()),
            ]
        ),
        by_via=_summed(
            [
                *((fact.via, Counts(1, 1, 1)) for fact in right if fact.via),
                *((fact.via, Counts(0, 0, 1)) for fact in missed if fact.via),
            ]
        ),
        implied=neither,
        absent=(),
        wrong=tuple(wrong.values()),
        missed=tuple(
            MissedFact(document.name, fact.head[0], fact.relation, fact.tail[0], fact.via, fact.quote)
            for fact in missed
        ),
    )


def _fits(statement: Statement, fact: ListedFact) -> bool:
    if statement.type != fact.relation:
        return False
    head, tail = _keys(statement.head), _keys(statement.tail)
    listed_head, listed_tail = _keys(fact.head), _keys(fact.tail)
    straight = not head.isdisjoint(listed_head) and not tail.isdisjoint(listed_tail)
    turned = not head.isdisjoint(listed_tail) and not tail.isdisjoint(listed_head)
    return straight or (statement.symmetric and turned)


def _keys(names: Iterable[str]) -> set[str]:
    """Names without regard to case, spacing, punctuation, a leading article and a final possessive."""
    keys = set()
    for name in names:
        bare = _LEADING_ARTICLE.sub("", " ".join(name.split()).lower())
        keys.add(_NO_WORD.sub(" ", _FINAL_POSSESSIVE.sub("", bare)).strip())
    return keys


def _wrong(document: ListedDocument, statement: Statement) -> WrongFact:
    passage = statement.passage
    start, end = passage.start - passage.text_start, passage.end - passage.text_start
    around = passage.text[max(0, start - 40) : end + 40] if start >= 0 else passage.text[: end + 40]
    return WrongFact(
        document=document.name,
        head=statement.head[0],
        relation=statement.type,
        tail=statement.tail[0],
        score=passage.score,
        sentence=" ".join(around.split()),
    )


def _summed(items: Iterable[tuple[str, Counts]]) -> dict[str, Counts]:
    sums: dict[str, Counts] = {}
    for name, counts in items:
        sums[name] = sums.get(name, NOTHING) + counts
    return dict(sorted(sums.items()))


def _figures(counts: Counts) -> dict[str, Any]:
    return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1, **asdict(counts)}


def _listed(file: Path) -> ListedDocument:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}", fix="give a UTF-8 file with one JSON object") from error
    try:
        names = {entity["id"]: _names(entity["names"]) for entity in fields["entities"]}
        return ListedDocument(fields["doc"], tuple(_fact(fact, names) for fact in fields["facts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{file} does not hold the facts of one document ({type(error).__name__}: {error})",
            cause="a field is missing, of another kind, or names an entity that is not listed",
            fix="compare it with the example in docs/evaluation.md",
        ) from error


def _names(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"'names' is {names!r}, not a list of strings")
    return tuple(names)


def _fact(fact: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> ListedFact:
    level = fact["level"]
    if level not in ("said", "implied"):
        raise ValueError(f"'level' is {level!r}, neither 'said' nor 'implied'")
    return ListedFact(
        head=names[fact["head"]],
        relation=fact["relation"],
        tail=names[fact["tail"]],
        level=level,
        via=fact.get("via", ""),
        quote=fact.get("quote", ""),
    )
