"""Where characters stand on pages, to paragraphs and tables in reading order. Knows nothing of any file format.

Characters make *runs* (no wide gap between them), runs of one height make *rows*. Consecutive rows that leave a strip
of paper free from top to bottom are columns, or a table if their cells are short; other rows are lines of text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median

from relex_kg.source_map import Box
from relex_kg.text.blocks import Block, Cell, Fragment, Paragraph, Table


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GAP = 0.8  # of a character's height; runs are parted by wider gaps
_WORD_GAP = 0.22
_WIDEST_LINE_SPACE = 2.5  # of the letters' height, from line to line of one paragraph
_GUTTER = 0.9
_LOOK_AHEAD = 4  # rows, to see that columns begin
_DEEPEST = 4  # columns within columns
_FURNITURE_ROWS = 3  # at a page's top and bottom, looked at for running heads and page numbers
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|página|p\.?)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|von|de)\s*\d{1,4})?\W*", re.IGNORECASE
)
_HYPHENS = "-\u00ad\u2010"
# Words that are joined to others by a hyphen: "Lisbon-based", "US-led"
_SECOND_PARTS = _words(
    """
    based led born backed owned style like wide term year old level run made funded controlled listed free
    related in and to law of driven scale speed quality class time known
    """
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character as it is drawn, upright. ``position``: in the source; ``is_spaced``: a space is before it."""

    text: str
    position: int
    box: Box
    is_spaced: bool

    @property
    def height(self) -> float:
        return self.box.top - self.box.bottom

    @property
    def middle(self) -> float:
        return (self.box.top + self.box.bottom) / 2


@dataclass(frozen=True)
class Run:
    """Characters that follow each other on one line without a wide gap."""

    glyphs: tuple[Glyph, ...]

    @cached_property
    def box(self) -> Box:
        boxes = [glyph.box for glyph in self.glyphs]
        return Box(
            min(box.left for box in boxes),
            min(box.bottom for box in boxes),
            max(box.right for box in boxes),
            max(box.top for box in boxes),
        )

    @property
    def height(self) -> float:
        return self.box.top - self.box.bottom

    @property
    def middle(self) -> float:
        return (self.box.top + self.box.bottom) / 2

    @cached_property
    def text(self) -> str:
        return "".join(f" {glyph.text}" if glyph.is_spaced else glyph.text for glyph in self.glyphs).strip()

    def fragments(self) -> Iterator[Fragment]:
        for number, glyph in enumerate(self.glyphs):
            if number and glyph.is_spaced:
                yield Fragment(" ", 0, 0)
            yield Fragment(glyph.text, glyph.position, glyph.position + 1)


Row = tuple[Run, ...]
"""Runs of one height, from left to right."""


def runs(glyphs: Iterable[Glyph]) -> Iterator[Run]:
    """The runs of a page, from its characters in the order in which they are drawn."""
    run: list[Glyph] = []
    for glyph in glyphs:
        if run and not _follows(run[-1], glyph):
            yield Run(tuple(run))
            run = []
        is_apart = bool(run) and glyph.box.left - run[-1].box.right > _WORD_GAP * glyph.height
        run.append(replace(glyph, is_spaced=glyph.is_spaced or is_apart))
    if run:
        yield Run(tuple(run))


def without_furniture(pages: Sequence[Sequence[Run]]) -> list[list[Row]]:
    """The rows of each page, without running heads, footers and page numbers.

    A running head is a line at a page's edge that other pages have there too, of one size, whatever numbers are in it.
    """
    rows_of_pages = [_rows(page) for page in pages]
    counts = Counter(
        key
        for rows in rows_of_pages
        for key in {_key(row) for row in (*rows[:_FURNITURE_ROWS], *rows[-_FURNITURE_ROWS:])}
    )
    return [_body(rows, {key for key, count in counts.items() if count > 1}) for rows in rows_of_pages]


def blocks(pages: Sequence[Sequence[Row]]) -> Iterator[Block]:
    """Paragraphs and tables in reading order; a sentence that goes on in the next column or page stays whole.

    A word that was parted at a line's end is whole again. The hyphen stays where it belongs: before a capital letter
    or a number, in what the pages elsewhere write with it, and before words such as "based" (``Lisbon-based``).
    """
    words = _Words(run.text for page in pages for row in page for run in row)
    open_lines: list[Row] = []
    for page in pages:
        for part in _arranged(list(page), 0):
            if isinstance(part, Table):
                if open_lines:
                    yield _paragraph(open_lines, words)
                open_lines = []
                yield part
                continue
            for number, lines in enumerate(part):
                if number == 0 and open_lines and _goes_on(open_lines[-1], lines[0]):
                    open_lines += lines
                    continue
                if open_lines:
                    yield _paragraph(open_lines, words)
                open_lines = list(lines)
    if open_lines:
        yield _paragraph(open_lines, words)


