"""One parser for each kind of file that holds one document: bytes to text, title and metadata."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from relex_kg.errors import ReadError
from relex_kg.text.blocks import write
from relex_kg.text.decoding import decode
from relex_kg.text.mapped import MappedText
from relex_kg.text.parcels import Parcels
from relex_kg.types import MetadataValue

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_LONGEST_TITLE = 120  # characters; a longer first line is a sentence

_PDF_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_PDF_FIELDS = {"author": "Author", "description": "Subject", "keywords": "Keywords"}

_META_CHARSET = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Pages that name these mean another, as every browser takes them.
_MEANT_CHARSETS = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "utf-16": "utf-8"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """``title`` is None where the file names none; ``text`` is mapped to the file."""

    text: MappedText
    title: str | None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """``parse`` takes a file's bytes and its name, which its ``ReadError`` tells."""

    media_type: str
    parse: Callable[[bytes, str], Parsed]


def plain(data: bytes, name: str) -> Parsed:
    """The decoded text; its first line is the title where it is short and not all there is."""
    text = decode(data, name)
    first, line_end, _ = text.text.lstrip().partition("\n")
    return Parsed(text, first if line_end and len(first) <= _LONGEST_TITLE else None)


def markdown(data: bytes, name: str) -> Parsed:
    """The text without its markup."""
    from relex_kg.text.markdown import MarkdownPage

    source = decode(data, name)
    page = MarkdownPage(source.text)
    return Parsed(write(page.blocks).after(source), page.title, page.metadata)


def html(data: bytes, name: str) -> Parsed:
    """The text that is shown."""
    from relex_kg.text.markup import tokens
    from relex_kg.text.page import Page

    found = _META_CHARSET.search(data[:4096])
    declared = found[1].decode("ascii", "replace").lower() if found else None
    source = decode(data, name, declared=_MEANT_CHARSETS.get(declared, declared) if declared else None)
    page = Page(tokens(source.text))
    return Parsed(write(page.blocks).after(source), page.title, page.metadata)


def pdf(data: bytes, name: str) -> Parsed:
    """All pages in reading order, without running heads; ``pages_without_text`` in the metadata names the scanned."""
    try:
        import pypdfium2

        from relex_kg.text.pdf import PdfReader
    except ImportError as error:
        raise _missing(name, "pypdfium2") from error
    with _parsing(name, "PDF"):
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                fix = "save a copy without the password"
                raise ReadError(f"{name} is protected by a password", fix=fix) from error
            raise
        try:
            reader = PdfReader(document)
            text = reader.text()
            fields = document.get_metadata_dict(skip_empty=True)
        finally:
            document.close()
    metadata: dict[str, MetadataValue] = {
        key: fields[field] for key, field in _PDF_FIELDS.items() if fields.get(field, "").strip()
    }
    if date := _PDF_DATE.match(fields.get("CreationDate", "")):
        metadata["date"] = "-".join(date.groups())
    if reader.textless:
        metadata["pages_without_text"] = tuple(map(str, reader.textless))
    return Parsed(text, fields.get("Title"), metadata)


def docx(data: bytes, name: str) -> Parsed:
    """Paragraphs and tables as they are shown, changes accepted, with notes, text boxes and, at the end, headers."""
    try:
        from docx import Document as open_document  # noqa: N813 - an extra; it is a function

        from relex_kg.text.word import WordReader
    except ImportError as error:
        raise _missing(name, "python-docx") from error
    with _parsing(name, "Word document"):
        document: WordDocument = open_document(BytesIO(data))
        reader = WordReader(document)
        text = write(reader.blocks(), reader.parcels.places)
        return Parsed(text, document.core_properties.title, _office_metadata(document.core_properties))


def rst(data: bytes, name: str) -> Parsed:
    """The text without its markup."""
    try:
        from relex_kg.text.rst import RstPage
    except ImportError as error:
        raise _missing(name, "docutils") from error
    source = decode(data, name)
    with _parsing(name, "reStructuredText"):
        page = RstPage(source.text)
    return Parsed(write(page.blocks).after(source), page.title, page.metadata)


