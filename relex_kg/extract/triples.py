"""How a pair of mentions is scored against a relation: by a projection of the pair, or by a formula of knowledge-graph
embedding, as the checkpoint has it.

A formula takes heads and tails of P pairs (P, D) and R relations (R, D) and gives logits (P, R). Where it is linear in
the relation it is one matrix product; elsewhere it goes relation by relation, so that no (P, R, D) is held.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from relex_kg.extract.config import Triples
from relex_kg.extract.layers import JoinedProjection, LabelLinear, PartedLinear, rows

Formula = Callable[[Tensor, Tensor, Tensor], Tensor]

_FARTHEST = 10.0  # distances beyond it count as it
_HIDDEN = 2048  # units of ER-MLP
_FILTERS = 32  # of ConvKB


class Concatenation(nn.Module):
    """A projection of [h, t] against the relation, the way of all released checkpoints (arXiv 2605.10108).

    *Shape:* mentions (E, D), pairs (P, 2), head and tail among the mentions, relations (R, D) to (P, R).
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.projection = JoinedProjection(width, dropout)

    def forward(self, mentions: Tensor, pairs: Tensor, relations: Tensor) -> Tensor:
        hidden = rows(self.projection.first(mentions), pairs[:, 0])
        hidden = hidden + rows(self.projection.second(mentions), pairs[:, 1])
        return self.projection.against(hidden.unsqueeze(0), relations.unsqueeze(0)).squeeze(0)


class TripleScore(nn.Module):
    """A formula of head, relation and tail.

    *Shape:* as :class:`Concatenation`.
    """

    def __init__(self, formula: Formula) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, mentions: Tensor, pairs: Tensor, relations: Tensor) -> Tensor:
        return self.formula(rows(mentions, pairs[:, 0]), rows(mentions, pairs[:, 1]), relations)


# Products


