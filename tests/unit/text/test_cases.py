"""Small files of the kinds that people have, read as a person reads them."""

from pathlib import Path

import pytest

from relex_kg.text.readers import read
from relex_kg.types import Document

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
STAFF = (
    "Staff\n\n"
    "Name: Ines Duarte; Employer: Lumen Systems; Born in: Porto.\n\n"
    "Name: Tomas Beck; Employer: Brightline Ltd; Born in: Graz.\n\n"
    "Name: Olga Petrova; Employer: Kvant; Born in: Riga."
)
TEXTS = {
    "asterisk.md": "Staff\n\nInes Duarte works for Lumen Systems in Lisbon.\n\nTomas Beck was born in Graz.",
    "underscore.md": "Staff\n\nInes Duarte works for Lumen Systems in Lisbon.\n\nTomas Beck was born in Graz.",
    "entities_comment.md": "Ines Duarte works for Lumen & Sons in Lisbon.",
    "table.md": STAFF,
    "table.html": STAFF,
    "table.docx": STAFF,
    "controls.docx": "Annual note.\n\nInes Duarte works for Lumen Systems.\n\nTomas Beck lives in Graz.\n\n"
    "The company was founded by Olga Petrova in Riga.\n\nWalter Kern lives in Bern.\n\nNadia Roth was born in Trier.",
    "hidden.html": "Ines Duarte lives in Porto.",
    "nfc.txt": "José Peña works for Citroën. Antonín Dvořák was born in Nelahozeves.\n",
    "nfd.txt": "José Peña works for Citroën. Antonín Dvořák was born in Nelahozeves.\n",
    "soft_hyphen.txt": "Angela Merkel was born in Hamburg.\n",
    "zero_width.txt": "Angela Merkel was born in Hamburg. Angela Merkel lives in Berlin.\n",
    "hyphen.pdf": "The engineer Valentina Morosini was born in Amsterdam. She works for the University of Copenhagen "
    "and Microsoft. Her sister-in-law lives in Stuttgart.",
    "nohyphen.pdf": "The engineer Valentina Morosini was born in Amsterdam. She works for the University of Copenhagen "
    "and Microsoft. Her sister-in-law lives in Stuttgart.",
    "header.pdf": "Valentina Morosini was appointed head of research at Norrsken Foods. She was born in Turin.",
    "twocol_rows.pdf": "Valentina Morosini was born in Turin. She studied at the University of Bologna.\n\n"
    "Peter Holm founded the firm Norrsken Foods in Malmo and lives in Denmark.",
    "meta.jsonl": "Ines Duarte works for Lumen Systems.",
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str) -> None:
    pytest.importorskip({"pdf": "pypdfium2", "docx": "docx"}.get(name.rpartition(".")[2], "relex_kg"))
    (document,) = read(CASES / name)
    assert isinstance(document, Document), document
    assert document.text == TEXTS[name]


def test_metadata() -> None:
    (document,) = read(CASES / "meta.jsonl")
    assert isinstance(document, Document)
    assert document.metadata == {"author": "Desk", "date": "2024-02-03", "url": "https://x.example/1"}


def test_rows() -> None:
    (document,) = read(CASES / "table.html")
    assert isinstance(document, Document)
    assert [row.of(document.text) for row in document.rows] == STAFF.split("\n\n")[1:]
