"""Formats that are a ZIP archive of XML: EPUB and OpenDocument text. The standard library reads both."""

from collections.abc import Iterator
from io import BytesIO
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from relex_kg.errors import ReadError
from relex_kg.source_map import Place
from relex_kg.spans import Span
from relex_kg.text.blocks import LINE_BREAK, Block, Cell, Fragment, Paragraph, Table
from relex_kg.text.decoding import decode
from relex_kg.text.markup import tokens
from relex_kg.text.page import Page
from relex_kg.text.parcels import Parcels
from relex_kg.types import MetadataValue

_LARGEST = 1 << 30  # bytes, unpacked; a larger archive is taken for a bomb
_MOST_REPEATED = 100  # one element may stand for millions of empty cells

_DC = "{http://purl.org/dc/elements/1.1/}"
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"

_FIELDS = {
    "creator": "author",
    "date": "date",
    "language": "language",
    "subject": "keywords",
    "description": "description",
}
# Deletions, comments and lists of styles are no part of what is shown
_UNSEEN = frozenset({f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}sequence-decls", f"{_OFFICE}forms"})


def opened(data: bytes) -> ZipFile:
    """The archive in ``data``.

    Raises:
        ReadError: unpacked, it would be larger than a gigabyte.
        BadZipFile: it is none.
    """
    archive = ZipFile(BytesIO(data))
    if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
        raise ReadError("the archive unpacks to more than a gigabyte", fix="leave it out, or give what is in it")
    return archive


class EpubReader:
    """An e-book: its chapters in reading order. The source is the characters of its pages, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._archive = opened(data)
        container = ElementTree.fromstring(self._archive.read("META-INF/container.xml"))
        root = container.find(f".//{_CONTAINER}rootfile")
        self._path = "" if root is None else root.get("full-path", "")
        self._package = ElementTree.fromstring(self._archive.read(self._path))
        self.title, self.metadata = _described(self._package)
        self.places: list[Place] = []

    def blocks(self) -> Iterator[Block]:
        files = {item.get("id"): item.get("href", "") for item in self._package.iter(f"{_OPF}item")}
        length = 0
        for number, reference in enumerate(self._package.iter(f"{_OPF}itemref"), start=1):
            href = files.get(reference.get("idref"), "")
            markup = decode(self._archive.read(normpath(join(dirname(self._path), unquote(href)))), href).text
            yield from Page(tokens(markup, offset=length, xml=True)).blocks
            if markup:
                self.places.append(Place(Span(length, length + len(markup)), f"chapter {number}"))
            length += len(markup)


class OpenDocumentReader:
    """A text document (.odt) as it is shown; footnotes and frames follow the paragraph that they hang on."""

    def __init__(self, data: bytes) -> None:
        archive = opened(data)
        self.parcels = Parcels()
        self.title: str | None = None
        self.metadata: dict[str, MetadataValue] = {}
        if "meta.xml" in archive.namelist():
            self.title, self.metadata = _described(ElementTree.fromstring(archive.read("meta.xml")))
        body = ElementTree.fromstring(archive.read("content.xml")).find(f"{_OFFICE}body/{_OFFICE}text")
        self._body = body if body is not None else Element("none")
        self._paragraphs = self._tables = 0

    def blocks(self) -> Iterator[Block]:
        return self._blocks(self._body, "")

    def _blocks(self, parent: Element, place: str) -> Iterator[Block]:
        for child in parent:
            if child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                self._paragraphs += not place
                attached: list[Element] = []
                with self.parcels.within(place or f"paragraph {self._paragraphs}"):
                    yield Paragraph(tuple(self._fragments(child, attached)))
                for element in attached:
                    yield from self._blocks(element, "note" if element.tag == f"{_TEXT}note-body" else "frame")
            elif child.tag == f"{_TABLE}table":
                self._tables += not place
                yield self._table(child, place or f"table {self._tables}")
            elif child.tag not in _UNSEEN:
                yield from self._blocks(child, place)

    def _fragments(self, element: Element, attached: list[Element]) -> Iterator[Fragment]:
        yield self.parcels.fragment(element.text or "")
        for child in element:
            if child.tag in (f"{_TEXT}s", f"{_TEXT}tab"):
                yield self.parcels.fragment(" ")
            elif child.tag == f"{_TEXT}line-break":
                yield LINE_BREAK
            elif child.tag == f"{_TEXT}note":
                attached += child.iter(f"{_TEXT}note-body")
            elif child.tag == f"{_DRAW}frame":
                attached += child.iter(f"{_DRAW}text-box")
            elif child.tag not in _UNSEEN:
                yield from self._fragments(child, attached)
            yield self.parcels.fragment(child.tail or "")

    def _table(self, element: Element, place: str) -> Table:
        rows: list[tuple[Cell, ...]] = []
        headers = len(list(element.iterfind(f"{_TABLE}table-header-rows/{_TABLE}table-row")))
        for number, row in enumerate(element.iter(f"{_TABLE}table-row"), start=1):
            cells: list[Cell] = []
            for cell in row.iterfind(f"{_TABLE}table-cell"):
                where = f"{place}, row {number}, column {len(cells) + 1}"
                columns, reach = (int(cell.get(f"{_TABLE}number-{name}-spanned", "1")) for name in ("columns", "rows"))
                content = Cell(tuple(self._blocks(cell, where)), columns=max(1, columns), rows=max(1, reach))
                cells += [content] * min(int(cell.get(f"{_TABLE}number-columns-repeated", "1")), _MOST_REPEATED)
            rows.append(tuple(cells))
        return Table(tuple(rows), headers if 0 < headers < len(rows) else None)


def _described(root: Element) -> tuple[str | None, dict[str, MetadataValue]]:
    """The title, and what else the Dublin Core elements say."""
    texts = {name: (root.findtext(f".//{_DC}{name}") or "").strip() for name in ("title", *_FIELDS)}
    return texts["title"] or None, {_FIELDS[name]: text for name, text in texts.items() if text and name in _FIELDS}
