"""One document in every format."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from relex_kg.spans import Span
from relex_kg.text.readers import STDIN, ReadFailure, read
from relex_kg.types import Document

HEADING = "Staff of Lumen Systems"
SENTENCE = "Ines Duarte leads the R&D team; José Peña works for Kvant in Riga."
ROWS = (("Name", "Employer"), ("Ines Duarte", "Lumen Systems"), ("Olga Petrova", "Kvant"))
TABLE = "Name: Ines Duarte; Employer: Lumen Systems.\n\nName: Olga Petrova; Employer: Kvant."
TEXT = f"{HEADING}\n\n{SENTENCE}\n\n{TABLE}"


def documents(path: Path, data: bytes) -> list[Document | ReadFailure]:
    path.write_bytes(data)
    return list(read(path))


def only(path: Path, data: bytes) -> Document:
    (document,) = documents(path, data)
    assert isinstance(document, Document), document
    return document


def archive(**files: str) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return data.getvalue()


def html() -> str:
    rows = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in ROWS)
    return f"<h1>{HEADING}</h1><p>{SENTENCE.replace('&', '&amp;')}</p><table>{rows}</table>"


def xhtml() -> str:
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
    text = SENTENCE.replace("&", "&amp;")
    body = f"<h1>{HEADING}</h1><a id='x'/><p>{text}</p><table>{rows}</table>"
    return f"<html><head><title/></head><body>{body}</body></html>"


def markdown() -> str:
    head, *rows = ("| " + " | ".join(row) + " |" for row in ROWS)
    return "\n".join([f"# {HEADING}", "", SENTENCE.replace("&", "&amp;"), "", head, "|---|---|", *rows, ""])


def rst() -> str:
    rule = "============ ============="
    rows = "\n".join(f"{left:12} {right}" for left, right in ROWS[1:])
    head = f"{ROWS[0][0]:12} {ROWS[0][1]}"
    return f"{HEADING}\n{'=' * len(HEADING)}\n\n.. no\n\n{SENTENCE}\n\n{rule}\n{head}\n{rule}\n{rows}\n{rule}\n"


def epub() -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="b/p.opf"/>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>{HEADING}</dc:title><dc:creator>Ann Bo</dc:creator></metadata><manifest>"
        '<item id="c1" href="text/a%20b.xhtml"/><item id="n" href="nav.xhtml"/></manifest>'
        '<spine><itemref idref="c1"/></spine>'
        "</package>"
    )
    files = {
        "META-INF/container.xml": f"{container}</rootfiles></container>",
        "b/p.opf": package,
        "b/text/a b.xhtml": xhtml(),
    }
    return archive(**files)


def odt() -> bytes:
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "text", "table")}
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in names.items())
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in ROWS
    )
    text = SENTENCE.replace("&", "&amp;").replace("José", "<text:span>José</text:span>").replace(" in", "<text:s/>in")
    body = (
        f"<text:tracked-changes><text:p>no</text:p></text:tracked-changes><text:h>{HEADING}</text:h>"
        f"<text:section><text:p>{text}</text:p></text:section><table:table>{rows}</table:table>"
    )
    content = f"<office:body><office:text>{body}</office:text></office:body>"
    return archive(**{"content.xml": f"<office:document-content {spaces}>{content}</office:document-content>"})


def docx() -> bytes:
    document = pytest.importorskip("docx").Document()
    document.add_heading(HEADING)
    document.add_paragraph(SENTENCE)
    table = document.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, ROWS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    return saved(document)


def pptx() -> bytes:
    presentation = pytest.importorskip("pptx").Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = HEADING
    slide.shapes.add_textbox(0, 2_000_000, 5_000_000, 500_000).text_frame.text = SENTENCE
    table = slide.shapes.add_table(3, 2, 0, 3_000_000, 5_000_000, 500_000).table
    for row, texts in enumerate(ROWS):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    return saved(presentation)


def saved(document: Any) -> bytes:
    data = BytesIO()
    document.save(data)
    return data.getvalue()


WHOLE: dict[str, Callable[[], bytes]] = {
    "a.md": lambda: markdown().encode(),
    "a.html": lambda: html().encode(),
    "a.rst": lambda: rst().encode(),
    "a.epub": epub,
    "a.odt": odt,
    "a.docx": docx,
    "a.pptx": pptx,
    "a.md.gz": lambda: gzip.compress(markdown().encode()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_same_text_in_every_format(tmp_path: Path, name: str) -> None:
    pytest.importorskip("docutils" if name.endswith("rst") else "relex_kg")
    document = only(tmp_path / name, WHOLE[name]())
    assert document.text == TEXT
    assert document.source_map is not None
    start = TEXT.index("Kvant in Riga")
    assert len(document.source_map.sources(Span(start, start + 5))) == 1


def test_rows_end_at_line_ends_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('Name,Note\r\nAnn,first\u2028second\x0bthird\r\nBob,"two\nlines"\r\n'.encode())
    (document,) = read(path)
    assert isinstance(document, Document)
    assert [row.of(document.text).split(";")[0] for row in document.rows] == ["Name: Ann", "Name: Bob"]


def test_metadata_is_legible(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "Bees.", "by": "a\\ud800\\u0000b", "on\\udc00": ["x\\u00ad\\ufb01"], "n": 1}', encoding="utf-8"
    )
    (document,) = read(path)
    assert isinstance(document, Document)
    assert document.metadata == {"by": "a\ufffd\ufffdb", "on\ufffd": ("xfi",), "n": 1}


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.csv.gz", "|")])
def test_separated_values(tmp_path: Path, name: str, mark: str) -> None:
    data = "\r\n".join(mark.join(f'"{cell}"' if " " in cell else cell for cell in row) for row in ROWS).encode()
    document = only(tmp_path / name, gzip.compress(data) if name.endswith("gz") else data)
    assert (document.text, document.title) == (TABLE, "a")
    assert document.source_map is not None
    start = TABLE.index("Kvant")
    assert [place.name for place in document.source_map.places_of(Span(start, start + 1))] == ["row 3, column 2"]


def test_workbook(tmp_path: Path) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("Ages").append(["Name", "Age"])
    book["Ages"].append(["Ann", 36.0])
    book.create_sheet("Gone").append(["no"])
    book["Gone"].sheet_state = "hidden"
    document = only(tmp_path / "a.xlsx", saved(book))
    assert document.text == f"Sheet\n\n{TABLE}\n\nAges\n\nName: Ann; Age: 36."


MAIL = f"""From: Ann Bo <ann@x.example>
To: Cy <cy@x.example>
Date: Sat, 03 Feb 2024 10:00:00 +0000
Subject: =?utf-8?q?On_Jos=C3=A9?=
Message-ID: <1@x.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

