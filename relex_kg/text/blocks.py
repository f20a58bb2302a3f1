"""What documents are made of, paragraphs and tables, and how they become text.

Every format with markup is read into these; here it is decided, once for all, how they are written: white space is
one space, a blank line stands between blocks, and a table is read row by row.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from relex_kg.source_map import Place
from relex_kg.text.mapped import MappedText, TextBuilder

_WORDS = re.compile(r"\S+")
_ENDS_SENTENCE = (".", "!", "?", "…", "。", "！", "？")
_LONGEST_HEADER = 60  # characters; what is longer is no column's name
_LONGEST_CELL = 500  # characters; a table with a longer one arranges a page
_MOST_COLUMNS = 1000  # that one header may span


class Fragment(NamedTuple):
    """Characters, and where they stand in the source: those of ``start..end`` one for one, where lengths are equal.

    An empty source means that they are not in it.
    """

    text: str
    start: int
    end: int


LINE_BREAK = Fragment("\n", -1, -1)
"""Begins a new line within its paragraph; white space of any other fragment is only a space."""


@dataclass(frozen=True)
class Paragraph:
    """A block of running text, or a heading, or an item of a list, or the sentence of a table's row."""

    fragments: tuple[Fragment, ...]
    is_row: bool = False

    @cached_property
    def text(self) -> str:
        return " ".join("".join(fragment.text for fragment in self.fragments).split())

    def paragraphs(self) -> "Iterator[Paragraph]":
        yield self


