"""Documents to chunks: pieces that the model reads whole, cut at sentence and paragraph ends."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from semantic_text_splitter import TextSplitter

from relex_kg.errors import CapacityError
from relex_kg.ids import chunk_id
from relex_kg.sentences import ends_paragraph, sentences, trimmed
from relex_kg.types import Chunk, Document, Span

Count = Callable[[str], int]

# The splitter's time grows with the square of the text it is given, so a sentence that is too long reaches it in
# windows of at most this many characters, cut at white space where there is any.
_WINDOW = re.compile(r".{1,2000}(?!\S)|.{1,2000}", re.DOTALL)


def chunk(document: Document, *, capacity: int, overlap: int, count: Count) -> tuple[Chunk, ...]:
    """Cuts a document into chunks of at most ``capacity`` tokens, in order of their start.

    Every character but white space is in at least one chunk, and a sentence that fits is whole in at least one. A
    chunk ends at a paragraph's end where that leaves it at least half full, otherwise at a sentence's end. Only a
    sentence that is longer than a chunk is cut, at clauses, then words, then graphemes, then characters.

    Args:
        document: its text holds no lone surrogates (what the readers give never does).
        capacity: how many of the model's own tokens a chunk may hold, the schema's prompt already taken off.
        overlap: at most how many tokens a chunk repeats from the end of the one before it, in whole sentences; never
            more than half of ``capacity``, so that chunks advance.
        count: the number of the model's tokens in a text. It is given about twice as much text as the document holds.

    Raises:
        CapacityError: there is no room for text beside the prompt, or not even for one character.
    """
    if capacity < 1:
        raise CapacityError(
            f"a chunk would have room for {capacity} tokens of text",
            cause="the schema's labels fill all that the model can read at once",
            fix="use fewer or shorter labels, or a model that reads more",
        )
    if overlap < 0:
        raise ValueError(f"overlap must be 0 or more tokens, not {overlap}")
    overlap = min(overlap, capacity // 2)
    units = tuple(_units(document.text, capacity=capacity, overlap=overlap, count=count))
    spans = _Packer(document.text, units, capacity, overlap, count).spans()
    return tuple(
        Chunk(chunk_id(document.id, span.start, span.end), document.id, index, span, span.of(document.text))
        for index, span in enumerate(spans)
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a sentence, or a piece of one that is too long. ``size`` in tokens, at most the capacity."""

    span: Span
    size: int


def _units(text: str, *, capacity: int, overlap: int, count: Count) -> Iterator[_Unit]:
    for sentence in sentences(text):
        size = count(sentence.of(text))
        if size <= capacity:
            yield _Unit(sentence, size)
        else:
            # Two pieces or more fit into the overlap, so a name across a chunk's end is whole in the next chunk.
            yield from _pieces(text, sentence, size=max(1, overlap // 2) if overlap else capacity, count=count)


def _pieces(text: str, sentence: Span, *, size: int, count: Count) -> Iterator[_Unit]:
    splitter = TextSplitter.from_callback(count, size, trim=False)
    for window in _WINDOW.finditer(text, sentence.start, sentence.end):
        for start, piece in splitter.chunk_indices(window[0]):
            begin = window.start() + start
            for span in trimmed(text, begin, begin + len(piece)):
                yield _Unit(span, count(span.of(text)))


@dataclass(frozen=True, slots=True)
class _Packer:
    """Fills chunks with consecutive units: each begins and ends later than the one before it."""

    text: str
    units: Sequence[_Unit]
    capacity: int
    overlap: int
    count: Count

    def spans(self) -> Iterator[Span]:
        totals = list(accumulate((unit.size for unit in self.units), initial=0))
        closing = self._paragraph_ends()
        first = due = 0  # due: the first unit that is in no chunk yet
        while due < len(self.units):
            first = self._first(totals, first, due)
            last = self._last(totals, closing, first, due)
            yield self._span(first, last)
            first = max(first + 1, bisect_left(totals, totals[last + 1] - self.overlap))
            due = last + 1

    def _first(self, totals: Sequence[int], first: int, due: int) -> int:
        """The unit to begin with: ``first``, or a later one where the overlap leaves no room for unit ``due``."""
        first = max(first, min(due, bisect_left(totals, totals[due + 1] - self.capacity)))
        while not self._fits(first, due):
            if first == due:
                raise CapacityError(
                    f"one character needs {self.units[due].size} tokens where a chunk has room for {self.capacity}",
                    fix="use fewer or shorter labels, or a model that reads more",
                )
            first += 1
        return first

    def _last(self, totals: Sequence[int], closing: Sequence[int], first: int, due: int) -> int:
        """The unit to end with, ``due`` or later."""
        last = max(due, bisect_right(totals, totals[first] + self.capacity) - 2)
        position = bisect_right(closing, last) - 1
        paragraph = closing[position] if position >= 0 else -1
        if paragraph >= due and 2 * (totals[paragraph + 1] - totals[first]) >= self.capacity:
            last = paragraph
        # Sizes need not add up exactly: a count may see the white space between units.
        while last > due and not self._fits(first, last):
            last -= 1
        return last

    def _paragraph_ends(self) -> list[int]:
        """The units that are the last of their paragraph; the document's end is one."""
        inner = (
            index
            for index, (unit, following) in enumerate(pairwise(self.units))
            if ends_paragraph(self.text, unit.span, following.span.start)
        )
        return [*inner, len(self.units) - 1]

    def _span(self, first: int, last: int) -> Span:
        return Span(self.units[first].span.start, self.units[last].span.end)

    def _fits(self, first: int, last: int) -> bool:
        return self.count(self._span(first, last).of(self.text)) <= self.capacity
