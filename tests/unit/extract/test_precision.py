"""Layers packed for the CPU, and 8-bit integers in place of floats."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from relex_kg.errors import ModelError
from relex_kg.extract.checkpoint import load
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.layers import LabelLinear, PartedLinear
from relex_kg.extract.precision import (
    Precision,
    _Bfloat16Linear,
    _Int8Linear,
    _PackedLinear,
    _SmoothedInt8Linear,
    has_bfloat16,
    prepared,
)

TEXTS = [
    "Marie Curie was born in Warsaw.",
    "Tim Cook works for Apple in California.",
    "Ada Lovelace, the daughter of Lord Byron, was born in London in 1815 and died there in 1852.",
]
ENTITIES = ["person", "organization", "location", "date"]
RELATIONS = ["place of birth"]


@pytest.fixture(scope="module")
def exact() -> Extractor:
    return Extractor.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def rounded() -> Extractor:
    return Extractor.from_pretrained(precision="int8")


needs_bfloat16 = pytest.mark.skipif(not has_bfloat16(), reason="needs a CPU with bfloat16")


def linear_layers(module: nn.Module) -> int:
    return sum(isinstance(one, nn.Linear) and not isinstance(one, LabelLinear) for one in module.modules())


@pytest.mark.parametrize("name", ["token-none-rnn1-bert", "markerv0-gcn-rnn1-deberta"])
def test_packed_layers_give_what_the_models_own_do(name: str, reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_supported", lambda: True)  # or nothing is packed
    own, packed = load(f"{reference}/{name}").model, prepared(load(f"{reference}/{name}").model, "float32", "cpu")
    assert linear_layers(own) > 20
    assert linear_layers(packed) == 0
    words, labels = torch.randn(2, 7, 16), torch.randn(2, 3, 16)
    with torch.inference_mode():
        torch.testing.assert_close(packed.entity_prompt(words), own.entity_prompt(words))
        torch.testing.assert_close(packed.span(words, words), own.span(words, words))
        if own.token_scorer is not None and packed.token_scorer is not None:
            torch.testing.assert_close(packed.token_scorer(words, labels), own.token_scorer(words, labels))


def test_a_layer_in_parts_is_the_layer_over_their_concatenation() -> None:
    layer, left, right = PartedLinear(4, 6, parts=2), torch.randn(3, 4), torch.randn(3, 4)
    torch.testing.assert_close(
        layer.part(0, left) + layer.part(1, right) + layer.bias, layer(torch.cat([left, right], dim=-1))
    )


def test_labels_first_is_the_layers_output_against_the_labels() -> None:
    layer, values, labels = LabelLinear(5, 4), torch.randn(2, 3, 6, 5), torch.randn(2, 7, 4)
    torch.testing.assert_close(layer.against(values, labels), torch.einsum("bwkd,bcd->bwkc", layer(values), labels))


def assert_same_in_clear_sentences(exact: Extractor, other: Extractor, *, tolerance: float) -> None:
    both = [extractor.extract(TEXTS, entities=ENTITIES, relations=RELATIONS) for extractor in (exact, other)]
    found = [[[(one.text, one.label) for one in text.mentions] for text in texts] for texts in both]
    assert found[0] == found[1]
    assert found[1][0] == [("Marie Curie", "person"), ("Warsaw", "location")]
    assert found[1][1] == [("Tim Cook", "person"), ("Apple", "organization"), ("California", "location")]
    related = [[[(one.head, one.label, one.tail) for one in text.relations] for text in texts] for texts in both]
    assert related[0][0] == related[1][0] == [(0, "place of birth", 1)]
    for one, two in zip(*both, strict=True):
        assert [m.score for m in two.mentions] == pytest.approx([m.score for m in one.mentions], abs=tolerance)


def test_int8_finds_what_float32_finds_in_clear_sentences(exact: Extractor, rounded: Extractor) -> None:
    assert_same_in_clear_sentences(exact, rounded, tolerance=0.1)


@needs_bfloat16
def test_bfloat16_finds_what_float32_finds_in_clear_sentences(exact: Extractor) -> None:
    assert_same_in_clear_sentences(exact, Extractor.from_pretrained(precision="bfloat16"), tolerance=0.02)


@needs_bfloat16
@pytest.mark.parametrize("name", ["token-none-rnn1-bert", "token-none-rnn1-deberta"])
def test_bfloat16_keeps_the_encoders_output_close_and_in_float32(reference: Path, name: str) -> None:
    own = load(reference / name).model.encoder
    short = prepared(load(reference / name).model, "bfloat16", "cpu").encoder
    ids = torch.arange(5, 45).view(2, 20)
    with torch.inference_mode():
        expected, found = own(input_ids=ids).last_hidden_state, short(input_ids=ids).last_hidden_state
    assert found.dtype == torch.float32
    assert 0 < (found - expected).abs().mean() < 0.02


def test_a_texts_company_does_not_change_what_int8_finds(rounded: Extractor) -> None:
    together = rounded.extract(TEXTS, entities=ENTITIES, relations=RELATIONS)
    alone = [rounded.extract([text], entities=ENTITIES, relations=RELATIONS)[0] for text in TEXTS]
    assert list(together) == alone


def test_packing_leaves_the_engine_for_8_bit_arithmetic_as_it_was(reference: Path) -> None:
    before = torch.backends.quantized.engine
    prepared(load(reference / "token-none-rnn0-bert").model, "int8", "cpu")
    assert torch.backends.quantized.engine == before


def test_int8_layers_differ_by_no_more_than_rounding() -> None:
    layer, values = nn.Linear(64, 32), torch.randn(3, 5, 64)
    found, expected = _Int8Linear(layer.weight, layer.bias)(values), layer(values)
    # Half a step off: every input, in 127 steps over their range, and every weight, in 127 up to its row's greatest
    input_step, weight_step = (values.max() - values.min()) / 127, layer.weight.abs().amax(dim=1) / 127
    by_inputs = input_step / 2 * layer.weight.abs().sum(dim=1)
    most = by_inputs + (values.abs() + input_step).sum(dim=-1, keepdim=True) * weight_step / 2
    assert ((found - expected).abs() <= most + 1e-3).all()
    assert (found - expected).abs().max() > 0


def test_smoothing_keeps_the_digits_of_all_channels_beside_a_few_great_ones() -> None:
    torch.manual_seed(5)
    norm, layer, values = nn.LayerNorm(64), nn.Linear(64, 96), torch.randn(200, 64)
    with torch.no_grad():
        norm.weight[:2] = 20
        inputs = norm(values)
        expected = layer(inputs)
        plain = (_Int8Linear(layer.weight, layer.bias)(inputs) - expected).abs().mean()
        smoothed = (_SmoothedInt8Linear(layer, norm)(inputs) - expected).abs().mean()
    assert 0 < smoothed < plain * 2 / 3


@pytest.mark.parametrize("name", ["token-none-rnn0-bert", "token-none-rnn1-deberta"])
def test_every_feed_forward_block_is_smoothed_where_the_encoder_is_in_8_bits(
    reference: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    rounded = prepared(load(reference / name).model, "int8", "cpu").encoder
    blocks = rounded.encoder.layer
    assert len(blocks) > 0
    assert all(isinstance(block.intermediate.dense, _SmoothedInt8Linear) for block in blocks)


@needs_bfloat16
@pytest.mark.parametrize("name", ["token-none-rnn0-bert", "token-none-rnn1-deberta"])
def test_int8_has_the_encoder_in_bfloat16_where_the_processor_can(reference: Path, name: str) -> None:
    rounded = prepared(load(reference / name).model, "int8", "cpu")
    for block in rounded.encoder.encoder.layer:
        assert isinstance(block.intermediate.dense, _Bfloat16Linear)
        assert isinstance(block.output.dense, _Bfloat16Linear)
    assert isinstance(rounded.entity_prompt[0], _Int8Linear)
    assert isinstance(rounded.entity_prompt[3], _PackedLinear)


def test_int8_keeps_to_the_instructions_that_torch_is_allowed(reference: Path) -> None:
    read = (
        "import sys; from relex_kg import Extractor;"
        "model = Extractor.from_pretrained(sys.argv[1], precision='int8');"
        "print(sum(1 for _ in model.extract(['Ada met Bob.', 'Cy slept.'], entities=['person'], relations=['met'])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", read, str(reference / "token-none-rnn0-bert")],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr


def test_a_graph_knows_which_precision_it_was_read_with(exact: Extractor, rounded: Extractor) -> None:
    assert exact.fingerprint != rounded.fingerprint


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_fewer_bits_are_for_the_cpu(precision: Precision) -> None:
    with pytest.raises(ModelError, match=f"precision {precision} is for the CPU, and the model is to run on 'cuda'"):
        Extractor.from_pretrained(device="cuda", precision=precision)