class _Words:
    """The words of all pages, to tell whether a hyphen belongs to one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._known = Counter(word.strip(".,;:()\"'").lower() for text in texts for word in text.split())

    def keep_hyphen(self, first: str, second: str) -> bool:
        whole, parted = (f"{first}{hyphen}{second}".lower() for hyphen in ("", "-"))
        if self._known[whole] or self._known[parted]:
            return self._known[parted] > self._known[whole]
        return "-" in first or second.lower() in _SECOND_PARTS


def _follows(last: Glyph, glyph: Glyph) -> bool:
    height = max(last.height, glyph.height)
    gap = glyph.box.left - last.box.right
    return abs(glyph.middle - last.middle) <= height / 2 and -height <= gap <= _GAP * height


def _rows(page: Iterable[Run]) -> list[Row]:
    rows: list[list[Run]] = []
    for run in sorted(page, key=lambda run: (-run.middle, run.box.left)):
        if rows and rows[-1][0].middle - run.middle <= 0.4 * max(run.height, rows[-1][0].height):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [tuple(sorted(row, key=lambda run: run.box.left)) for row in rows]


def _key(row: Row) -> tuple[str, int]:
    return re.sub(r"\d+", "#", _text(row)).strip(), round(row[0].height)


def _body(rows: list[Row], repeated: set[tuple[str, int]]) -> list[Row]:
    def is_furniture(row: Row) -> bool:
        return _key(row) in repeated or _PAGE_NUMBER.fullmatch(_text(row)) is not None

    first, last = 0, len(rows)
    while first < min(_FURNITURE_ROWS, last) and is_furniture(rows[first]):
        first += 1
    while last > max(first, len(rows) - _FURNITURE_ROWS) and is_furniture(rows[last - 1]):
        last -= 1
    return rows[first:last] or rows


def _arranged(rows: list[Row], depth: int) -> Iterator[Table | list[list[Row]]]:
    """Tables, and stretches of text as the lines of each of their paragraphs."""
    plain: list[Row] = []
    index = 0
    while index < len(rows):
        end, gutters = _band(rows, index) if depth < _DEEPEST else (index, [])
        columns = _columns(rows[index:end], gutters)
        if not columns:
            plain.append(rows[index])
            index += 1
            continue
        if plain:
            yield list(_paragraphs(plain))
        plain = []
        index = end
        if _is_table(columns):
            yield _table(columns)
        else:
            for column in columns:
                yield from _arranged([row for row in column if row], depth + 1)
    if plain:
        yield list(_paragraphs(plain))


def _band(rows: list[Row], first: int) -> tuple[int, list[float]]:
    """Where the rows end that leave strips of paper free, and the middles of these strips."""
    taken: list[tuple[float, float]] = []
    end, gutters = first, []
    for index in range(first, len(rows)):
        height = median(run.height for run in rows[index])
        taken = _union([*taken, *((run.box.left, run.box.right) for run in rows[index])])
        free = [(left + right) / 2 for (_, left), (right, _) in pairwise(taken) if right - left >= _GUTTER * height]
        if free:
            end, gutters = index + 1, free
        elif gutters or index - first >= _LOOK_AHEAD:
            break
    return end, gutters


def _union(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(intervals):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _columns(rows: Sequence[Row], gutters: Sequence[float]) -> list[list[Row]]:
    """The rows by column, empty where a column has none; no columns where one has too little to be one."""
    if not gutters or len(rows) < 2:
        return []
    edges = [float("-inf"), *gutters, float("inf")]
    columns = [
        [tuple(run for run in row if left < run.box.left < right) for row in rows] for left, right in pairwise(edges)
    ]
    for column in columns:
        texts = ["".join(run.text for run in row) for row in column if row]
        if len(texts) < 2 or median(map(len, texts)) <= 3:
            return []
    return columns


def _is_table(columns: Sequence[Sequence[Row]]) -> bool:
    """Whether the columns are a table's: rows side by side, with few words in a cell, that begin like names."""
    rows = [[cell for cell in row if cell] for row in zip(*columns, strict=True)]
    aligned = [row for row in rows if len(row) > 1]
    if 2 * len(aligned) <= len(rows):
        return False
    texts = [" ".join(run.text for run in cell) for row in aligned for cell in row]
    words = sum(len(text.split()) for text in texts) / len(texts)
    lower = sum(text[:1].islower() for text in texts) / len(texts)
    return words <= (3 if len(columns) == 2 else 5) and lower < 0.25


