"""From scores to spans, against the slowest way to say the same."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from relex_kg.extract.decoding import (
    BestRelations,
    Candidates,
    best_pairs,
    choose,
    span_candidates,
    token_candidates,
)
from relex_kg.extract.encoding import EncodedText
from relex_kg.types import Span

LABELS, WORDS, WIDTHS = 2, 6, 4
THRESHOLDS = torch.tensor([0.3, 0.55])
PLENTY = 10_000
Found = dict[tuple[int, int, int], float]


def text_of(words: int, paragraphs: tuple[int, ...] = ()) -> EncodedText:
    spans = tuple(Span(2 * word, 2 * word + 1) for word in range(words))
    return EncodedText(spans, (5,) * words, tuple(range(words)), (1,) * words, paragraphs)


@st.composite
def texts(draw: st.DrawFn) -> EncodedText:
    words = draw(st.integers(1, WORDS))
    return text_of(words, tuple(sorted(draw(st.sets(st.integers(1, words - 1))))) if words > 1 else ())


def random_logits(seed: int, *shape: int) -> Tensor:
    """Half integers, so that scores tie."""
    return torch.randint(-4, 7, shape, generator=torch.Generator().manual_seed(seed)) / 2


def found_by(candidates: Candidates) -> Found:
    rows = zip(candidates.spans.tolist(), candidates.labels.tolist(), candidates.scores.tolist(), strict=True)
    found = {(first, last, label): score for (first, last), label, score in rows}
    assert len(found) == len(candidates.scores)
    return found


def broken(text: EncodedText, first: int, last: int) -> bool:
    """Whether a blank line stands between two of the words from first to last."""
    return any(first < paragraph <= last for paragraph in text.paragraphs)


def token_spans(logits: Tensor, text: EncodedText) -> Found:
    start, end, inside = torch.sigmoid(logits).unbind(dim=-1)
    count = len(text.words)
    found: Found = {}
    for label in range(LABELS):
        for first in range(count):
            for last in range(first, count):
                starts = (
                    max(start[first, label], inside[first, label]) if first in text.paragraphs else start[first, label]
                )
                closes = last + 1 in text.paragraphs
                ends = max(end[last, label], inside[last, label]) if closes else end[last, label]
                score = min([starts, ends, *inside[first : last + 1, label]])
                if score > THRESHOLDS[label] and not broken(text, first, last):
                    found[first, last, label] = float(score)
    return found


def window_spans(logits: Tensor, text: EncodedText) -> Found:
    chances = torch.sigmoid(logits)
    return {
        (first, first + extra, label): float(chances[first, extra, label])
        for first in range(len(text.words))
        for extra in range(WIDTHS)
        for label in range(LABELS)
        if first + extra < len(text.words)
        and chances[first, extra, label] > THRESHOLDS[label]
        and not broken(text, first, first + extra)
    }


@given(st.lists(texts(), min_size=1, max_size=3), st.integers(0, 10**6))
def test_token_spans_are_those_of_brute_force(batch: list[EncodedText], seed: int) -> None:
    logits = random_logits(seed, len(batch), WORDS, LABELS, 3)
    candidates = token_candidates(logits, batch, THRESHOLDS, PLENTY)
    assert [found_by(one) for one in candidates] == [token_spans(logits[row], text) for row, text in enumerate(batch)]


@given(st.lists(texts(), min_size=1, max_size=3), st.integers(0, 10**6))
def test_window_spans_are_those_of_brute_force(batch: list[EncodedText], seed: int) -> None:
    logits = random_logits(seed, len(batch), WORDS, WIDTHS, LABELS)
    candidates = span_candidates(logits, batch, THRESHOLDS, PLENTY)
    assert [found_by(one) for one in candidates] == [window_spans(logits[row], text) for row, text in enumerate(batch)]


@given(texts(), st.integers(0, 10**6), st.integers(0, 8))
def test_a_budget_keeps_the_best_and_counts_the_rest(text: EncodedText, seed: int, budget: int) -> None:
    logits = random_logits(seed, 1, WORDS, LABELS, 3)
    every = token_candidates(logits, [text], THRESHOLDS, PLENTY)[0]
    some = token_candidates(logits, [text], THRESHOLDS, budget)[0]
    best = sorted(every.scores.tolist(), reverse=True)
    assert every.scores.tolist() == best
    assert every.cut == 0
    assert some.scores.tolist() == best[:budget]
    assert some.cut == max(len(best) - budget, 0)


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75]), min_size=2, max_size=2), max_size=12),
    st.integers(0, 10),
    st.integers(1, 12),
)
def test_the_best_relations_are_those_of_a_sorted_list(table: list[list[float]], budget: int, at_once: int) -> None:
    scores = torch.tensor(table).reshape(-1, 2)
    pairs = torch.tensor([[row, row + 1] for row in range(len(table))], dtype=torch.long).reshape(-1, 2)
    best = BestRelations(budget)
    for block, some in zip(torch.split(pairs, at_once), torch.split(scores, at_once), strict=True):
        best.add(block, some, some > 0.2)
    every = [(row, row + 1, label) for row, labels in enumerate(table) for label in (0, 1) if labels[label] > 0.2]
    kept = sorted(sorted(every, key=lambda one: (-table[one[0]][one[2]], one))[:budget])
    assert [tuple(row) for row in best.rows.tolist()] == kept
    assert best.scores.tolist() == [table[head][label] for head, _, label in kept]
    assert best.cut == len(every) - len(kept)


def test_pairs_over_the_budget_leave_the_others_in_their_order() -> None:
    possible = ~torch.eye(3, dtype=torch.bool)
    pairs, cut = best_pairs(possible, torch.tensor([0.5, 0.9, 0.8]), torch.tensor([0, 1, 2]), 3)
    assert (pairs.tolist(), cut) == ([[0, 1], [1, 2], [2, 1]], 3)


def test_what_is_inside_across_a_blank_line_is_two_spans() -> None:
    logits = torch.full((1, 4, 1, 3), -9.0)
    logits[0, :, 0, 2] = 9.0
    logits[0, 0, 0, 0] = logits[0, 3, 0, 1] = 9.0
    threshold = torch.tensor([0.5])
    whole, parted = text_of(4), text_of(4, paragraphs=(2,))
    assert found_by(token_candidates(logits, [whole], threshold, PLENTY)[0]).keys() == {(0, 3, 0)}
    assert found_by(token_candidates(logits, [parted], threshold, PLENTY)[0]).keys() == {(0, 1, 0), (2, 3, 0)}


def test_nothing_is_found_in_padding() -> None:
    words = [text_of(1), text_of(3)]
    thresholds = torch.tensor([0.5])
    tokens = token_candidates(torch.full((2, 3, 1, 3), 9.0), words, thresholds, PLENTY)
    windows = span_candidates(torch.full((2, 3, 3, 1), 9.0), words, thresholds, PLENTY)
    assert [len(one.scores) for one in tokens] == [1, 6]
    assert [len(one.scores) for one in windows] == [1, 6]


def test_nothing_above_the_thresholds_is_nothing() -> None:
    (nothing,) = token_candidates(torch.full((1, 3, 2, 3), -9.0), [text_of(3)], THRESHOLDS, PLENTY)
    assert (nothing.spans.shape, nothing.labels.shape, nothing.scores.shape, nothing.cut) == ((0, 2), (0,), (0,), 0)


def chosen(*rows: tuple[int, int, int, float], flat: bool) -> list[tuple[int, int, int]]:
    candidates = Candidates(
        torch.tensor([row[:2] for row in rows], dtype=torch.long).reshape(-1, 2),
        torch.tensor([row[2] for row in rows], dtype=torch.long),
        torch.tensor([row[3] for row in rows]),
        0,
    )
    return [rows[index][:3] for index in choose(candidates, flat=flat)]


@pytest.mark.parametrize("flat", [True, False])
def test_spans_side_by_side_stay_in_the_order_of_the_text(flat: bool) -> None:
    assert chosen((4, 5, 0, 0.9), (0, 1, 1, 0.6), (2, 3, 0, 0.7), flat=flat) == [(0, 1, 1), (2, 3, 0), (4, 5, 0)]


@pytest.mark.parametrize(("flat", "expected"), [(True, [(1, 2, 0)]), (False, [(0, 3, 0), (1, 2, 0)])])
def test_a_span_within_another_stays_unless_flat(flat: bool, expected: list[tuple[int, int, int]]) -> None:
    assert chosen((0, 3, 0, 0.6), (1, 2, 0, 0.9), flat=flat) == expected


@pytest.mark.parametrize("flat", [True, False])
def test_of_spans_that_overlap_in_part_the_better_stays(flat: bool) -> None:
    assert chosen((0, 2, 0, 0.6), (2, 3, 0, 0.9), flat=flat) == [(2, 3, 0)]


@pytest.mark.parametrize("flat", [True, False])
def test_a_span_has_one_label_the_better(flat: bool) -> None:
    assert chosen((0, 1, 0, 0.6), (0, 1, 1, 0.9), flat=flat) == [(0, 1, 1)]


@pytest.mark.parametrize("flat", [True, False])
def test_equal_scores_are_decided_by_position_then_label(flat: bool) -> None:
    assert chosen((1, 2, 0, 0.5), (0, 1, 1, 0.5), (0, 1, 0, 0.5), flat=flat) == [(0, 1, 0)]


def test_what_a_loser_would_have_pushed_out_stays() -> None:
    assert chosen((0, 1, 0, 0.9), (1, 2, 0, 0.8), (2, 3, 0, 0.7), flat=True) == [(0, 1, 0), (2, 3, 0)]


def test_nothing_is_chosen_from_nothing() -> None:
    assert chosen(flat=True) == []
