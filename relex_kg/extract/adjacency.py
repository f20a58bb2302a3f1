"""Which mentions of a text are related at all: the ways in which a checkpoint may predict it.

Each takes the mentions of one text (E, D) and gives the log-odds (E, E) that the row, as head, is related to the
column, as tail. Log-odds, for a probability at 0 or 1 leaves training no gradient. Every mention that is passed has a
say in the others' odds where mentions attend to each other (``attention``, ``gcn``, ``gat``).
"""

from collections.abc import Callable, Mapping
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from relex_kg.extract.config import ATTENTION_HEADS, Adjacency
from relex_kg.extract.layers import PartedLinear

AdjacencyScorer = Callable[[Tensor], Tensor]


def similarity(mentions: Tensor) -> Tensor:
    """Dot products of the mentions, ``dot``. Symmetric."""
    return mentions @ mentions.T


class SelfAttention(nn.Module):
    """Multi-head attention of the mentions of one text to each other.

    *Shape:* mentions (E, D) to weights (``ATTENTION_HEADS``, E, E) and what they gather (E, D).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.joint = nn.Linear(width, width * 3)  # queries, keys, values
        self.out = nn.Linear(width, width)

    def weights(self, mentions: Tensor) -> tuple[Tensor, Tensor]:
        """Weights, and the values that they are for (``ATTENTION_HEADS``, E, D / ``ATTENTION_HEADS``)."""
        parts = self.joint(mentions).view(len(mentions), 3, ATTENTION_HEADS, -1)
        queries, keys, values = parts.permute(1, 2, 0, 3)
        return (queries @ keys.transpose(1, 2) / sqrt(queries.size(2))).softmax(dim=-1), values

    def forward(self, mentions: Tensor) -> Tensor:
        weights, values = self.weights(mentions)
        return self.out((weights @ values).transpose(0, 1).flatten(1))  # type: ignore[no-any-return]


class PairwiseAdjacency(nn.Module):
    """``mlp``: a hidden layer over the concatenated pair, for some heads at a time, so that it stays small."""

    AT_ONCE = 32

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = PartedLinear(width, width, parts=2)
        self.pair = nn.Linear(width, 1)

    def forward(self, mentions: Tensor) -> Tensor:
        by_head, by_tail = self.mix.part(0, mentions) + self.mix.bias, self.mix.part(1, mentions)
        blocks = [self.pair(relu(heads.unsqueeze(1) + by_tail)) for heads in torch.split(by_head, self.AT_ONCE)]
        return torch.cat(blocks).squeeze(-1)


class AttentionAdjacency(nn.Module):
    """``attention``: how much the head attends to the tail, the mean over the attention's heads.

    A row's probabilities sum to 1, the mention's own among them, so many mentions leave each little.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width)
        # What is attended to is never read; the layer stands in the checkpoint all the same
        self.attention.out.requires_grad_(False)

    def forward(self, mentions: Tensor) -> Tensor:
        weights, _ = self.attention.weights(mentions)
        return torch.logit(weights.float().mean(dim=0), eps=1e-7)


class BilinearAdjacency(nn.Module):
    """``bilinear``: dot products of the projected mentions. Symmetric."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Linear(width, width)

    def forward(self, mentions: Tensor) -> Tensor:
        return similarity(self.out(mentions))


class GraphAdjacency(nn.Module):
    """``gcn``: one graph convolution over dot-product similarities, then dot products. Symmetric.

    H = ReLU(D^-1/2 (A + I) D^-1/2 X W), Kipf and Welling 2017 (arXiv 1609.02907).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, mentions: Tensor) -> Tensor:
        related = torch.sigmoid(similarity(mentions))
        related = related + torch.eye(len(mentions), device=mentions.device, dtype=mentions.dtype)
        scale = related.sum(dim=-1).clamp(min=1e-6).pow(-0.5)
        normalised = scale.unsqueeze(1) * related * scale.unsqueeze(0)
        return similarity(self.out(relu(self.convolution(normalised @ mentions))))


class AttendedAdjacency(nn.Module):
    """``gat``: dot products of what each mention gathers from all by attention. Symmetric."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width)
        self.gathered = nn.Linear(width, width)

    def forward(self, mentions: Tensor) -> Tensor:
        return similarity(self.gathered(self.attention(mentions)))


_KINDS: Mapping[Adjacency, Callable[[int], AdjacencyScorer | None]] = {
    "none": lambda width: None,
    "dot": lambda width: similarity,
    "mlp": PairwiseAdjacency,
    "attention": AttentionAdjacency,
    "bilinear": BilinearAdjacency,
    "gcn": GraphAdjacency,
    "gat": AttendedAdjacency,
}


def adjacency_scorer(kind: Adjacency, width: int) -> AdjacencyScorer | None:
    """The scorer of that kind for mentions of ``width`` numbers; None where all pairs are looked at."""
    return _KINDS[kind](width)
