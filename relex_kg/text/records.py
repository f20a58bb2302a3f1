"""Files of many documents, each good or bad by itself: JSON Lines, lists in JSON, mailboxes."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from io import BufferedReader, TextIOWrapper
from typing import Any
from urllib.parse import quote

from relex_kg.errors import ReadError
from relex_kg.text.characters import clean, legible
from relex_kg.text.decoding import decode, marked_encoding, whole
from relex_kg.text.formats import Parsed
from relex_kg.text.mail import identity, messages, parsed
from relex_kg.types import MetadataValue

_FRAGMENT = "/?:@!$&'()*+,;="  # may stand in a URI's fragment as they are, beside letters and digits
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_OWN_FIELDS = frozenset({"uri", "id", "title", "text"})
_SHAPE = 'give one JSON object to a line, as in {"id": "a1", "title": "On bees", "text": "Bees sleep."}'


@dataclass(frozen=True, slots=True)
class Record:
    """One document of a file. ``content``: its "text", mapped to the value's characters, its title, all other fields.

    A field that is no string, number, truth value or list of strings is kept as JSON.
    """

    uri: str
    name: str  # for errors: line 3 of a.jsonl
    place: str  # the URI of where it stands
    content: Parsed


@dataclass(frozen=True, slots=True)
class BadRecord:
    uri: str
    error: ReadError


def json_lines(stream: BufferedReader, name: str, uri: str) -> Iterator[Record | BadRecord]:
    """The records of a file whose own URI is ``uri``, one to a line; blank lines count for nothing.

    A record is known by its ``uri``, else by the file's URI with its ``id`` as the fragment, else by its line
    (``#L12``). Where two have the same, the first is read. No more than a line is held in memory.

    Raises:
        OSError: the file cannot be read.
        ReadError: the file is in UTF-16 or UTF-32, and damaged.
    """
    lines = ((number, line) for number, line in enumerate(_lines(stream, name), start=1) if line.strip())
    records = (
        _read(partial(_json_record, line, f"line {number} of {name}", uri=uri, place=place), place)
        for number, line in lines
        if (place := f"{uri}#L{number}")
    )
    return _distinct(records)


def json_list(stream: BufferedReader, name: str, uri: str) -> Iterator[Record | BadRecord]:
    """The records of a file that holds one of them, or a list; without names of their own they are known by number.

    Raises:
        OSError: the file cannot be read.
        ReadError: it is not JSON.
    """
    text = decode(whole(stream, name), name).text
    value = _parsed(text, name) if text.strip() else []
    if not isinstance(value, list):
        return _distinct([_read(partial(_record, value, name, uri=uri, place=uri), uri)])
    return _distinct(
        _read(partial(_record, item, f"item {number} of {name}", uri=uri, place=place), place)
        for number, item in enumerate(value, start=1)
        if (place := f"{uri}#{number}")
    )


def mailbox(stream: BufferedReader, name: str, uri: str) -> Iterator[Record | BadRecord]:
    """The messages of a mailbox, each known by its ``Message-ID``, else by its number.

    Raises:
        OSError: the file cannot be read.
    """
    return _distinct(
        _read(partial(_mail_record, mail, f"message {number} of {name}", place), place)
        for number, mail in enumerate(messages(stream), start=1)
        if (place := f"{uri}#{quote(identity(mail), safe=_FRAGMENT) or number}")
    )


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """``read`` takes an open file, its name for errors, and its URI."""

    media_type: str
    read: Callable[[BufferedReader, str, str], Iterator[Record | BadRecord]]


RECORD_FORMATS: Mapping[str, RecordFormat] = {
    ".jsonl": RecordFormat("application/x-ndjson", json_lines),
    ".ndjson": RecordFormat("application/x-ndjson", json_lines),
    ".json": RecordFormat("application/json", json_list),
    ".mbox": RecordFormat("application/mbox", mailbox),
}


def _read(make: Callable[[], Record], place: str) -> Record | BadRecord:
    try:
        return make()
    except ReadError as error:
        return BadRecord(place, error)


def _distinct(records: Iterable[Record | BadRecord]) -> Iterator[Record | BadRecord]:
    seen: set[str] = set()
    for record in records:
        if isinstance(record, Record) and record.uri in seen:
            what = f"{record.name} repeats the identity of an earlier one, {record.uri}"
            yield BadRecord(record.place, ReadError(what, fix="give each record an id of its own"))
            continue
        seen.add(record.uri)
        yield record


def _lines(stream: BufferedReader, name: str) -> Iterable[str]:
    _, encoding = marked_encoding(stream.peek(4)[:4]) or (0, "utf-8")
    if encoding != "utf-8":
        return decode(whole(stream, name), name).text.split("\n")
    # surrogateescape: bytes that do not decode spoil their own line only, which is found out there
    return TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def _mail_record(mail: EmailMessage, name: str, place: str) -> Record:
    content = parsed(mail)
    if not content.text.text.strip():
        raise ReadError(f"{name} holds no text", fix="leave it out")
    return Record(place, name, place, content)


def _json_record(line: str, name: str, *, uri: str, place: str) -> Record:
    if _UNDECODED.search(line):
        raise ReadError(f"{name} is not UTF-8", fix="convert the file to UTF-8, for example with iconv")
    return _record(_parsed(line, name), name, uri=uri, place=place)


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{name} is not JSON: {error}", fix=_SHAPE) from error


def _record(fields: Any, name: str, *, uri: str, place: str) -> Record:
    if not isinstance(fields, dict):
        raise ReadError(f"{name} is not a JSON object", fix=_SHAPE)
    text = fields.get("text")
    if not isinstance(text, str):
        raise ReadError(f'{name} has no "text", or it is not a string', fix=_SHAPE)
    if not legible(text).strip():
        raise ReadError(f'the "text" of {name} is empty', fix="leave it out")
    named, title = (_string(fields, key, name) for key in ("uri", "title"))
    own = _identity(fields, name)
    if named is None:
        named = place if own is None else f"{uri}#{quote(own, safe=_FRAGMENT)}"
    return Record(named, name, place, Parsed(clean(text), title, _metadata(fields)))


def _metadata(fields: Mapping[str, Any]) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {}
    for key, value in fields.items():
        if key in _OWN_FIELDS or value is None:
            continue
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            metadata[key] = tuple(value)
        else:
            is_plain = isinstance(value, str | int | float)
            metadata[key] = value if is_plain else json.dumps(value, ensure_ascii=True)
    return metadata


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
