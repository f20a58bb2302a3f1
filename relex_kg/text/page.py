"""The visible text of a web page."""

from html.parser import HTMLParser

_UNSEEN = frozenset({"title", "script", "style", "noscript", "template", "iframe"})  # of a head, nothing else has text
_BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "button",
            "caption",
            "center",
            "dd",
            "details",
            "dialog",
        ),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *(
            "head",
            "header",
            "hr",
            "html",
            "legend",
            "li",
            "main",
            "menu",
            "nav",
            "ol",
            "optgroup",
            "option",
            "p",
            "pre",
        ),
        *("section", "select", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "tr", "ul"),
    }
)
_SOFT_HYPHEN = "\u00ad"  # may break a word at a line's end, and is not seen elsewhere


class Page(HTMLParser):
    """Reads a page as it is fed; after ``close``, ``text`` and ``title`` hold what it says.

    It builds no tree: text needs only the order of tags, and badly nested pages of any size take linear time.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = []
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._titles: list[str] = []
        self._unseen: list[str] = []  # the open elements that hide what is in them, of one name

    @property
    def text(self) -> str:
        """Blocks with a blank line between them; in a block, white space is one space, and ``<br>`` a line end."""
        return "\n\n".join(self._blocks)

    @property
    def title(self) -> str | None:
        return self._titles[0] if self._titles else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN and tag in (self._unseen or [tag]):
            self._unseen.append(tag)
            self._titles += [""] if tag == "title" else []
        elif tag in _BLOCKS:
            self._end_block()
        elif tag == "br":
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            self._unseen.pop()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._parts.append(data)
        elif self._unseen[0] == "title":
            self._titles[-1] += data

    def close(self) -> None:
        super().close()
        self._end_block()

    def _end_line(self) -> None:
        line = " ".join("".join(self._parts).replace(_SOFT_HYPHEN, "").split())
        if line:
            self._lines.append(line)
        self._parts = []

    def _end_block(self) -> None:
        self._end_line()
        if self._lines:
            self._blocks.append("\n".join(self._lines))
        self._lines = []
