"""Attention of BERT encoders in bfloat16, on CPUs that multiply it: oneDNN's products, not the fused kernel's.

torch's fused attention takes as long in bfloat16 as in float32 on such a CPU, unless it has AMX. Three plain steps take
half of that.
"""

from typing import Any

from torch import Tensor, bmm, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask
from transformers.models.bert.modeling_bert import BertModel

_NAME = "relex_kg_bfloat16"  # transformers calls an attention function by the name that it is registered under


def with_bfloat16_attention(encoder: nn.Module) -> None:
    """Change in place how a BERT encoder's tokens attend; other encoders stay as they are.

    The layers before it have to give queries, keys and values in bfloat16, and the layer behind it to read that.
    """
    if isinstance(encoder, BertModel):
        AttentionInterface.register(_NAME, _attend)
        AttentionMaskInterface.register(_NAME, sdpa_mask)
        encoder.set_attn_implementation(_NAME)


def _attend(
    _: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **__: Any,
) -> tuple[Tensor, None]:
    """As transformers calls it: H heads of width d, (B, H, L, d) each, to (B, L, H, d).

    Args:
        attention_mask: which tokens each token reads, (B, 1, L, L); None for all.
    """
    batch, heads = query.shape[:2]
    query, key, value = (part.flatten(0, 1) for part in (query * scaling, key, value))
    scores = bmm(query, key.transpose(1, 2)).view(batch, heads, query.size(1), -1)
    if attention_mask is not None:
        scores.masked_fill_(~attention_mask, float("-inf"))
    mixed = bmm(scores.softmax(-1).flatten(0, 1), value)
    return mixed.view(batch, heads, *mixed.shape[1:]).transpose(1, 2), None
