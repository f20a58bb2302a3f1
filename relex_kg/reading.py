"""From documents to what they say: chunks for the graph, windows for the model, mentions and relations out."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from unicodedata import combining

from relex_kg.extract.extractor import Extractor, Progress, unwatched
from relex_kg.extract.merging import Part, merge
from relex_kg.extract.request import Request
from relex_kg.ids import digest
from relex_kg.ontology import Schema
from relex_kg.text.chunking import chunk
from relex_kg.types import Chunk, Document, Extraction, Span, TextMention

WINDOW = 100
"""About how many tokens of text the model reads at once; docs/results.md says what other sizes cost and find."""

# Changes when the same text, model and schema can give another extraction than before
_VERSION = 5

_OVERLAP_TOKENS = 60  # what chunks share: two sentences or so
_TITLE_STARTS_WITHIN = 12  # characters before a title that may be markup


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """A document with its chunks and all that was found in it."""

    document: Document
    chunks: tuple[Chunk, ...]
    extraction: Extraction


class Reader:
    """Chunks documents and extracts what they say, of any length.

    Args:
        extractor: the model.
        schema: what to look for.
        window: about how many tokens of text the model reads at once; None for as many as it can.
        references: look for pronouns and nouns that stand for names too, if the model has learnt them.
    """

    def __init__(
        self, extractor: Extractor, schema: Schema, *, window: int | None = WINDOW, references: bool = True
    ) -> None:
        self._extractor = extractor
        self._schema = schema
        self._window = window
        request = Request.of_schema(schema, references=references and extractor.config.references)
        self._requests = extractor.split(request)
        self._capacity = min(extractor.capacity(request) for request in self._requests)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the model and how this module uses it."""
        return digest(_VERSION, self._extractor.fingerprint, self._capacity, _OVERLAP_TOKENS, self._window or 0)[:16]

    def chunks(self, document: Document) -> tuple[Chunk, ...]:
        """Cut a document into chunks, each no longer than what the model can read at once."""
        return chunk(document, capacity=self._capacity, overlap=_OVERLAP_TOKENS, count=self._extractor.encoding.count)

    def extract(
        self,
        documents: Sequence[tuple[Document, tuple[Chunk, ...]]],
        *,
        on_progress: Progress = unwatched,
    ) -> Iterator[ExtractedDocument]:
        """Read chunked documents, together; ``on_progress`` hears how many windows were read, and of how many."""
        read = self.read([document for document, _ in documents], on_progress=on_progress)
        for (document, chunks), parts in zip(documents, read, strict=True):
            parts_within_rows = [_within_rows(_whole_letters(part, document.text), document.rows) for part in parts]
            extraction = merge(document.id, parts_within_rows, self._schema)
            crossing = sum(len(part.found.relations) for part in parts)
            crossing -= sum(len(part.found.relations) for part in parts_within_rows)
            if crossing:
                extraction = replace(extraction, dropped={**extraction.dropped, "relation across rows": crossing})
            yield ExtractedDocument(document, chunks, extraction)

    def read(
        self, documents: Sequence[Document], *, on_progress: Progress = unwatched, flat: bool = True
    ) -> list[list[Part]]:
        """What each pass over each window found, a list a document, not merged; ``flat`` as the extractor has it."""
        parts: list[list[Part]] = [[] for _ in documents]
        for number, request in enumerate(self._requests):

            def tell(done: int, total: int, before: int = number) -> None:
                on_progress(before * total + done, len(self._requests) * total)

            read = self._extractor.read(
                [document.text for document in documents],
                request,
                titles=[title_span(document) for document in documents],
                flat=flat,
                window=self._window,
                on_progress=tell,
            )
            for of_document, of_pass in zip(parts, read, strict=True):
                of_document.extend(of_pass)
        return parts


def _whole_letters(part: Part, text: str) -> Part:
    """The part with no mention that ends before a combining mark, which belongs to the letter before it."""
    if text.isascii():
        return part
    mentions = tuple(_with_marks(mention, text) for mention in part.found.mentions)
    return replace(part, found=replace(part.found, mentions=mentions))


def _with_marks(mention: TextMention, text: str) -> TextMention:
    end = mention.span.end
    while end < len(text) and combining(text[end]):
        end += 1
    if end == mention.span.end:
        return mention
    span = Span(mention.span.start, end)
    return replace(mention, span=span, text=span.of(text))


def _within_rows(part: Part, rows: Sequence[Span]) -> Part:
    """The part without relations between two rows of a table; those between a row and what is around it stay."""
    if not rows:
        return part
    found = part.found
    places = [_row(mention.span, rows) for mention in found.mentions]
    relations = tuple(
        relation
        for relation in found.relations
        if None in (places[relation.head], places[relation.tail]) or places[relation.head] == places[relation.tail]
    )
    return replace(part, found=replace(found, relations=relations))


def _row(span: Span, rows: Sequence[Span]) -> int | None:
    index = bisect_right(rows, span.start, key=lambda row: row.start) - 1
    return index if index >= 0 and span.start < rows[index].end else None


def title_span(document: Document) -> Span | None:
    """Where the document's text begins with its title, perhaps behind a heading's marks."""
    start = document.text.find(document.title) if document.title else -1
    before = document.text[: max(start, 0)].strip()
    if start < 0 or len(before) > _TITLE_STARTS_WITHIN:
        return None
    return Span(start, start + len(document.title))
