"""The bricks against the formulas that they stand for, written out."""

import pytest
import torch
from torch import Tensor, nn

from relex_kg.extract.layers import (
    PairAttention,
    PairContext,
    SpanMarker,
    TokenScorer,
    WordLSTM,
    gather,
    rows,
    shifted_left,
)
from relex_kg.extract.triples import pair_scorer

WIDTH = 6


@pytest.fixture(autouse=True)
def fixed_numbers() -> None:
    torch.manual_seed(7)


def test_the_token_scorer_is_the_reference_formula_with_concatenation() -> None:
    scorer = TokenScorer(WIDTH, dropout=0.0)
    words, labels = torch.randn(2, 5, WIDTH), torch.randn(2, 3, WIDTH)
    logits = scorer(words, labels)
    assert logits.shape == (2, 5, 3, 3)
    for text in range(2):
        for word in range(5):
            for label in range(3):
                word_alone, word_factor = scorer.word(words[text, word]).chunk(2)
                label_alone, label_factor = scorer.label(labels[text, label]).chunk(2)
                joined = torch.cat([word_alone, label_alone, word_factor * label_factor])
                expected = scorer.out(torch.relu(scorer.mix(joined)))
                torch.testing.assert_close(logits[text, word, label], expected)


def test_the_token_scorers_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = TokenScorer(WIDTH, dropout=0.0)
    words, labels = torch.randn(2, 5, WIDTH), torch.randn(2, 3, WIDTH)
    whole = scorer(words, labels)
    monkeypatch.setattr(TokenScorer, "AT_ONCE_ON_CPU", 2 * 2 * 3 * WIDTH * 4)  # two words
    torch.testing.assert_close(scorer(words, labels), whole)


def test_windows_are_all_spans_and_those_past_the_end_take_the_first_word() -> None:
    marker = SpanMarker(WIDTH, dropout=0.0)
    words, labels = torch.randn(2, 4, WIDTH), torch.randn(2, 5, WIDTH)
    logits = marker.window_logits(words, labels, 3)
    assert logits.shape == (2, 4, 3, 5)
    for text in range(2):
        for first in range(4):
            for extra in range(3):
                last = first + extra if first + extra < 4 else 0
                expected = labels[text] @ marker(words[text, first], words[text, last])
                torch.testing.assert_close(logits[text, first, extra], expected)


def test_windows_may_be_wider_than_the_text() -> None:
    marker = SpanMarker(WIDTH, dropout=0.0)
    assert marker.window_logits(torch.randn(1, 2, WIDTH), torch.randn(1, 3, WIDTH), 12).shape == (1, 2, 12, 3)


def test_the_lstm_does_not_see_padding() -> None:
    lstm = WordLSTM(WIDTH, layers=2)
    words = torch.randn(2, 5, WIDTH)
    mask = torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    both = lstm(words, mask)
    torch.testing.assert_close(both[:1, :3], lstm(words[:1, :3], mask[:1, :3]))
    assert both[0, 3:].abs().max() == 0


def context_of_plain_loops(layer: PairContext, words: Tensor, spans: Tensor, pairs: Tensor) -> Tensor:
    features = torch.relu(layer.word(words))
    rows = []
    for head, tail in pairs.tolist():
        (head_start, head_end), (tail_start, tail_end) = spans[head].tolist(), spans[tail].tolist()
        first_start, first_end = min(head_start, tail_start), min(head_end, tail_end) + 1
        last_start, last_end = max(head_start, tail_start), max(head_end, tail_end) + 1
        segments = [
            range(max(first_start - layer.AROUND, 0), first_start),
            range(first_end, last_start),
            range(last_end, min(last_end + layer.AROUND, len(words))),
        ]
        means = [
            torch.stack([features[word] for word in segment]).mean(dim=0) if len(segment) else torch.zeros(WIDTH)
            for segment in segments
        ]
        out = layer.head_first if head_start <= tail_start else layer.tail_first
        rows.append(out(torch.cat(means)))
    return torch.stack(rows)


