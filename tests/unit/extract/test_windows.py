"""Texts of any length as windows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from relex_kg.extract.encoding import EncodedText, Encoding
from relex_kg.extract.windows import overlap, windows
from relex_kg.types import Span


def text_of(sizes: list[int]) -> tuple[str, EncodedText]:
    """Words of so many tokens each, every fifth a full stop, every eleventh the beginning of a paragraph."""
    text = " ".join("." if index % 5 == 4 else "w" for index in range(len(sizes)))
    spans = tuple(Span(2 * index, 2 * index + 1) for index in range(len(sizes)))
    firsts = tuple(sum(sizes[:index]) for index in range(len(sizes)))
    pieces = tuple(range(sum(sizes)))
    paragraphs = tuple(range(11, len(sizes), 11))
    return text, EncodedText(spans, pieces, firsts, (1,) * len(pieces), paragraphs)


sizes = st.lists(st.integers(1, 9), max_size=60)


@given(sizes, st.integers(9, 40))
def test_windows_cover_the_text_in_order_and_fit(sizes: list[int], capacity: int) -> None:
    text, encoded = text_of(sizes)
    cut = list(windows(3, text, encoded, capacity))
    covered = {window.first + word for window in cut for word in range(len(window.text.words))}
    assert covered == set(range(len(sizes)))
    ends = [window.first + len(window.text.words) for window in cut]
    assert ends == sorted(set(ends))
    for window in cut:
        last = window.first + len(window.text.words)
        assert window.row == 3
        assert len(window.text.pieces) == sum(sizes[window.first : last]) <= capacity
        assert window.text.words == encoded.words[window.first : last]
        assert window.text.first_pieces[0] == 0
        assert [window.text.pieces[piece] for piece in window.text.first_pieces] == list(
            encoded.first_pieces[window.first : last]
        )
        assert [window.first + word for word in window.text.paragraphs] == [
            word for word in encoded.paragraphs if window.first < word < last
        ]


@given(sizes, st.integers(9, 40))
def test_what_is_no_longer_than_the_overlap_is_whole_in_some_window(sizes: list[int], capacity: int) -> None:
    text, encoded = text_of(sizes)
    cut = [(window.first, window.first + len(window.text.words)) for window in windows(0, text, encoded, capacity)]
    for first in range(len(sizes)):
        for last in range(first + 1, len(sizes) + 1):
            if sum(sizes[first:last]) <= overlap(capacity):
                assert any(begin <= first and last <= end for begin, end in cut)


def test_windows_end_and_begin_at_sentences() -> None:
    text, encoded = text_of([1] * 50)
    cut = [(window.first, window.first + len(window.text.words)) for window in windows(0, text, encoded, 18)]
    assert cut == [(0, 15), (11, 25), (20, 35), (30, 45), (40, 50)]


def test_a_text_that_fits_is_one_window_of_its_own_words() -> None:
    text, encoded = text_of([1] * 18)
    (window,) = windows(0, text, encoded, 18)
    assert window.text is encoded
    assert window.span == Span(0, 35)
    assert list(windows(0, "", EncodedText((), (), (), (), ()), 18)) == []


def test_a_word_that_is_too_long_is_read_as_several(encoding: Encoding) -> None:
    text = "the " + "ab1" * 30 + " end"
    (encoded,) = encoding.texts([text])
    longest = 4
    fitted = encoding.fitted(text, encoded, longest)
    assert "".join(word.of(text) for word in fitted.words) == text.replace(" ", "")
    sizes = [*fitted.first_pieces, len(fitted.pieces)]
    assert max(following - piece for piece, following in pairwise(sizes)) <= longest
    assert encoding.fitted("the end", encoding.texts(["the end"])[0], 50) == encoding.texts(["the end"])[0]