def distmult(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """Sum of h r t. Yang et al. 2015 (arXiv 1412.6575); head and tail may change places."""
    return (heads * tails) @ relations.T


def distma(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """h . r + h . t + r . t. Shi et al. 2019 (aclanthology.org/N19-1131)."""
    return (heads + tails) @ relations.T + (heads * tails).sum(dim=1, keepdim=True)


def simple(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """Half of each vector is for each direction. Kazemi and Poole 2018 (arXiv 1802.04868)."""
    (head, head_back), (tail, tail_back) = heads.chunk(2, dim=1), tails.chunk(2, dim=1)
    return torch.cat([head * tail_back, tail * head_back], dim=1) @ relations.T / 2


def complex_(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """Re(sum of h r conj(t)), real parts before imaginary. Trouillon et al. 2016 (arXiv 1606.06357)."""
    (head, head_im), (tail, tail_im) = heads.chunk(2, dim=1), tails.chunk(2, dim=1)
    products = [head * tail + head_im * tail_im, head * tail_im - head_im * tail]
    return torch.cat(products, dim=1) @ relations.T


def quate(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """(h x r) . t with the Hamilton product of quaternions. Zhang et al. 2019 (arXiv 1904.10281).

    The relation is not made a unit quaternion here, which the article asks for.
    """
    (h, hi, hj, hk), (t, ti, tj, tk) = heads.chunk(4, dim=1), tails.chunk(4, dim=1)
    products = [
        h * t + hi * ti + hj * tj + hk * tk,
        h * ti - hi * t + hk * tj - hj * tk,
        h * tj - hj * t - hk * ti + hi * tk,
        h * tk - hk * t + hj * ti - hi * tj,
    ]
    return torch.cat(products, dim=1) @ relations.T


def hole(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """Circular correlation of head and tail against r. Nickel et al. 2016 (arXiv 1510.04935)."""
    if not len(heads):  # Intel's transform fails on no rows
        return heads.new_zeros(0, len(relations))
    spectra = torch.fft.rfft(heads.float()).conj() * torch.fft.rfft(tails.float())
    return torch.fft.irfft(spectra, n=heads.size(1)) @ relations.float().T  # type: ignore[no-any-return]


# Distances


def unstructured(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """-|h - t|, the same for all relations. Bordes et al. 2012."""
    return _closeness(heads - tails).unsqueeze(1).expand(-1, len(relations))


def structured(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """-|r h - r t|. Bordes et al. 2011, with a diagonal matrix for both ends."""
    return _each(lambda relation: _closeness(relation * (heads - tails)), heads, relations)


def transe(heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    """-|h + r - t|, summed by absolute value. Bordes et al. 2013."""
    return _each(lambda relation: _closeness(heads + relation - tails, order=1), heads, relations)


class TransH(nn.Module):
    """TransE on a plane of the relation's own. Wang et al. 2014."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.translation = nn.Linear(width, width)
        self.normal = nn.Linear(width, width)

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        apart = heads - tails

        def score(normal: Tensor, translation: Tensor) -> Tensor:
            return _closeness(apart - (apart @ normal).unsqueeze(1) * normal + translation)

        return _each(score, heads, normalize(self.normal(relations), dim=1), self.translation(relations))


class TransF(nn.Module):
    """TransE with ends scaled by the relation: -|a h + r - b t|. It starts as TransE."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shift = _start(nn.Linear(width, width), torch.eye(width), 0.0)
        self.head_scale = _start(nn.Linear(width, width), torch.zeros(width, width), 1.0)
        self.tail_scale = _start(nn.Linear(width, width), torch.zeros(width, width), 1.0)

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        def score(head_scale: Tensor, shift: Tensor, tail_scale: Tensor) -> Tensor:
            return _closeness(head_scale * heads + shift - tail_scale * tails)

        return _each(score, heads, self.head_scale(relations), self.shift(relations), self.tail_scale(relations))


class PairRE(nn.Module):
    """-|a h - b t|. Chao et al. 2021 (arXiv 2011.03798), without its normalised ends."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head_scale = nn.Linear(width, width)
        self.tail_scale = nn.Linear(width, width)

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        def score(head_scale: Tensor, tail_scale: Tensor) -> Tensor:
            return _closeness(head_scale * heads - tail_scale * tails)

        return _each(score, heads, self.head_scale(relations), self.tail_scale(relations))


class TripleRE(nn.Module):
    """-c |a h + d - b t|, all four from the relation. After Yu et al. 2022 (arXiv 2209.08271)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head_scale = nn.Linear(width, width)
        self.tail_scale = nn.Linear(width, width)
        self.difference = nn.Linear(width, width)
        self.factor = nn.Linear(width, 1)

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        def score(head_scale: Tensor, difference: Tensor, tail_scale: Tensor, factor: Tensor) -> Tensor:
            return factor * _closeness(head_scale * heads + difference - tail_scale * tails)

        layers = (self.head_scale, self.difference, self.tail_scale, self.factor)
        return _each(score, heads, *(layer(relations) for layer in layers))


# Networks


class ErMlp(nn.Module):
    """A hidden layer over [h, r, t]. Dong et al. 2014."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = PartedLinear(width, _HIDDEN, parts=3)
        self.out = nn.Linear(_HIDDEN, 1)

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        of_pair = self.mix.part(0, heads) + self.mix.part(2, tails)
        of_relation = self.mix.part(1, relations) + self.mix.bias
        return _each(lambda added: self.out(relu(of_pair + added)).squeeze(1), heads, of_relation)


class ConvKb(nn.Module):
    """Filters over (h, r, t), one place of the vectors at a time. Nguyen et al. 2018 (arXiv 1712.02121)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.filters = nn.Conv1d(3, _FILTERS, kernel_size=1)
        self.readout = LabelLinear(_FILTERS * width, 1)  # read through its weight

    def forward(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        weights, biases = self.filters.weight.squeeze(2), self.filters.get_parameter("bias")
        readout = self.readout.weight.view(_FILTERS, self.width)

        # Filter by filter, for all at once would hold 32 times the pairs
        def score(relation: Tensor) -> Tensor:
            parts = [
                relu(by_head * heads + by_relation * relation + by_tail * tails + bias) @ read
                for (by_head, by_relation, by_tail), bias, read in zip(weights, biases, readout, strict=True)
            ]
            return torch.stack(parts).sum(dim=0) + self.readout.bias

        return _each(score, heads, relations)


_FORMULAS: Mapping[Triples, Callable[[int], Formula]] = {
    "UM": lambda width: unstructured,
    "SE": lambda width: structured,
    "TransE": lambda width: transe,
    "TransH": TransH,
    "TransF": TransF,
    "PairRE": PairRE,
    "TripleRE": TripleRE,
    "DistMult": lambda width: distmult,
    "SimplE": lambda width: simple,
    "ComplEx": lambda width: complex_,
    "QuatE": lambda width: quate,
    "HolE": lambda width: hole,
    "DistMA": lambda width: distma,
    "ERMLP": ErMlp,
    "ConvKB": ConvKb,
}


def pair_scorer(kind: Triples | None, width: int, dropout: float) -> Concatenation | TripleScore:
    """The scorer of that kind for vectors of ``width`` numbers; by :class:`Concatenation` if None."""
    return Concatenation(width, dropout) if kind is None else TripleScore(_FORMULAS[kind](width))


def _each(score: Callable[..., Tensor], heads: Tensor, *of_relations: Tensor) -> Tensor:
    """Scores (P) of every relation, from its row of each of ``of_relations``, side by side (P, R)."""
    rows = [*zip(*of_relations, strict=True)]
    return torch.stack([score(*row) for row in rows], dim=1) if rows else heads.new_zeros(len(heads), 0)


def _closeness(apart: Tensor, *, order: int = 2) -> Tensor:
    """Minus the norm of (P, D), never below ``-_FARTHEST``: (P)."""
    distance = torch.linalg.vector_norm(apart, ord=order, dim=1)
    # The bound is left out of the gradient: ends that are far apart could never learn to come closer
    return -(distance + (distance.clamp(max=_FARTHEST) - distance).detach())  # type: ignore[no-any-return]


def _start(layer: nn.Linear, weight: Tensor, bias: float) -> nn.Linear:
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.fill_(bias)
    return layer
