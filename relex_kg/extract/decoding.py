"""From scores to mentions and relations. B texts, W words, K span widths, C entity labels, R relation labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from relex_kg.extract.encoding import EncodedText
from relex_kg.extract.layers import shifted_left
from relex_kg.extract.overlaps import settle
from relex_kg.extract.request import Request


@dataclass(frozen=True, slots=True)
class Candidates:
    """Labelled spans above their thresholds, best first.

    Shapes: ``spans`` (N, 2), first and last word; ``labels`` (N,); ``scores`` (N,). ``cut`` counts those left out
    because a budget was full.
    """

    spans: Tensor
    labels: Tensor
    scores: Tensor
    cut: int

    def rows(self, rows: Sequence[int]) -> "Candidates":
        """Some of them, in the order given."""
        index = torch.tensor(rows, dtype=torch.long)
        return Candidates(self.spans[index], self.labels[index], self.scores[index], self.cut)


def token_candidates(logits: Tensor, texts: Sequence[EncodedText], thresholds: Tensor, budget: int) -> list[Candidates]:
    """Spans that start and end where their label starts and ends, and whose every word is inside.

    A span's score is the least of its start, end and inside probabilities. No span crosses a blank line: what is
    inside on both sides of one ends before it and starts anew after it. All texts, starts and labels advance together,
    one width at a time, until no start is left alive.

    Args:
        logits: (B, W, C, 3).
        texts: the texts that were read (B).
        thresholds: (C,).
        budget: most candidates kept of a text.
    """
    opening = _paragraph_starts(texts, logits.size(1)).to(logits.device).unsqueeze(-1)
    closing = shifted_left(opening, 1)
    chances = torch.sigmoid(logits.float()) * _real_words(texts, logits)[..., None, None]
    start, end, inside = chances.unbind(dim=-1)
    start = torch.where(opening, torch.maximum(start, inside), start)
    end = torch.where(closing, torch.maximum(end, inside), end)
    onward = torch.where(opening, 0.0, inside)
    running = torch.where(start > thresholds, torch.minimum(start, inside), 0.0)
    best = _Best(len(texts), budget, logits.device)
    for width in range(logits.size(1)):
        alive = running > thresholds
        if not alive.any():
            break
        score = torch.minimum(running, shifted_left(end, width))
        best.add(width, alive & (score > thresholds), score)
        running = torch.where(alive, torch.minimum(running, shifted_left(onward, width + 1)), 0.0)
    return best.candidates()


def span_candidates(logits: Tensor, texts: Sequence[EncodedText], thresholds: Tensor, budget: int) -> list[Candidates]:
    """Spans whose probability exceeds their label's threshold; none crosses a blank line.

    Args:
        logits: (B, W, K, C).
        texts: the texts that were read (B).
        thresholds: (C,).
        budget: most candidates kept of a text.
    """
    possible = _real_words(texts, logits)
    onward = possible & ~_paragraph_starts(texts, logits.size(1)).to(logits.device)
    best = _Best(len(texts), budget, logits.device)
    for width in range(logits.size(2)):
        if width:
            possible = possible & shifted_left(onward.unsqueeze(-1), width).squeeze(-1)
        score = torch.sigmoid(logits[:, :, width].float())
        best.add(width, possible.unsqueeze(-1) & (score > thresholds), score)
    return best.candidates()


def choose(candidates: Candidates, *, flat: bool) -> list[int]:
    """Indices of the candidates kept as mentions, by position: greedily by score, without conflicts.

    Two spans conflict where they overlap; where ``flat`` is False, one may lie within the other. Equal scores are
    decided by position, then label.
    """
    rows = torch.cat([candidates.spans, candidates.labels.unsqueeze(1)], dim=1).tolist()
    scores = candidates.scores.tolist()
    order = sorted(range(len(rows)), key=lambda index: (-scores[index], rows[index]))
    rivals = settle([(first, last + 1) for first, last, _ in rows], order, flat=flat)
    return sorted((index for index in order if not rivals[index]), key=lambda index: rows[index])


@dataclass(frozen=True, slots=True)
class Signatures:
    """Which entity labels may stand at the ends of which relation: ``heads`` and ``tails`` (R, C), bool."""

    heads: Tensor
    tails: Tensor

    @classmethod
    def of(cls, request: Request) -> "Signatures":
        def table(ends: list[frozenset[str]]) -> Tensor:
            rows = [[entity.label in labels for entity in request.entities] for labels in ends]
            return torch.tensor(rows, dtype=torch.bool).view(len(ends), len(request.entities))

        return cls(table([asked.heads for asked in request.relations]), table([one.tails for one in request.relations]))

    def possible(self, labels: Tensor) -> Tensor:
        """Mentions' labels (M,) to (M, M): which may be head (row) and tail (column) of some relation."""
        either = (self.heads.float().T @ self.tails.float()) > 0
        pairs = either[labels][:, labels]
        return pairs & ~torch.eye(len(labels), dtype=torch.bool)

    def allowed(self, heads: Tensor, tails: Tensor) -> Tensor:
        """The labels of pairs' heads and tails (P,) to (P, R): which relations may join them."""
        return (self.heads[:, heads] & self.tails[:, tails]).T


