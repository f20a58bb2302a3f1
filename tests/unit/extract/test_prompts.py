"""Labels that are read without the text: the same scores however often, in which order and beside what."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from relex_kg.errors import CheckpointError
from relex_kg.extract.checkpoint import load, save
from relex_kg.extract.encoding import Encoding
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.precision import Precision, has_bfloat16
from relex_kg.types import TextExtraction

ENTITIES = ["person", "organization", "location", "date"]
RELATIONS = ["place of birth", "employer"]
NEEDS_BFLOAT16 = pytest.mark.skipif(not has_bfloat16(), reason="needs a CPU with bfloat16")


def with_independent_prompt(source: Path, folder: Path) -> Path:
    """The same checkpoint, read in the other way."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("expected.json"))
    settings = json.loads((folder / "gliner_config.json").read_text(encoding="utf-8"))
    (folder / "gliner_config.json").write_text(json.dumps(settings | {"independent_prompt": True}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["token-none-rnn0-bert", "token-none-rnn1-bert", "markerv0-gcn-rnn1-bert"])
def independent(request: pytest.FixtureRequest, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_independent_prompt(reference / request.param, tmp_path_factory.mktemp("independent") / request.param)


def found(extractor: Extractor, texts: list[str], entities: list[str] = ENTITIES) -> tuple[TextExtraction, ...]:
    return extractor.extract(texts, entities=entities, relations=RELATIONS, entity_threshold=0.4)


def assert_alike(one: tuple[TextExtraction, ...], two: tuple[TextExtraction, ...], *, tolerance: float = 1e-4) -> None:
    for first, second in zip(one, two, strict=True):
        assert [(m.span, m.label) for m in first.mentions] == [(m.span, m.label) for m in second.mentions]
        assert [(r.head, r.tail, r.label) for r in first.relations] == [
            (r.head, r.tail, r.label) for r in second.relations
        ]
        for scores in ("mentions", "relations"):
            assert [each.score for each in getattr(first, scores)] == pytest.approx(
                [each.score for each in getattr(second, scores)], abs=tolerance
            )


def test_the_text_is_read_as_in_one_pass_that_hides_it_from_the_labels(independent: Path, sentences: list[str]) -> None:
    checkpoint = load(independent)
    model, encoding = checkpoint.model, Encoding(checkpoint.tokenizer, checkpoint.model.config)
    texts = encoding.texts(sentences[:3])
    prompts = [
        encoding.prompt(ENTITIES, RELATIONS),
        encoding.prompt(["person"], []),
        encoding.prompt(["a", "b"], ["c"]),
    ]
    with torch.inference_mode():
        representation = model.represent(encoding.split_batch(texts, prompts))
        for row, (text, prompt) in enumerate(zip(texts, prompts, strict=True)):
            batch = encoding.batch([text], [prompt])
            length, labels = batch.input_ids.size(1), 1 + len(prompt.pieces)
            readable = torch.ones(1, 1, length, length, dtype=torch.bool)
            readable[..., :labels, labels:] = False
            pieces = model.projection(
                model.encoder(input_ids=batch.input_ids, attention_mask=readable).last_hidden_state
            )[0]
            words = pieces[batch.word_positions[0]]
            if model.context is not None:
                words = model.context(words[None], batch.word_mask)[0]
            relations = pieces[batch.relation_positions[0]]
            torch.testing.assert_close(representation.words[row, : len(words)], words, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(representation.relations[row, : len(relations)], relations, atol=1e-5, rtol=1e-4)


def test_a_prompt_that_is_kept_gives_what_one_read_anew_does(independent: Path, sentences: list[str]) -> None:
    kept = Extractor.from_pretrained(independent, device="cpu")
    first = found(kept, sentences[:6])
    assert sum(len(each.mentions) for each in first) > 5
    assert found(kept, sentences[:6]) == first
    assert_alike(
        found(kept, sentences[:6], ENTITIES[::-1]),
        found(Extractor.from_pretrained(independent, device="cpu"), sentences[:6], ENTITIES[::-1]),
    )
    assert found(kept, sentences[:6]) == first


@pytest.mark.parametrize("precision", ["float32", "int8", pytest.param("bfloat16", marks=NEEDS_BFLOAT16)])
def test_a_texts_company_does_not_change_what_is_found(
    precision: Precision, independent: Path, sentences: list[str]
) -> None:
    extractor = Extractor.from_pretrained(independent, device="cpu", precision=precision)
    together = found(extractor, sentences[:6])
    alone = tuple(found(extractor, [text])[0] for text in sentences[:6])
    assert_alike(together, alone, tolerance=0.02 if precision == "bfloat16" else 1e-4)


def test_labels_are_the_same_for_every_text(independent: Path, sentences: list[str]) -> None:
    checkpoint = load(independent)
    model, encoding = checkpoint.model, Encoding(checkpoint.tokenizer, checkpoint.model.config)
    prompt = encoding.prompt(ENTITIES, RELATIONS)
    with torch.inference_mode():
        representation = model.represent(encoding.split_batch(encoding.texts(sentences[:2]), [prompt, prompt]))
    assert torch.equal(representation.entities[0], representation.entities[1])
    assert torch.equal(representation.relations[0], representation.relations[1])


def test_the_setting_is_saved(independent: Path, tmp_path: Path) -> None:
    checkpoint = load(independent)
    save(checkpoint.model, checkpoint.tokenizer, tmp_path)
    assert load(tmp_path).model.config.independent_prompt


def test_checkpoints_that_do_not_say_so_are_read_in_one_pass(reference: Path) -> None:
    assert not load(reference / "token-none-rnn0-bert").model.config.independent_prompt


def test_an_encoder_that_cannot_is_refused(reference: Path, tmp_path: Path) -> None:
    folder = with_independent_prompt(reference / "token-none-rnn0-deberta", tmp_path / "deberta")
    with pytest.raises(CheckpointError, match="independent_prompt"):
        load(folder)
