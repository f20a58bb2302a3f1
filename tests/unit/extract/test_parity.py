"""Our reading of a checkpoint against the reference implementation's (tests/fixtures/reference/README.md)."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from relex_kg.extract.config import Adjacency, Triples
from relex_kg.extract.extractor import Extractor
from relex_kg.types import TextExtraction

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"
CHECKPOINTS = sorted(path.parent.name for path in REFERENCE.glob("*/gliner_config.json"))
LAYERS = sorted(path.parent.name for path in REFERENCE.glob("layers/*/gliner_config.json"))
TOKEN_LEVEL = [name for name in CHECKPOINTS if name.startswith("token-")]
SENTENCES = json.loads((REFERENCE / "sentences.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-4

EntityKey = tuple[int, int, str]
RelationKey = tuple[EntityKey, str, EntityKey]


@cache
def extractor(name: str) -> Extractor:
    return Extractor.from_pretrained(REFERENCE / name)


@cache
def expected(name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((REFERENCE / name / "expected.json").read_text(encoding="utf-8"))
    return answers


def expected_logits(folder: Path) -> dict[int, dict[str, Tensor]]:
    """The reference's raw outputs by sentence and kind; the kinds are described in the fixtures' README."""
    by_sentence: dict[int, dict[str, Tensor]] = {}
    for key, tensor in load_file(folder / "logits.safetensors").items():
        sentence, kind = key.split(".")
        # Indices are stored in 16 bits
        by_sentence.setdefault(int(sentence), {})[kind] = tensor if tensor.is_floating_point() else tensor.long()
    return by_sentence


def extract(name: str, texts: Sequence[str], *, flat: bool) -> tuple[TextExtraction, ...]:
    thresholds = expected(name)["thresholds"]
    return extractor(name).extract(
        texts,
        entities=SENTENCES["entity_labels"],
        relations=SENTENCES["relation_labels"],
        entity_threshold=thresholds["entity"],
        relation_threshold=thresholds["relation"],
        adjacency_threshold=thresholds["adjacency"],
        flat=flat,
    )


def entities_of(extraction: TextExtraction) -> dict[EntityKey, float]:
    return {(m.span.start, m.span.end, m.label): m.score for m in extraction.mentions}


def relations_of(extraction: TextExtraction) -> dict[RelationKey, float]:
    keys = [(m.span.start, m.span.end, m.label) for m in extraction.mentions]
    return {(keys[r.head], r.label, keys[r.tail]): r.score for r in extraction.relations}


def assert_as_expected(extractions: Sequence[TextExtraction], answers: Sequence[dict[str, Any]]) -> None:
    assert len(extractions) == len(answers)
    for text, extraction, answer in zip(SENTENCES["texts"], extractions, answers, strict=True):
        entities = {(start, end, label): score for start, end, label, score in answer["entities"]}
        relations = {(tuple(head), label, tuple(tail)): score for head, label, tail, score in answer["relations"]}
        assert entities_of(extraction) == pytest.approx(entities, abs=TOLERANCE), text
        assert relations_of(extraction) == pytest.approx(relations, abs=TOLERANCE), text
        assert (extraction.cut_spans, extraction.cut_pairs) == (0, 0), text


def test_every_kind_of_checkpoint_is_there() -> None:
    assert len(CHECKPOINTS) == 12
    assert len(TOKEN_LEVEL) == 4


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_flat_results_are_the_references(name: str) -> None:
    assert_as_expected(extract(name, SENTENCES["texts"], flat=True), expected(name)["flat"])


@pytest.mark.parametrize("name", TOKEN_LEVEL)
def test_nested_results_are_the_references(name: str) -> None:
    assert_as_expected(extract(name, SENTENCES["texts"], flat=False), expected(name)["nested"])


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_logits_are_the_references(name: str) -> None:
    model, encoding = extractor(name).model, extractor(name).encoding
    prompt = encoding.prompt(SENTENCES["entity_labels"], SENTENCES["relation_labels"])
    for row, wanted in expected_logits(REFERENCE / name).items():
        (text,) = encoding.texts([SENTENCES["texts"][row]])
        with torch.inference_mode():
            read = model.represent(encoding.batch([text], [prompt]))
            entity_logits = model.entity_logits(read)[0]
            meant = _meant(entity_logits, name)
            torch.testing.assert_close(entity_logits[meant], wanted["entity_logits"][meant], atol=TOLERANCE, rtol=0)
            if len(wanted["pairs"]):
                logits = model.pair_logits(read.words[0], wanted["candidates"], wanted["pairs"], read.relations[0])
                torch.testing.assert_close(logits, wanted["pair_logits"], atol=TOLERANCE, rtol=0)
            if model.adjacency is not None and len(wanted["candidates"]):
                adjacent = torch.sigmoid(model.adjacency(model.spans(read.words[0], wanted["candidates"])))
                torch.testing.assert_close(adjacent, wanted["adjacency"], atol=TOLERANCE, rtol=0)


def test_every_relation_layer_is_there() -> None:
    heads = ("token", "markerv0")
    kinds = [set(name.split("-")[1:]) for name in LAYERS]
    for name in get_args(Triples):
        assert sum(name.lower() in kind for kind in kinds) == len(heads), name
    for head in heads:
        alone = {name for name in LAYERS if name.count("-") == 1 and name.startswith(head)}
        assert alone == {f"{head}-{name}" for name in get_args(Adjacency) if name != "none"}


@pytest.mark.parametrize("name", LAYERS)
def test_relation_layers_read_what_the_reference_reads(with_layers: Callable[[str], Path], name: str) -> None:
    answer = json.loads((REFERENCE / "layers" / name / "expected.json").read_text(encoding="utf-8"))
    thresholds = answer["thresholds"]
    extractions = Extractor.from_pretrained(with_layers(name), device="cpu").extract(
        SENTENCES["texts"],
        entities=SENTENCES["entity_labels"],
        relations=SENTENCES["relation_labels"],
        entity_threshold=thresholds["entity"],
        relation_threshold=thresholds["relation"],
        adjacency_threshold=thresholds["adjacency"],
    )
    entities = [{"entities": row["entities"], "relations": []} for row in expected(answer["base"])["flat"]]
    for sentence, *relation in answer["relations"]:
        entities[sentence]["relations"].append(relation)
    assert_as_expected(extractions, entities)


@pytest.mark.parametrize("name", LAYERS)
def test_relation_layers_give_the_references_numbers(with_layers: Callable[[str], Path], name: str) -> None:
    ready = Extractor.from_pretrained(with_layers(name), device="cpu")
    prompt = ready.encoding.prompt(SENTENCES["entity_labels"], SENTENCES["relation_labels"])
    for row, wanted in expected_logits(REFERENCE / "layers" / name).items():
        batch = ready.encoding.batch(ready.encoding.texts([SENTENCES["texts"][row]]), [prompt])
        with torch.inference_mode():
            read = ready.model.represent(batch)
            logits = ready.model.pair_logits(read.words[0], wanted["candidates"], wanted["pairs"], read.relations[0])
            torch.testing.assert_close(logits, wanted["pair_logits"], atol=TOLERANCE, rtol=0)
            if ready.model.adjacency is not None:
                odds = ready.model.adjacency(ready.model.spans(read.words[0], wanted["candidates"]))
                torch.testing.assert_close(torch.sigmoid(odds), wanted["adjacency"], atol=TOLERANCE, rtol=0)


def _meant(logits: Tensor, name: str) -> Tensor:
    """Which of one text's words (W), or spans by first word and width (W, K), lie within the text."""
    if name in TOKEN_LEVEL:
        return torch.ones(len(logits), dtype=torch.bool)
    words, widths = logits.shape[:2]
    return torch.arange(words).unsqueeze(1) + torch.arange(widths) < words