class TestPairContext:
    # at both ends of the text, side by side, far apart, one within the other
    spans = torch.tensor([[0, 1], [2, 2], [5, 7], [6, 6], [10, 11]])
    pairs = torch.tensor([[head, tail] for head in range(5) for tail in range(5) if head != tail])
    words = torch.randn(12, WIDTH, generator=torch.Generator().manual_seed(1))

    def trained(self) -> PairContext:
        layer = PairContext(WIDTH)
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter)
        return layer

    def test_it_says_nothing_until_it_is_trained(self) -> None:
        assert not PairContext(WIDTH)(self.words, self.spans, self.pairs).any()

    def test_it_is_what_plain_loops_compute(self) -> None:
        layer = self.trained()
        expected = context_of_plain_loops(layer, self.words, self.spans, self.pairs)
        torch.testing.assert_close(layer(self.words, self.spans, self.pairs), expected, rtol=1e-4, atol=1e-4)

    def test_a_pair_and_its_reverse_differ_in_the_output_layer_alone(self) -> None:
        layer = self.trained()
        pair = torch.tensor([[0, 4]])
        forward, backward = layer(self.words, self.spans, pair), layer(self.words, self.spans, pair.flip(1))
        assert not torch.allclose(forward, backward)
        layer.tail_first.load_state_dict(layer.head_first.state_dict())
        torch.testing.assert_close(
            layer(self.words, self.spans, pair), layer(self.words, self.spans, pair.flip(1)), rtol=0, atol=0
        )

    def test_words_further_away_do_not_count(self) -> None:
        layer, pair = self.trained(), torch.tensor([[0, 1]])
        changed = self.words.clone()
        changed[3 + PairContext.AROUND :] = 99.0
        assert torch.equal(layer(self.words, self.spans, pair), layer(changed, self.spans, pair))


def test_gather_picks_rows_and_leaves_zeros_where_masked() -> None:
    rows = torch.arange(1.0, 9.0).reshape(2, 2, 2)
    picked = gather(rows, torch.tensor([[1, 0], [0, 0]]), torch.tensor([[True, True], [True, False]]))
    assert picked.tolist() == [[[3, 4], [1, 2]], [[5, 6], [0, 0]]]


@pytest.mark.parametrize(("steps", "expected"), [(0, [1, 2, 3]), (1, [2, 3, 0]), (3, [0, 0, 0]), (5, [0, 0, 0])])
def test_shifting_left_fills_with_zeros(steps: int, expected: list[int]) -> None:
    assert shifted_left(torch.tensor([1, 2, 3]).reshape(1, 3, 1), steps).flatten().tolist() == expected


def test_gradients_are_the_same_each_time_however_many_threads_work_on_them() -> None:
    torch.manual_seed(1)
    words, labels = torch.randn(150, 64, requires_grad=True), torch.randn(8, 64)
    spans = torch.randint(0, 150, (60, 1)) + torch.zeros(60, 2, dtype=torch.long)
    pairs = torch.randint(0, 60, (3000, 2))
    marker, pair, context = SpanMarker(64, 0.0), pair_scorer(None, 64, 0.0), PairContext(64)
    nn.init.normal_(context.head_first.weight)

    def gradient() -> Tensor:
        represented = marker(rows(words, spans[:, 0]), rows(words, spans[:, 1]))
        logits = pair(represented, pairs, labels) + context(words, spans, pairs) @ labels.T
        (found,) = torch.autograd.grad(logits.sigmoid().sum(), words)
        return found

    first = gradient()
    assert all(torch.equal(first, gradient()) for _ in range(15))


class TestPairAttention:
    words = torch.randn(7, 8, generator=torch.Generator().manual_seed(1))
    mentions = torch.randn(3, 8, generator=torch.Generator().manual_seed(2))
    pairs = torch.tensor([[0, 1], [1, 0], [2, 0], [1, 2]])

    @pytest.fixture
    def trained(self) -> PairAttention:
        torch.manual_seed(3)
        layer = PairAttention(8)
        nn.init.normal_(layer.out.weight)
        return layer

    def test_it_says_nothing_before_training(self) -> None:
        assert not PairAttention(8)(self.words, self.mentions, self.pairs).any()

    def test_a_word_weighs_as_its_match_with_the_head_times_that_with_the_tail(self, trained: PairAttention) -> None:
        heads, size = trained.HEADS, 8 // trained.HEADS
        rows = []
        for head, tail in self.pairs.tolist():
            parts = []
            for part in range(heads):
                of_head = slice(part * size, (part + 1) * size)
                keys, values = trained.key(self.words)[:, of_head], trained.value(self.words)[:, of_head]
                for_head = torch.exp(keys @ trained.head_query(self.mentions[head])[of_head] / size**0.5)
                for_tail = torch.exp(keys @ trained.tail_query(self.mentions[tail])[of_head] / size**0.5)
                parts.append(for_head * for_tail / (for_head * for_tail).sum() @ values)
            rows.append(trained.out(torch.cat(parts)))
        found = trained(self.words, self.mentions, self.pairs)
        torch.testing.assert_close(found, torch.stack(rows), atol=1e-5, rtol=1e-5)
        assert not torch.allclose(found[0], found[1])

    def test_no_pairs_are_no_rows(self, trained: PairAttention) -> None:
        assert trained(self.words, self.mentions, self.pairs[:0]).shape == (0, 8)
