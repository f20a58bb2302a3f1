from collections.abc import Sequence
from pathlib import Path

import pytest
from made_pdf import Piece, made

from relex_kg.spans import Span
from relex_kg.text.formats import Parsed, pdf
from relex_kg.text.readers import ReadFailure, read

pytest.importorskip("pypdfium2")
CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def lines(x: float, y: float, *texts: str, step: float = 14) -> list[Piece]:
    return [(x, y - number * step, text) for number, text in enumerate(texts)]


def parsed(*pages: Sequence[Piece]) -> Parsed:
    return pdf(made(*pages), "a.pdf")


def shown(*pages: Sequence[Piece]) -> str:
    return parsed(*pages).text.text


def test_paragraphs() -> None:
    assert shown(
        [*lines(72, 700, "Ann left Riga in the", "spring of 2009."), *lines(72, 650, "Bo stayed", "there.")]
    ) == ("Ann left Riga in the spring of 2009.\n\nBo stayed there.")


def test_short_paragraphs_stay_apart() -> None:
    steps = (lines(72, 700, "Lumen", "Ann left Riga.", "Bo stayed.", step=60), lines(72, 400, "Dee came", "in 2009."))
    assert shown(steps[0]) == "Lumen\n\nAnn left Riga.\n\nBo stayed."
    assert shown([*steps[0], *steps[1]]) == "Lumen\n\nAnn left Riga.\n\nBo stayed.\n\nDee came in 2009."


def test_lines_far_apart_are_one_paragraph() -> None:
    assert shown(lines(72, 700, "Ann left", "Riga in the", "spring", step=28)) == "Ann left Riga in the spring"


def test_columns_below_a_title() -> None:
    left = lines(72, 700, "Valentina Morosini was born", "in Turin and went to study", "in Bologna, where she met")
    right = lines(320, 693, "Peter Holm, who had come", "from Malmo. They founded a", "firm in the same year.")
    assert shown(
        [(72, 740, "The long history of a firm that two students founded in Bologna long ago"), *left, *right]
    ) == (
        "The long history of a firm that two students founded in Bologna long ago\n\n"
        "Valentina Morosini was born in Turin and went to study in Bologna, where she met "
        "Peter Holm, who had come from Malmo. They founded a firm in the same year."
    )


def test_table() -> None:
    rows = [
        ("Name", "Employer", "Born in"),
        ("Ines Duarte", "Lumen Systems", "Porto"),
        ("Olga Petrova", "Kvant", "Riga"),
    ]
    cells = [
        (72 + 150 * column, 700 - 16 * row, text) for row, texts in enumerate(rows) for column, text in enumerate(texts)
    ]
    assert shown([*cells, (72, 600, "All of them have worked in their companies for more than ten years by now.")]) == (
        "Name: Ines Duarte; Employer: Lumen Systems; Born in: Porto.\n\nName: Olga Petrova; Employer: Kvant; "
        "Born in: Riga.\n\nAll of them have worked in their companies for more than ten years by now."
    )


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("in Amster-", "dam", "in Amsterdam"),
        ("the Lisbon-", "based firm", "the Lisbon-based firm"),
        ("the Lumen-", "Kvant venture", "the Lumen-Kvant venture"),
        ("her sister-in-", "law", "her sister-in-law"),
        ("in 2009-", "2010 or so", "in 2009-2010 or so"),
        ("this -", "as said", "this - as said"),
        ("re-entered and re-", "entered", "re-entered and re-entered"),
    ],
)
def test_hyphens_at_line_ends(first: str, second: str, whole: str) -> None:
    assert shown(lines(72, 700, first, second)) == whole


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        [(72, 760, f"Annual report {2020 + number}"), (72, 700, text), (300, 30, f"- {number} -")]
        for number, text in enumerate(["Ann Lee was appointed head of research at", "Kvant.", "She left."], start=1)
    ]
    assert shown(*pages) == "Ann Lee was appointed head of research at Kvant.\n\nShe left."


def test_a_title_that_the_pages_below_repeat_in_small_letters_is_read() -> None:
    title: Piece = (72, 700, "On bees", "2 0 0 2 72 740 Tm")
    assert shown(
        [title, (72, 700, "Bees sleep.")],
        *([(72, 740, "On bees"), (72, 600, text)] for text in ("So do we.", "I too.")),
    ) == ("On bees\n\nBees sleep.\n\nSo do we.\n\nI too.")


def test_a_page_that_repeats_another_is_read() -> None:
    assert shown([(72, 700, "Bees sleep.")], [(72, 700, "Bees sleep.")]) == "Bees sleep.\n\nBees sleep."


@pytest.mark.parametrize(
    "hidden",
    [
        (72, 300, "no", "3 Tr 1 0 0 1 72 300 Tm"),
        (72, 300, "DRAFT", "0.7 0.7 -0.7 0.7 72 300 Tm"),
        (30, 300, "arXiv", "0 1 -1 0 30 300 Tm"),
        (72, 300, "tiny", "0.05 0 0 0.05 72 300 Tm"),
        (72, 2000, "off the page"),
    ],
)
def test_what_nobody_sees_or_reads_across(hidden: Piece) -> None:
    assert shown([*lines(72, 700, "Ann left", "Riga."), hidden]) == "Ann left Riga."


def test_a_scan_with_recognised_text() -> None:
    assert shown([(72, 700, "Ann left.", "3 Tr 1 0 0 1 72 700 Tm")]) == "Ann left."


def test_a_page_that_lies_on_its_side() -> None:
    assert shown([(0, 0, "Ann left", "0 1 -1 0 100 72 Tm"), (0, 0, "Riga.", "0 1 -1 0 114 72 Tm")]) == "Ann left Riga."


def test_pages_without_text_are_named() -> None:
    assert parsed([(72, 700, "Ann left.")], [], []).metadata == {"pages_without_text": ("2", "3")}


def test_places() -> None:
    text = parsed([(72, 700, "Ann left.")], [(72, 700, "Bo stayed.")]).text
    start = text.text.index("stayed")
    (place,) = text.source.places_of(Span(start, start + 6))
    assert (place.name, place.page) == ("page 2", 2)
    assert place.box is not None
    assert (round(place.box.left), round(place.box.right)) == (72, 124)


def test_scan(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(made([]))
    (failure,) = read(path)
    assert isinstance(failure, ReadFailure)
    assert str(failure.error) == (
        f"{path} has no text: needs OCR. Likely cause: its pages are pictures of text. "
        "Fix: make a copy with recognised text, for example with ocrmypdf."
    )


def test_password() -> None:
    (failure,) = read(CASES / "locked.pdf")
    assert isinstance(failure, ReadFailure)
    assert "is protected by a password. Fix: save a copy without the password." in str(failure.error)


def test_a_parted_word_is_whole_across_a_wider_line_space() -> None:
    assert shown([*lines(72, 700, "Ann left", "Riga and", "went to Amster-"), (72, 650, "dam.")]) == (
        "Ann left Riga and went to Amsterdam."
    )
