"""Texts of any length as windows: runs of sentences that the model reads at once."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from relex_kg.extract.encoding import EncodedText
from relex_kg.sentences import sentences
from relex_kg.types import Span

_PIECES_OF_A_WINDOW = 8  # a sentence too long for a window is cut into pieces of this share of one


@dataclass(frozen=True, slots=True)
class Window:
    """Some consecutive words of a text that the model reads at once, perhaps behind the text's title.

    Attributes:
        row: which of the texts it is of.
        first: which of the text's words is the first behind the title.
        lead: how many words of the title stand in front.
        text: the words, the title's first; where they stand is said as in the whole text.
    """

    row: int
    first: int
    lead: int
    text: EncodedText

    @property
    def span(self) -> Span:
        """What it covers of the whole text, without the title in front."""
        return Span(self.text.words[self.lead].start, self.text.words[-1].end)

    @property
    def title(self) -> Span | None:
        """Where the words in front stand, if there are any."""
        return Span(self.text.words[0].start, self.text.words[self.lead - 1].end) if self.lead else None


def windows(
    row: int, text: str, encoded: EncodedText, *, size: int, capacity: int, title: Span | None = None
) -> Iterator[Window]:
    """The windows of a text, in order; none where it has no words.

    A window holds whole sentences: as many as fit into ``size`` tokens, and at least the last sentence of the window
    before and one more, so that what two neighbouring sentences say together is read together. Only a sentence that
    does not fit into ``capacity`` is cut, between words, and then a quarter of a window is read again with the next.

    For example, with sentences of 30 tokens each and a size of 100: sentences 1 to 3, 3 to 5, 5 to 7, and so on.

    Args:
        row: which of the texts it is.
        text: the text.
        encoded: its words, none of more than ``capacity`` pieces.
        size: about how many tokens a window holds, the title not counted.
        capacity: the most that it can hold, with the title.
        title: where in the text its title stands, to be read in front of every window that lacks it; it is left out
            where it takes more than a quarter of the capacity.
    """
    lead = _lead(encoded, title, capacity)
    room = capacity - len(lead.pieces) if lead else capacity
    totals = [*encoded.first_pieces, len(encoded.pieces)]
    starts = _unit_starts(text, encoded, totals, room)
    for first, last in _runs(totals, starts, size=min(size, room), room=room):
        body = encoded if (first, last) == (0, len(encoded.words)) else encoded.part(first, last)
        in_front = lead if lead and first >= len(lead.words) else None
        yield Window(row, first, len(in_front.words) if in_front else 0, _behind(in_front, body) if in_front else body)


def _lead(encoded: EncodedText, title: Span | None, capacity: int) -> EncodedText | None:
    """The title's words, if the text begins with them and they are not too long."""
    if title is None:
        return None
    count = bisect_right(encoded.words, title.end, key=lambda word: word.end)
    if not 0 < count < len(encoded.words):
        return None
    lead = encoded.part(0, count)
    return lead if 4 * len(lead.pieces) <= capacity else None


def _behind(lead: EncodedText, body: EncodedText) -> EncodedText:
    """The words of ``body`` behind those of the title, as a paragraph of their own."""
    words, pieces = len(lead.words), len(lead.pieces)
    return EncodedText(
        words=lead.words + body.words,
        pieces=lead.pieces + body.pieces,
        first_pieces=lead.first_pieces + tuple(piece + pieces for piece in body.first_pieces),
        shapes=lead.shapes + body.shapes,
        paragraphs=(*lead.paragraphs, words, *(word + words for word in body.paragraphs)),
    )


def _unit_starts(text: str, encoded: EncodedText, totals: Sequence[int], room: int) -> list[int]:
    """The words that begin a unit, a sentence or a piece of one that is too long, and the end of all words."""
    word_starts = [word.start for word in encoded.words]
    begins = sorted({bisect_left(word_starts, sentence.start) for sentence in sentences(text)} - {len(word_starts)})
    starts: list[int] = []
    for first, last in pairwise([*begins, len(word_starts)]):
        starts.append(first)
        if totals[last] - totals[first] > room:
            starts += _cuts(totals, first, last, max(1, room // _PIECES_OF_A_WINDOW))
    return [*starts, len(word_starts)]


def _cuts(totals: Sequence[int], first: int, last: int, size: int) -> Iterator[int]:
    """Words at which to cut the words ``first`` up to ``last`` into pieces of at most ``size`` tokens, or of a word."""
    while (following := max(first + 1, bisect_right(totals, totals[first] + size) - 1)) < last:
        yield following
        first = following


def _runs(totals: Sequence[int], starts: Sequence[int], *, size: int, room: int) -> Iterator[tuple[int, int]]:
    """Each window's first word and the one after its last."""
    ends = [totals[start] for start in starts]
    first = due = 0  # units; ``due`` is the first that is in no window yet
    while due < len(starts) - 1:
        while ends[due + 1] - ends[first] > room:
            first += 1
        # Two units at least: of what is alone, the next window would be a repetition with more behind it
        least = first + 2 if first + 2 < len(starts) and ends[first + 2] - ends[first] <= room else first + 1
        last = max(due + 1, least, bisect_right(ends, ends[first] + size) - 1)
        yield starts[first], starts[last]
        due = last
        # At least one unit is read again, so that two neighbours meet; more where they are short
        first = max(first + 1, min(last - 1, bisect_left(ends, ends[last] - size // 4)))
