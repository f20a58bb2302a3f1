"""How right a model in training is on annotated text that it is not trained on."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from relex_kg.errors import DataError
from relex_kg.extract.checkpoint import Checkpoint
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.model import RelexModel
from relex_kg.extract.request import Request
from relex_kg.training.data import read_records
from relex_kg.training.metrics import NOTHING, judge_entities, judge_relations
from relex_kg.training.record_types import types_of
from relex_kg.training.references import leave_out_references

_THRESHOLD = 0.5  # of mentions and of relations


@dataclass(frozen=True, slots=True)
class DevScores:
    """Strict micro F1 of mentions and of relations, in 0..1; ``relations`` is None where dev marks no relation."""

    entities: float
    relations: float | None

    @property
    def mean(self) -> float:
        """What a run goes by: the mean of both, or entities alone."""
        return self.entities if self.relations is None else (self.entities + self.relations) / 2


class Dev:
    """A file of annotated records, asked for all of its types.

    Raises:
        DataError: the file cannot be read, is malformed, or marks no entity.
    """

    def __init__(self, path: Path, tokenizer: PreTrainedTokenizerBase) -> None:
        self.records = tuple(leave_out_references(record) for record in read_records(path))
        if not any(record.entities for record in self.records):
            raise DataError(f"{path} marks no entity to measure by", fix="give a dev file with annotated records")
        self._tokenizer = tokenizer
        self._request = Request.of_labels(
            *types_of(self.records), entity_threshold=_THRESHOLD, relation_threshold=_THRESHOLD
        )
        self._relations = any(record.relations or record.cluster_relations for record in self.records)

    def score(self, model: RelexModel) -> DevScores:
        """Measure a model, which stays as it is.

        Raises:
            CapacityError: dev has so many types that the model has no room for text beside them.
        """
        # An extractor packs the layers of its model, which then learn no more
        extractor = Extractor(Checkpoint(deepcopy(model).eval(), self._tokenizer, Path()))
        entities, relations = NOTHING, NOTHING
        found = extractor.run([record.text for record in self.records], self._request)
        for record, one in zip(self.records, found, strict=True):
            entities += judge_entities(record, one).total()
            relations += judge_relations(record, one).total()
        return DevScores(entities.f1, relations.f1 if self._relations else None)
