"""Mentions that the model finds where none is: whatever is asked of a pair with one is answered by no."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from relex_kg.extract.config import SpanMode
from relex_kg.extract.decoding import span_candidates, token_candidates
from relex_kg.training.examples import Example

_THRESHOLD = 0.3  # of mentions, as in the published protocol
_BUDGET = 64  # found spans looked at
_MOST = 6  # decoys of an example
_NEAREST = 4  # mentions and decoys that each decoy is paired with


def with_decoys(examples: Sequence[Example], logits: Tensor, span_mode: SpanMode) -> list[Example]:
    """The examples of a batch, those that are complete with decoys: found spans that touch no marked mention.

    Args:
        examples: B of them.
        logits: the model's entity logits, (B, W, C, 3) or (B, W, K, C) as ``span_mode`` says.
    """
    find, labels = (token_candidates, 2) if span_mode == "token_level" else (span_candidates, 3)
    thresholds = torch.full((logits.size(labels),), _THRESHOLD, device=logits.device)
    found = find(logits.detach(), [example.text for example in examples], thresholds, _BUDGET)
    return [
        _with_decoys(example, one.spans[one.labels < len(example.entities)].cpu())
        if example.complete and example.relations
        else example
        for example, one in zip(examples, found, strict=True)
    ]


def _with_decoys(example: Example, found: Tensor) -> Example:
    """``found`` (N, 2), the best first, each perhaps several times."""
    taken = example.spans.tolist()
    for first, last in found.tolist():
        if len(taken) - len(example.spans) < _MOST and all(last < begin or end < first for begin, end in taken):
            taken.append([first, last])
    pairs = _near_pairs([first for first, _ in taken], len(example.spans))
    if not pairs:
        return example
    nothing = torch.zeros(len(pairs), len(example.relations))
    return replace(
        example,
        spans=torch.tensor(taken),
        pairs=torch.cat([example.pairs, torch.tensor(pairs)]),
        related=torch.cat([example.related, nothing]),
        pair_weights=torch.cat([example.pair_weights, nothing + 1]),
    )


def _near_pairs(starts: Sequence[int], mentions: int) -> list[tuple[int, int]]:
    """Ordered pairs of each span past the first ``mentions`` with those that start nearest, each pair once."""
    pairs: set[tuple[int, int]] = set()
    for decoy in range(mentions, len(starts)):
        others = sorted(set(range(len(starts))) - {decoy}, key=lambda row: (abs(starts[row] - starts[decoy]), row))
        for near in others[:_NEAREST]:
            pairs.update(((decoy, near), (near, decoy)))
    return sorted(pairs)
