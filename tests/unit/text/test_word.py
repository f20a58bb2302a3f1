from io import BytesIO
from typing import Any

import pytest

from relex_kg.source_map import SourceMap
from relex_kg.spans import Span
from relex_kg.text.formats import Parsed, docx

library = pytest.importorskip("docx")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
V = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def saved(document: Any) -> bytes:
    data = BytesIO()
    document.save(data)
    return data.getvalue()


def parsed(document: Any) -> Parsed:
    return docx(saved(document), "a.docx")


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def with_paragraph(content: str) -> Any:
    document = library.Document()
    document.element.body.insert(0, library.oxml.parse_xml(f"<w:p {W} {V}>{content}</w:p>"))
    return document


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<w:ins>{run('Ann')}</w:ins><w:del><w:r><w:delText>no</w:delText></w:r></w:del>{run(' left')}", "Ann left"),
        (f"<w:moveFrom>{run('no')}</w:moveFrom><w:moveTo>{run('yes')}</w:moveTo>", "yes"),
        (
            f"<w:sdt><w:sdtContent><w:smartTag>{run('Ann')}</w:smartTag></w:sdtContent></w:sdt>{run(' left')}",
            "Ann left",
        ),
        (f"<w:hyperlink>{run('Lumen')}</w:hyperlink><w:fldSimple>{run(' 2')}</w:fldSimple>", "Lumen 2"),
        (f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r>{run('yes')}", "yes"),
        (
            "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t><w:softHyphen/>"
            "<w:instrText>PAGE</w:instrText><w:t>e</w:t></w:r>",
            "a b\nc-de",
        ),
        (
            f"{run('before')}<w:r><mc:AlternateContent><mc:Choice><w:drawing>"
            f"<w:txbxContent><w:p>{run('in a box')}</w:p>"
            f"</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent><w:p>{run('again')}</w:p>"
            "</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
            "before\n\nin a box",
        ),
    ],
)
def test_runs(content: str, text: str) -> None:
    assert parsed(with_paragraph(content)).text.text == text


def test_tables_with_merged_cells() -> None:
    document = library.Document()
    document.core_properties.title = "Staff list"
    document.core_properties.author = "Ann Bo"
    table = document.add_table(rows=4, cols=3)
    texts = ["City", "Name", "Since", "Riga", "Ann", "2009", "", "Bo", "2010", "all of them", "", ""]
    for cell, text in zip((cell for row in table.rows for cell in row.cells), texts, strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 2))
    document.add_paragraph("The end.")
    read = parsed(document)
    assert read.text.text == (
        "City: Riga; Name: Ann; Since: 2009.\n\nCity: Riga; Name: Bo; Since: 2010.\n\nCity: all of them.\n\nThe end."
    )
    assert (read.title, read.metadata["author"]) == ("Staff list", "Ann Bo")


def test_headers_once_and_places() -> None:
    document = library.Document()
    document.add_paragraph("Ann left.")
    document.sections[0].header.paragraphs[0].text = "Annual report"
    document.add_section().header.is_linked_to_previous = False
    document.sections[1].header.paragraphs[0].text = "Annual report"
    document.add_table(rows=2, cols=2).cell(1, 1).text = "Riga"
    text = parsed(document).text
    assert text.text == "Ann left.\n\nRiga.\n\nAnnual report"
    assert places(text.source, 0) == ["paragraph 1"]
    assert places(text.source, text.text.index("Riga")) == ["table 1, row 2, column 2"]
    assert places(text.source, text.text.index("Annual")) == ["header"]


def places(source: SourceMap, start: int) -> list[str]:
    return [place.name for place in source.places_of(Span(start, start + 1))]


def test_notes() -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    document = with_paragraph(f'{run("Ann left.")}<w:r><w:footnoteReference w:id="2"/></w:r>{run(" Bo stayed.")}')
    notes = f'<w:footnotes {W}><w:footnote w:id="0"><w:p>{run("no")}</w:p></w:footnote>'
    notes += f'<w:footnote w:id="2"><w:p>{run("In May.")}</w:p></w:footnote></w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), "application/xml", notes.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert parsed(document).text.text == "Ann left. Bo stayed.\n\nIn May."
