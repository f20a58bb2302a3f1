"""The figures of an evaluation, how they add up, and how JSON holds them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relex_kg.training.calibration import BINS, Calibration
from relex_kg.training.metrics import NOTHING, Counts, added, micro

MEASURES = ("entities", "relations", "triples")
# From 0.3: below it there are many times the candidates, and pairs grow with their square
ENTITY_SWEEP = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
RELATION_SWEEP = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


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


def total(scores: Iterable[Scores]) -> Scores:
    """The scores of several sets of records as if they were one set."""
    return sum(scores, start=NO_SCORES)


def mean_f1(columns: Sequence[ColumnScores], measure: str) -> float:
    """The mean of the columns' F1: every column weighs the same, however many its records."""
    return sum(column.total.measured(measure).total.f1 for column in columns) / len(columns)


def figures(scores: Scores) -> dict[str, Any]:
    """As JSON holds them."""
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


def _added(one: Mapping[float, Counts], other: Mapping[float, Counts]) -> dict[float, Counts]:
    return {threshold: one[threshold] + other[threshold] for threshold in one}


_NO_MENTIONS = Measured({}, dict.fromkeys(ENTITY_SWEEP, NOTHING), {}, Calibration.of(()))
_NO_RELATIONS = Measured(
    {}, _NO_MENTIONS.by_entity_threshold, dict.fromkeys(RELATION_SWEEP, NOTHING), Calibration.of(())
)
NO_SCORES = Scores(0, 0, _NO_MENTIONS, _NO_RELATIONS, _NO_RELATIONS)
