"""reStructuredText as it is shown: docutils' tree, told to the reader of web pages as tags."""

from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree

from relex_kg.text.blocks import Fragment
from relex_kg.text.markup import EndTag, StartTag, Token
from relex_kg.text.page import Page
from relex_kg.types import MetadataValue

# No file is read, no HTML passed on, no configuration looked for, and a mistake in the text stops nothing
_SETTINGS: Mapping[str, Any] = {
    "report_level": 5,
    "halt_level": 5,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
}
_UNSEEN: tuple[type[nodes.Node], ...] = (
    *(nodes.comment, nodes.substitution_definition, nodes.system_message, nodes.problematic, nodes.raw),
    *(nodes.docinfo, nodes.label, nodes.footnote_reference, nodes.citation_reference, nodes.image),
)
_TAGS: Mapping[type[nodes.Node], str] = {
    nodes.title: "h2",
    nodes.subtitle: "h3",
    nodes.paragraph: "p",
    nodes.term: "dt",
    nodes.field_name: "dt",
    nodes.list_item: "li",
    nodes.literal_block: "pre",
    nodes.line: "div",
    nodes.attribution: "p",
    nodes.table: "table",
    nodes.thead: "thead",
    nodes.row: "tr",
    nodes.entry: "td",
    nodes.caption: "p",
}
_FURTHEST = 5000  # characters of the source looked through for the next word


class RstPage(Page):
    """A text's paragraphs and tables; its title, and the fields below it."""

    def __init__(self, source: str) -> None:
        tree = publish_doctree(source, settings_overrides=dict(_SETTINGS))
        self._source = source
        self._position = 0
        super().__init__(self._tokens(tree))
        self.title = tree.get("title") or self.heading
        self.metadata = _fields(tree)

    def _tokens(self, node: Any) -> Iterator[Token]:
        for child in node.children:
            if isinstance(child, nodes.Text):
                yield from self._located(child.astext())
            elif not isinstance(child, _UNSEEN):
                name = _TAGS.get(type(child))
                if name:
                    yield StartTag(name)
                yield from self._tokens(child)
                if name:
                    yield EndTag(name)

    def _located(self, text: str) -> Iterator[Fragment]:
        """The words of a text where they are found next in the source."""
        end = 0
        for word in text.split():
            start = text.index(word, end)
            if start > end:
                yield Fragment(text[end:start], 0, 0)
            end = start + len(word)
            place = self._source.find(word, self._position, self._position + _FURTHEST)
            if place >= 0:
                self._position = place + len(word)
                yield Fragment(word, place, self._position)
            else:
                yield Fragment(word, 0, 0)
        if end < len(text):
            yield Fragment(text[end:], 0, 0)


def _fields(tree: Any) -> dict[str, MetadataValue]:
    fields: dict[str, MetadataValue] = {}
    for info in tree.findall(nodes.docinfo):
        for field in info.children:
            if isinstance(field, nodes.field):
                fields[field[0].astext()] = field[1].astext()
            else:
                fields[field.tagname] = field.astext()
    return fields
