"""A web page as it is shown: paragraphs and tables, without what is hidden, navigation and consent banners."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from relex_kg.text.blocks import LINE_BREAK, Block, Cell, Fragment, Paragraph, Table
from relex_kg.text.markup import EndTag, StartTag, Token
from relex_kg.types import MetadataValue


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER_SHOWN = _words(
    """
    audio canvas datalist iframe nav noembed noframes noscript object rp script style svg template title video
    """
)
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_VOID = _words(
    """
    area base br col embed hr img input link meta param source track wbr
    """
)
_BLOCKS = _words(
    """
    address article aside blockquote body button caption center dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p
    pre search section select summary table tbody td textarea tfoot th thead tr ul
    """
)
# What a start tag ends, if it is open within the nearest element of _SCOPES
_CELLS = frozenset({"td", "th"})
_ENDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_BLOCKS - {"button", "option", "optgroup", "caption"}, frozenset({"p"})),
    "li": frozenset({"li", "p"}),
    "dt": frozenset({"dt", "dd", "p"}),
    "dd": frozenset({"dt", "dd", "p"}),
    "option": frozenset({"option"}),
    "optgroup": frozenset({"option", "optgroup"}),
    "tr": _words("td th tr caption p"),
    "td": frozenset({"td", "th", "p"}),
    "th": frozenset({"td", "th", "p"}),
    **dict.fromkeys(("tbody", "thead", "tfoot"), _words("td th tr tbody thead tfoot caption p")),
    "body": frozenset({"head", "p"}),
}
_SCOPES = _words("table ul ol dl div section article body select template")
_FURTHEST = 30  # open elements looked through for what a start tag ends

_HIDING_ROLES = _words("navigation menu menubar toolbar tablist alertdialog dialog search")
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_SHOWING_STYLE = re.compile(r"display\s*:|visibility\s*:\s*visible", re.IGNORECASE)
_CONSENT = re.compile(
    r"(?:cookies?|consent|gdpr|privacy)[-_]?\w*?"
    r"(?:banner|bar|notice|consent|pop-?up|modal|overlay|dialog|message|alert|prompt|wall)|onetrust|cookiebot",
    re.IGNORECASE,
)
_CONSENT_TAGS = _words("aside dialog div footer form p section")
_RULE = re.compile(r"[^{}]*[{}]")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SIMPLE_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)?)", re.IGNORECASE)

_LAYOUT_ROLES = frozenset({"presentation", "none"})
_DEEPEST_TABLE = 20  # tables within tables; what is in deeper ones is read as in this one
_META = {
    "author": "author",
    "article:author": "author",
    "dc.creator": "author",
    "date": "date",
    "dc.date": "date",
    "article:published_time": "date",
    "description": "description",
    "keywords": "keywords",
}


@dataclass(slots=True)
class _Cell:
    """A table's cell while it is read."""

    is_header: bool
    columns: int
    rows: int
    blocks: list[Block] = field(default_factory=list)

    def cell(self) -> Cell:
        return Cell(tuple(self.blocks), self.is_header, self.columns, self.rows)


@dataclass(slots=True)
class _Table:
    """A table while it is read; ``outside`` holds what stands in none of its cells, such as a caption."""

    is_layout: bool
    head_rows: int = 0
    rows: list[list[_Cell]] = field(default_factory=list)
    outside: list[Block] = field(default_factory=list)

    def blocks(self) -> Iterator[Block]:
        yield from self.outside
        rows = [row for row in self.rows if row]
        if self.is_layout:
            for row in rows:
                for cell in row:
                    yield from cell.blocks
        else:
            headers = self.head_rows if 0 < self.head_rows < len(rows) else None
            yield Table(tuple(tuple(cell.cell() for cell in row) for row in rows), headers)


@dataclass(frozen=True, slots=True)
class _Element:
    """An open element. ``holds_blocks``: it is a table or a cell, in which blocks are gathered."""

    name: str
    hides: bool
    holds_blocks: bool