def epub(data: bytes, name: str) -> Parsed:
    """The chapters in reading order."""
    from relex_kg.text.archives import EpubReader

    with _parsing(name, "EPUB"):
        reader = EpubReader(data)
        return Parsed(write(reader.blocks(), reader.places), reader.title, reader.metadata)


def odt(data: bytes, name: str) -> Parsed:
    """Paragraphs and tables as they are shown, without deletions and comments."""
    from relex_kg.text.archives import OpenDocumentReader

    with _parsing(name, "OpenDocument text"):
        reader = OpenDocumentReader(data)
        return Parsed(write(reader.blocks(), reader.parcels.places), reader.title, reader.metadata)


def pptx(data: bytes, name: str) -> Parsed:
    """The slides, each with its notes."""
    try:
        from pptx import Presentation
    except ImportError as error:
        raise _missing(name, "python-pptx") from error
    from relex_kg.text.slides import slides

    with _parsing(name, "PowerPoint presentation"):
        presentation = Presentation(BytesIO(data))
        parcels = Parcels()
        text = write(slides(presentation, parcels), parcels.places)
        return Parsed(text, presentation.core_properties.title, _office_metadata(presentation.core_properties))


def xlsx(data: bytes, name: str) -> Parsed:
    """The sheets, row by row."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise _missing(name, "openpyxl") from error
    from relex_kg.text.sheets import workbook

    with _parsing(name, "Excel workbook"):
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
        parcels = Parcels()
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        text = write(list(workbook(shown, parcels)), parcels.places)
        properties = book.properties
        return Parsed(text, properties.title, {"author": properties.creator} if properties.creator else {})


def separated_values(data: bytes, name: str) -> Parsed:
    """The rows; the first names the columns where it looks like it."""
    from relex_kg.text.sheets import separated

    text = decode(data, name).text
    parcels = Parcels()
    with _parsing(name, "table"):
        table = separated(text, parcels, separator="\t" if ".tsv" in name.lower() else None)
    return Parsed(write([table], parcels.places), None)


def eml(data: bytes, name: str) -> Parsed:
    """The subject and the text of the message."""
    from relex_kg.text.mail import message, parsed

    with _parsing(name, "e-mail"):
        return parsed(message(data))


_OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS: Mapping[str, Format] = {
    ".txt": Format("text/plain", plain),
    ".text": Format("text/plain", plain),
    ".md": Format("text/markdown", markdown),
    ".markdown": Format("text/markdown", markdown),
    ".rst": Format("text/x-rst", rst),
    ".html": Format("text/html", html),
    ".htm": Format("text/html", html),
    ".pdf": Format("application/pdf", pdf),
    ".docx": Format(f"{_OFFICE}.wordprocessingml.document", docx),
    ".pptx": Format(f"{_OFFICE}.presentationml.presentation", pptx),
    ".xlsx": Format(f"{_OFFICE}.spreadsheetml.sheet", xlsx),
    ".csv": Format("text/csv", separated_values),
    ".tsv": Format("text/tab-separated-values", separated_values),
    ".odt": Format("application/vnd.oasis.opendocument.text", odt),
    ".epub": Format("application/epub+zip", epub),
    ".eml": Format("message/rfc822", eml),
}


def _office_metadata(properties: Any) -> dict[str, MetadataValue]:
    """What the core properties of an Office file say."""
    fields = {
        "author": properties.author,
        "date": properties.created.date().isoformat() if properties.created else "",
        "language": properties.language,
        "keywords": properties.keywords,
        "description": properties.subject,
    }
    return {key: value for key, value in fields.items() if value}


def _missing(name: str, library: str) -> ReadError:
    return ReadError(f"{name} cannot be read without {library}", fix="pip install 'relex-kg[files]'")


@contextmanager
def _parsing(name: str, kind: str) -> Iterator[None]:
    """Parsers meet damaged files with errors of every kind."""
    try:
        yield
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(
            f"{name} cannot be read as a {kind}: {str(error).rstrip('.') or type(error).__name__}",
            cause="the file is damaged, or of another kind than its name says",
        ) from error
