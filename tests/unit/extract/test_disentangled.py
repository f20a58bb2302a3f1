"""Our attention for DeBERTa encoders against transformers' own."""

from pathlib import Path

import pytest
import torch

from relex_kg.extract import disentangled as module
from relex_kg.extract.checkpoint import load
from relex_kg.extract.disentangled import with_fast_attention

NAME = "token-none-rnn0-deberta"


@pytest.mark.parametrize("length", [1, 2, 9, 17, 64, 65, 120, 300])
def test_the_same_as_transformers_at_all_lengths(reference: Path, length: int) -> None:
    own, fast = load(reference / NAME).model.encoder, with_fast_attention(load(reference / NAME).model).encoder
    ids = torch.randint(5, 100, (3, length), generator=torch.Generator().manual_seed(length))
    mask = torch.ones_like(ids)
    mask[1, length // 2 + 1 :] = 0
    with torch.inference_mode():
        expected = own(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]
        found = fast(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]
        alone = fast(input_ids=ids[:1], attention_mask=mask[:1]).last_hidden_state[0]
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(alone, expected[:length], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_how_many_tokens_are_compared_at_once_changes_nothing(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(at_once)
    values, distances = torch.randn(2, 4, 7, 5, generator=generator), torch.randn(4, 13, 5, generator=generator)
    expected = torch.empty(4, 2, 7, 7)
    for token in range(7):
        for other in range(7):
            at_distance = distances[:, other - token + 6]
            expected[:, :, token, other] = torch.einsum("bhd,hd->hb", values[:, :, token], at_distance)
    monkeypatch.setattr(module, "_TOKENS_AT_ONCE", at_once)
    found = torch.cat([products for _, products in module._by_distance(values, distances)], dim=2)
    torch.testing.assert_close(found, expected)


def test_other_encoders_stay_as_they_are(reference: Path) -> None:
    model = load(reference / "token-none-rnn0-bert").model
    before = [type(module) for module in model.modules()]
    assert [type(module) for module in with_fast_attention(model).modules()] == before
