"""Tables of words that training asks with: tab-separated text files."""

import csv
from pathlib import Path

from relex_kg.errors import DataError


def read_table(path: Path, *, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The rows of a tab-separated file, a heading among them if it has one; quotes mean nothing.

    Raises:
        DataError: the file cannot be read, or a row has another number of columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [tuple(row) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the table {path} cannot be read ({error})", fix="check the path and the file") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise DataError(
                f"{path}, line {number}: {len(row)} columns",
                fix=f"give {len(columns)}, with a tab between: {', '.join(columns)}",
            )
    return rows
