"""From documents to what they say."""

from dataclasses import replace
from pathlib import Path

import pytest

from relex_kg.cli import options
from relex_kg.extract.checkpoint import load
from relex_kg.extract.extractor import Extractor
from relex_kg.ids import document_id
from relex_kg.ontology import Schema
from relex_kg.reading import WINDOW, Reader, title_span
from relex_kg.types import Document, Span

TINY = Path(__file__).resolve().parents[1] / "fixtures" / "reference" / "token-none-rnn0-bert"
SCHEMA = Schema.from_labels(["person", "place"], ["lives in"], entity_threshold=0.45, relation_threshold=0.6)
SENTENCES = "Ada Byron lived in York. She knew Bea of Leeds. Cyd saw her there. He left. " * 8


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(load(TINY), device="cpu")


def document(text: str, title: str) -> Document:
    return Document(document_id("u"), "u", title, text, "text/plain")


@pytest.mark.parametrize(
    ("text", "title", "span"),
    [
        ("Ada Byron\n\nShe wrote.", "Ada Byron", Span(0, 9)),
        ("# Ada Byron\n\nShe wrote.", "Ada Byron", Span(2, 11)),
        ("\n\n  Ada Byron\nShe wrote.", "Ada Byron", Span(4, 13)),
        ("A letter on her own by Ada Byron", "Ada Byron", None),
        ("She wrote.", "Ada Byron", None),
        ("She wrote.", "", None),
    ],
)
def test_a_title_is_known_where_the_text_begins_with_it(text: str, title: str, span: Span | None) -> None:
    assert title_span(document(text, title)) == span


def test_a_document_is_read_in_windows_behind_its_title(extractor: Extractor) -> None:
    text = f"Ada Byron\n\n{SENTENCES}"
    (parts,) = Reader(extractor, SCHEMA, window=30).read([document(text, "Ada Byron")])
    titles = [part.title for part in sorted(parts, key=lambda part: part.span)]
    assert len(parts) > 8
    assert titles == [None, *[Span(0, 9)] * (len(parts) - 1)]
    (whole,) = Reader(extractor, SCHEMA, window=None).read([document(text, "Ada Byron")])
    assert len(whole) < len(parts) / 2


def test_each_way_of_reading_has_a_fingerprint_of_its_own(extractor: Extractor) -> None:
    windows = (None, 30, WINDOW)
    assert len({Reader(extractor, SCHEMA, window=window).fingerprint for window in windows}) == len(windows)
    assert Reader(extractor, SCHEMA).fingerprint == Reader(extractor, SCHEMA, window=WINDOW).fingerprint


def test_the_help_names_the_size_of_windows() -> None:
    assert f"else {WINDOW}." in options.Window.__metadata__[0].help


def test_no_relation_crosses_the_rows_of_a_table(extractor: Extractor) -> None:
    text = "Ada Byron: York.\n\nBea Low: Leeds.\n\nCyd saw her."
    rows = (Span(0, 16), Span(18, 33))
    plain = document(text, "")
    reader = Reader(extractor, Schema.from_labels(["person"], ["knows"], entity_threshold=0.3, relation_threshold=0.01))

    def ends(read: Document) -> tuple[set[tuple[int, int]], int]:
        (found,) = reader.extract([(read, reader.chunks(read))])
        starts = {mention.id: mention.span.start for mention in found.extraction.mentions}
        pairs = {(starts[relation.head], starts[relation.tail]) for relation in found.extraction.relations}
        return pairs, found.extraction.dropped.get("relation across rows", 0)

    def crosses(head: int, tail: int) -> bool:
        return max(head, tail) < 34 and (head < 18) != (tail < 18)

    everything, none = ends(plain)
    within, dropped = ends(replace(plain, rows=rows))
    assert none == 0
    assert any(crosses(*pair) for pair in everything)
    assert within == {pair for pair in everything if not crosses(*pair)}
    assert dropped >= len(everything) - len(within)


def test_no_mention_ends_before_a_combining_mark(extractor: Extractor) -> None:
    text = "Ada N\u0308 met Bea R\u0308 in York\u0308."
    schema = Schema.from_labels(["person", "place"], [], entity_threshold=0.01)
    read = document(text, "")
    reader = Reader(extractor, schema)
    (found,) = reader.extract([(read, reader.chunks(read))])
    assert found.extraction.mentions
    for mention in found.extraction.mentions:
        assert mention.text == mention.span.of(text)
        assert not text.startswith("\u0308", mention.span.end)
