"""PDF files: the characters of each page with their places, as PDFium finds them."""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from relex_kg.source_map import Box, Place
from relex_kg.spans import Span
from relex_kg.text.blocks import write
from relex_kg.text.layout import Glyph, Run, blocks, runs, without_furniture
from relex_kg.text.mapped import MappedText

_INVISIBLE = 3  # the text render mode of what is drawn for search alone
_SMALLEST = 1.0  # points; nobody reads smaller letters
_STRAIGHT = math.radians(5)


@dataclass(frozen=True, slots=True)
class _Character:
    glyph: Glyph  # in the page's own directions
    turns: int  # quarter turns, or -1 where it is askew
    is_seen: bool


class PdfReader:
    """Reads a PDF file.

    Attributes:
        textless: the numbers of the pages without any text: pictures of text, if anything.
    """

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self.textless: list[int] = []
        self._document = document
        self._places: list[Place] = []
        self._length = 0  # of the source so far

    def text(self) -> MappedText:
        """All pages in order, mapped to PDFium's numbering of their characters, page after page."""
        pages = [self._runs(number) for number in range(1, len(self._document) + 1)]
        return write(blocks(without_furniture(pages)), self._places)

    def _runs(self, number: int) -> list[Run]:
        page = self._document[number - 1]
        textpage = page.get_textpage()
        try:
            characters = list(_characters(page, textpage, self._length))
            self._length += max(0, pdfium.FPDFText_CountChars(textpage))
        finally:
            textpage.close()
            page.close()
        if not characters:
            self.textless.append(number)
        # Where nothing is seen, the page is a scan with a layer of recognised text
        shown = [character for character in characters if character.is_seen] or characters
        turns = Counter(character.turns for character in shown if character.turns >= 0)
        turn = turns.most_common(1)[0][0] if turns else 0
        found = list(runs(_upright(character.glyph, turn) for character in shown if character.turns == turn))
        original = {character.glyph.position: character.glyph.box for character in shown}
        self._places += sorted(_places(found, original, number), key=lambda place: place.span)
        return found


def _characters(page: Any, textpage: Any, offset: int) -> Iterator[_Character]:
    left, bottom, right, top = page.get_bbox()
    is_spaced = False
    seen: dict[int, bool] = {}
    rectangle = pdfium.FS_RECTF()
    for index in range(pdfium.FPDFText_CountChars(textpage)):
        text = _text(pdfium.FPDFText_GetUnicode(textpage, index))
        if not text.strip() or pdfium.FPDFText_IsGenerated(textpage, index) == 1:
            is_spaced = True
            continue
        if not pdfium.FPDFText_GetLooseCharBox(textpage, index, rectangle):
            continue
        box = Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        is_on_page = box.right > left and box.left < right and box.top > bottom and box.bottom < top
        is_seen = is_on_page and box.top - box.bottom >= _SMALLEST and _is_drawn(textpage, index, seen)
        turns = -pdfium.FPDFText_GetCharAngle(textpage, index) / (math.pi / 2)  # PDFium turns clockwise
        is_straight = abs(turns - round(turns)) * math.pi / 2 < _STRAIGHT
        glyph = Glyph(text, offset + index, box, is_spaced)
        yield _Character(glyph, round(turns) % 4 if is_straight else -1, is_seen)
        is_spaced = False


def _text(code: int) -> str:
    """PDFium has its own sign for a hyphen at a line's end."""
    if code in (0x2, 0xFFFE):
        return "-"
    return chr(code) if 0x20 <= code <= 0x10FFFF else " "


def _is_drawn(textpage: Any, index: int, seen: dict[int, bool]) -> bool:
    item = pdfium.FPDFText_GetTextObject(textpage, index)
    if not item:
        return True
    key = ctypes.addressof(item.contents)
    if key not in seen:
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        has_colour = pdfium.FPDFText_GetFillColor(textpage, index, red, green, blue, alpha)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
        seen[key] = mode != _INVISIBLE and not (has_colour and alpha.value == 0)
    return seen[key]


def _upright(glyph: Glyph, turns: int) -> Glyph:
    """The character as it stands when the page is turned so that it can be read."""
    box = glyph.box
    for _ in range(turns):
        box = Box(box.bottom, -box.right, box.top, -box.left)
    return glyph if not turns else Glyph(glyph.text, glyph.position, box, glyph.is_spaced)


def _places(page_runs: list[Run], original: dict[int, Box], number: int) -> Iterator[Place]:
    """A place for each stretch of characters that follow each other, with its box on the page."""
    for run in page_runs:
        start = 0
        for index, glyph in enumerate(run.glyphs):
            is_last = index + 1 == len(run.glyphs)
            if is_last or not 0 < run.glyphs[index + 1].position - glyph.position <= 2:
                boxes = [original[part.position] for part in run.glyphs[start : index + 1]]
                span = Span(run.glyphs[start].position, glyph.position + 1)
                yield Place(span, f"page {number}", number, _around(boxes))
                start = index + 1


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )
