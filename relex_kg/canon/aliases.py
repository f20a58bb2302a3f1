"""People's own lists of things: the names of one row are one entity, which carries the row's id.

A CSV file has the columns ``id``, ``type``, ``name`` and ``aliases`` (separated by ``|``), in any order; JSON Lines
have the same fields, ``aliases`` as a list::

    id,type,name,aliases
    Q95,Organization,Google,Google LLC|Alphabet's Google

    {"id": "Q95", "type": "Organization", "name": "Google", "aliases": ["Google LLC"]}
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from relex_kg.errors import DecisionError
from relex_kg.ids import digest
from relex_kg.types import collapse

_FIELDS = ("id", "type", "name", "aliases")
_SEPARATOR = "|"
_CSV_FIX = f"begin with the line '{','.join(_FIELDS)}'; separate aliases by '{_SEPARATOR}'"
_JSON_FIX = 'write {"id": "Q95", "type": "Organization", "name": "Google", "aliases": ["Google LLC"]}'


@dataclass(frozen=True, slots=True)
class AliasRow:
    """One thing of a list: its id there, its type, all its names, and where it stands ("list.csv, line 3")."""

    id: str
    type: str
    names: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Aliases:
    """The rows of a list. A name that two rows of a type have belongs to neither.

    Raises:
        DecisionError: two rows have one id.
    """

    rows: tuple[AliasRow, ...]

    def __post_init__(self) -> None:
        places: dict[str, str] = {}
        for row in self.rows:
            if row.id in places:
                raise DecisionError(
                    f"{row.place}: the id '{row.id}' is that of {places[row.id]} too",
                    fix="put all names of a thing into one row",
                )
            places[row.id] = row.place

    @classmethod
    def none(cls) -> "Aliases":
        """No list."""
        return cls(())

    @classmethod
    def load(cls, path: str | Path) -> "Aliases":
        """Read a CSV file (``.csv``), or JSON Lines from a file of any other ending.

        Raises:
            DecisionError: not readable or malformed: file, line and what to do.
        """
        path = Path(path)
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DecisionError(
                f"the aliases in {path} cannot be read: {error}", fix="check the path, and save it as UTF-8"
            ) from error
        return cls(tuple(_from_csv(text, path) if path.suffix.lower() == ".csv" else _from_json_lines(text, path)))

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits over the rows, in whatever order they and their names stand."""
        rows = sorted((row.id, row.type, *sorted(set(row.names))) for row in self.rows)
        return digest("aliases", *(digest(*row) for row in rows))


def _from_csv(text: str, path: Path) -> Iterator[AliasRow]:
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        if set(reader.fieldnames or ()) != set(_FIELDS):
            raise DecisionError(f"{path}, line 1: the columns are not {', '.join(_FIELDS)}", fix=_CSV_FIX)
        for cells in reader:
            place = f"{path}, line {reader.line_num}"
            if None in cells or None in cells.values():
                raise DecisionError(f"{place}: not {len(_FIELDS)} cells", fix="put a cell with a comma into quotes")
            yield _row(
                cells | {"aliases": [name for name in cells["aliases"].split(_SEPARATOR) if name.strip()]}, place
            )
    except csv.Error as error:
        raise DecisionError(f"{path}, line {reader.reader.line_num}: not valid CSV: {error}", fix=_CSV_FIX) from error


def _from_json_lines(text: str, path: Path) -> Iterator[AliasRow]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DecisionError(f"{place}: not valid JSON: {error}", fix=_JSON_FIX) from error
        if not isinstance(fields, dict) or not {"id", "type", "name"} <= set(fields) <= set(_FIELDS):
            raise DecisionError(f"{place}: the fields are not {', '.join(_FIELDS)}", fix=_JSON_FIX)
        yield _row({"aliases": []} | fields, place)


def _row(fields: dict[str, Any], place: str) -> AliasRow:
    for field in ("id", "type", "name"):
        if not isinstance(fields[field], str) or not fields[field].strip():
            raise DecisionError(f"{place}: '{field}' is no text", fix=f"write a text, not {fields[field]!r}")
    aliases = fields["aliases"]
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise DecisionError(f"{place}: 'aliases' is no list of texts", fix=_JSON_FIX)
    names = tuple(dict.fromkeys(collapse(name) for name in (fields["name"], *aliases)))
    return AliasRow(fields["id"].strip(), fields["type"].strip(), names, place)
