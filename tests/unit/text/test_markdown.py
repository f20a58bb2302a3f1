import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.spans import Span
from relex_kg.text.blocks import write
from relex_kg.text.markdown import MarkdownPage


def shown(markup: str) -> str:
    return write(MarkdownPage(markup).blocks).text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("**Ines** __Duarte__ *of* _Lumen_ ***and*** ~~Sons~~ a_b_c", "Ines Duarte of Lumen and Sons a_b_c"),
        (
            '[Lumen *Systems*](https://x.example "t") and ![a logo](logo.png) <https://y.example>',
            "Lumen Systems and a logo https://y.example",
        ),
        ("See [Lumen][1].\n\n[1]: https://x.example", "See Lumen."),
        ("Lumen&nbsp;&amp; Sons \\*x\\* `co de` a  \nb\nc", "Lumen & Sons *x* co de a\nb c"),
        ("a <!-- no --> b\n\n<!-- Olga works\n\nfor Siemens. -->\n\nc", "a b\n\nc"),
        ("# One #\n\nTwo\n===\n\n> quoted\n> on\n\n---\nx", "One\n\nTwo\n\nquoted on\n\nx"),
        ("- a\n- b\n  - c\n\n1. d\n\n   e\n- [x] f", "a\n\nb\n\nc\n\nd\n\ne\n\nf"),
        ("```py\none = 1\ntwo\n```\n\n    three\n", "one = 1\ntwo\n\nthree"),
        ("Ann[^1] left.\n\n[^1]: In *May*.", "Ann left.\n\nIn May."),
        ("| A | B \\| C |\n|---|:-:|\n| **x** | [y](z) |\n| 1 | |", "A: x; B | C: y.\n\nA: 1."),
        ("<div hidden>\n\nno\n\n</div>\n\nyes <span hidden>no</span><br>too", "yes\ntoo"),
        ("東京 *é* 👩‍👩 **x**", "東京 é 👩‍👩 x"),
    ],
)
def test_text(markup: str, text: str) -> None:
    assert shown(markup) == text


def test_front_matter() -> None:
    page = MarkdownPage(
        "---\ntitle: \"On bees\"\ndate: 2024-02-03\nauthor: Ann Bo\ntags: [a, 'b c']\n"
        "places:\n  - Riga\n  - Bern\n---\n\n# Bees\n\nSleep.\n"
    )
    assert (page.title, write(page.blocks).text) == ("On bees", "Bees\n\nSleep.")
    assert page.metadata == {
        "date": "2024-02-03",
        "author": "Ann Bo",
        "tags": ("a", "b c"),
        "places": ("Riga", "Bern"),
    }


@pytest.mark.parametrize(
    ("markup", "title"), [("```\n# no\n```\n\n## On *bees* ##\n", "On bees"), ("text", None), ("#\n\n# b", "b")]
)
def test_title(markup: str, title: str | None) -> None:
    assert MarkdownPage(markup).title == title


def test_places_in_the_file() -> None:
    markup = "# Ünï\n\nInes&nbsp;**Duarte** von `Zoë`"
    text = write(MarkdownPage(markup).blocks)
    start = text.text.index("Ines")
    assert [span.of(markup) for span in text.source.sources(Span(start, start + 11))] == ["Ines&nbsp;**Duarte"]
    assert [span.of(markup) for span in text.source.sources(Span(start + 16, start + 19))] == ["Zoë"]


pieces = st.sampled_from(
    [
        "*",
        "_",
        "**",
        "`",
        "```\n",
        "[",
        "](x)",
        "![",
        "|",
        "\n|-|-|\n",
        "\n",
        "\n\n",
        "# ",
        "> ",
        "- ",
        "&amp;",
        "\\",
        "<b>",
        "<!--",
        "-->",
        "<div>\n",
        "[^1]",
        "[^1]: ",
        "---\n",
        "東",
        "é",
        "\t",
        "    ",
        "word",
        "<https://x.y>",
        "~~",
        "<p hidden>",
    ]
)


@given(st.lists(pieces | st.text(max_size=3), max_size=40).map("".join))
def test_any_text_is_read_and_leads_back_to_its_characters(markup: str) -> None:
    markup = markup.encode("utf-8", "replace").decode()
    text = write(MarkdownPage(markup).blocks)
    for index, character in enumerate(text.text):
        for source in text.source.sources(Span(index, index + 1)):
            if len(source) == 1 and not character.isspace():
                assert source.of(markup) in (character, "\0")


@pytest.mark.parametrize(
    "markup",
    [
        "*a **b " * 40_000,
        "[" * 200_000,
        "> " * 5_000 + "x",
        "|a|b|\n|-|-|\n" + "|x|y|\n" * 50_000,
        "x" * 1_000_000,
        "- " * 5_000,
    ],
    ids=lambda markup: markup[:6],
)
def test_long_and_deep_texts(markup: str) -> None:
    shown(markup)  # in time that would not do if it grew with the square of the size
