"""PowerPoint presentations: what each slide shows, then its notes."""

from collections.abc import Iterator
from typing import Any

from relex_kg.text.blocks import LINE_BREAK, Block, Cell, Fragment, Paragraph, Table
from relex_kg.text.parcels import Parcels

# On every slide alike: date, footer, slide number (PP_PLACEHOLDER in the file format)
_FURNITURE = frozenset({13, 15, 16})


def slides(presentation: Any, parcels: Parcels) -> Iterator[Block]:
    """The text of all shapes, from the top of each slide to its bottom."""
    for number, slide in enumerate(presentation.slides, start=1):
        if slide._element.get("show") == "0":
            continue
        with parcels.within(f"slide {number}", number):
            yield from _shapes(slide.shapes, parcels)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                yield from _paragraphs(slide.notes_slide.notes_text_frame, parcels)


def _shapes(shapes: Any, parcels: Parcels) -> Iterator[Block]:
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if shape.is_placeholder and shape.placeholder_format.type in _FURNITURE:
            continue
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, parcels)
        elif shape.has_text_frame:
            yield from _paragraphs(shape.text_frame, parcels)
        elif getattr(shape, "has_table", False):
            yield _table(shape.table, parcels)


def _paragraphs(frame: Any, parcels: Parcels) -> Iterator[Paragraph]:
    for paragraph in frame.paragraphs:
        yield Paragraph(tuple(_fragments(paragraph.text, parcels)))


def _fragments(text: str, parcels: Parcels) -> Iterator[Fragment]:
    for number, line in enumerate(text.split("\v")):
        if number:
            yield LINE_BREAK
        yield parcels.fragment(line)


def _table(table: Any, parcels: Parcels) -> Table:
    rows = [
        tuple(
            Cell(tuple(_paragraphs(cell.text_frame, parcels)), columns=cell.span_width, rows=cell.span_height)
            for cell in row.cells
            if not cell.is_spanned
        )
        for row in table.rows
    ]
    return Table(tuple(rows), 1 if table.first_row and len(rows) > 1 else None)
