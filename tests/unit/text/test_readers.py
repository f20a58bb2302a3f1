import builtins
import codecs
import json
import os
from pathlib import Path

import pytest

from relex_kg.ids import document_id
from relex_kg.text.readers import ReadFailure, read
from relex_kg.types import Document, Span


def one(path: Path, data: bytes) -> Document:
    path.write_bytes(data)
    (document,) = read(path)
    assert isinstance(document, Document), document
    return document


def failure(path: Path) -> str:
    (found,) = read(path)
    assert isinstance(found, ReadFailure), found
    assert found.uri == path.as_uri()
    return str(found.error)


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return failure(path)


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.TXT"
    text = "On bees\nBees sleep.\n\nOld\nMac\n"
    document = one(path, b"On bees\nBees sleep.\r\n\r\nOld\rMac\n")
    assert document == Document(document_id(path.as_uri()), path.as_uri(), "On bees", text, "text/plain")


@pytest.mark.parametrize("text", ["one line only", "x" * 121 + "\nthe next"])
def test_text_without_a_title_takes_that_of_its_file(tmp_path: Path, text: str) -> None:
    assert one(tmp_path / "notes.text", text.encode()).title == "notes"


def test_markdown(tmp_path: Path) -> None:
    text = "intro\n\n## On *bees* ##\n\nBees sleep.\n"
    document = one(tmp_path / "a.md", text.encode())
    assert (document.text, document.title) == ("intro\n\nOn bees\n\nBees sleep.", "On bees")
    assert document.media_type == "text/markdown"


