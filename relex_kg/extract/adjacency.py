"""Which mentions of a text are related at all: the ways in which a checkpoint may predict it.

Each takes the mentions of one text (E, D) and gives the log-odds (E, E) that the row, as head, is related to the
column, as tail. Log-odds, for a probability at 0 or 1 leaves training no gradient. Every mention that is passed has a
say in the others' odds where mentions attend to each other (``attention``, ``gcn``, ``gat``).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from relex_kg.extract.config import ATTENTION_HEADS, Adjacency

AdjacencyScorer = Callable[[Tensor], Tensor]


def similarity(mentions: Tensor) -> Tensor:
    """Dot products of the mentions, ``dot``. Symmetric."""
    return mentions @ mentions.T


class PairwiseAdjacency(nn.Module):
    """``mlp``: a hidden layer over the concatenated pair.

    As the layer is linear it is applied to head and tail on their own and summed for every pair: the same numbers,
    without a concatenation of E * E pairs.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Linear(width * 2, width)
        self.pair = nn.Linear(width, 1)

    def forward(self, mentions: Tensor) -> Tensor:
        by_head, by_tail = self.mix.weight.chunk(2, dim=1)
        hidden = (mentions @ by_head.T).unsqueeze(1) + (mentions @ by_tail.T + self.mix.bias).unsqueeze(0)
        return self.pair(relu(hidden)).squeeze(-1)  # type: ignore[no-any-return]


class AttentionAdjacency(nn.Module):
    """``attention``: how much the head attends to the tail, the mean over the attention's heads.

    A row's probabilities sum to 1, the mention's own among them, so many mentions leave each little.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, ATTENTION_HEADS)
        # What is attended to is never read; the layer stands in the checkpoint all the same
        self.attention.out_proj.requires_grad_(False)

    def forward(self, mentions: Tensor) -> Tensor:
        _, weights = self.attention(mentions, mentions, mentions)
        return torch.logit(weights, eps=1e-7)


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
        self.attention = nn.MultiheadAttention(width, ATTENTION_HEADS)
        self.gathered = nn.Linear(width, width)

    def forward(self, mentions: Tensor) -> Tensor:
        gathered, _ = self.attention(mentions, mentions, mentions, need_weights=False)
        return similarity(self.gathered(gathered))


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
