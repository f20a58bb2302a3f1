"""Small PDF files, written by hand."""

from collections.abc import Sequence

Piece = tuple[float, float, str] | tuple[float, float, str, str]
"""Where a text begins on the page, the text, and operators before it (``3 Tr`` draws nothing)."""


def made(*pages: Sequence[Piece], width: int = 612) -> bytes:
    """A PDF with a font of 11 points."""
    objects = ["<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    kids = []
    for page in pages:
        content = "\n".join(
            f"BT {(*more, '')[0] or f'1 0 0 1 {x} {y} Tm'} /F 11 Tf ({text}) Tj ET" for x, y, text, *more in page
        )
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<</Type/Page/Parent {2 * len(pages) + 2} 0 R/MediaBox[0 0 {width} 792]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F 1 0 R>>>>>>"
        )
    objects.append(f"<</Type/Pages/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]/Count {len(pages)}>>")
    objects.append(f"<</Type/Catalog/Pages {len(objects)} 0 R>>")
    body = "\n".join(f"{number} 0 obj{content}\nendobj" for number, content in enumerate(objects, start=1))
    return (
        f"%PDF-1.4\n{body}\ntrailer<</Root {len(objects)} 0 R/Size {len(objects) + 1}>>\nstartxref\n0\n%%EOF\n".encode(
            "cp1252"
        )
    )