@dataclass(frozen=True)
class Cell:
    """A table's cell, which may reach over several columns and rows."""

    blocks: "tuple[Block, ...]"
    is_header: bool = False
    columns: int = 1
    rows: int = 1

    @property
    def paragraphs(self) -> "Iterator[Paragraph]":
        for block in self.blocks:
            yield from block.paragraphs()

    @cached_property
    def text(self) -> str:
        return " ".join(paragraph.text for paragraph in self.paragraphs).strip()

    @property
    def is_simple(self) -> bool:
        """Whether it holds data, not a part of a page's layout."""
        return not any(isinstance(block, Table) for block in self.blocks) and len(self.text) <= _LONGEST_CELL

    def fragments(self) -> Iterator[Fragment]:
        """All on one line, a comma between what stands on lines of its own."""
        lines = (line for paragraph in self.paragraphs for line in _lines(paragraph.fragments))
        for number, line in enumerate(lines):
            if number:
                yield _inserted(", ")
            yield from line


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. ``headers``: how many rows at the top name columns; None where the format does not say."""

    rows: tuple[tuple[Cell, ...], ...]
    headers: int | None = None

    def paragraphs(self) -> Iterator[Paragraph]:
        """A sentence a row: ``Name: Ines Duarte; Employer: Lumen Systems; Born in: Porto.``

        Two columns whose first holds names of what is in the second are read across: ``Born: Porto.`` Where nothing
        names the columns, only the cells are read. A table that only arranges a page (one column, tables in cells,
        long texts) is read as the page that it is.
        """
        if max(map(len, self.rows), default=0) < 2 or not all(cell.is_simple for row in self.rows for cell in row):
            for row in self.rows:
                for cell in row:
                    yield from cell.paragraphs
        else:
            yield from self._row_sentences()

    def _row_sentences(self) -> Iterator[Paragraph]:
        rows = list(_placed(self.rows))
        count = self._header_count()
        names = _names(rows[:count])
        for row in rows[:count] if not names else ():
            yield from _sentence([(None, cell) for cell in row.values()])
        for row in rows[count:]:
            cells = list(row.items())
            if not names and _reads_across([cell for _, cell in cells]):
                (_, name), (_, value) = cells
                yield from _sentence([(name, value)])
            else:
                yield from _sentence([(names.get(column), cell) for column, cell in cells])

    def _header_count(self) -> int:
        if self.headers is not None:
            return self.headers
        count = 0
        for row in self.rows:
            if not all(cell.is_header for cell in row):
                break
            count += 1
        if count or len(self.rows) < 2:
            return count if count < len(self.rows) else 0
        across = sum(1 for row in self.rows if _reads_across(row))
        return 0 if 2 * across > len(self.rows) else int(_looks_like_names(self.rows[0]))


Block = Paragraph | Table


def write(blocks: Iterable[Block], places: Sequence[Place] = ()) -> MappedText:
    """The text of ``blocks``, from a source that stands in ``places``."""
    builder = TextBuilder()
    is_first = True
    for block in blocks:
        for paragraph in block.paragraphs():
            if paragraph.text:
                if not is_first:
                    builder.insert("\n\n")
                with builder.row() if paragraph.is_row else nullcontext():
                    _write_paragraph(builder, paragraph)
                is_first = False
    return builder.build(places)


def _write_paragraph(builder: TextBuilder, paragraph: Paragraph) -> None:
    blank: Fragment | None = None  # white space that is written when a word follows
    is_begun = False
    for fragment in paragraph.fragments:
        if fragment is LINE_BREAK:
            blank = LINE_BREAK
            continue
        end = 0
        is_copied = fragment.end - fragment.start == len(fragment.text)
        for word in chain(_WORDS.finditer(fragment.text), (None,)):
            begin = word.start() if word else len(fragment.text)
            if begin > end and blank is None:
                space = (fragment.start + end, fragment.start + begin) if is_copied else fragment[1:]
                blank = Fragment(" ", *space)
            if word is None:
                break
            if blank and is_begun:
                _write_fragment(builder, blank)
            blank, is_begun, end = None, True, word.end()
            if is_copied:
                builder.copy(word[0], fragment.start + begin)
            else:
                _write_fragment(builder, Fragment(word[0], fragment.start, fragment.end))


def _write_fragment(builder: TextBuilder, fragment: Fragment) -> None:
    if fragment.start == fragment.end:
        builder.insert(fragment.text)
    else:
        builder.replace(fragment.text, fragment.start, fragment.end)


def _lines(fragments: Iterable[Fragment]) -> Iterator[list[Fragment]]:
    line: list[Fragment] = []
    for fragment in chain(fragments, (LINE_BREAK,)):
        if fragment is not LINE_BREAK:
            line.append(fragment)
            continue
        if any(part.text.strip() for part in line):
            yield line
        line = []


def _placed(rows: Iterable[Sequence[Cell]]) -> Iterator[dict[int, Cell]]:
    """The cells of each row by column; a cell that reaches over several rows is in each, over columns in its first.

    No more cells are repeated than the table has, so that a small table cannot become a large text.
    """
    budget = sum(len(row) for row in rows) if isinstance(rows, Sequence) else 0
    reaching: dict[int, tuple[Cell, int]] = {}
    for row in rows:
        placed = {column: cell for column, (cell, _) in reaching.items()}
        taken = {place for column, cell in placed.items() for place in range(column, column + cell.columns)}
        budget -= len(placed)
        reaching = {column: (cell, left - 1) for column, (cell, left) in reaching.items() if left > 1 and budget > 0}
        column = 0
        for cell in row:
            while column in taken:
                column += 1
            placed[column] = cell
            if cell.rows > 1:
                reaching[column] = (cell, cell.rows - 1)
            column += cell.columns
        yield dict(sorted(placed.items()))


def _names(rows: Iterable[dict[int, Cell]]) -> dict[int, Cell]:
    """A cell a column that holds what the header rows call it: ``Sales`` above ``2010`` is ``Sales 2010``."""
    stacks: defaultdict[int, list[Cell]] = defaultdict(list)
    for row in rows:
        for first, cell in row.items():
            if len(cell.text) > _LONGEST_HEADER:
                return {}
            for column in range(first, first + min(cell.columns, _MOST_COLUMNS)):
                if cell.text and cell not in stacks[column]:
                    stacks[column].append(cell)
    return {
        column: Cell((Paragraph(tuple(_spaced(cell.fragments() for cell in cells))),))
        for column, cells in stacks.items()
        if cells
    }


def _sentence(pairs: Sequence[tuple[Cell | None, Cell]]) -> Iterator[Paragraph]:
    fragments: list[Fragment] = []
    last = ""
    for name, cell in pairs:
        if not cell.text:
            continue
        if fragments:
            fragments.append(_inserted("; "))
        if name and name.text:
            fragments += [*name.fragments(), _inserted(" " if name.text.endswith((":", "?")) else ": ")]
        fragments += cell.fragments()
        last = cell.text
    if last:
        end = () if last.endswith(_ENDS_SENTENCE) else (_inserted("."),)
        yield Paragraph((*fragments, *end), is_row=True)


def _reads_across(row: Sequence[Cell]) -> bool:
    """Whether the row is a name and its value: ``Born | Porto``."""
    if len(row) != 2:
        return False
    name, value = row
    is_named = (name.is_header and not value.is_header) or name.text.endswith(":")
    return is_named and 0 < len(name.text) <= _LONGEST_HEADER


def _looks_like_names(row: Sequence[Cell]) -> bool:
    """Whether a table's first row may name its columns: short, different words in each, and no bare numbers."""
    texts = [cell.text for cell in row]
    return (
        len(texts) > 1
        and all(texts[1:])
        and len(set(texts)) == len(texts)
        and all(len(text) <= _LONGEST_HEADER and not text.endswith(_ENDS_SENTENCE) for text in texts)
        and all(any(character.isalpha() for character in text) for text in texts if text)
    )


def _spaced(parts: Iterable[Iterator[Fragment]]) -> Iterator[Fragment]:
    for number, part in enumerate(parts):
        if number:
            yield _inserted(" ")
        yield from part


def _inserted(text: str) -> Fragment:
    return Fragment(text, 0, 0)
