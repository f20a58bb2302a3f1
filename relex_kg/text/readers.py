"""Files to documents."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relex_kg.errors import ReadError
from relex_kg.ids import document_id
from relex_kg.text.decoding import clean
from relex_kg.text.formats import FORMATS
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

    A file is one document, known by its URI, but a JSON Lines file holds one to a line. In every text, line ends are
    ``\\n``, and U+FFFD stands for each NUL and lone surrogate; otherwise it is the file's own, unless its format has to
    be taken off (HTML, PDF, Word).
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
    text = clean(parsed.text)
    if not text.strip():
        raise ReadError(f"{path} is empty", cause=_EMPTY_CAUSES.get(format.media_type, "it holds no text"))
    return _document(uri, parsed.title, path, text, format.media_type)


_EMPTY_CAUSES = {"application/pdf": "its pages are pictures of text, which needs character recognition (OCR) first"}


def _from_records(path: Path, uri: str) -> Iterator[Document | ReadFailure]:
    empty = True
    for record in read_records(path, uri):
        empty = False
        match record:
            case Record():
                yield _document(record.uri, record.title, path, record.text, RECORD_MEDIA_TYPE)
            case BadRecord():
                yield ReadFailure(record.uri, record.error)
    if empty:
        raise ReadError(f"{path} is empty", cause="it holds no text")


def _document(uri: str, title: str | None, path: Path, text: str, media_type: str) -> Document:
    named = " ".join(clean(title or "").split()) or clean(path.stem)
    return Document(document_id(uri), uri, named, text, media_type)
