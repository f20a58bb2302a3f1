"""How right a model is on annotated text: the same reading that builds graphs, held against gold annotation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from relex_kg.errors import DataError
from relex_kg.extract.extractor import Extractor
from relex_kg.ids import DocumentId
from relex_kg.ontology import Schema
from relex_kg.pipeline import ExtractedDocument, Reader
from relex_kg.training.data import Record, read_records
from relex_kg.training.metrics import Counts, added, entity_counts, micro, relation_counts, triple_counts
from relex_kg.types import Document, TextExtraction, TextMention, TextRelation

TypesFrom = Literal["split", "record"]

_DOCUMENTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Scores:
    """What was right in one file, over all types (micro) and type by type.

    Attributes:
        file: where the records came from.
        records: how many there were.
        entities: strict mentions, same characters and same type.
        relations: strict relations, both mentions and the relation's type.
        triples: relations by the texts of their ends, as arXiv 2605.10108 counts them.
    """

    file: str
    records: int
    entities: Counts
    relations: Counts
    triples: Counts
    entities_by_type: Mapping[str, Counts]
    relations_by_type: Mapping[str, Counts]
    triples_by_type: Mapping[str, Counts]


def evaluate(
    path: Path,
    extractor: Extractor,
    *,
    types_from: TypesFrom,
    entity_threshold: float,
    relation_threshold: float,
    on_progress: Callable[[int, int], None],
) -> Scores:
    """Read the texts of an annotated file and compare what is found with its annotation.

    Args:
        path: a file of annotated records, plain or gzip'd.
        extractor: the model.
        types_from: ask every text for all types of the file ("split"), or for those of its own record ("record").
        entity_threshold: score that a mention must exceed.
        relation_threshold: score that a relation must exceed.
        on_progress: hears how many records are done, and how many there are.

    Raises:
        DataError: the file cannot be read, is malformed, or names no entity type.
    """
    records = list(read_records(path))
    if not records:
        raise DataError(f"{path} holds no record", fix="give a file with at least one annotated text")
    if not any(_entity_types(record) for record in records):
        raise DataError(f"{path} names no entity type", fix="annotate at least one mention, or list entity_types")
    groups = [records] if types_from == "split" else _by_types(records)
    tables: list[tuple[dict[str, Counts], dict[str, Counts], dict[str, Counts]]] = []
    for group in groups:
        schema = _schema_of(group, entity_threshold, relation_threshold)
        reader = Reader(extractor, schema)
        for first in range(0, len(group), _DOCUMENTS_AT_ONCE):
            some = group[first : first + _DOCUMENTS_AT_ONCE]
            for record, found in zip(some, _read(reader, schema, some), strict=True):
                tables.append(
                    (entity_counts(record, found), relation_counts(record, found), triple_counts(record, found))
                )
            on_progress(len(tables), len(records))
    entities, relations, triples = (added(column) for column in zip(*tables, strict=True))
    return Scores(
        file=str(path),
        records=len(records),
        entities=micro(entities),
        relations=micro(relations),
        triples=micro(triples),
        entities_by_type=entities,
        relations_by_type=relations,
        triples_by_type=triples,
    )


def _schema_of(records: Sequence[Record], entity_threshold: float, relation_threshold: float) -> Schema:
    entities = {type for record in records for type in _entity_types(record)}
    relations = {type for record in records for type in _relation_types(record)}
    return Schema.from_labels(
        sorted(entities),
        sorted(relations),
        entity_threshold=entity_threshold,
        relation_threshold=relation_threshold,
    )


def _entity_types(record: Record) -> tuple[str, ...]:
    return (*(record.entity_types or ()), *(entity.type for entity in record.entities))


def _relation_types(record: Record) -> tuple[str, ...]:
    stated = (relation.type for relation in (*record.relations, *record.cluster_relations))
    return (*(record.relation_types or ()), *stated)


def _by_types(records: Sequence[Record]) -> list[list[Record]]:
    groups: dict[tuple[frozenset[str], frozenset[str]], list[Record]] = {}
    for record in records:
        if types := frozenset(_entity_types(record)):
            groups.setdefault((types, frozenset(_relation_types(record))), []).append(record)
    return list(groups.values())


def _read(reader: Reader, schema: Schema, records: Sequence[Record]) -> list[TextExtraction]:
    """What the reader finds in each record's text, under the labels that were asked for."""
    # A record's text may be empty, and its id need not be unique: number the documents here
    documents = [
        Document(DocumentId(str(number)), record.id, record.id, record.text, "text/plain")
        for number, record in enumerate(records)
    ]
    chunked = [(document, reader.chunks(document)) for document in documents]
    return [_labelled(one, schema) for one in reader.extract(chunked, on_chunks=lambda count: None)]


def _labelled(extracted: ExtractedDocument, schema: Schema) -> TextExtraction:
    mentions = extracted.extraction.mentions
    row = {mention.id: index for index, mention in enumerate(mentions)}
    return TextExtraction(
        mentions=tuple(
            TextMention(mention.span, mention.text, schema.entities[mention.type].label, mention.score)
            for mention in mentions
        ),
        relations=tuple(
            TextRelation(row[relation.head], row[relation.tail], schema.relations[relation.type].label, relation.score)
            for relation in extracted.extraction.relations
        ),
        cut_spans=0,
        cut_pairs=0,
    )
