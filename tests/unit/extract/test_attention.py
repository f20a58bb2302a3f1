"""Attention of BERT encoders in bfloat16."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from relex_kg.extract.attention import _attend, with_bfloat16_attention
from relex_kg.extract.checkpoint import load


@pytest.mark.parametrize("padded", [False, True])
def test_it_is_softmax_attention(padded: bool) -> None:
    torch.manual_seed(3)
    query, key, value = (torch.randn(2, 4, 9, 16, dtype=torch.bfloat16) for _ in range(3))
    real = torch.arange(9) < torch.tensor([[6], [9]]) if padded else torch.ones(2, 9, dtype=torch.bool)
    mask = real[:, None, None].expand(2, 1, 9, 9)
    expected = scaled_dot_product_attention(query.float(), key.float(), value.float(), attn_mask=mask, scale=0.25)
    found, _ = _attend(torch.nn.Identity(), query, key, value, mask if padded else None, scaling=0.25)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected.transpose(1, 2), atol=0.02, rtol=0.02)


def test_tokens_read_no_padding(reference: Path) -> None:
    encoder = load(reference / "token-none-rnn0-bert").model.encoder.bfloat16().eval()
    with_bfloat16_attention(encoder)
    ids, mask = torch.arange(5, 45).view(2, 20), torch.ones(2, 20, dtype=torch.long)
    mask[0, 15:] = 0
    with torch.inference_mode():
        padded = encoder(input_ids=ids, attention_mask=mask).last_hidden_state[0, :15]
        alone = encoder(input_ids=ids[:1, :15]).last_hidden_state[0]
    torch.testing.assert_close(padded, alone, atol=0.03, rtol=0.03)


def test_other_encoders_stay_as_they_are(reference: Path) -> None:
    encoder = load(reference / "token-none-rnn1-deberta").model.encoder
    before = encoder.config._attn_implementation
    with_bfloat16_attention(encoder)
    assert encoder.config._attn_implementation == before
