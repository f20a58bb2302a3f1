"""Texts of any length as windows."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.extract.encoding import EncodedText, Encoding
from relex_kg.extract.windows import Window, windows
from relex_kg.types import Span

STOP = "Word."


def text_of(sentences: list[list[int]]) -> tuple[str, EncodedText]:
    """Sentences of words of so many tokens each; the last word of a sentence holds its stop."""
    text = " ".join(" ".join([*["W"] * (len(sizes) - 1), STOP]) for sizes in sentences)
    sizes = [size for sentence in sentences for size in sentence]
    spans, start = [], 0
    for word in text.split():
        spans.append(Span(start, start + len(word)))
        start += len(word) + 1
    firsts = tuple(sum(sizes[:index]) for index in range(len(sizes)))
    pieces = tuple(range(sum(sizes)))
    return text, EncodedText(tuple(spans), pieces, firsts, (1,) * len(pieces), ())


def cut(sentences: list[list[int]], *, size: int, capacity: int, title: Span | None = None) -> list[Window]:
    text, encoded = text_of(sentences)
    return list(windows(3, text, encoded, size=size, capacity=capacity, title=title))


def bounds(cut: list[Window]) -> list[tuple[int, int]]:
    """First word and the one after the last, of the text behind the title."""
    return [(window.first, window.first + len(window.text.words) - window.lead) for window in cut]


sentences = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), max_size=12)


@given(sentences, st.integers(1, 40), st.integers(9, 40))
def test_windows_cover_the_text_in_order_and_fit(sentences: list[list[int]], size: int, capacity: int) -> None:
    _, encoded = text_of(sentences)
    cut_text = cut(sentences, size=min(size, capacity), capacity=capacity)
    covered = {word for first, last in bounds(cut_text) for word in range(first, last)}
    assert covered == set(range(len(encoded.words)))
    for earlier, later in pairwise(bounds(cut_text)):
        assert earlier < later
        assert earlier[1] < later[1]
    for window, (first, last) in zip(cut_text, bounds(cut_text), strict=True):
        assert window.row == 3
        assert len(window.text.pieces) <= capacity
        assert window.text.words == encoded.words[first:last]
        assert window.text.first_pieces[0] == 0
        assert [window.text.pieces[piece] for piece in window.text.first_pieces] == list(
            encoded.first_pieces[first:last]
        )


@given(sentences, st.integers(1, 60), st.integers(9, 60))
def test_neighbouring_sentences_that_fit_share_a_window(sentences: list[list[int]], size: int, capacity: int) -> None:
    cut_text = bounds(cut(sentences, size=min(size, capacity), capacity=capacity))
    begin = 0
    for one, other in pairwise(sentences):
        end = begin + len(one) + len(other)
        if sum(one) + sum(other) <= capacity:
            assert any(first <= begin and end <= last for first, last in cut_text)
        begin += len(one)


def test_a_window_holds_whole_sentences_and_the_last_of_the_one_before() -> None:
    assert bounds(cut([[1] * 30] * 7, size=100, capacity=200)) == [(0, 90), (60, 150), (120, 210)]


def test_a_sentence_longer_than_the_size_is_still_read_whole() -> None:
    assert bounds(cut([[1] * 30, [1] * 80, [1] * 10], size=40, capacity=150)) == [(0, 110), (30, 120)]


def test_a_sentence_that_does_not_fit_is_cut_with_an_overlap() -> None:
    assert bounds(cut([[1] * 40], size=16, capacity=16)) == [(0, 16), (12, 28), (24, 40)]


def test_a_text_that_fits_is_one_window_of_its_own_words() -> None:
    text, encoded = text_of([[1] * 9, [1] * 9])
    (window,) = windows(0, text, encoded, size=18, capacity=18)
    assert window.text is encoded
    assert window.span == Span(0, len(text))
    assert window.title is None
    assert list(windows(0, "", EncodedText((), (), (), (), ()), size=18, capacity=18)) == []


@pytest.fixture
def titled() -> tuple[str, EncodedText, Span]:
    """A title of two words and two tokens, and four sentences of six."""
    text, encoded = text_of([[1, 1], *[[1] * 6] * 4])
    return text, encoded, Span(0, encoded.words[1].end)


def test_the_title_stands_in_front_of_every_window_that_lacks_it(titled: tuple[str, EncodedText, Span]) -> None:
    text, encoded, title = titled
    first, second, third = windows(0, text, encoded, size=14, capacity=20, title=title)
    assert (first.lead, second.lead, third.lead) == (0, 2, 2)
    assert bounds([first, second, third]) == [(0, 14), (8, 20), (14, 26)]
    assert second.text.words == encoded.words[:2] + encoded.words[8:20]
    assert second.text.pieces == encoded.pieces[:2] + encoded.pieces[8:20]
    assert second.text.first_pieces == tuple(range(14))
    assert second.text.paragraphs == (2,)
    assert second.title == title
    assert second.span == Span(encoded.words[8].start, encoded.words[19].end)


def test_a_title_of_more_than_a_quarter_of_the_window_is_left_out(titled: tuple[str, EncodedText, Span]) -> None:
    text, encoded, _ = titled
    cut_text = windows(0, text, encoded, size=14, capacity=20, title=Span(0, encoded.words[5].end))
    assert all(window.lead == 0 for window in cut_text)


def test_a_word_that_is_too_long_is_read_as_several(encoding: Encoding) -> None:
    text = "the " + "ab1" * 30 + " end"
    (encoded,) = encoding.texts([text])
    longest = 4
    fitted = encoding.fitted(text, encoded, longest)
    assert "".join(word.of(text) for word in fitted.words) == text.replace(" ", "")
    sizes = [*fitted.first_pieces, len(fitted.pieces)]
    assert max(following - piece for piece, following in pairwise(sizes)) <= longest
    assert encoding.fitted("the end", encoding.texts(["the end"])[0], 50) == encoding.texts(["the end"])[0]
