"""HTML into tags and characters, each with its place in the page, in linear time.

Python's own parser tells no places within text and needs quadratic time for some pages, and parsers that build trees
keep no places at all. Pages are cut up as browsers do (https://html.spec.whatwg.org/#tokenization).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

from relex_kg.text.blocks import Fragment

# A quotation counts only behind "=". What has no ">" after it reaches to the page's end, so it is tried once alone.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)>")
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_REMARK = re.compile(r"<(?:[!?]|/[^a-zA-Z>])[^>]*+>?|</>")
_ATTRIBUTE = re.compile(r"([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>][^\s>]*+)))?+")
_LETTER = re.compile("[a-zA-Z]")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "title", "textarea"})
_FOREIGN = frozenset({"svg", "math", "path", "rect", "circle", "line", "use", "g", "polygon", "polyline", "ellipse"})
_DECODED_RAW = frozenset({"title", "textarea"})


@dataclass(frozen=True, slots=True)
class StartTag:
    """``is_empty``: it ends with its start, as XML's ``<a/>``."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class EndTag:
    name: str


Token = StartTag | EndTag | Fragment


def tokens(markup: str, *, offset: int = 0, xml: bool = False) -> Iterator[Token]:
    """Tags, with names in lower case, and the text between them; comments are not seen.

    What stands in a script, a style sheet or a title is not looked into for tags.

    Args:
        markup: the page.
        offset: where in the source it stands.
        xml: it is XHTML, in which any element may be ``<a/>``; in HTML, only those of drawings and formulas are.
    """
    position = 0
    while (opening := markup.find("<", position)) >= 0:
        tag = _TAG.match(markup, opening)
        if tag is None and _LETTER.match(markup, opening + 1):
            yield from decoded(markup[position:opening], offset + position)
            return  # a tag that never ends
        other = tag or (_COMMENT if markup.startswith("<!--", opening) else _REMARK).match(markup, opening)
        end = other.end() if other else opening + 1
        yield from decoded(markup[position : opening if other else end], offset + position)
        position = end
        if tag is None:
            continue
        name = tag[2].lower()
        if tag[1]:
            yield EndTag(name)
            continue
        is_empty = tag[3].endswith("/") and (xml or name in _FOREIGN)
        yield StartTag(name, _attributes(tag[3]), is_empty)
        if name in _RAW and not is_empty:
            position = _raw_end(markup, name, end)
            content = markup[end:position]
            if name in _DECODED_RAW:
                yield from decoded(content, offset + end)
            elif content:
                yield Fragment(content, offset + end, offset + position)
    yield from decoded(markup[position:], offset + position)


def decoded(text: str, start: int) -> Iterator[Fragment]:
    """A text that stands in the source at ``start``, with its character references decoded."""
    position = 0
    for match in _REFERENCE.finditer(text):
        characters = unescape(match[0])
        if characters != match[0]:
            if match.start() > position:
                yield Fragment(text[position : match.start()], start + position, start + match.start())
            yield Fragment(characters, start + match.start(), start + match.end())
            position = match.end()
    if position < len(text):
        yield Fragment(text[position:], start + position, start + len(text))


def _attributes(source: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source):
        value = next((value for value in match.groups()[1:] if value is not None), "")
        attributes.setdefault(match[1].lower(), unescape(value))
    return attributes


def _raw_end(markup: str, name: str, start: int) -> int:
    match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(markup, start)
    return match.start() if match else len(markup)