def _table(columns: Sequence[Sequence[Row]]) -> Table:
    """A row without a first cell goes on with the one before it."""
    rows: list[list[list[Run]]] = []
    for row in zip(*columns, strict=True):
        if rows and not row[0]:
            for cell, more in zip(rows[-1], row, strict=True):
                cell.extend(more)
        else:
            rows.append([list(cell) for cell in row])
    return Table(tuple(tuple(Cell((Paragraph(tuple(_spaced(cell))),)) for cell in row) for row in rows))


def _paragraphs(lines: Sequence[Row]) -> Iterator[list[Row]]:
    """Lines by paragraph: a wider space, another size of letters, or an indented line begins one."""
    heights = [median(run.height for run in line) for line in lines]
    steps = [upper[0].box.bottom - lower[0].box.bottom for upper, lower in pairwise(lines)]
    usual = median(step for step in steps if step > 0) if any(step > 0 for step in steps) else 0.0
    paragraph = [lines[0]]
    for index, line in enumerate(lines[1:]):
        step, height = steps[index], heights[index]
        # A page of short paragraphs has more wide spaces than narrow ones
        line_space = min(usual, _WIDEST_LINE_SPACE * height)
        is_apart = step > max(1.35 * line_space, 1.2 * height) if len(steps) > 1 else step > 1.9 * height
        is_other_size = abs(heights[index + 1] - height) > 0.15 * height
        is_indented = height < line[0].box.left - paragraph[-1][0].box.left < 5 * height and _text(
            paragraph[-1]
        ).endswith((".", "!", "?", ":"))
        is_whole = _text(paragraph[-1])[-1:] not in _HYPHENS or step > 2.5 * height
        if is_whole and (is_apart or is_other_size or is_indented):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _goes_on(last: Row, following: Row) -> bool:
    """Whether a sentence that a column or page ends within goes on in the next."""
    text, more = _text(last), _text(following)
    words = text.split()
    widths = [row[-1].box.right - row[0].box.left for row in (last, following)]
    is_headline = widths[0] > 1.8 * widths[1] and not more.endswith(".")
    is_open = text[-1:] in (*_HYPHENS, ",") or (
        len(words) > 4 and words[-1].islower() and words[-1].isalpha() and not is_headline
    )
    return is_open or (more[:1].islower() and text[-1:] not in (".", "!", "?", ":"))


def _text(row: Row) -> str:
    return " ".join(run.text for run in row)


def _paragraph(lines: Sequence[Row], words: _Words) -> Paragraph:
    fragments: list[Fragment] = []
    for number, line in enumerate(lines):
        if number:
            fragments += _joint(fragments, _text(line), words)
        fragments += _spaced(line)
    return Paragraph(tuple(fragments))


def _joint(before: list[Fragment], following: str, words: _Words) -> list[Fragment]:
    """What stands between two lines; a hyphen that only parted a word is taken off ``before``."""
    if not before or before[-1].text not in _HYPHENS or not following:
        return [Fragment(" ", 0, 0)]
    # The longest word that matters is far shorter than this
    first = "".join(fragment.text for fragment in before[-60:-1]).split(" ")[-1].strip("(\"'")
    second = re.split(r"[^\w]", following, maxsplit=1)[0]
    if not first[-1:].isalnum():
        return [Fragment(" ", 0, 0)]
    if before[-1].text == "\u00ad" or (second[:1].islower() and not words.keep_hyphen(first, second)):
        before.pop()
    return []


def _spaced(row: Iterable[Run]) -> Iterator[Fragment]:
    last: Run | None = None
    for run in row:
        if last and (run.glyphs[0].is_spaced or run.box.left - last.box.right > _WORD_GAP * run.height):
            yield Fragment(" ", 0, 0)
        yield from run.fragments()
        last = run
