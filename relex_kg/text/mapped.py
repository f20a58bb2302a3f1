"""Texts that know where their characters came from, and how they are written."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from relex_kg.source_map import Piece, Place, SourceMap
from relex_kg.spans import Span


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text and the map to its source. ``rows``: where the rows of its tables stand, in order."""

    text: str
    source: SourceMap
    rows: tuple[Span, ...] = ()

    @staticmethod
    def original(text: str) -> "MappedText":
        """A text that is its own source."""
        return MappedText(text, SourceMap.identity(len(text)))

    def after(self, earlier: "MappedText") -> "MappedText":
        """The same text, mapped to the source of ``earlier``, from whose text it was made."""
        moved = ((self.source.position(row.start), self.source.position(row.end)) for row in earlier.rows)
        rows = self.rows or tuple(Span(start, end) for start, end in moved if start < end)
        return MappedText(self.text, self.source.through(earlier.source), rows)


class TextBuilder:
    """Writes a text piece by piece."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pieces: list[Piece] = []
        self._rows: list[Span] = []
        self._length = 0

    @contextmanager
    def row(self) -> Iterator[None]:
        """What is written in this context is a row of a table."""
        start = self._length
        yield
        if self._length > start:
            self._rows.append(Span(start, self._length))

    def copy(self, text: str, start: int) -> None:
        """Write characters as they stand in the source from ``start`` on."""
        if not text:
            return
        last = self._pieces[-1] if self._pieces else None
        if last and last.copied and last.source_end == start:
            self._pieces[-1] = last._replace(source_end=start + len(text))
            self._write(text)
        else:
            self._add(text, start, start + len(text), copied=True)

    def replace(self, text: str, start: int, end: int) -> None:
        """Write ``text`` where the source has something else from ``start`` to ``end``."""
        if len(text) == 1 == end - start:
            self.copy(text, start)
        elif text:
            self._add(text, start, end, copied=False)

    def insert(self, text: str) -> None:
        """Write what the source does not have."""
        if text:
            self._add(text, 0, 0, copied=False)

    def build(self, places: Sequence[Place] = ()) -> MappedText:
        """The text that was written."""
        source = SourceMap(tuple(self._pieces), self._length, tuple(places))
        return MappedText("".join(self._parts), source, tuple(self._rows))

    def _add(self, text: str, start: int, end: int, *, copied: bool) -> None:
        self._pieces.append(Piece(self._length, start, end, copied))
        self._write(text)

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def substitute(pattern: re.Pattern[str], replacement: Callable[[str], str], text: str) -> MappedText:
    """What ``pattern.sub`` gives, mapped to ``text``."""
    builder = TextBuilder()
    end = 0
    for match in pattern.finditer(text):
        builder.copy(text[end : match.start()], end)
        builder.replace(replacement(match[0]), *match.span())
        end = match.end()
    builder.copy(text[end:], end)
    return builder.build()
