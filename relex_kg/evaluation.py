"""How right a model is on annotated text: the reading that builds graphs, held against gold annotation.

A file is read through twice: once to see that it is sound and which types it names (:func:`survey`), and once by the
model (:func:`measure`), a batch of records at a time. The model reads each text once, at the lowest thresholds that
are of interest; what it would have found at higher ones is what of it scored higher. docs/evaluation.md says what the
figures mean.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from relex_kg.errors import DataError
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.merging import Reading, merge
from relex_kg.ids import DocumentId
from relex_kg.ontology import Schema
from relex_kg.pipeline import Reader
from relex_kg.training.calibration import BINS, Calibration
from relex_kg.training.data import Record, read_records
from relex_kg.training.metrics import (
    NOTHING,
    Counts,
    Judgement,
    added,
    judge_entities,
    judge_relations,
    judge_triples,
    micro,
)
from relex_kg.types import Document, Extraction, TextExtraction, TextMention, TextRelation

TypesFrom = Literal["split", "record"]

MEASURES = ("entities", "relations", "triples")
# From 0.3: below it there are many times the candidates, and pairs grow with their square
ENTITY_SWEEP = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
RELATION_SWEEP = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

_BATCH_CHARACTERS = 60_000  # of text that is read together
_PROGRESS_EVERY = 1_000  # records, while a file is only looked through


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a model is asked.

    Attributes:
        types_from: ask every text for all types of its file ("split"), or for those of its own record ("record").
        entity_threshold: score in 0..1 that a mention must exceed.
        relation_threshold: score in 0..1 that a relation must exceed.
        nested: whether a mention may lie within another.
    """

    types_from: TypesFrom
    entity_threshold: float
    relation_threshold: float
    nested: bool

    @property
    def lowest_entity_threshold(self) -> float:
        return min(self.entity_threshold, *ENTITY_SWEEP)

    @property
    def lowest_relation_threshold(self) -> float:
        return min(self.relation_threshold, *RELATION_SWEEP)


PUBLISHED = Protocol(types_from="split", entity_threshold=0.3, relation_threshold=0.5, nested=False)
"""The protocol of arXiv 2605.10108; its authors' own script lets mentions nest."""


class Types(NamedTuple):
    """The types that a text is asked for, sorted."""

    entities: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """An annotated file that was looked through and is sound: how many records, and all types that they name."""

    path: Path
    records: int
    types: Types


