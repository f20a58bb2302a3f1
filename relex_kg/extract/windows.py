"""Texts of any length as stretches that the model reads at once."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from relex_kg.extract.encoding import EncodedText
from relex_kg.types import Span

_STOPS = frozenset(".!?…。！？｡؟۔।॥")


@dataclass(frozen=True, slots=True)
class Window:
    """Some consecutive words of a text that the model reads at once.

    Attributes:
        row: which of the texts it is of.
        first: which of the text's words is the window's first.
        text: the words; where they stand is said as in the whole text.
    """

    row: int
    first: int
    text: EncodedText

    @property
    def span(self) -> Span:
        """What it covers of the whole text."""
        return Span(self.text.words[0].start, self.text.words[-1].end)


def overlap(capacity: int) -> int:
    """The fewest tokens that neighbouring windows share: a quarter of what one holds.

    Whatever is no longer than this, a mention or a pair with all between its ends, is whole in at least one window.
    """
    return capacity // 4


def windows(row: int, text: str, encoded: EncodedText, capacity: int) -> Iterator[Window]:
    """The windows of a text, in order: one where it fits, none where it has no words.

    A window ends between words; at a sentence's or paragraph's end where that leaves it three quarters full. The next
    one begins so early that the two share :func:`overlap` tokens or more, at a sentence's beginning where that does
    not make them share more than half of a window. They share less only where the next word is itself so long that it
    would not fit any more.

    Args:
        row: which of the texts it is.
        text: the text.
        encoded: its words, none of more than ``capacity`` pieces.
        capacity: how many tokens a window holds.
    """
    if len(encoded.pieces) <= capacity:
        if encoded.words:
            yield Window(row, 0, encoded)
        return
    totals = [*encoded.first_pieces, len(encoded.pieces)]
    breaks = _breaks(text, encoded)
    first = last = 0
    while last < len(encoded.words):
        last = _last(totals, breaks, first, due=last + 1, capacity=capacity)
        yield Window(row, first, encoded.part(first, last))
        if last < len(encoded.words):
            first = _next_first(totals, breaks, first, last, capacity)


def _breaks(text: str, encoded: EncodedText) -> list[int]:
    """The words before which a sentence or a paragraph ends."""
    stops = (word + 1 for word, span in enumerate(encoded.words) if span.of(text) in _STOPS)
    return sorted({*stops, *encoded.paragraphs})


def _last(totals: list[int], breaks: list[int], first: int, *, due: int, capacity: int) -> int:
    """The word before which to end: ``due`` or later."""
    last = bisect_right(totals, totals[first] + capacity) - 1
    if last == len(totals) - 1:
        return last
    preferred = _break_at_or_before(breaks, last)
    full_enough = 4 * (totals[preferred] - totals[first]) >= 3 * capacity
    return preferred if preferred >= due and full_enough else last


def _next_first(totals: list[int], breaks: list[int], first: int, last: int, capacity: int) -> int:
    """The word to begin the next window with, so that word ``last`` fits into it."""
    earliest = max(first, bisect_left(totals, totals[last + 1] - capacity))
    latest = max(earliest, bisect_right(totals, totals[last] - overlap(capacity)) - 1)
    preferred = _break_at_or_before(breaks, latest)
    near_enough = 2 * (totals[last] - totals[preferred]) <= capacity
    return preferred if preferred >= earliest and near_enough else latest


def _break_at_or_before(breaks: list[int], word: int) -> int:
    position = bisect_right(breaks, word) - 1
    return breaks[position] if position >= 0 else 0
