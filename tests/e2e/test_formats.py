"""One text in the formats that people keep it in gives the same facts, and names in compounds are found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_pdf import made

from relex_kg import Extractor, Schema
from relex_kg.reading import Reader
from relex_kg.text.readers import read
from relex_kg.types import Document

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
TITLE = "Lumen Systems"
PARAGRAPHS = (
    "Ines Duarte works for Lumen Systems in Lisbon. She was born in Porto.",
    "Lumen Systems was founded by Tomas Beck. Tomas Beck was born in Graz.",
)


def save_docx(file: Path) -> None:
    document = pytest.importorskip("docx").Document()
    document.add_heading(TITLE, level=1)
    for paragraph in PARAGRAPHS:
        document.add_paragraph(paragraph)
    document.save(file)


def save_pdf(file: Path) -> None:
    pytest.importorskip("pypdfium2")
    heights = range(700, 0, -60)
    file.write_bytes(made([(72, y, text) for y, text in zip(heights, (TITLE, *PARAGRAPHS), strict=False)]))


def save_html(file: Path) -> None:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    file.write_text(f"<title>{TITLE}</title><body><h1>{TITLE}</h1>{paragraphs}", encoding="utf-8")


WRITERS: dict[str, Callable[[Path], object]] = {
    "txt": lambda file: file.write_text("\n\n".join((TITLE, *PARAGRAPHS)), encoding="utf-8"),
    "md": lambda file: file.write_text("\n\n".join((f"# {TITLE}", *PARAGRAPHS)), encoding="utf-8"),
    "html": save_html,
    "docx": save_docx,
    "pdf": save_pdf,
    "jsonl": lambda file: file.write_text(
        json.dumps({"title": TITLE, "text": "\n\n".join((TITLE, *PARAGRAPHS))}), encoding="utf-8"
    ),
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Extractor.from_pretrained(), Schema.load("general"))


def mentions_and_facts(reader: Reader, file: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    (document,) = read(file)
    assert isinstance(document, Document), document
    (extracted,) = reader.extract([(document, reader.chunks(document))])
    mentions = {mention.id: mention for mention in extracted.extraction.mentions}
    assert all(mention.span.of(document.text) == mention.text for mention in mentions.values())
    facts = [
        (mentions[relation.head].text, relation.type, mentions[relation.tail].text)
        for relation in extracted.extraction.relations
    ]
    return sorted((mention.text, mention.type) for mention in mentions.values()), sorted(facts)


def test_six_formats_say_the_same(reader: Reader, tmp_path: Path) -> None:
    said = {}
    for ending, write in WRITERS.items():
        file = tmp_path / f"{TITLE}.{ending}"
        write(file)
        said[ending] = mentions_and_facts(reader, file)
    assert ("Lumen Systems", "FOUNDED_BY", "Tomas Beck") in said["txt"][1]
    assert said == dict.fromkeys(WRITERS, said["txt"])


def test_names_in_compounds(reader: Reader) -> None:
    mentions, _ = mentions_and_facts(reader, CASES / "hyphenated.txt")
    assert {("Lisbon", "Place"), ("Kvant", "Organization"), ("Lumen-Kvant", "Organization")} <= set(mentions)
