"""The pair scorers against the formulas that they stand for, triple by triple."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from relex_kg.extract.config import Triples
from relex_kg.extract.triples import pair_scorer

WIDTH = 8
NUMBERS = torch.Generator().manual_seed(4)
HEADS, TAILS = (torch.randn(5, WIDTH, generator=NUMBERS) for _ in range(2))
RELATIONS = torch.randn(3, WIDTH, generator=NUMBERS)

Formula = Callable[[Any, Tensor, Tensor, Tensor], Tensor]


def away(vector: Tensor, order: int = 2) -> Tensor:
    return -torch.linalg.vector_norm(vector, ord=order).clamp(max=10)


def hamilton(one: Tensor, other: Tensor) -> Tensor:
    """Product of rows of quaternions (a, b, c, d)."""
    a, b, c, d = one
    e, f, g, h = other
    first, second = a * e - b * f - c * g - d * h, a * f + b * e + c * h - d * g
    third, fourth = a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e
    return torch.stack([first, second, third, fourth])


def quaternion_score(_: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    return (hamilton(h.view(4, -1), r.view(4, -1)) * t.view(4, -1)).sum()


def complex_score(_: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    head, relation, tail = (torch.complex(*vector.chunk(2)) for vector in (h, r, t))
    return (head * relation * tail.conj()).sum().real


def simple_score(_: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    (h1, h2), (r1, r2), (t1, t2) = h.chunk(2), r.chunk(2), t.chunk(2)
    return ((h1 * r1 * t2).sum() + (t1 * r2 * h2).sum()) / 2


def correlation_score(_: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    correlated = [sum(h[row] * t[(row + shift) % WIDTH] for row in range(WIDTH)) for shift in range(WIDTH)]
    return torch.stack([r[shift] * correlated[shift] for shift in range(WIDTH)]).sum()


def plane_score(layer: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    normal = normalize(layer.normal(r), dim=0)
    return away(h - (h @ normal) * normal + layer.translation(r) - (t - (t @ normal) * normal))


def filter_score(layer: Any, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
    maps = torch.relu(layer.filters(torch.stack([h, r, t]).unsqueeze(0)))
    score: Tensor = layer.readout(maps.flatten()).squeeze()
    return score


FORMULAS: dict[str | None, Formula] = {
    None: lambda layer, h, r, t: layer(torch.cat([h, t])) @ r,
    "UM": lambda layer, h, r, t: away(h - t),
    "SE": lambda layer, h, r, t: away(r * h - r * t),
    "TransE": lambda layer, h, r, t: away(h + r - t, order=1),
    "TransH": plane_score,
    "TransF": lambda layer, h, r, t: away(layer.head_scale(r) * h + layer.shift(r) - layer.tail_scale(r) * t),
    "PairRE": lambda layer, h, r, t: away(layer.head_scale(r) * h - layer.tail_scale(r) * t),
    "TripleRE": lambda layer, h, r, t: (
        layer.factor(r) * away(layer.head_scale(r) * h + layer.difference(r) - layer.tail_scale(r) * t)
    ),
    "DistMult": lambda layer, h, r, t: (h * r * t).sum(),
    "SimplE": simple_score,
    "ComplEx": complex_score,
    "QuatE": quaternion_score,
    "HolE": correlation_score,
    "DistMA": lambda layer, h, r, t: h @ r + h @ t + r @ t,
    "ERMLP": lambda layer, h, r, t: layer.out(torch.relu(layer.mix(torch.cat([h, r, t])))),
    "ConvKB": filter_score,
}


def scorer(kind: Any) -> nn.Module:
    torch.manual_seed(5)
    made = pair_scorer(kind, WIDTH, 0.0)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


def scores_of(made: nn.Module, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
    rows = torch.arange(len(heads))
    scores: Tensor = made(torch.cat([heads, tails]), torch.stack([rows, rows + len(heads)], dim=1), relations)
    return scores


def test_every_kind_has_its_formula() -> None:
    assert FORMULAS.keys() == {None, *get_args(Triples)}


@pytest.mark.parametrize("kind", FORMULAS)
def test_all_triples_at_once_are_each_by_the_formula(kind: str | None) -> None:
    made, formula = scorer(kind), FORMULAS[kind]
    scores = scores_of(made, HEADS, TAILS, RELATIONS)
    layer = made.projection if kind is None else made.formula
    assert scores.shape == (5, 3)
    for pair in range(5):
        for relation in range(3):
            expected = formula(layer, HEADS[pair], RELATIONS[relation], TAILS[pair]).reshape(())
            torch.testing.assert_close(scores[pair, relation], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", FORMULAS)
def test_no_pair_and_no_relation_give_an_empty_score(kind: str | None) -> None:
    assert scores_of(scorer(kind), HEADS[:0], TAILS[:0], RELATIONS).shape == (0, 3)
    assert scores_of(scorer(kind), HEADS, TAILS, RELATIONS[:0]).shape == (5, 0)


def test_ends_out_of_reach_can_still_learn() -> None:
    heads = torch.full((1, WIDTH), 50.0, requires_grad=True)
    score = scores_of(scorer("TransE"), heads, TAILS[:1], RELATIONS[:1])
    assert score.item() == -10
    score.sum().backward()
    assert (heads.grad == -1).all()


def test_transf_starts_as_transe_by_the_euclidean_norm() -> None:
    scores = scores_of(pair_scorer("TransF", WIDTH, 0.0), HEADS, TAILS, RELATIONS)
    expected = [[away(HEADS[pair] + relation - TAILS[pair]) for relation in RELATIONS] for pair in range(5)]
    torch.testing.assert_close(scores, torch.tensor(expected))
