"""JSON Lines: many documents in one file, one to a line, each good or bad by itself."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relex_kg.errors import ReadError
from relex_kg.text.characters import clean, legible
from relex_kg.text.decoding import decode, marked_encoding
from relex_kg.text.formats import Parsed
from relex_kg.types import MetadataValue

RECORD_SUFFIXES = frozenset({".jsonl", ".ndjson"})
RECORD_MEDIA_TYPE = "application/x-ndjson"

_FRAGMENT = "/?:@!$&'()*+,;="  # may stand in a URI's fragment as they are, beside letters and digits
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_OWN_FIELDS = frozenset({"uri", "id", "title", "text"})
_SHAPE = 'give one JSON object to a line, as in {"id": "a1", "title": "On bees", "text": "Bees sleep."}'


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a file. ``content``: its "text", mapped to the value's characters, its title, and all other fields.

    A field that is no string, number, truth value or list of strings is kept as JSON.
    """

    uri: str
    content: Parsed


@dataclass(frozen=True, slots=True)
class BadRecord:
    uri: str
    error: ReadError


def read_records(path: Path, uri: str) -> Iterator[Record | BadRecord]:
    """The records of the file at ``path``, whose own URI is ``uri``; blank lines count for nothing.

    A record is known by its ``uri``, else by the file's URI with its ``id`` as the fragment, else by its line
    (``#L12``). Where two have the same, the first is read.

    Raises:
        OSError: the file cannot be opened or read.
        ReadError: the file is in UTF-16 or UTF-32, and damaged.
    """
    seen: set[str] = set()
    for number, line in _lines(path):
        place = f"{uri}#L{number}"
        try:
            record = _record(line, f"line {number} of {path}", uri=uri, place=place)
        except ReadError as error:
            yield BadRecord(place, error)
            continue
        if record.uri in seen:
            what = f"line {number} of {path} repeats the identity of an earlier line, {record.uri}"
            yield BadRecord(place, ReadError(what, fix="give each record an id of its own"))
            continue
        seen.add(record.uri)
        yield record


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        _, encoding = marked_encoding(file.read(4)) or (0, "utf-8")
    if encoding != "utf-8":
        yield from _filled(decode(path.read_bytes(), str(path)).text.split("\n"))
        return
    # surrogateescape: bytes that do not decode spoil their own line only, which is found out there
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        yield from _filled(lines)


def _filled(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _record(line: str, name: str, *, uri: str, place: str) -> Record:
    fields = _fields(line, name)
    text = fields.get("text")
    if not isinstance(text, str):
        raise ReadError(f'{name} has no "text", or it is not a string', fix=_SHAPE)
    if not text.strip():
        raise ReadError(f'the "text" of {name} is empty', fix="leave the line out")
    named, title = (_string(fields, key, name) for key in ("uri", "title"))
    identity = _identity(fields, name)
    if named is None:
        named = place if identity is None else f"{uri}#{quote(identity, safe=_FRAGMENT)}"
    return Record(named, Parsed(clean(text), title, _metadata(fields)))


def _metadata(fields: Mapping[str, Any]) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {}
    for key, value in fields.items():
        if key in _OWN_FIELDS or value is None:
            continue
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            metadata[legible(key)] = tuple(map(legible, value))
        elif isinstance(value, str):
            metadata[legible(key)] = legible(value)
        else:
            is_plain = isinstance(value, int | float)
            metadata[legible(key)] = value if is_plain else json.dumps(value, ensure_ascii=True)
    return metadata


def _fields(line: str, name: str) -> dict[str, Any]:
    if _UNDECODED.search(line):
        raise ReadError(f"{name} is not UTF-8", fix="convert the file to UTF-8, for example with iconv")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{name} is not JSON: {error}", fix=_SHAPE) from error
    if not isinstance(fields, dict):
        raise ReadError(f"{name} is not a JSON object", fix=_SHAPE)
    return fields


def _string(fields: dict[str, Any], key: str, name: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise ReadError(f'the "{key}" of {name} is blank or not a string', fix="leave it out or give a string")
    return legible(value)


def _identity(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(fields, "id", name)
