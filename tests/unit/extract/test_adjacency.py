"""The adjacency scorers against the formulas that they stand for, pair by pair."""

from collections.abc import Callable
from math import sqrt

import pytest
import torch
from torch import Tensor

from relex_kg.extract.adjacency import (
    AttendedAdjacency,
    AttentionAdjacency,
    BilinearAdjacency,
    GraphAdjacency,
    PairwiseAdjacency,
    SelfAttention,
    adjacency_scorer,
    similarity,
)
from relex_kg.extract.config import ATTENTION_HEADS

WIDTH = 16
MENTIONS = torch.randn(5, WIDTH, generator=torch.Generator().manual_seed(2))

Entry = Callable[[int, int], Tensor]


@pytest.fixture(autouse=True)
def fixed_numbers() -> None:
    torch.manual_seed(7)


def matrix(entry: Entry) -> Tensor:
    return torch.stack([torch.stack([entry(head, tail) for tail in range(5)]) for head in range(5)])


def attention_weights(layer: SelfAttention) -> Tensor:
    """(heads, 5, 5), by the book."""
    queries, keys, _ = layer.joint(MENTIONS).chunk(3, dim=1)
    size = WIDTH // ATTENTION_HEADS
    products = [queries[:, at : at + size] @ keys[:, at : at + size].T / sqrt(size) for at in range(0, WIDTH, size)]
    return torch.stack(products).softmax(dim=-1)


def test_no_adjacency_is_none() -> None:
    assert adjacency_scorer("none", WIDTH) is None


def test_dot_is_the_product_of_the_mentions() -> None:
    assert adjacency_scorer("dot", WIDTH) is similarity
    torch.testing.assert_close(similarity(MENTIONS), matrix(lambda head, tail: MENTIONS[head] @ MENTIONS[tail]))


def test_mlp_is_a_network_over_the_concatenated_pair() -> None:
    layer = PairwiseAdjacency(WIDTH)

    def entry(head: int, tail: int) -> Tensor:
        odds: Tensor = layer.pair(torch.relu(layer.mix(torch.cat([MENTIONS[head], MENTIONS[tail]])))).squeeze()
        return odds

    torch.testing.assert_close(layer(MENTIONS), matrix(entry))


def test_attention_is_the_mean_weight() -> None:
    layer = AttentionAdjacency(WIDTH)
    torch.nn.init.normal_(layer.attention.joint.bias)
    torch.testing.assert_close(torch.sigmoid(layer(MENTIONS)), attention_weights(layer.attention).mean(dim=0))


def test_attention_on_itself_alone_is_no_infinity() -> None:
    assert AttentionAdjacency(WIDTH)(MENTIONS[:1]).isfinite().all()


def test_bilinear_is_the_product_of_the_projections() -> None:
    layer = BilinearAdjacency(WIDTH)
    torch.testing.assert_close(
        layer(MENTIONS), matrix(lambda head, tail: layer.out(MENTIONS[head]) @ layer.out(MENTIONS[tail]))
    )


def test_gcn_is_a_graph_convolution() -> None:
    layer = GraphAdjacency(WIDTH)
    related = torch.sigmoid(MENTIONS @ MENTIONS.T) + torch.eye(5)
    degree = torch.diag(related.sum(dim=1) ** -0.5)
    hidden = layer.out(torch.relu(layer.convolution(degree @ related @ degree @ MENTIONS)))
    torch.testing.assert_close(layer(MENTIONS), hidden @ hidden.T)


def test_gat_is_the_product_of_what_attention_gathers() -> None:
    layer = AttendedAdjacency(WIDTH)
    values = layer.attention.joint(MENTIONS).chunk(3, dim=1)[2]
    size = WIDTH // ATTENTION_HEADS
    gathered = torch.cat(
        [
            weights @ values[:, head * size : (head + 1) * size]
            for head, weights in enumerate(attention_weights(layer.attention))
        ],
        dim=1,
    )
    projected = layer.gathered(layer.attention.out(gathered))
    torch.testing.assert_close(layer(MENTIONS), projected @ projected.T)
