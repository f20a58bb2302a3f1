"""One parser for each kind of file that holds one document: bytes to text and title."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from relex_kg.errors import ReadError
from relex_kg.text.decoding import decode
from relex_kg.text.page import Page

if TYPE_CHECKING:
    from docx.blkcntnr import BlockItemContainer
    from docx.document import Document as WordDocument

_LONGEST_TITLE = 120  # characters; a longer first line is a sentence
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")

_META_CHARSET = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Pages that name these mean another, as every browser takes them.
_MEANT_CHARSETS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "utf-16": "utf-8"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """``title`` is None where the file names none."""

    text: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Format:
    """``parse`` takes a file's bytes and its name, which its ``ReadError`` tells."""

    media_type: str
    parse: Callable[[bytes, str], Parsed]


def plain(data: bytes, name: str) -> Parsed:
    """The decoded text; its first line is the title where it is short and not all there is."""
    text = decode(data, name)
    first, line_end, _ = text.lstrip().partition("\n")
    return Parsed(text, first if line_end and len(first) <= _LONGEST_TITLE else None)


def markdown(data: bytes, name: str) -> Parsed:
    """The decoded text with its markup, so that offsets are those of the file; its first ``#`` heading is the title."""
    text = decode(data, name)
    return Parsed(text, next(_headings(text), None))


def html(data: bytes, name: str) -> Parsed:
    """The visible text: white space collapsed, a blank line between blocks, so that none runs into the next."""
    found = _META_CHARSET.search(data[:4096])
    declared = found[1].decode("ascii", "replace").lower() if found else None
    markup = decode(data, name, declared=_MEANT_CHARSETS.get(declared, declared) if declared else None)
    page = Page()
    try:
        page.feed(markup)
        page.close()
    except AssertionError as error:  # how the standard library's parser refuses a malformed declaration
        raise ReadError(f"{name} is not HTML: {error}") from error
    return Parsed(page.text, page.title)


def pdf(data: bytes, name: str) -> Parsed:
    """The text of all pages, in order. A sentence may cross pages, so only a line end stands between them."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise _missing(name, "pypdf") from error
    try:
        reader = PdfReader(BytesIO(data))
        is_locked = reader.is_encrypted and not reader.decrypt("")
        text = "" if is_locked else "\n".join(page.extract_text() for page in reader.pages)
        title = None if is_locked or reader.metadata is None else reader.metadata.title
    except Exception as error:  # the parser meets damaged files with errors of every kind
        raise _unparsed(name, "PDF", error) from error
    if is_locked:
        raise ReadError(f"{name} is protected by a password", fix="save a copy without the password")
    return Parsed(text, title)


def docx(data: bytes, name: str) -> Parsed:
    """Paragraphs and tables in order, a blank line between blocks, a tab between cells; no headers, footers, notes."""
    try:
        from docx import Document as open_document  # noqa: N813 - an extra; it is a function
    except ImportError as error:
        raise _missing(name, "python-docx") from error
    try:
        document: WordDocument = open_document(BytesIO(data))
        text = "\n\n".join(_word_blocks(document))
        title: str = document.core_properties.title
    except Exception as error:  # the parser meets damaged files with errors of every kind
        raise _unparsed(name, "Word document", error) from error
    return Parsed(text, title)


FORMATS: Mapping[str, Format] = {
    ".txt": Format("text/plain", plain),
    ".text": Format("text/plain", plain),
    ".md": Format("text/markdown", markdown),
    ".markdown": Format("text/markdown", markdown),
    ".html": Format("text/html", html),
    ".htm": Format("text/html", html),
    ".pdf": Format("application/pdf", pdf),
    ".docx": Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx),
}


def _headings(text: str) -> Iterator[str]:
    fence = None
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in (None, mark[1]):
            fence = None if fence else mark[1]
        elif fence is None and (heading := _HEADING.match(line)) and heading[1]:
            yield heading[1]


def _word_blocks(container: "WordDocument | BlockItemContainer") -> Iterator[str]:
    for item in container.iter_inner_content():
        if hasattr(item, "rows"):
            for row in item.rows:
                yield "\t".join(_cell_texts(row.cells))
        elif item.text.strip():
            yield item.text


def _cell_texts(cells: Any) -> Iterator[str]:
    seen = set()
    for cell in cells:
        if cell._tc not in seen:  # a merged cell is given once for each place it covers
            seen.add(cell._tc)
            yield " ".join(" ".join(_word_blocks(cell)).split())


def _missing(name: str, library: str) -> ReadError:
    return ReadError(f"{name} cannot be read without {library}", fix="pip install 'relex-kg[files]'")


def _unparsed(name: str, kind: str, error: Exception) -> ReadError:
    what = f"{name} cannot be read as a {kind}: {error or type(error).__name__}"
    return ReadError(what, cause="the file is damaged, or of another kind than its name says")
