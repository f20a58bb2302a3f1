"""Tables as files: comma- and tab-separated values, Excel workbooks."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import StringIO
from typing import Any

from relex_kg.text.blocks import Block, Cell, Paragraph, Table
from relex_kg.text.parcels import Parcels

_SAMPLE = 10_000  # characters that tell what separates the values
_SEPARATORS = ",;\t|"


def separated(text: str, parcels: Parcels, *, separator: str | None = None) -> Table:
    """The table in a text of separated values; ``separator`` is found out where it is not given."""
    if separator is None:
        try:
            separator = csv.Sniffer().sniff(text[:_SAMPLE], _SEPARATORS).delimiter
        except csv.Error:
            separator = ","
    return _table(csv.reader(StringIO(text, newline=""), delimiter=separator), "", parcels)


def workbook(sheets: Sequence[Any], parcels: Parcels) -> Iterator[Block]:
    """The tables of a workbook's sheets, each under its sheet's name where there are several."""
    for sheet in sheets:
        sheet.reset_dimensions()
        table = _table(([_shown(value) for value in row] for row in sheet.values), f"sheet {sheet.title}, ", parcels)
        if table.rows:
            if len(sheets) > 1:
                with parcels.within(f"sheet {sheet.title}"):
                    yield Paragraph((parcels.fragment(sheet.title),))
            yield table


def _table(rows: Iterable[Sequence[str]], place: str, parcels: Parcels) -> Table:
    table: list[tuple[Cell, ...]] = []
    for number, row in enumerate(rows, start=1):
        if not any(text.strip() for text in row):
            continue
        cells: list[Cell] = []
        for column, text in enumerate(row, start=1):
            with parcels.within(f"{place}row {number}, column {column}"):
                cells.append(Cell((Paragraph((parcels.fragment(text),)),)))
        table.append(tuple(cells))
    return Table(tuple(table))


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