def best_pairs(possible: Tensor, scores: Tensor, first_words: Tensor, budget: int) -> tuple[Tensor, int]:
    """Pairs of mentions to score, head and tail (P, 2), and how many were cut.

    They are in the order of heads, then tails. Where there are more than ``budget``, those are kept whose mentions are
    the surest: by the product of both scores, then nearest first, then by position.

    Args:
        possible: (M, M), bool.
        scores: the mentions' (M,).
        first_words: where each mention begins (M,).
        budget: most pairs kept.
    """
    pairs = possible.nonzero()
    if len(pairs) <= budget:
        return pairs, 0
    heads, tails = pairs.unbind(dim=1)
    nearest = torch.argsort((first_words[heads] - first_words[tails]).abs(), stable=True)
    sure = (scores[heads] * scores[tails])[nearest]
    best = nearest[torch.argsort(sure, descending=True, stable=True)[:budget]]
    return pairs[best.sort().values], len(pairs) - budget


class BestRelations:
    """The best relations among all those added; never more than the budget and those just added are held.

    Equal scores are decided by the order in which they were added: by pair, then label.

    Attributes:
        rows: the relations kept (N, 3), head, tail and label, in the order in which they were added.
        scores: theirs (N,).
        cut: how many were not kept.

    Args:
        budget: most relations kept.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self.rows = torch.zeros(0, 3, dtype=torch.long)
        self.scores = torch.zeros(0)
        self.cut = 0

    def add(self, pairs: Tensor, scores: Tensor, mask: Tensor) -> None:
        """Add those relations of some pairs (P, 2) that the mask allows; mask and scores (P, R)."""
        pair, label = mask.nonzero().unbind(dim=1)
        self.rows = torch.cat([self.rows, torch.cat([pairs[pair], label.unsqueeze(1)], dim=1)])
        self.scores = torch.cat([self.scores, scores[pair, label]])
        over = len(self.scores) - self._budget
        if over > 0:
            kept = torch.argsort(self.scores, descending=True, stable=True)[: self._budget].sort().values
            self.rows, self.scores = self.rows[kept], self.scores[kept]
            self.cut += over


def _real_words(texts: Sequence[EncodedText], logits: Tensor) -> Tensor:
    """(B, W): which words are the text's, not padding."""
    counts = torch.tensor([len(text.words) for text in texts], device=logits.device)
    return torch.arange(logits.size(1), device=logits.device) < counts.unsqueeze(1)


def _paragraph_starts(texts: Sequence[EncodedText], words: int) -> Tensor:
    """(B, W): which words begin a paragraph, the text's first word not counted."""
    starts = torch.zeros(len(texts), words, dtype=torch.bool)
    for row, text in enumerate(texts):
        starts[row, list(text.paragraphs)] = True
    return starts


class _Best:
    """The best candidates of each text among all those added; never many more than the budget are held.

    Args:
        texts: how many there are.
        budget: most candidates kept of a text.
        device: where the scores are.
    """

    def __init__(self, texts: int, budget: int, device: torch.device) -> None:
        self._texts = texts
        self._budget = budget
        self._rows = torch.zeros(0, 4, dtype=torch.long, device=device)
        self._scores = torch.zeros(0, device=device)
        self._found = torch.zeros(texts, dtype=torch.long, device=device)
        self._waiting: list[tuple[Tensor, Tensor]] = []
        self._waiting_rows = 0

    def add(self, width: int, mask: Tensor, scores: Tensor) -> None:
        """Add the spans of ``width + 1`` words that the mask allows; mask and scores (B, W, C)."""
        rows = mask.nonzero()
        text, first, label = rows.unbind(dim=1)
        self._waiting.append((torch.stack([text, first, first + width, label], dim=1), scores[text, first, label]))
        self._waiting_rows += len(rows)
        if self._waiting_rows > self._texts * self._budget:
            self._prune()

    def candidates(self) -> list[Candidates]:
        """One a text."""
        self._prune()
        counts = torch.bincount(self._rows[:, 0], minlength=self._texts)
        cut = (self._found - counts).tolist()
        sizes = counts.tolist()
        parts = zip(torch.split(self._rows, sizes), torch.split(self._scores, sizes), cut, strict=True)
        return [Candidates(rows[:, 1:3], rows[:, 3], scores, missed) for rows, scores, missed in parts]

    def _prune(self) -> None:
        """Leave the best of each text, text by text, equal scores in the order in which they came."""
        rows = torch.cat([self._rows, *(rows for rows, _ in self._waiting)])
        scores = torch.cat([self._scores, *(scores for _, scores in self._waiting)])
        for waiting, _ in self._waiting:
            self._found += torch.bincount(waiting[:, 0], minlength=self._texts)
        by_score = torch.argsort(scores, descending=True, stable=True)
        order = by_score[torch.argsort(rows[by_score, 0], stable=True)]
        texts = rows[order, 0]
        begins = torch.bincount(texts, minlength=self._texts).cumsum(0).roll(1)
        begins[0] = 0
        rank = torch.arange(len(order), device=order.device) - begins[texts]
        kept = order[rank < self._budget]
        self._rows, self._scores = rows[kept], scores[kept]
        self._waiting, self._waiting_rows = [], 0
