"""Records to train on, and a tiny checkpoint to start from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relex_kg.extract.checkpoint import Checkpoint, load
from relex_kg.extract.encoding import Encoding
from relex_kg.training.data import LabelledRelation, LabelledSpan, Record
from relex_kg.training.entity_questions import EntityClasses
from relex_kg.training.examples import ExampleMaker, Limits
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.relation_classes import RelationClasses

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"

MakeRecord = Callable[..., Record]
AS_THEY_ARE = PhraseTable({}, rename=0.0)


def plain_maker(
    encoding: Encoding, limits: Limits, *, phrases: PhraseTable = AS_THEY_ARE, max_tokens: int = 200
) -> ExampleMaker:
    """A maker that knows no classes."""
    return ExampleMaker(
        encoding,
        phrases,
        EntityClasses({}, share=0.0),
        RelationClasses.none(),
        limits,
        rename_entities=0.35,
        max_tokens=max_tokens,
    )


@pytest.fixture(scope="session")
def reference() -> Path:
    return REFERENCE


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    return load(REFERENCE / "token-none-rnn0-bert")


@pytest.fixture(scope="session")
def encoding(checkpoint: Checkpoint) -> Encoding:
    return Encoding(checkpoint.tokenizer, checkpoint.model.config)


@pytest.fixture(scope="session")
def record() -> MakeRecord:
    """A record of (name, type) mentions, found in its text in order, and (head, tail, type) relations."""

    def record(text: str, mentions: list[tuple[str, str]], *relations: tuple[int, int, str], **changes: Any) -> Record:
        spans, position = [], 0
        for name, type_name in mentions:
            start = text.index(name, position)
            spans.append(LabelledSpan(start, start + len(name), type_name))
            position = start + 1
        fields: dict[str, Any] = {
            "id": "r",
            "text": text,
            "entities": tuple(spans),
            "relations": tuple(LabelledRelation(*relation) for relation in relations),
            "entity_types": None,
            "relation_types": None,
            "pairs": "given",
            "no_relation_pairs": (),
            "clusters": None,
            "cluster_relations": (),
            "document": None,
            "domain": None,
            "title": None,
            "references": False,
        }
        return Record(**(fields | changes))

    return record
