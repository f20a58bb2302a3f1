"""From scores to mentions and relations. B texts, W words, K span widths, C entity labels, R relation labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from relex_kg.extract.encoding import EncodedText
from relex_kg.extract.layers import shifted_left


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
    found: list[tuple[Tensor, Tensor]] = []
    for width in range(logits.size(1)):
        alive = running > thresholds
        if not alive.any():
            break
        score = torch.minimum(running, shifted_left(end, width))
        rows = (alive & (score > thresholds)).nonzero()
        found.append((_with_width(rows, width), score[rows[:, 0], rows[:, 1], rows[:, 2]]))
        running = torch.where(alive, torch.minimum(running, shifted_left(onward, width + 1)), 0.0)
    return _best(found, len(texts), budget, logits.device)


def span_candidates(logits: Tensor, texts: Sequence[EncodedText], thresholds: Tensor, budget: int) -> list[Candidates]:
    """Spans whose probability exceeds their label's threshold; none crosses a blank line.

    Args:
        logits: (B, W, K, C).
        texts: the texts that were read (B).
        thresholds: (C,).
        budget: most candidates kept of a text.
    """
    chances = torch.sigmoid(logits.float())
    real = _real_words(texts, logits)
    unbroken = ~_paragraph_starts(texts, logits.size(1)).to(logits.device)
    possible = [real]
    for width in range(1, logits.size(2)):
        possible.append(possible[-1] & shifted_left((real & unbroken).unsqueeze(-1), width).squeeze(-1))
    rows = ((chances > thresholds) & torch.stack(possible, dim=2).unsqueeze(-1)).nonzero()
    scores = chances[rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]]
    spans = torch.stack([rows[:, 0], rows[:, 1], rows[:, 1] + rows[:, 2], rows[:, 3]], dim=1)
    return _best([(spans, scores)], len(texts), budget, logits.device)


def choose(candidates: Candidates, *, flat: bool) -> list[int]:
    """Indices of the candidates kept as mentions, by position: greedily by score, without conflicts.

    Two spans conflict where they overlap; where ``flat`` is False, one may lie within the other. Equal scores are
    decided by position, then label.
    """
    rows = torch.cat([candidates.spans, candidates.labels.unsqueeze(1)], dim=1).tolist()
    scores = candidates.scores.tolist()
    order = sorted(range(len(rows)), key=lambda index: (-scores[index], rows[index]))
    kept: list[int] = []
    for index in order:
        first, last, _ = rows[index]
        if not any(_conflict(first, last, rows[other][0], rows[other][1], flat=flat) for other in kept):
            kept.append(index)
    return sorted(kept, key=lambda index: rows[index])


def _conflict(first: int, last: int, other_first: int, other_last: int, *, flat: bool) -> bool:
    if last < other_first or other_last < first:
        return False
    if flat or (first == other_first and last == other_last):
        return True
    within = first <= other_first and other_last <= last
    return not (within or (other_first <= first and last <= other_last))


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


def _with_width(rows: Tensor, width: int) -> Tensor:
    """(text, first word, label) rows to (text, first word, last word, label)."""
    return torch.stack([rows[:, 0], rows[:, 1], rows[:, 1] + width, rows[:, 2]], dim=1)


def _best(found: list[tuple[Tensor, Tensor]], texts: int, budget: int, device: torch.device) -> list[Candidates]:
    if not found:
        found = [(torch.zeros(0, 4, dtype=torch.long, device=device), torch.zeros(0, device=device))]
    rows = torch.cat([rows for rows, _ in found])
    scores = torch.cat([scores for _, scores in found])
    candidates = []
    for text in range(texts):
        own = rows[:, 0] == text
        spans, own_scores = rows[own], scores[own]
        best = torch.argsort(own_scores, descending=True, stable=True)[:budget]
        kept = spans[best]
        cut = len(spans) - len(best)
        candidates.append(Candidates(kept[:, 1:3], kept[:, 3], own_scores[best], cut))
    return candidates
