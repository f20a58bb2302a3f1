"""Annotated texts, for training and for evaluation: what a record holds, and how it is read from a file.

Two formats are read, told apart line by line. Ours (docs/data-format.md) counts characters; the reference
implementation's counts words (``tokenized_text``, ``ner``, ``relations``), and its text is those words with one space
between each two.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from relex_kg.errors import DataError

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A mention: characters ``start`` to ``end`` (exclusive) of the record's text, and its type.

    ``reference``: it is no name, but a pronoun or a noun that stands for one ("she", "the company").
    """

    start: int
    end: int
    type: str
    reference: bool = False


@dataclass(frozen=True, slots=True)
class LabelledRelation:
    """A relation; ``head`` and ``tail`` are positions in the record's entities (in its clusters, between clusters)."""

    head: int
    tail: int
    type: str


@dataclass(frozen=True, slots=True)
class Record:
    """One annotated text, and how much its annotation claims.

    Attributes:
        id: names the record in messages.
        text: the text.
        entities: the mentions; one span may stand more than once, with different types.
        relations: between positions of ``entities``, read from head to tail.
        entity_types: the types of which every mention is marked, so that an unmarked span is none of them; ``None``
            where only the marked mentions are known.
        relation_types: the types of which every relation (between judged pairs) is marked; ``None`` as above.
        pairs: "all" where every pair of entities was judged, so that an unmarked pair is unrelated; "given" where
            only the pairs in ``relations`` and ``no_relation_pairs`` were.
        no_relation_pairs: pairs judged to hold none of ``relation_types``, in either direction.
        clusters: positions of the mentions that name one thing, a tuple a thing; ``None`` where nobody looked.
            A mention may stand in more than one.
        cluster_relations: between positions of ``clusters``; each holds between any two of their mentions.
        document: which document the text is a part of, ``None`` where unknown.
        domain: which part of its dataset the record belongs to, ``None`` where there is one part only.
        title: what stands above the document that the text is a part of, ``None`` where unknown.
        references: whether every pronoun and noun that stands for a marked name is marked, in that name's cluster.
    """

    id: str
    text: str
    entities: tuple[LabelledSpan, ...]
    relations: tuple[LabelledRelation, ...]
    entity_types: tuple[str, ...] | None
    relation_types: tuple[str, ...] | None
    pairs: Literal["all", "given"]
    no_relation_pairs: tuple[tuple[int, int], ...]
    clusters: tuple[tuple[int, ...], ...] | None
    cluster_relations: tuple[LabelledRelation, ...]
    document: str | None
    domain: str | None
    title: str | None
    references: bool


