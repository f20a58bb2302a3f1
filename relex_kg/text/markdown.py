"""Markdown as it is shown: a parser's events, told to the reader of web pages as the tags they stand for.

Markdown may hold HTML anywhere, so both have one reader.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

import pyromark

from relex_kg.text.blocks import Fragment
from relex_kg.text.markup import EndTag, StartTag, Token, tokens
from relex_kg.text.page import Page
from relex_kg.types import MetadataValue

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_YAML_STYLE_METADATA_BLOCKS
)
_TAGS: Mapping[str, tuple[str, ...]] = {
    "Paragraph": ("p",),
    "BlockQuote": ("blockquote",),
    "CodeBlock": ("pre",),
    "List": ("ul",),
    "Item": ("li",),
    "FootnoteDefinition": ("div",),
    "Table": ("table",),
    "TableHead": ("thead", "tr"),
    "TableRow": ("tr",),
    "TableCell": ("td",),
    "Emphasis": ("em",),
    "Strong": ("strong",),
    "Strikethrough": ("s",),
    "Link": ("a",),
    "Image": ("span",),
}
_SEVERAL_BYTES = re.compile(r"[^\x00-\x7f]")
_FIELD = re.compile(r"^([A-Za-z][\w -]*?)[ \t]*:[ \t]*(.*)$")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(.*)$")


class MarkdownPage(Page):
    """A Markdown text's paragraphs and tables; its front matter, else its first heading, gives the title."""

    def __init__(self, markup: str) -> None:
        self._front_matter = ""
        super().__init__(self._tokens(markup))
        self.metadata = _fields(self._front_matter)
        title = self.metadata.pop("title", None)
        self.title = title if isinstance(title, str) else self.heading

    def _tokens(self, markup: str) -> Iterator[Token]:
        position = _Positions(markup)
        html_start: int | None = None  # of the block of HTML that is going on
        html_end = 0
        in_front_matter = False
        for event, extent in pyromark.events_with_range(markup, options=_OPTIONS):
            kind, value = next(iter(event.items())) if isinstance(event, dict) else (event, None)
            start, end = position.of(extent["start"]), position.of(extent["end"])
            if html_start is not None and (kind != "Html" or start != html_end):
                yield from tokens(markup[html_start:html_end], offset=html_start)
                html_start = None
            match kind, value:
                case "Html", _:
                    html_start, html_end = (start if html_start is None else html_start), end
                case "InlineHtml", _:
                    yield from tokens(markup[start:end], offset=start)
                case "Start" | "End", {"MetadataBlock": _}:
                    self._front_matter = markup[start:end]
                    in_front_matter = kind == "Start"
                case "Text", str(text) if not in_front_matter:
                    yield Fragment(text, start, end)
                case "Code", str(text):
                    begin = markup.find(text, start, end)
                    yield Fragment(text, begin, begin + len(text)) if begin >= 0 else Fragment(text, start, end)
                case "SoftBreak", _:
                    yield Fragment(" ", start, end)
                case "HardBreak", _:
                    yield StartTag("br")
                case "Start", tag:
                    yield from (StartTag(name) for name in _names(tag))
                case "End", tag:
                    yield from (EndTag(name) for name in reversed(_names(tag)))


def _names(tag: Any) -> tuple[str, ...]:
    """The elements of HTML that one of Markdown stands for."""
    kind, details = next(iter(tag.items())) if isinstance(tag, dict) else (tag, None)
    if kind == "Heading":
        level = details["level"] if isinstance(details, dict) else details
        return (str(level).lower(),)
    return _TAGS.get(kind, ())


class _Positions:
    """From bytes of a text in UTF-8 to its characters; asked for in any order."""

    def __init__(self, text: str) -> None:
        self._starts = array("Q")  # of the characters that take several bytes, in bytes
        self._surplus = array("Q", [0])  # bytes more than characters, before each of them
        surplus = 0
        for match in _SEVERAL_BYTES.finditer(text):
            self._starts.append(match.start() + surplus)
            surplus += len(match[0].encode()) - 1
            self._surplus.append(surplus)

    def of(self, byte: int) -> int:
        return byte - self._surplus[bisect_left(self._starts, byte)]


def _fields(front_matter: str) -> dict[str, MetadataValue]:
    """The ``name: value`` lines of a file's front matter, and its lists of words."""
    fields: dict[str, MetadataValue] = {}
    name = ""
    for line in front_matter.splitlines():
        if field := _FIELD.match(line):
            name, value = field[1], field[2].strip()
            is_list = value.startswith("[") and value.endswith("]")
            fields[name] = tuple(map(_unquoted, value[1:-1].split(","))) if is_list else _unquoted(value)
        elif (item := _ITEM.match(line)) and name:
            before = fields[name]
            fields[name] = (*(before if isinstance(before, tuple) else ()), _unquoted(item[1]))
    return {name: value for name, value in fields.items() if value}


def _unquoted(value: str) -> str:
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value
