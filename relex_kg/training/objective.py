"""The model with its loss, as the trainer runs it."""

import torch
from torch import Tensor, nn

from relex_kg.extract.layers import shifted_left
from relex_kg.extract.loss import balanced_loss
from relex_kg.extract.model import RelexModel, Representation
from relex_kg.training.decoys import with_decoys
from relex_kg.training.examples import Example, TrainingBatch

ENTITY_ALPHA = 0.75  # arXiv 2605.10108


class Objective(nn.Module):
    """Mean loss of a batch: entity decisions, plus ``relation_weight`` times pair decisions.

    A pair that holds a relation weighs ``relation_alpha``, one that does not ``1 - relation_alpha``. Where the model
    has an adjacency, its decisions (is the pair related at all) count like the pairs' own. Where annotation is
    complete, pairs with mentions that the model wrongly finds (:mod:`relex_kg.training.decoys`) count as unrelated.
    """

    def __init__(self, model: RelexModel, *, relation_weight: float, relation_alpha: float) -> None:
        super().__init__()
        self.model = model
        self.relation_weight = relation_weight
        self.relation_alpha = relation_alpha

    def forward(self, batch: TrainingBatch) -> dict[str, Tensor]:
        device = self.model.device
        representation = self.model.represent(batch.inputs.to(device))
        logits = self.model.entity_logits(representation)
        loss = self._entity_loss(logits, batch, device)
        for row, example in enumerate(with_decoys(batch.examples, logits, self.model.config.span_mode)):
            if len(example.pairs):
                loss = loss + self.relation_weight * self._pair_loss(representation, row, example, device)
        return {"loss": loss / len(batch.examples)}

    def _entity_loss(self, logits: Tensor, batch: TrainingBatch, device: torch.device) -> Tensor:
        targets, judged = torch.zeros_like(logits), torch.zeros_like(logits, dtype=torch.bool)
        for row, example in enumerate(batch.examples):
            words, labels = example.judged_words.shape
            if self.model.config.span_mode == "token_level":
                judged[row, :words, :labels] = example.judged_words.unsqueeze(-1).to(device)
                _mark_words(targets[row], example)
            else:
                _judge_spans(judged[row], example, self.model.config.max_width)
                _mark_spans(targets[row], example, self.model.config.max_width)
        return balanced_loss(logits, targets, judged, alpha=ENTITY_ALPHA)

    def _pair_loss(self, representation: Representation, row: int, example: Example, device: torch.device) -> Tensor:
        words, spans, pairs = representation.words[row], example.spans.to(device), example.pairs.to(device)
        related, weights = example.related.to(device), example.pair_weights.to(device)
        labels = representation.relations[row, : related.size(1)]
        logits = self.model.pair_logits(words, spans, pairs, labels)
        loss = balanced_loss(logits, related, weights, alpha=self.relation_alpha)
        if self.model.adjacency is not None:
            odds = self.model.adjacency(self.model.spans(words, spans))[pairs[:, 0], pairs[:, 1]]
            loss = loss + balanced_loss(odds, related.amax(dim=1), (weights > 0).all(dim=1), alpha=self.relation_alpha)
        return loss


def _mark_words(targets: Tensor, example: Example) -> None:
    """Start, end and inside targets of one text (W, C, 3)."""
    for span, label in example.mentions.tolist():
        first, last = example.spans[span].tolist()
        targets[first, label, 0] = 1
        targets[last, label, 1] = 1
        targets[first : last + 1, label, 2] = 1


def _mark_spans(targets: Tensor, example: Example, max_width: int) -> None:
    """Span targets of one text (W, max_width, C); longer mentions cannot be asked of this head."""
    for span, label in example.mentions.tolist():
        first, last = example.spans[span].tolist()
        if last - first < max_width:
            targets[first, last - first, label] = 1


def _judge_spans(judged: Tensor, example: Example, max_width: int) -> None:
    """A span is judged where all its words are; spans past the end of the text are not."""
    words, labels = example.judged_words.shape
    every = example.judged_words.unsqueeze(0).to(judged.device)
    running = every
    for width in range(max_width):
        running = running & shifted_left(every, width)
        judged[:words, width, :labels] = running[0]
