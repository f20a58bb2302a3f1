"""From the characters of a text back to those of what it was read from.

A document's text is what a person would read, so markup is taken off, ``&amp;`` is ``&`` and ``e`` with a combining
acute is ``é``. A source map remembers, piece by piece, where each character came from. The *source* is the file's
characters where the file is text, the value's characters where it is a field of a record, and otherwise the characters
that the format's parser gives, in their order; *places* then say where in the file these stand ("page 3").
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from relex_kg.spans import Span


class Piece(NamedTuple):
    """A stretch of the text, from ``start`` to where the next piece starts, and what it stands for.

    ``copied``: its characters are those of the source, one for one; otherwise it stands for them as a whole. A piece
    that was not in the source at all (a blank line between two paragraphs) has an empty source.
    """

    start: int
    source_start: int
    source_end: int
    copied: bool

    @property
    def is_inserted(self) -> bool:
        return self.source_start == self.source_end


class Box(NamedTuple):
    """A rectangle on a page, in points from the page's lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file a stretch of the source stands.

    Attributes:
        span: the stretch, in characters of the source.
        name: for people: ``page 3``, ``paragraph 12``, ``table 1, row 2, column 3``.
        page: its number, from 1, where the file has pages.
        box: where on the page.
    """

    span: Span
    name: str
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Where the ``length`` characters of a text came from.

    Attributes:
        pieces: in order; the first starts at 0.
        length: of the text.
        places: sorted by their spans, which do not overlap.

    Example: read from ``Lumen &amp; **Sons**``, the text ``Lumen & Sons`` has the pieces ``(0, 0, 6, copied)``,
    ``(6, 6, 11)``, ``(7, 11, 12, copied)`` and ``(8, 14, 18, copied)``.
    """

    pieces: tuple[Piece, ...]
    length: int
    places: tuple[Place, ...] = ()

    @staticmethod
    def identity(length: int) -> "SourceMap":
        """The map of a text that is its source."""
        return SourceMap((Piece(0, 0, length, copied=True),) if length else (), length)

    def sources(self, span: Span) -> tuple[Span, ...]:
        """The stretches of the source that a stretch of the text stands for, in the text's order.

        Markup between two words is part of their stretch. What was inserted, or stands elsewhere in the source (a
        column's header in each of its rows), parts two stretches.
        """
        stretches: list[Span] = []
        continues = False
        for index in self._range(span.start, span.end):
            piece = self.pieces[index]
            if piece.is_inserted:
                continues = False
                continue
            start, end = self._part(index, span.start, span.end)
            if continues and start >= stretches[-1].end:
                stretches[-1] = Span(stretches[-1].start, end)
            else:
                stretches.append(Span(start, end))
            continues = True
        return tuple(stretches)

    def places_of(self, span: Span) -> tuple[Place, ...]:
        """The places that a stretch of the text comes from, in the text's order, each once."""
        found: dict[Place, None] = {}
        for source in self.sources(span):
            first = bisect_right(self.places, source.start, key=lambda place: place.span.end)
            last = bisect_left(self.places, source.end, key=lambda place: place.span.start)
            found |= dict.fromkeys(self.places[first:last])
        return tuple(found)

    def position(self, source: int) -> int:
        """Where the source's offset ``source`` is in the text, if both are in the same order; else what follows it."""
        index = bisect_right(self.pieces, source, key=lambda piece: piece.source_start) - 1
        if index < 0:
            return 0
        piece = self.pieces[index]
        within = source - piece.source_start if piece.copied or source == piece.source_start else self.length
        return min(piece.start + within, self._end(index))

    def through(self, earlier: "SourceMap") -> "SourceMap":
        """The map to the source of the source: this text's source is the text of ``earlier``."""
        if self.pieces == SourceMap.identity(earlier.length).pieces:
            return earlier
        pieces = tuple(_merged(self._pieces_through(earlier)))
        return SourceMap(pieces, self.length, earlier.places)

    def located(self, places: Sequence[Place]) -> "SourceMap":
        """The same map, of a source that stands in ``places``."""
        return replace(self, places=tuple(places))

    def _pieces_through(self, earlier: "SourceMap") -> Iterator[Piece]:
        for index, piece in enumerate(self.pieces):
            if piece.is_inserted:
                yield piece
            elif piece.copied:
                for inner in earlier._range(piece.source_start, piece.source_end):
                    first = max(earlier.pieces[inner].start, piece.source_start)
                    start, end = earlier._part(inner, piece.source_start, piece.source_end)
                    yield Piece(piece.start + first - piece.source_start, start, end, earlier.pieces[inner].copied)
            else:
                sources = earlier.sources(Span(piece.source_start, piece.source_end))
                start = min((source.start for source in sources), default=0)
                end = max((source.end for source in sources), default=0)
                yield Piece(piece.start, start, end, end - start == self._end(index) - piece.start == 1)

    def _range(self, start: int, end: int) -> range:
        """The pieces that ``start..end`` of the text overlaps."""
        first = bisect_right(self.pieces, start, key=_start) - 1
        return range(first, bisect_left(self.pieces, end, key=_start))

    def _part(self, index: int, start: int, end: int) -> tuple[int, int]:
        """The source of what piece ``index`` shares with ``start..end`` of the text."""
        piece = self.pieces[index]
        if not piece.copied:
            return piece.source_start, piece.source_end
        offset = piece.source_start - piece.start
        return max(start, piece.start) + offset, min(end, self._end(index)) + offset

    def _end(self, index: int) -> int:
        return self.pieces[index + 1].start if index + 1 < len(self.pieces) else self.length


def _start(piece: Piece) -> int:
    return piece.start


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Copied pieces that follow each other in text and source become one."""
    last: Piece | None = None
    for piece in pieces:
        if last and last.copied and piece.copied and last.source_end == piece.source_start and not piece.is_inserted:
            last = last._replace(source_end=piece.source_end)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last
