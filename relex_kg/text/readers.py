"""Files to documents."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relex_kg.errors import ReadError
from relex_kg.ids import document_id
from relex_kg.text.characters import legible, normalise
from relex_kg.text.formats import FORMATS, Parsed
from relex_kg.text.records import RECORD_MEDIA_TYPE, RECORD_SUFFIXES, BadRecord, Record, read_records
from relex_kg.types import Document

SUFFIXES = frozenset(FORMATS) | RECORD_SUFFIXES


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
    except OSError as error:
        reason = error.strerror or str(error)
        yield ReadFailure(uri, ReadError(f"{path} cannot be read", cause=reason, fix="check the path and its rights"))


def file_uri(path: Path) -> str:
    """The ``file:`` URI of what ``path`` leads to, symbolic links followed."""
    return Path(os.path.realpath(path)).as_uri()  # Path.resolve raises on a loop of links


def _documents(path: Path, uri: str) -> Iterator[Document | ReadFailure]:
    # Anything but a regular file may be read without end, or never: a pipe, a device, a socket.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ReadError(f"{path} is not a regular file", fix="give a file, or find those in a directory with discover")
    suffix = path.suffix.lower()
    if suffix in RECORD_SUFFIXES:
        yield from _from_records(path, uri)
    elif suffix in FORMATS:
        yield _from_file(path, uri)
    else:
        supported = ", ".join(sorted(SUFFIXES))
        raise ReadError(f"{path} is of no format that can be read", fix=f"convert it to one of {supported}")


def _from_file(path: Path, uri: str) -> Document:
    format = FORMATS[path.suffix.lower()]
    parsed = format.parse(path.read_bytes(), str(path))
    document = _document(uri, path, parsed, format.media_type)
    if not document.text.strip():
        if format.media_type == "application/pdf":
            raise ReadError(
                f"{path} has no text: needs OCR",
                cause="its pages are pictures of text",
                fix="make a copy with recognised text, for example with ocrmypdf",
            )
        raise ReadError(f"{path} is empty", cause="it holds no text that is shown")
    return document


def _from_records(path: Path, uri: str) -> Iterator[Document | ReadFailure]:
    empty = True
    for record in read_records(path, uri):
        empty = False
        match record:
            case Record():
                yield _document(record.uri, path, record.content, RECORD_MEDIA_TYPE)
            case BadRecord():
                yield ReadFailure(record.uri, record.error)
    if empty:
        raise ReadError(f"{path} is empty", cause="it holds no text")


def _document(uri: str, path: Path, parsed: Parsed, media_type: str) -> Document:
    text = normalise(parsed.text.text).after(parsed.text)
    title = " ".join(legible(parsed.title or "").split()) or legible(path.stem)
    return Document(document_id(uri), uri, title, text.text, media_type, parsed.metadata, text.source)
