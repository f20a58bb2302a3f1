"""The loss, by hand and by plain loops."""

import random
from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from relex_kg.extract.checkpoint import Checkpoint, load
from relex_kg.extract.config import Adjacency, SpanMode, Triples
from relex_kg.extract.encoding import Encoding
from relex_kg.extract.loss import balanced_loss
from relex_kg.extract.model import RelexModel
from relex_kg.training.examples import Example, LabelPool, Limits, TrainingBatch, training_batch
from relex_kg.training.objective import Objective
from tests.unit.training.conftest import MakeRecord, plain_maker


def test_the_loss_by_hand() -> None:
    logits = torch.tensor([0.0, 0.0, 0.0])
    targets, judged = torch.tensor([1.0, 0.0, 1.0]), torch.tensor([True, True, False])
    assert float(balanced_loss(logits, targets, judged, alpha=0.75)) == pytest.approx(log(2) * (0.75 + 0.25))


def test_positives_weigh_alpha_and_negatives_the_rest() -> None:
    logits, judged = torch.tensor([log(3.0)]), torch.tensor([True])  # a probability of 3/4
    assert float(balanced_loss(logits, torch.tensor([1.0]), judged, alpha=0.9)) == pytest.approx(-0.9 * log(0.75))
    assert float(balanced_loss(logits, torch.tensor([0.0]), judged, alpha=0.9)) == pytest.approx(-0.1 * log(0.25))


def test_half_precision_is_summed_in_full() -> None:
    size = 100_000
    logits = torch.zeros(size, dtype=torch.bfloat16)
    loss = balanced_loss(logits, torch.ones(size), torch.ones(size, dtype=torch.bool), alpha=0.5)
    assert float(loss) == pytest.approx(0.5 * size * log(2), rel=1e-4)


def decision(logit: Tensor, right: bool) -> float:
    """One decision's share of the loss."""
    return float(-0.75 * logsigmoid(logit) if right else -0.25 * logsigmoid(-logit))


def batch_of(checkpoint: Checkpoint, record: MakeRecord) -> TrainingBatch:
    encoding = Encoding(checkpoint.tokenizer, checkpoint.model.config)
    maker = plain_maker(encoding, Limits(5, 5, 20))
    records = [
        record(
            "Ada Byron knew Bea and Cyd",
            [("Ada Byron", "gnome"), ("Bea", "gnome"), ("Cyd", "troll")],
            (0, 1, "guards"),
            relation_types=("guards", "feeds"),
        ),
        record("Old Ada slept on in the wood", [("Old Ada", "gnome")]),
    ]
    examples = [maker.make(one, LabelPool((), ()), random.Random(3)) for one in records]
    return training_batch([example for example in examples if example], encoding)


def pair_loss(checkpoint: Checkpoint, words: Tensor, relations: Tensor, example: Example) -> float:
    model = checkpoint.model
    logits = model.pair_logits(words, example.spans, example.pairs, relations[: len(example.relations)])
    loss = sum(
        decision(logits[row, column], bool(example.related[row, column]))
        for row, column in example.pair_weights.nonzero().tolist()
    )
    if model.adjacency is not None:
        odds = model.adjacency(model.spans(words, example.spans))
        for row, (head, tail) in enumerate(example.pairs.tolist()):
            if example.pair_weights[row].all():
                loss += decision(odds[head, tail], bool(example.related[row].any()))
    return loss


def token_loss(logits: Tensor, example: Example) -> float:
    starts, ends, inside = set(), set(), set()
    for span, label in example.mentions.tolist():
        first, last = example.spans[span].tolist()
        starts.add((first, label))
        ends.add((last, label))
        inside |= {(word, label) for word in range(first, last + 1)}
    return sum(
        decision(logits[word, label, kind], (word, label) in right)
        for word, label in example.judged_words.nonzero().tolist()
        for kind, right in enumerate((starts, ends, inside))
    )