@dataclass(frozen=True, slots=True)
class Column:
    """Files whose figures are added to one, as a column of a table of benchmarks is."""

    name: str
    files: tuple[Survey, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one measure.

    Attributes:
        by_type: at the protocol's thresholds.
        by_entity_threshold: at each entity threshold of the sweep and the protocol's relation threshold.
        by_relation_threshold: at each relation threshold of the sweep and the protocol's entity threshold.
        calibration: of all scores above the lowest threshold (of relations: at the protocol's entity threshold).
    """

    by_type: Mapping[str, Counts]
    by_entity_threshold: Mapping[float, Counts]
    by_relation_threshold: Mapping[float, Counts]
    calibration: Calibration

    @property
    def total(self) -> Counts:
        """Over all types (micro)."""
        return micro(self.by_type)

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            by_type=added([self.by_type, other.by_type]),
            by_entity_threshold=_added(self.by_entity_threshold, other.by_entity_threshold),
            by_relation_threshold=_added(self.by_relation_threshold, other.by_relation_threshold),
            calibration=self.calibration + other.calibration,
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """What was right in some records.

    Attributes:
        records: how many there were.
        cut: candidates that were left out because a budget was full (0 in ordinary text).
        entities: strict mentions, same characters and same type; no figures by relation threshold.
        relations: strict relations, both mentions and the relation's type.
        triples: relations by the texts of their ends, as arXiv 2605.10108 counts them.
    """

    records: int
    cut: int
    entities: Measured
    relations: Measured
    triples: Measured

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(
            records=self.records + other.records,
            cut=self.cut + other.cut,
            entities=self.entities + other.entities,
            relations=self.relations + other.relations,
            triples=self.triples + other.triples,
        )

    def measured(self, measure: str) -> Measured:
        """The figures of one of ``MEASURES``."""
        return {"entities": self.entities, "relations": self.relations, "triples": self.triples}[measure]


@dataclass(frozen=True, slots=True)
class ColumnScores:
    """A column's name, and the path and scores of each of its files."""

    name: str
    files: tuple[tuple[str, Scores], ...]

    @property
    def total(self) -> Scores:
        """All files' records as if they stood in one."""
        return total(scores for _, scores in self.files)


Listener = Callable[[Record, Types, TextExtraction], None]


def survey(argument: str, *, on_progress: Callable[[int], None]) -> Column:
    """Look through the files of one column, so that a malformed line is found before the model runs.

    Args:
        argument: a file, or ``NAME=FILE,FILE`` for several that make one column.
        on_progress: hears how many records of the current file were looked through.

    Raises:
        DataError: a file cannot be read, is malformed, holds no record, or names no entity type.
    """
    name, equals, files = argument.partition("=")
    if Path(argument).exists() or not equals:
        return Column(argument, (_survey(Path(argument), on_progress),))
    return Column(name, tuple(_survey(Path(file), on_progress) for file in files.split(",")))


def evaluate(
    columns: Sequence[Column],
    extractor: Extractor,
    protocol: Protocol,
    *,
    on_progress: Callable[[Path, int, int], None],
    on_found: Listener = lambda record, asked, found: None,
) -> list[ColumnScores]:
    """Every file of every column, as :func:`measure` has it; ``on_progress`` hears the file too."""
    return [
        ColumnScores(
            column.name,
            tuple(
                (
                    str(file.path),
                    measure(file, extractor, protocol, on_progress=partial(on_progress, file.path), on_found=on_found),
                )
                for file in column.files
            ),
        )
        for column in columns
    ]


def measure(
    file: Survey,
    extractor: Extractor,
    protocol: Protocol,
    *,
    on_progress: Callable[[int, int], None],
    on_found: Listener = lambda record, asked, found: None,
) -> Scores:
    """Read the texts of an annotated file and compare what is found with its annotation.

    Args:
        file: the file, looked through.
        extractor: the model.
        protocol: how it is asked.
        on_progress: hears how many records are done, and how many there are.
        on_found: hears of each text what was asked and what was found at the protocol's thresholds.

    Raises:
        DataError: the file can no longer be read.
    """
    sum_of_all, done = _NOTHING, 0
    for batch in _batches(read_records(file.path)):
        for asked, records in _by_question(batch, file, protocol):
            schema = _schema(asked, protocol)
            for record, readings in zip(records, _read(Reader(extractor, schema), records, protocol), strict=True):
                judge = _Judge(record, readings, schema, nested=protocol.nested)
                sum_of_all += judge.scores(protocol)
                on_found(record, asked, judge.found(protocol.entity_threshold, protocol.relation_threshold))
        done += len(batch)
        on_progress(done, file.records)
    return sum_of_all


def total(scores: Iterable[Scores]) -> Scores:
    """The scores of several sets of records as if they were one set."""
    return sum(scores, start=_NOTHING)


def mean_f1(columns: Sequence[ColumnScores], measure: str) -> float:
    """The mean of the columns' F1: every column weighs the same, however many its records."""
    return sum(column.total.measured(measure).total.f1 for column in columns) / len(columns)


def document(protocol: Protocol, columns: Sequence[ColumnScores]) -> dict[str, Any]:
    """All figures as JSON holds them: of each file, of each column, their mean, and of all records together."""
    return {
        "protocol": {
            "types_from": protocol.types_from,
            "entity_threshold": protocol.entity_threshold,
            "relation_threshold": protocol.relation_threshold,
            "nested": protocol.nested,
        },
        "files": [{"file": path, **_figures(scores)} for column in columns for path, scores in column.files],
        "columns": [
            {"name": column.name, "files": [path for path, _ in column.files], **_figures(column.total)}
            for column in columns
        ],
        "mean_f1": {measure: mean_f1(columns, measure) for measure in MEASURES},
        "all": _figures(total(column.total for column in columns)),
    }


def predicted_record(record: Record, asked: Types, found: TextExtraction) -> dict[str, Any]:
    """What was found in a record's text, as a record of annotated data; mentions and relations have a score too."""
    return {
        "id": record.id,
        "text": record.text,
        "entities": [
            {"start": one.span.start, "end": one.span.end, "type": one.label, "score": one.score}
            for one in found.mentions
        ],
        "relations": [
            {"head": one.head, "tail": one.tail, "type": one.label, "score": one.score} for one in found.relations
        ],
        "entity_types": list(asked.entities),
        "relation_types": list(asked.relations),
        "pairs": "all",
        "doc": record.document,
        "domain": record.domain,
    }


def _survey(path: Path, on_progress: Callable[[int], None]) -> Survey:
    entities: set[str] = set()
    relations: set[str] = set()
    records = 0
    for record in read_records(path):
        types = _types(record)
        entities.update(types.entities)
        relations.update(types.relations)
        records += 1
        if records % _PROGRESS_EVERY == 0:
            on_progress(records)
    if not records:
        raise DataError(f"{path} holds no record", fix="give a file with at least one annotated text")
    if not entities:
        raise DataError(f"{path} names no entity type", fix="annotate at least one mention, or list entity_types")
    on_progress(records)
    return Survey(path, records, Types(tuple(sorted(entities)), tuple(sorted(relations))))


def _types(record: Record) -> Types:
    entities = {*(record.entity_types or ()), *(entity.type for entity in record.entities)}
    stated = (relation.type for relation in (*record.relations, *record.cluster_relations))
    relations = {*(record.relation_types or ()), *stated}
    return Types(tuple(sorted(entities)), tuple(sorted(relations)))


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    characters = 0
    for record in records:
        batch.append(record)
        characters += len(record.text)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _by_question(
    records: Sequence[Record], file: Survey, protocol: Protocol
) -> Iterable[tuple[Types, Sequence[Record]]]:
    """Records that are asked for the same types together; one that names no entity type has nothing to be found."""
    if protocol.types_from == "split":
        return [(file.types, records)]
    groups: dict[Types, list[Record]] = {}
    for record in records:
        if (types := _types(record)).entities:
            groups.setdefault(types, []).append(record)
    return groups.items()


def _schema(asked: Types, protocol: Protocol) -> Schema:
    return Schema.from_labels(
        asked.entities,
        asked.relations,
        entity_threshold=protocol.lowest_entity_threshold,
        relation_threshold=protocol.lowest_relation_threshold,
    )


def _read(reader: Reader, records: Sequence[Record], protocol: Protocol) -> list[list[Reading]]:
    """What the reader's passes find in each record's text."""
    # A record's text may be empty, and its id need not be unique: number the documents here
    documents = [
        Document(DocumentId(str(number)), record.id, record.id, record.text, "text/plain")
        for number, record in enumerate(records)
    ]
    chunked = [reader.chunks(document) for document in documents]
    return reader.readings(chunked, on_chunks=lambda count: None, flat=not protocol.nested)


class _Judge:
    """One record, all that was read in its text, and what of it counts above any thresholds."""

    def __init__(self, record: Record, readings: Sequence[Reading], schema: Schema, *, nested: bool) -> None:
        self._record = record
        self._nested = nested
        self._readings = readings
        self._schema = schema

    def found(self, entity_threshold: float, relation_threshold: float) -> TextExtraction:
        """What reading at these thresholds finds."""
        # Before merging: a mention gives its relations to a better one that it crosses only where it is found itself
        readings = [
            Reading(
                one.chunk,
                one.found.above(entity_threshold=entity_threshold, relation_threshold=relation_threshold),
            )
            for one in self._readings
        ]
        return _labelled(
            merge(DocumentId(self._record.id), readings, self._schema, flat=not self._nested), self._schema
        )

    def scores(self, protocol: Protocol) -> Scores:
        chosen = self.found(protocol.entity_threshold, protocol.lowest_relation_threshold)
        at = {threshold: self.found(threshold, protocol.relation_threshold) for threshold in ENTITY_SWEEP}
        return Scores(
            records=1,
            cut=sum(one.found.cut_spans + one.found.cut_pairs for one in self._readings),
            entities=self._entities(protocol),
            relations=self._related(judge_relations, chosen, at, protocol),
            triples=self._related(judge_triples, chosen, at, protocol),
        )

    def _entities(self, protocol: Protocol) -> Measured:
        judged = judge_entities(self._record, self.found(protocol.lowest_entity_threshold, 1.0))
        return Measured(
            by_type=judged.counts(above=protocol.entity_threshold),
            by_entity_threshold={threshold: judged.total(above=threshold) for threshold in ENTITY_SWEEP},
            by_relation_threshold={},
            calibration=Calibration.of((one.score, one.right) for one in judged.said),
        )

    def _related(
        self,
        judge: Callable[[Record, TextExtraction], Judgement],
        chosen: TextExtraction,
        at: Mapping[float, TextExtraction],
        protocol: Protocol,
    ) -> Measured:
        judged = judge(self._record, chosen)
        return Measured(
            by_type=judged.counts(above=protocol.relation_threshold),
            by_entity_threshold={threshold: judge(self._record, found).total() for threshold, found in at.items()},
            by_relation_threshold={threshold: judged.total(above=threshold) for threshold in RELATION_SWEEP},
            calibration=Calibration.of((one.score, one.right) for one in judged.said),
        )


def _labelled(extraction: Extraction, schema: Schema) -> TextExtraction:
    """An extraction under the labels that were asked for."""
    row = {mention.id: index for index, mention in enumerate(extraction.mentions)}
    return TextExtraction(
        mentions=tuple(
            TextMention(mention.span, mention.text, schema.entities[mention.type].label, mention.score)
            for mention in extraction.mentions
        ),
        relations=tuple(
            TextRelation(row[relation.head], row[relation.tail], schema.relations[relation.type].label, relation.score)
            for relation in extraction.relations
        ),
        cut_spans=0,
        cut_pairs=0,
    )


def _added(one: Mapping[float, Counts], other: Mapping[float, Counts]) -> dict[float, Counts]:
    return {threshold: one[threshold] + other[threshold] for threshold in one}


def _figures(scores: Scores) -> dict[str, Any]:
    measures = {measure: _of_measure(scores.measured(measure)) for measure in MEASURES}
    return {"records": scores.records, "cut": scores.cut, **measures}


def _of_measure(measured: Measured) -> dict[str, Any]:
    return {
        **_ratios(measured.total),
        "by_type": {type: _ratios(counts) for type, counts in measured.by_type.items()},
        "by_entity_threshold": _of_sweep(measured.by_entity_threshold),
        "by_relation_threshold": _of_sweep(measured.by_relation_threshold),
        "calibration_error": measured.calibration.error,
        "calibration": [
            {
                "from": row / BINS,
                "to": (row + 1) / BINS,
                "predictions": one.predictions,
                "right": one.right,
                "mean_score": one.scores / one.predictions if one.predictions else None,
            }
            for row, one in enumerate(measured.calibration.bins)
        ],
    }


def _of_sweep(sweep: Mapping[float, Counts]) -> list[dict[str, float]]:
    return [{"threshold": threshold, **_ratios(counts)} for threshold, counts in sweep.items()]


def _ratios(counts: Counts) -> dict[str, float]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "true_positive": counts.true_positive,
        "predicted": counts.predicted,
        "gold": counts.gold,
    }


_NO_MENTIONS = Measured({}, dict.fromkeys(ENTITY_SWEEP, NOTHING), {}, Calibration.of(()))
_NO_RELATIONS = Measured(
    {}, _NO_MENTIONS.by_entity_threshold, dict.fromkeys(RELATION_SWEEP, NOTHING), Calibration.of(())
)
_NOTHING = Scores(0, 0, _NO_MENTIONS, _NO_RELATIONS, _NO_RELATIONS)