def test_html_with_scripts(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>A &lt; B
        & C</title><style>p {}</style><script>var x = "<p>no</p>";</script></head><body>
        <!-- no --><h1>On   bees</h1><p>Bees <b>sl</b>eep&nbsp;&amp;
        dream, re&shy;peatedly.<br>So do I</p><noscript>no</noscript><template><p>no</p></template>
        <ul><li>One<li>Two</ul><table><tr><td>a</td><td>b</td></tr><tr><td>1<td>2</table></body></html>"""
    document = one(tmp_path / "a.html", page.encode())
    assert document.text == "On bees\n\nBees sleep & dream, repeatedly.\nSo do I\n\nOne\n\nTwo\n\na: 1; b: 2."
    assert (document.title, document.media_type) == ("A < B & C", "text/html")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-8859-1", "cp1252"), ("windows-1251", "cp1251"), ("Shift_JIS", "shift_jis"), ("utf-16", "utf-8")],
)
def test_html_names_its_encoding(tmp_path: Path, charset: str, encoding: str) -> None:
    text = {"cp1252": "“Zoë”", "cp1251": "Анна", "shift_jis": "東京"}.get(encoding, "Zoë")
    assert one(tmp_path / "a.htm", f'<meta charset="{charset}"><p>{text}'.encode(encoding)).text == text


def test_html_deeply_nested(tmp_path: Path) -> None:
    assert one(tmp_path / "a.html", b"<div><p>" * 5000 + b"deep").text == "deep"


def test_source_map_leads_to_the_file(tmp_path: Path) -> None:
    page = "<p>A</p>\r\n<p>Ine\u0301s&nbsp;<b>Du\u00adarte</b>"
    document = one(tmp_path / "a.html", page.encode())
    assert document.text == "A\n\nInés Duarte"
    assert document.source_map is not None
    (source,) = document.source_map.sources(Span(3, len(document.text)))
    assert source.of(page) == "Ine\u0301s&nbsp;<b>Du\u00adarte"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (b"", "cp1252"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_encodings(tmp_path: Path, mark: bytes, encoding: str) -> None:
    text = "Zoë works at Café Zürich.\n"
    assert one(tmp_path / "a.txt", mark + text.encode(encoding)).text == text


def test_latin_1_with_a_byte_that_windows_1252_lacks(tmp_path: Path) -> None:
    assert one(tmp_path / "a.txt", b"Caf\xe9 \x81 is a long enough text " * 4).text.startswith("Café \x81 is")


def test_cyrillic_utf_16_without_a_mark(tmp_path: Path) -> None:
    assert one(tmp_path / "a.txt", "Анна живёт в Москве.".encode("utf-16-le")).text == "Анна живёт в Москве."


@pytest.mark.parametrize("text", ["😀 Ann 👩‍👩‍👧‍👦", "שלום עולם", "مرحبا", "東京。", "a\u2028b"])
def test_any_script_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    assert one(tmp_path / "a.txt", text.encode()).text == text


def test_nul_becomes_one_replacement_character(tmp_path: Path) -> None:
    assert one(tmp_path / "a.txt", b"Ann\0works\0at Acme").text == "Ann\ufffdworks\ufffdat Acme"


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 20, b"\0" * 1000, b"\x89PNG\r\n\x1a\n" + bytes(range(0, 256, 3)) * 9]
)
def test_binary(tmp_path: Path, data: bytes) -> None:
    assert f"{tmp_path / 'a.txt'} is binary." in refused(tmp_path / "a.txt", data)


def test_damaged_utf_8(tmp_path: Path) -> None:
    assert "is UTF-8 with 1 damaged places" in refused(tmp_path / "a.txt", "Zoë, José, Zürich".encode() + b"\xff")


def test_damaged_utf_16(tmp_path: Path) -> None:
    assert "begins as utf-16-le but is damaged" in refused(tmp_path / "a.txt", codecs.BOM_UTF16_LE + b"a\0b")


def test_unknown_encoding(tmp_path: Path) -> None:
    assert "encoding of" in refused(tmp_path / "a.txt", "Анна живёт в Москве".encode("koi8-r"))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.jsonl"])
@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", codecs.BOM_UTF8], ids=["empty", "white space", "mark"])
def test_empty(tmp_path: Path, name: str, data: bytes) -> None:
    assert f"{tmp_path / name} is empty." in refused(tmp_path / name, data)


def test_20_megabytes(tmp_path: Path) -> None:
    line = "Zoë works at Café Zürich.\r\n"
    text = one(tmp_path / "a.txt", (line * 700_000).encode()).text
    assert len(text) == 700_000 * (len(line) - 1)


def test_missing_path(tmp_path: Path) -> None:
    assert "cannot be read. Likely cause: No such file" in failure(tmp_path / "none.txt")


def test_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("none.txt")
    (found,) = read(tmp_path / "a.txt")
    assert isinstance(found, ReadFailure)
    assert found.uri == (tmp_path / "none.txt").as_uri()


def test_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("a.txt")
    assert "Too many levels of symbolic links" in failure(tmp_path / "a.txt")


def test_directory_and_pipe_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "d.txt").mkdir()
    os.mkfifo(tmp_path / "p.txt")
    assert "is not a regular file" in failure(tmp_path / "d.txt")
    assert "is not a regular file" in failure(tmp_path / "p.txt")


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.txt").write_bytes(b"Ann")
    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read. Likely cause: Permission denied" in failure(tmp_path / "a.txt")


def test_unsupported_format(tmp_path: Path) -> None:
    assert "convert it to one of .csv, .docx, .eml, .epub, .htm, .html" in refused(tmp_path / "a.xyz", b"Ann")


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    records = [
        {"id": "a b/ü", "title": " On\nbees ", "text": "Bees sleep.\r\n"},
        {"id": 7, "text": "Ann\0 \ud800"},
        {"text": "by line"},
        {"uri": "https://example.org/x", "id": "ignored", "text": "elsewhere"},
    ]
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, records)))
    uri = path.as_uri()
    assert [(found.uri, found.title, found.text) for found in read(path) if isinstance(found, Document)] == [
        (f"{uri}#a%20b/%C3%BC", "On bees", "Bees sleep.\n"),
        (f"{uri}#7", "a", "Ann\ufffd \ufffd"),
        (f"{uri}#L5", "a", "by line"),
        ("https://example.org/x", "a", "elsewhere"),
    ]


def test_json_lines_in_utf_16(tmp_path: Path) -> None:
    assert one(tmp_path / "a.ndjson", '{"text": "Zoë"}\n'.encode("utf-16")).text == "Zoë"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{oops", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'["text"]', "is not a JSON object"),
        (b'{"id": 1}', 'has no "text"'),
        (b'{"text": 5}', 'has no "text", or it is not a string'),
        (b'{"text": " \\n"}', "is empty"),
        (b'{"text": "Caf\xe9"}', "is not UTF-8"),
        (b'{"text": "x", "id": true}', 'the "id" of'),
        (b'{"text": "x", "title": 5}', 'the "title" of'),
        (b'{"text": "x", "id": "first"}', "repeats the identity of an earlier one"),
    ],
)
def test_malformed_line_spoils_no_other(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "first", "text": "Ann."}\n' + line + b'\n{"id": "last", "text": "Bob."}\n')
    first, bad, last = read(path)
    assert isinstance(bad, ReadFailure)
    assert bad.uri == f"{path.as_uri()}#L2"
    assert f"line 2 of {path}" in str(bad.error)
    assert message in str(bad.error)
    assert [first.uri, last.uri] == [f"{path.as_uri()}#first", f"{path.as_uri()}#last"]


@pytest.mark.parametrize(("name", "library"), [("a.pdf", "pypdfium2"), ("a.docx", "docx")])
def test_damaged_file(tmp_path: Path, name: str, library: str) -> None:
    pytest.importorskip(library)
    assert f"{tmp_path / name} cannot be read as a " in refused(tmp_path / name, b"nothing of the kind")


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    genuine = builtins.__import__

    def without_extras(module: str, *args: object) -> object:
        if module in ("pypdfium2", "docx"):
            raise ModuleNotFoundError(module)
        return genuine(module, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_extras)
    assert refused(tmp_path / name, b"any").endswith("Fix: pip install 'relex-kg[files]'.")