def window_loss(logits: Tensor, example: Example) -> float:
    right = {(*example.spans[span].tolist(), label) for span, label in example.mentions.tolist()}
    words, labels = example.judged_words.shape
    return sum(
        decision(logits[first, last - first, label], (first, last, label) in right)
        for first in range(words)
        for last in range(first, min(first + logits.size(1), words))
        for label in range(labels)
        if example.judged_words[first : last + 1, label].all()
    )


@pytest.mark.parametrize(
    ("name", "entity_loss"),
    [
        ("token-none-rnn1-bert", token_loss),
        ("markerv0-none-rnn0-bert", window_loss),
        ("markerv0-gcn-rnn1-bert", window_loss),
    ],
)
def test_a_batchs_loss_is_the_mean_of_its_judged_decisions(
    reference: Path, record: MakeRecord, name: str, entity_loss: Callable[[Tensor, Example], float]
) -> None:
    checkpoint = load(reference / name)
    batch = batch_of(checkpoint, record)
    with torch.no_grad():
        loss = float(Objective(checkpoint.model, relation_weight=3.0, relation_alpha=0.75)(batch)["loss"])
        representation = checkpoint.model.represent(batch.inputs)
        logits = checkpoint.model.entity_logits(representation)
        entities = sum(entity_loss(logits[row], example) for row, example in enumerate(batch.examples))
        first = batch.examples[0]
        assert len(first.pairs) == 2
        pairs = pair_loss(checkpoint, representation.words[0], representation.relations[0], first)
    assert loss == pytest.approx((entities + 3.0 * pairs) / 2, rel=1e-4)


def test_only_what_is_judged_is_learnt(checkpoint: Checkpoint, record: MakeRecord) -> None:
    batch = batch_of(checkpoint, record)
    for example in batch.examples:
        example.judged_words.zero_()
        example.pair_weights.zero_()
    assert Objective(checkpoint.model, relation_weight=1.0, relation_alpha=0.75)(batch)["loss"].item() == 0.0


ADJACENCIES = [(adjacency, None) for adjacency in get_args(Adjacency)]
SCORERS = [("none", triples) for triples in get_args(Triples)]


@pytest.mark.parametrize("span_mode", get_args(SpanMode))
@pytest.mark.parametrize(("adjacency", "triples"), [*ADJACENCIES, *SCORERS])
def test_every_relation_layer_learns(
    checkpoint: Checkpoint, record: MakeRecord, span_mode: SpanMode, adjacency: Adjacency, triples: Triples | None
) -> None:
    torch.manual_seed(6)
    config = replace(
        checkpoint.model.config, span_mode=span_mode, adjacency=adjacency, triples=triples, dropout=0.0, rnn_layers=0
    )
    model = RelexModel(config).train()
    batch, objective = batch_of(checkpoint, record), Objective(model, relation_weight=3.0, relation_alpha=0.75)
    optimizer = torch.optim.Adam([weight for weight in model.parameters() if weight.requires_grad], lr=3e-3)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = objective(batch)["loss"]
        loss.backward()
        losses.append(loss.item())
        for name, weight in model.named_parameters():
            learns = weight.grad is not None and bool(weight.grad.any())
            assert learns or not name.startswith(HEADS) or name in without_effect(adjacency, triples), name
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]


HEADS = ("adjacency.", "pair.", "span.", "entity_prompt.", "token_scorer.")


def without_effect(adjacency: Adjacency, triples: Triples | None) -> set[str]:
    """Weights that the scores do not depend on: what attention's mean weight never uses, and where only the way from
    head to tail counts, what shifts both alike."""
    shift = {"span.out.3.bias"} if triples in ("UM", "SE", "TransE", "TransH", "TransF") else set()
    unread = {f"adjacency.attention.out.{part}" for part in ("weight", "bias")}
    return shift | (unread if adjacency == "attention" else set())
