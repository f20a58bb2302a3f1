"""Word documents (.docx) as they are shown with all changes accepted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from relex_kg.text.blocks import LINE_BREAK, Block, Cell, Fragment, Paragraph, Table
from relex_kg.text.parcels import Parcels

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

# Elements that only wrap what is shown: content controls, insertions, smart tags, links, fields, changes of direction
_WRAPPERS = frozenset(
    f"{_W}{name}"
    for name in (
        *("sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink", "fldSimple", "dir", "bdo"),
        *("ruby", "rubyBase"),
    )
) | {f"{_M}oMath", f"{_M}oMathPara", f"{_MC}AlternateContent"}
_SHAPES = frozenset({f"{_W}drawing", f"{_W}pict", f"{_W}object"})
_BREAKS = frozenset({f"{_W}br", f"{_W}cr"})
_NOTES = {f"{_W}footnoteReference": "footnote", f"{_W}endnoteReference": "endnote"}


class WordReader:
    """Reads a document's body in order; a note and a text box follow the paragraph that they hang on.

    Attributes:
        parcels: where each character stands.
    """

    def __init__(self, document: "WordDocument") -> None:
        self.parcels = Parcels()
        self._document = document
        self._notes = {kind: _notes(document, kind) for kind in _NOTES.values()}
        self._paragraphs = self._tables = 0

    def blocks(self) -> Iterator[Block]:
        """The body, then each header once."""
        yield from self._blocks(self._document.element.body)
        seen: set[str] = set()
        for relation in self._document.part.rels.values():
            if relation.reltype.endswith("/header") and not relation.is_external:
                for block in self._blocks(relation.target_part.element, "header"):
                    text = " ".join(paragraph.text for paragraph in block.paragraphs())
                    if text not in seen:
                        seen.add(text)
                        yield block

    def _blocks(self, parent: Any, place: str = "") -> Iterator[Block]:
        for child in parent:
            if child.tag == f"{_W}p":
                self._paragraphs += not place
                with self.parcels.within(place or f"paragraph {self._paragraphs}"):
                    yield from self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                self._tables += not place
                yield self._table(child, place or f"table {self._tables}")
            elif child.tag in _WRAPPERS:
                yield from self._blocks(_alternative(child), place)

    def _paragraph(self, element: Any) -> Iterator[Block]:
        attached: list[tuple[str, Any]] = []
        yield Paragraph(tuple(self._fragments(element, attached)))
        for place, part in attached:
            yield from self._blocks(part, place)

    def _fragments(self, parent: Any, attached: list[tuple[str, Any]]) -> Iterator[Fragment]:
        """The shown text below an element; notes and boxes that hang on it go to ``attached``."""
        for child in parent:
            if child.tag in _WRAPPERS or (child.tag == f"{_W}r" and not _is_hidden(child)):
                yield from self._fragments(_alternative(child), attached)
            elif child.tag in (f"{_W}t", f"{_M}t"):
                yield self.parcels.fragment(child.text or "")
            elif child.tag in (f"{_W}tab", f"{_W}ptab"):
                yield self.parcels.fragment("\t")
            elif child.tag == f"{_W}noBreakHyphen":
                yield self.parcels.fragment("-")
            elif child.tag in _BREAKS:
                yield LINE_BREAK
            elif child.tag in _NOTES:
                kind, number = _NOTES[child.tag], child.get(f"{_W}id")
                if number in self._notes[kind]:
                    attached.append((f"{kind} {number}", self._notes[kind][number]))
            elif child.tag in _SHAPES:
                attached += (("text box", box) for box in _boxes(child))
            elif child.tag in (f"{_M}r", f"{_M}e"):
                yield from self._fragments(child, attached)

    def _table(self, element: Any, place: str) -> Table:
        rows: list[tuple[Cell, ...]] = []
        above: dict[int, Cell] = {}  # by column, for cells that go on
        headers = 0
        for number, row in enumerate(_unwrapped(element, f"{_W}tr"), start=1):
            if row.find(f"{_W}trPr/{_W}del") is not None:
                continue
            cells: list[Cell] = []
            column = 0
            for part in _unwrapped(row, f"{_W}tc"):
                span = part.find(f"{_W}tcPr/{_W}gridSpan")
                columns = int(span.get(f"{_W}val")) if span is not None else 1
                merge = part.find(f"{_W}tcPr/{_W}vMerge")
                if merge is not None and merge.get(f"{_W}val") != "restart" and column in above:
                    cell = above[column]
                else:
                    blocks = self._blocks(part, f"{place}, row {number}, column {column + 1}")
                    cell = Cell(tuple(blocks), columns=max(1, columns))
                    above[column] = cell
                cells.append(cell)
                column += cell.columns
            is_header = row.find(f"{_W}trPr/{_W}tblHeader") is not None
            headers += is_header and headers == len(rows)
            rows.append(tuple(cells))
        return Table(tuple(rows), headers if 0 < headers < len(rows) else None)


def _notes(document: "WordDocument", kind: str) -> dict[str, Any]:
    from docx.oxml import parse_xml

    for relation in document.part.rels.values():
        if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
            root = parse_xml(relation.target_part.blob)
            return {note.get(f"{_W}id"): note for note in root.iterchildren(f"{_W}{kind}")}
    return {}


def _alternative(element: Any) -> Any:
    """Of several forms of one thing, the first."""
    choice = element.find(f"{_MC}Choice") if element.tag == f"{_MC}AlternateContent" else None
    return element if choice is None else choice


def _boxes(shape: Any) -> Iterator[Any]:
    """The text boxes in a shape, none within another."""
    for box in shape.iter(f"{_W}txbxContent"):
        if next(box.iterancestors(f"{_W}txbxContent"), None) is None:
            yield box


def _is_hidden(run: Any) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false", "off")


def _unwrapped(parent: Any, tag: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _unwrapped(child, tag)