{SENTENCE}
--b
Content-Type: text/html; charset=utf-8

<p>no
--b--
"""


def test_mail(tmp_path: Path) -> None:
    document = only(tmp_path / "a.eml", MAIL.encode())
    assert (document.title, document.text.strip()) == ("On José", f"On José\n\n{SENTENCE}")
    assert document.metadata["author"] == "Ann Bo <ann@x.example>"
    html_mail = f"Subject: x\nContent-Type: text/html; charset=nonsense\n\n<p>{SENTENCE}<p hidden>no".encode()
    assert only(tmp_path / "b.eml", html_mail).text == f"x\n\n{SENTENCE}"


def test_mailbox(tmp_path: Path) -> None:
    box = f"From a\n{MAIL}\nFrom b\nSubject: Two\n\nHello.\n>From here.\n\nFrom c\nSubject: Three\n\n \n"
    first, second, third = documents(tmp_path / "a.mbox", box.encode())
    uri = (tmp_path / "a.mbox").as_uri()
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.uri, first.title) == (f"{uri}#1@x.example", "On José")
    assert (second.uri, second.text) == (f"{uri}#2", "Two\n\nHello.\nFrom here.\n\n")
    assert isinstance(third, Document)


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    (single,) = documents(path, json.dumps({"title": "T", "text": SENTENCE, "year": 2024, "more": {"a": 1}}).encode())
    assert isinstance(single, Document)
    assert (single.uri, single.text) == (path.as_uri(), SENTENCE)
    assert single.metadata == {"year": 2024, "more": '{"a": 1}'}
    first, second, bad = documents(path, json.dumps([{"id": "x", "text": "A."}, {"text": "B."}, 3]).encode())
    assert [first.uri, second.uri, bad.uri] == [f"{path.as_uri()}#{name}" for name in ("x", "2", "3")]
    assert isinstance(bad, ReadFailure)
    (broken,) = documents(path, b"{oops")
    assert isinstance(broken, ReadFailure)
    assert f"{path} is not JSON" in str(broken.error)


def test_packed_records(tmp_path: Path) -> None:
    data = gzip.compress(b'{"id": "x", "text": "A."}\n{"text": "B."}\n')
    assert [document.uri.partition("#")[2] for document in documents(tmp_path / "a.jsonl.gz", data)] == ["x", "L2"]


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(b"long enough to be cut" * 99)[:-20]], ids=["no gzip", "cut"]
)
def test_damaged_archive(tmp_path: Path, data: bytes) -> None:
    (failure,) = documents(tmp_path / "a.txt.gz", data)
    assert isinstance(failure, ReadFailure)
    assert "cannot be read" in str(failure.error)


@pytest.mark.parametrize("name", ["a.epub", "a.odt", "a.xlsx", "a.pptx", "a.docx", "a.pdf"])
def test_of_another_kind_than_its_name_says(tmp_path: Path, name: str) -> None:
    library = {"a.xlsx": "openpyxl", "a.pptx": "pptx", "a.docx": "docx", "a.pdf": "pypdfium2"}
    pytest.importorskip(library.get(name, "relex_kg"))
    for data in (b"", b"nothing of the kind", archive(**{"a.txt": "x"})):
        (failure,) = documents(tmp_path / name, data)
        assert isinstance(failure, ReadFailure)
        assert f"{tmp_path / name} cannot be read as a" in str(failure.error)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'\xef\xbb\xbf{"id": "x", "text": "A."}\n\nno\n{"uri": "https://x.example/1", "text": "B."}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(BytesIO(lines))))
    first, bad, last = read(STDIN)
    assert [first.uri, bad.uri, last.uri] == ["stdin:#x", "stdin:#L3", "https://x.example/1"]
    assert isinstance(bad, ReadFailure)
    assert "line 3 of standard input is not JSON" in str(bad.error)


def test_records_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            line = b'{"text": "A."}\n'
            buffer[: len(line)] = line
            return len(line)

    class Stdin:
        buffer = io.BufferedReader(Endless())

    monkeypatch.setattr("sys.stdin", Stdin())
    records = read(STDIN)
    assert [next(records).uri for _ in range(1000)][-1] == "stdin:#L1000"


def test_rows_stand_where_they_are_read(tmp_path: Path) -> None:
    page = "<p>Jose\u0301 &amp; ﬁ\u00ad</p>\r\n<table><tr><th>A<th>B<tr><td>e\u0301<td>x<tr><td>y\u200b<td>ﬁ</table>"
    document = only(tmp_path / "a.html", page.encode())
    assert [row.of(document.text) for row in document.rows] == ["A: é; B: x.", "A: y; B: fi."]