def read_records(path: str | Path) -> Iterator[Record]:
    """The records of a JSON Lines file, one a line, gzip'd where its name ends in ``.gz``; empty lines are passed over.

    Fields that are not known are ignored.

    Raises:
        DataError: the file cannot be read, or a line is malformed: file, line, what is wrong, and the fix.
    """
    path = Path(path)
    number = 0
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _located(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read past line {number}: {error}",
            fix="check the path and that the file is whole; a name in .gz needs gzip'd content",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 after line {number}", fix="save the file as UTF-8") from error


def _open(path: Path) -> TextIO:
    # newline: only these end a line here; JSON may hold U+2028 and a bare carriage return is left to the parser
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
    return path.open(encoding="utf-8-sig", newline="\n")


def _located(path: Path, number: int, line: str) -> Record:
    try:
        record = _record(_object(line), fallback_id=f"{path.name}:{number}")
        _check_lists(record)
    except DataError as error:
        raise DataError(f"{path}, line {number}: {error.what}", fix=error.fix) from None
    return record


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", fix="write one JSON object a line") from None
    if not isinstance(value, dict):
        raise DataError("not a JSON object", fix="write one JSON object a line")
    return value


def _record(fields: dict[str, Any], *, fallback_id: str) -> Record:
    if "tokenized_text" in fields:
        return _record_from_words(fields, fallback_id)
    text = _text(fields)
    entities = tuple(_span(item, number, text) for number, item in enumerate(_list(fields, "entities")))
    clusters = _clusters(fields, len(entities))
    return Record(
        id=_optional_text(fields, "id") or fallback_id,
        text=text,
        entities=entities,
        relations=_relations(fields, "relations", "entities", len(entities)),
        entity_types=_types(fields, "entity_types"),
        relation_types=_types(fields, "relation_types"),
        pairs=_pairs(fields),
        no_relation_pairs=_no_relation_pairs(fields, len(entities)),
        clusters=clusters,
        cluster_relations=()
        if clusters is None
        else _relations(fields, "cluster_relations", "clusters", len(clusters)),
        document=_optional_text(fields, "doc"),
        domain=_optional_text(fields, "domain"),
        title=_optional_text(fields, "title"),
        references=_references(fields, entities, clusters),
    )


def _text(fields: dict[str, Any]) -> str:
    text = fields.get("text")
    if not isinstance(text, str):
        raise DataError(f"'text' is {_shown(text)}, not a string", fix="add the text that the offsets count in")
    return _whole(text, "'text'")


def _whole(text: str, what: str) -> str:
    # JSON can escape one alone, and no tokenizer or file takes it
    if _HALF_A_PAIR.search(text):
        raise DataError(f"{what} holds half a surrogate pair (\\ud800 to \\udfff)", fix="write the whole character")
    return text


def _references(
    fields: dict[str, Any], entities: Sequence[LabelledSpan], clusters: tuple[tuple[int, ...], ...] | None
) -> bool:
    marked = fields.get("references", False)
    if not isinstance(marked, bool):
        raise DataError(
            f"'references' is {_shown(marked)}",
            fix="write true where all pronouns and nouns that stand for a name are marked",
        )
    if not marked and any(entity.reference for entity in entities):
        raise DataError(
            "an entity is a reference, but the record does not say that all are marked", fix='write "references": true'
        )
    if marked and clusters is None:
        raise DataError("'references' is true without 'clusters'", fix="say in 'clusters' what each stands for")
    return marked


def _list(fields: dict[str, Any], key: str) -> list[Any]:
    value = fields.get(key)
    if not isinstance(value, list):
        raise DataError(f"'{key}' is {_shown(value)}, not a list", fix=f'write "{key}": [] where there is nothing')
    return value


def _optional_text(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise DataError(f"'{key}' is {_shown(value)}, not a string", fix="put it in quotes")
    return value


def _span(item: Any, number: int, text: str) -> LabelledSpan:
    what = f"entities[{number}]"
    if not isinstance(item, dict):
        raise DataError(
            f"{what} is {_shown(item)}, not an object", fix='write {"start": 0, "end": 4, "type": "person"}'
        )
    start, end = item.get("start"), item.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise DataError(
            f"{what} runs from {_shown(start)} to {_shown(end)} in a text of {len(text)} characters",
            fix="count characters from 0, with 'end' one past the last",
        )
    reference = item.get("reference", False)
    if not isinstance(reference, bool):
        raise DataError(f"'reference' of {what} is {_shown(reference)}", fix="write true for a pronoun or a noun")
    return LabelledSpan(start, end, _type(item.get("type"), what), reference)


def _relations(fields: dict[str, Any], key: str, ends: str, count: int) -> tuple[LabelledRelation, ...]:
    read = []
    for number, item in enumerate(_list(fields, key)):
        what = f"{key}[{number}]"
        if not isinstance(item, dict):
            raise DataError(f"{what} is {_shown(item)}, not an object", fix='write {"head": 0, "tail": 1, "type": "…"}')
        head, tail = _two(what, item.get("head"), item.get("tail"), ends, count)
        read.append(LabelledRelation(head, tail, _type(item.get("type"), what)))
    return tuple(read)


def _two(what: str, head: Any, tail: Any, ends: str, count: int) -> tuple[int, int]:
    """Two different positions in the list ``ends`` of length ``count``."""
    for position in (head, tail):
        if type(position) is not int or not 0 <= position < count:
            raise DataError(
                f"{what} points at {_shown(position)}, and there are {count} {ends}",
                fix=f"give a position in '{ends}', counted from 0",
            )
    if head == tail:
        raise DataError(f"{what} relates {ends}[{head}] to itself", fix="leave it out")
    return head, tail


def _type(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{what} has the type {_shown(value)}", fix="give the type as a word or a phrase")
    return _whole(value, f"the type of {what}")


def _types(fields: dict[str, Any], key: str) -> tuple[str, ...] | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise DataError(f"'{key}' is {_shown(value)}", fix="give a list of types, or null where not all are marked")
    return tuple(_type(item, f"{key}[{number}]") for number, item in enumerate(value))


def _pairs(fields: dict[str, Any]) -> Literal["all", "given"]:
    value = fields.get("pairs")
    if value == "all":
        return "all"
    if value == "given":
        return "given"
    raise DataError(
        f"'pairs' is {_shown(value)}",
        fix='write "all" where every pair of entities was judged, "given" where only the listed ones were',
    )


def _no_relation_pairs(fields: dict[str, Any], count: int) -> tuple[tuple[int, int], ...]:
    read = []
    for number, item in enumerate(_list({"no_relation_pairs": []} | fields, "no_relation_pairs")):
        what = f"no_relation_pairs[{number}]"
        if not isinstance(item, list) or len(item) != 2:
            raise DataError(f"{what} is {_shown(item)}", fix="write two positions, such as [0, 1]")
        read.append(_two(what, item[0], item[1], "entities", count))
    return tuple(read)


def _clusters(fields: dict[str, Any], count: int) -> tuple[tuple[int, ...], ...] | None:
    if fields.get("clusters") is None:
        return None
    clusters = []
    for number, members in enumerate(_list(fields, "clusters")):
        if not isinstance(members, list) or not members:
            raise DataError(f"clusters[{number}] is {_shown(members)}", fix="list the entities of one thing")
        for member in members:
            if type(member) is not int or not 0 <= member < count:
                raise DataError(
                    f"clusters[{number}] points at {_shown(member)}, and there are {count} entities",
                    fix="give positions in 'entities', counted from 0",
                )
        clusters.append(tuple(members))
    return tuple(clusters)


def _check_lists(record: Record) -> None:
    """A closed list that lacks a type in use would make that type's own mentions count as wrong."""
    for field, closed, used in (
        ("entity_types", record.entity_types, record.entities),
        ("relation_types", record.relation_types, record.relations + record.cluster_relations),
    ):
        unlisted = [] if closed is None else [item.type for item in used if item.type not in closed]
        if unlisted:
            raise DataError(
                f"'{field}' does not list the type {_shown(unlisted[0])}, which the record uses",
                fix="add it to the list, or write null where not all types are marked",
            )


def _record_from_words(fields: dict[str, Any], fallback_id: str) -> Record:
    """The reference format: no closed lists, every pair of its entities judged."""
    words = _list(fields, "tokenized_text")
    if not all(isinstance(word, str) for word in words):
        raise DataError("'tokenized_text' holds what is not a word", fix="give a list of strings")
    text = _text({"text": " ".join(words)})
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    spans = [
        _word_span(item, number, words, starts, text) for number, item in enumerate(_list({"ner": []} | fields, "ner"))
    ]
    triples = [
        _three(item, f"relations[{number}]")
        for number, item in enumerate(_list({"relations": []} | fields, "relations"))
    ]
    as_ours = [{"head": head, "tail": tail, "type": type} for head, tail, type in triples]
    return Record(
        id=_optional_text(fields, "id") or fallback_id,
        text=text,
        entities=tuple(spans),
        relations=_relations({"relations": as_ours}, "relations", "entities", len(spans)),
        entity_types=None,
        relation_types=None,
        pairs="all",
        no_relation_pairs=(),
        clusters=None,
        cluster_relations=(),
        document=None,
        domain=None,
        title=None,
        references=False,
    )


def _word_span(item: Any, number: int, words: Sequence[str], starts: Sequence[int], text: str) -> LabelledSpan:
    first, last, type_name = _three(item, f"ner[{number}]")
    if type(first) is not int or type(last) is not int or not 0 <= first <= last < len(words):
        raise DataError(
            f"ner[{number}] runs from word {_shown(first)} to word {_shown(last)} of {len(words)}",
            fix="count words from 0; the last word is included",
        )
    return _span({"start": starts[first], "end": starts[last] + len(words[last]), "type": type_name}, number, text)


def _three(item: Any, what: str) -> Sequence[Any]:
    if not isinstance(item, list) or len(item) != 3:
        raise DataError(f"{what} is {_shown(item)}", fix='write three values, such as [0, 1, "person"]')
    return item


def _shown(value: Any) -> str:
    """The value as JSON, cut to a length that a message can bear."""
    written = "missing" if value is None else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else f"{written[:59]}…"
