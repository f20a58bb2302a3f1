"""How right a model is on annotated text: the reading that builds graphs, held against gold annotation.

A file is read through twice: once to see that it is sound and which types it names (:mod:`.survey`), and once by the
model (:func:`measure`), a batch of records at a time. The model reads each text once, at the lowest thresholds that are
of interest; what it would have found at higher ones is what of it scored higher. docs/evaluation.md says what the
figures mean.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from relex_kg.evaluation.scores import (
    ENTITY_SWEEP,
    MEASURES,
    NO_SCORES,
    RELATION_SWEEP,
    ColumnScores,
    Measured,
    Scores,
    figures,
    mean_f1,
    total,
)
from relex_kg.evaluation.survey import Column, Survey
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.merging import Part, merge
from relex_kg.ids import DocumentId
from relex_kg.ontology import Schema
from relex_kg.reading import Reader
from relex_kg.training.calibration import Calibration
from relex_kg.training.data import Record, read_records
from relex_kg.training.metrics import Judgement, judge_entities, judge_relations, judge_triples
from relex_kg.training.record_types import Types, types_of
from relex_kg.training.references import leave_out_references
from relex_kg.types import Document, Extraction, TextExtraction, TextMention, TextRelation

TypesFrom = Literal["split", "record"]

_BATCH_CHARACTERS = 60_000  # of text that is read together


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


Listener = Callable[[Record, Types, TextExtraction], None]


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
    sum_of_all, done = NO_SCORES, 0
    for batch in _batches(map(leave_out_references, read_records(file.path))):
        for asked, records in _by_question(batch, file, protocol):
            schema = _schema(asked, protocol)
            # As published: texts are read whole, and asked for names alone
            reader = Reader(extractor, schema, window=None, references=False)
            for record, parts in zip(records, _read(reader, records, protocol), strict=True):
                judge = _Judge(record, parts, schema, nested=protocol.nested)
                sum_of_all += judge.scores(protocol)
                on_found(record, asked, judge.found(protocol.entity_threshold, protocol.relation_threshold))
        done += len(batch)
        on_progress(done, file.records)
    return sum_of_all


def document(protocol: Protocol, columns: Sequence[ColumnScores]) -> dict[str, Any]:
    """All figures as JSON holds them: of each file, of each column, their mean, and of all records together."""
    return {
        "protocol": {
            "types_from": protocol.types_from,
            "entity_threshold": protocol.entity_threshold,
            "relation_threshold": protocol.relation_threshold,
            "nested": protocol.nested,
        },
        "files": [{"file": path, **figures(scores)} for column in columns for path, scores in column.files],
        "columns": [
            {"name": column.name, "files": [path for path, _ in column.files], **figures(column.total)}
            for column in columns
        ],
        "mean_f1": {measure: mean_f1(columns, measure) for measure in MEASURES},
        "all": figures(total(column.total for column in columns)),
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
        if (types := types_of([record])).entities:
            groups.setdefault(types, []).append(record)
    return groups.items()


def _schema(asked: Types, protocol: Protocol) -> Schema:
    return Schema.from_labels(
        asked.entities,
        asked.relations,
        entity_threshold=protocol.lowest_entity_threshold,
        relation_threshold=protocol.lowest_relation_threshold,
    )


def _read(reader: Reader, records: Sequence[Record], protocol: Protocol) -> list[list[Part]]:
    """What the reader's passes find in each record's text."""
    # A record's text may be empty, and its id need not be unique: number the documents here
    documents = [
        Document(DocumentId(str(number)), record.id, "", record.text, "text/plain")
        for number, record in enumerate(records)
    ]
    return reader.read(documents, flat=not protocol.nested)


class _Judge:
    """One record, all that was read in its text, and what of it counts above any thresholds."""

    def __init__(self, record: Record, parts: Sequence[Part], schema: Schema, *, nested: bool) -> None:
        self._record = record
        self._nested = nested
        self._parts = parts
        self._schema = schema

    def found(self, entity_threshold: float, relation_threshold: float) -> TextExtraction:
        """What reading at these thresholds finds."""
        # Before merging: a mention gives its relations to a better one that it crosses only where it is found itself
        above = [
            replace(
                part,
                found=part.found.above(entity_threshold=entity_threshold, relation_threshold=relation_threshold),
            )
            for part in self._parts
        ]
        return _labelled(merge(DocumentId(self._record.id), above, self._schema, flat=not self._nested), self._schema)

    def scores(self, protocol: Protocol) -> Scores:
        chosen = self.found(protocol.entity_threshold, protocol.lowest_relation_threshold)
        at = {threshold: self.found(threshold, protocol.relation_threshold) for threshold in ENTITY_SWEEP}
        return Scores(
            records=1,
            cut=sum(part.found.cut_spans + part.found.cut_pairs + part.found.cut_relations for part in self._parts),
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
        cut_relations=0,
    )
