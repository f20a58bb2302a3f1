"""Files to documents."""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

from relex_kg.errors import ReadError
from relex_kg.ids import document_id
from relex_kg.text.characters import legible, normalise
from relex_kg.text.decoding import whole
from relex_kg.text.formats import FORMATS, Format, Parsed
from relex_kg.text.records import RECORD_FORMATS, BadRecord, Record, RecordFormat
from relex_kg.types import Document, MetadataValue

SUFFIXES = frozenset(FORMATS) | frozenset(RECORD_FORMATS)
"""Of the files that can be read; each may have a ``.gz`` behind it."""

STDIN = Path("-")
"""Stands for JSON Lines on standard input."""


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A document that could not be read. ``uri`` names it, or its file, or its line in the file (``#L12``)."""

    uri: str
    error: ReadError


def read(path: Path) -> Iterator[Document | ReadFailure]:
    """The documents in one file, in order, and what in it could not be read; it raises no ``ReadError``.

    A file is one document, known by its URI, but a JSON Lines file holds one to a line. A text is what a person would
    read: without markup, its characters as :mod:`relex_kg.text.characters` describes; line ends are ``\\n``, and U+FFFD
    stands for each NUL and lone surrogate. Its source map leads back to the file.
    """
    uri = file_uri(path)
    try:
        yield from _documents(path, uri)
    except ReadError as error:
        yield ReadFailure(uri, error)
    except (OSError, EOFError, zlib.error) as error:  # the last two from damaged .gz files
        reason = getattr(error, "strerror", None) or str(error)
        yield ReadFailure(uri, ReadError(f"{path} cannot be read", cause=reason, fix="check the path and its rights"))


def file_uri(path: Path) -> str:
    """The ``file:`` URI of what ``path`` leads to, symbolic links followed; ``stdin:`` for standard input."""
    if path == STDIN:
        return "stdin:"
    return Path(os.path.realpath(path)).as_uri()  # Path.resolve raises on a loop of links


def suffix(path: Path) -> str:
    """What the file's name says it is, in lower case: ``.txt`` for ``a.TXT`` and for ``a.txt.gz``."""
    return _unpacked(path).suffix.lower()


def _unpacked(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _documents(path: Path, uri: str) -> Iterator[Document | ReadFailure]:
    if path == STDIN:
        yield from _from_records(path, uri, cast("BufferedReader", sys.stdin.buffer), RECORD_FORMATS[".jsonl"])
        return
    # Anything but a regular file may be read without end, or never: a pipe, a device, a socket.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ReadError(f"{path} is not a regular file", fix="give a file, or find those in a directory with discover")
    if suffix(path) in RECORD_FORMATS:
        with _opened(path) as stream:
            yield from _from_records(path, uri, stream, RECORD_FORMATS[suffix(path)])
    elif suffix(path) in FORMATS:
        with _opened(path) as stream:
            data = whole(stream, str(path))
        yield _from_file(path, uri, data, FORMATS[suffix(path)])
    else:
        supported = ", ".join(sorted(SUFFIXES))
        raise ReadError(f"{path} is of no format that can be read", fix=f"convert it to one of {supported}")


def _opened(path: Path) -> BufferedReader:
    if path.suffix.lower() == ".gz":
        return BufferedReader(cast("RawIOBase", gzip.open(path)))
    return path.open("rb")


def _from_file(path: Path, uri: str, data: bytes, format: Format) -> Document:
    document = _document(uri, path, format.parse(data, str(path)), format.media_type)
    if not document.text.strip():
        if format.media_type == "application/pdf":
            raise ReadError(
                f"{path} has no text: needs OCR",
                cause="its pages are pictures of text",
                fix="make a copy with recognised text, for example with ocrmypdf",
            )
        raise ReadError(f"{path} is empty", cause="it holds no text")
    return document


def _from_records(
    path: Path, uri: str, stream: BufferedReader, format: RecordFormat
) -> Iterator[Document | ReadFailure]:
    name = "standard input" if path == STDIN else str(path)
    empty = True
    for record in format.read(stream, name, uri):
        empty = False
        match record:
            case Record():
                yield _document(record.uri, path, record.content, format.media_type)
            case BadRecord():
                yield ReadFailure(record.uri, record.error)
    if empty:
        raise ReadError(f"{name} is empty", cause="it holds no text")


def _document(uri: str, path: Path, parsed: Parsed, media_type: str) -> Document:
    text = normalise(parsed.text.text).after(parsed.text)
    title = " ".join(legible(parsed.title or "").split()) or legible(_unpacked(path).stem)
    metadata = {legible(key): _legible_value(value) for key, value in parsed.metadata.items()}
    return Document(document_id(uri), uri, title, text.text, media_type, metadata, text.rows, text.source)


def _legible_value(value: MetadataValue) -> MetadataValue:
    match value:
        case str():
            return legible(value)
        case tuple():
            return tuple(map(legible, value))
    return value