class Page:
    """What a page shows and says about itself.

    Attributes:
        title: from its head; None where it has none.
        heading: the first that is shown; None where none is.
        metadata: ``author``, ``date``, ``language``, ``url`` and more, where its head or a ``<time>`` names them.

    Args:
        tokens: of the page, as :func:`relex_kg.text.markup.tokens` cuts it up.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.title: str | None = None
        self.heading: str | None = None
        self.metadata: dict[str, MetadataValue] = {}
        self._blocks: list[list[Block]] = [[]]  # of the page, and of each open table and cell
        self._tables: list[_Table] = []
        self._fragments: list[Fragment] = []
        self._open: list[_Element] = []
        self._count: Counter[str] = Counter()
        self._hiding = 0
        self._hidden_by_style: set[str] = set()
        for token in tokens:
            match token:
                case StartTag():
                    self._start(token)
                case EndTag():
                    self._end(token.name)
                case Fragment():
                    self._characters(token)
        while self._open:
            self._pop()
        self._end_block()

    @property
    def blocks(self) -> list[Block]:
        """Its paragraphs and tables, as far as they are shown."""
        return self._blocks[0]

    def _start(self, tag: StartTag) -> None:
        self._describe(tag)
        self._end_implied(tag.name)
        if tag.name in _BLOCKS:
            self._end_block()
        if tag.name == "br":
            self._fragments.append(LINE_BREAK)
        if tag.name in _VOID or tag.is_empty:
            return
        hides = self._hides(tag)
        self._count[tag.name] += 1
        self._hiding += hides
        self._open.append(_Element(tag.name, hides, holds_blocks=not self._hiding and self._start_table_part(tag)))

    def _start_table_part(self, tag: StartTag) -> bool:
        """Open a table, a row or a cell; says whether blocks are gathered in it."""
        if tag.name == "table" and len(self._tables) < _DEEPEST_TABLE:
            self._tables.append(_Table(is_layout=tag.attributes.get("role") in _LAYOUT_ROLES))
            self._blocks.append(self._tables[-1].outside)
            return True
        if not self._tables:
            return False
        rows = self._tables[-1].rows
        if tag.name == "tr" or (tag.name in _CELLS and not rows):
            rows.append([])
        if tag.name in _CELLS:
            columns, reach = (_number(tag.attributes.get(name, "1")) for name in ("colspan", "rowspan"))
            rows[-1].append(_Cell(tag.name == "th", columns, reach))
            self._blocks.append(rows[-1][-1].blocks)
        return tag.name in _CELLS

    def _end(self, name: str) -> None:
        if name == "br":
            self._fragments.append(LINE_BREAK)
        elif self._count[name]:
            while self._pop() != name:
                pass
        elif name in _BLOCKS:
            self._end_block()

    def _end_implied(self, name: str) -> None:
        ended = _ENDS.get(name)
        if ended is None:
            return
        for depth in range(1, min(_FURTHEST, len(self._open)) + 1):
            candidate = self._open[-depth].name
            if candidate in ended:
                for _ in range(depth):
                    self._pop()
                self._end_implied(name)
                return
            if candidate in _SCOPES:
                return

    def _pop(self) -> str:
        element = self._open.pop()
        if element.name in _HEADINGS and self.heading is None:
            self.heading = Paragraph(tuple(self._fragments)).text or None
        if element.name in _BLOCKS:
            self._end_block()
        if element.name == "thead" and self._tables and not self._hiding:
            self._tables[-1].head_rows = sum(map(bool, self._tables[-1].rows))
        self._count[element.name] -= 1
        self._hiding -= element.hides
        if element.holds_blocks:
            self._blocks.pop()
            if element.name == "table":
                self._blocks[-1].extend(self._tables.pop().blocks())
        return element.name

    def _characters(self, fragment: Fragment) -> None:
        innermost = self._open[-1].name if self._open else ""
        if innermost == "title" and not self._count["svg"]:
            self.title = (self.title or "") + fragment.text
        elif innermost == "style":
            self._learn_style(fragment.text)
        elif not self._hiding and self._count["pre"]:
            self._fragments += _lines(fragment)
        elif not self._hiding:
            self._fragments.append(fragment)

    def _end_block(self) -> None:
        if self._fragments:
            paragraph = Paragraph(tuple(self._fragments))
            if paragraph.text:
                self._blocks[-1].append(paragraph)
            self._fragments = []

    def _hides(self, tag: StartTag) -> bool:
        attributes = tag.attributes
        style = attributes.get("style", "")
        names = [f".{name}" for name in attributes.get("class", "").split()]
        names += [f"#{attributes['id']}"] if attributes.get("id") else []
        is_hidden_by_sheet = not self._hidden_by_style.isdisjoint(
            (tag.name, *names, *(tag.name + name for name in names))
        )
        return (
            tag.name in _NEVER_SHOWN
            or "hidden" in attributes
            or (tag.name == "dialog" and "open" not in attributes)
            or attributes.get("aria-hidden", "").lower() == "true"
            or attributes.get("role", "").lower() in _HIDING_ROLES
            or _HIDING_STYLE.search(style) is not None
            or (is_hidden_by_sheet and not _SHOWING_STYLE.search(style))
            or (tag.name in _CONSENT_TAGS and any(map(_CONSENT.search, names)))
        )

    def _learn_style(self, sheet: str) -> None:
        """Note what a style sheet hides by a tag, a class or an id; rules for some media only are not followed."""
        depth = 0
        selectors = ""
        for match in _RULE.finditer(_CSS_COMMENT.sub("", sheet)):
            if match[0][-1] == "{":
                depth += 1
                selectors = match[0][:-1] if depth == 1 else ""
                continue
            depth = max(0, depth - 1)
            hides, shows = _HIDING_STYLE.search(match[0]), _SHOWING_STYLE.search(match[0])
            for selector in map(str.strip, selectors.split(",")) if hides or shows else ():
                if selector and _SIMPLE_SELECTOR.fullmatch(selector):
                    self._hidden_by_style.discard(selector)
                    self._hidden_by_style |= {selector} if hides else set()
            selectors = ""

    def _describe(self, tag: StartTag) -> None:
        attributes = tag.attributes
        key, value = None, None
        if tag.name == "html":
            key, value = "language", attributes.get("lang")
        elif tag.name == "meta":
            key = _META.get((attributes.get("name") or attributes.get("property") or "").lower())
            value = attributes.get("content")
        elif tag.name == "link" and attributes.get("rel", "").lower() == "canonical":
            key, value = "url", attributes.get("href")
        elif tag.name == "time" and not self._hiding:
            key, value = "date", attributes.get("datetime")
        if key and value and value.strip():
            self.metadata.setdefault(key, " ".join(value.split()))


def _lines(fragment: Fragment) -> Iterator[Fragment]:
    """Preformatted text: its line ends are seen."""
    is_copied = len(fragment.text) == fragment.end - fragment.start
    if not is_copied:
        yield fragment
        return
    start = 0
    for line in fragment.text.splitlines(keepends=True):
        yield Fragment(line, fragment.start + start, fragment.start + start + len(line))
        start += len(line)
        if line.endswith("\n"):
            yield LINE_BREAK


def _number(value: str) -> int:
    """How many columns or rows a cell reaches over, in the bounds that browsers keep."""
    digits = value.strip()
    return min(max(1, int(digits[:6])), 1000) if digits.isascii() and digits.isdigit() else 1
