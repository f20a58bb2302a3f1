"""Texts that know where their characters came from, and how they are written."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relex_kg.source_map import Piece, Place, SourceMap


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text and the map to its source."""

    text: str
    source: SourceMap

    @staticmethod
    def original(text: str) -> "MappedText":
        """A text that is its own source."""
        return MappedText(text, SourceMap.identity(len(text)))

    def after(self, earlier: "MappedText") -> "MappedText":
        """The same text, mapped to the source of ``earlier``, from whose text it was made."""
        return MappedText(self.text, self.source.through(earlier.source))


class TextBuilder:
    """Writes a text piece by piece."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pieces: list[Piece] = []
        self._length = 0

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
        return MappedText("".join(self._parts), SourceMap(tuple(self._pieces), self._length, tuple(places)))

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
