import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.spans import Span
from relex_kg.text.blocks import write
from relex_kg.text.markup import tokens
from relex_kg.text.page import Page


def shown(markup: str) -> str:
    return write(Page(tokens(markup)).blocks).text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<b>b</b>c <i>d</i>", "abc d"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>a<p>b<div>c</div>d", "a\n\nb\n\nc\n\nd"),
        ("<ul><li>a<li>b</ul>", "a\n\nb"),
        ("<pre>one\n  two</pre>", "one\ntwo"),
        ("R&amp;D &eacute;&#233;&#xE9; AT&T &lt;b&gt;&nbsp;x", "R&D ééé AT&T <b> x"),
        ("a<!-- no --><!-->b<!-- -- > -->c<!x>d<?y>e</ z>f", "abcdef"),
        ("1 < 2 <3 & 4 > 3", "1 < 2 <3 & 4 > 3"),
        ("a<p title='it > is'>b<p title=it's>c", "a\n\nb\n\nc"),
        ("a <b title='never ends", "a"),
        ("<script>if (a < b) '<p>no'</script>yes<style>p {}</style>", "yes"),
        ("<title>no</title><head><meta name=x></head>yes", "yes"),
        ("<textarea><b>x</textarea>", "<b>x"),
        ("<svg><title>no</title><text>no</text></svg><svg/>yes", "yes"),
        ("re&shy;peat un<wbr>seen", "re\u00adpeat unseen"),
    ],
)
def test_text(markup: str, text: str) -> None:
    assert shown(markup) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no",
        "<div hidden><p>no<p>no</div>",
        '<p style="color: red; Display : NONE">no</p>',
        '<span style="visibility:hidden">no</span>',
        '<i aria-hidden="true">no</i>',
        "<template><p>no</p></template>",
        "<noscript>no</noscript>",
        "<nav><ul><li>no</ul></nav>",
        '<div role="navigation">no</div>',
        "<dialog>no</dialog>",
        '<div class="box cookie-banner">no<button>no</button></div>',
        '<section id="onetrust-consent-sdk">no</section>',
        "<style>/* p */ .gone, #x { display: none }</style><p class='a gone'>no</p>",
        "<style>aside{visibility:hidden}</style><aside>no</aside>",
        "<iframe>no</iframe><object>no</object><video>no</video><datalist><option>no</datalist>",
    ],
)
def test_hidden(hidden: str) -> None:
    assert shown(f"<p>before</p>{hidden}<p>after</p>") == "before\n\nafter"


@pytest.mark.parametrize(
    "markup",
    [
        "<p class='cookie-recipe'>yes</p>",
        "<body class='cookie-banner-open'>yes",
        "<dialog open>yes</dialog>",
        "<style>@media print { .a { display: none } }</style><p class=a>yes",
        "<style>.a{display:none} .a{display:block}</style><p class=a>yes",
        "<style>.b{display:none}</style><p class=b style='display:block'>yes",
        "<details><summary>yes</summary></details>",
    ],
)
def test_shown(markup: str) -> None:
    assert shown(markup) == "yes"


def test_a_paragraph_ends_what_is_hidden_where_the_next_begins() -> None:
    assert shown("<p hidden><b>no<p>yes<ul><li hidden>no<li>too</ul>") == "yes\n\ntoo"


def test_what_a_page_says_about_itself() -> None:
    page = Page(
        tokens(
            '<html lang="pt"><head><title>On &amp; on</title><meta name="Author" content="Ann  Bo">'
            '<link rel="canonical" href="https://x.example/1">'
            '<meta property="article:published_time" content="2024-02-03">'
            "</head><h2>A <i>b</i></h2><time datetime='1999-01-01'>then</time>"
        )
    )
    assert (page.title, page.heading) == ("On & on", "A b")
    assert page.metadata == {"language": "pt", "author": "Ann Bo", "url": "https://x.example/1", "date": "2024-02-03"}


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            "<table><caption>Staff</caption><thead><tr><td>Name<td>Born</thead><tr><td>Ann<td>Riga<br>Latvia</table>",
            "Staff\n\nName: Ann; Born: Riga, Latvia.",
        ),
        ("<table><tr><th>Born<td>Riga<tr><th>Died<td>Bern</table>", "Born: Riga.\n\nDied: Bern."),
        ("<table><tr><td>Born:<td>Riga<tr><td>Died:<td>Bern</table>", "Born: Riga.\n\nDied: Bern."),
        (
            "<table><tr><th rowspan=2>Firm<th colspan=2>Sales<tr><th>2009<th>2010<tr><td>Kvant<td>5<td>6</table>",
            "Firm: Kvant; Sales 2009: 5; Sales 2010: 6.",
        ),
        (
            "<table><tr><th>City<th>Name<tr><td rowspan=2>Riga<td>Ann<tr><td>Bo</table>",
            "City: Riga; Name: Ann.\n\nCity: Riga; Name: Bo.",
        ),
        ("<table><tr><td>1<td>2<tr><td>3<td>4</table>", "1; 2.\n\n3; 4."),
        ("<table><tr><th>A<th>B<tr><td>x<td></table>", "A: x."),
        ("<table role=presentation><tr><td>a<td>b</table>", "a\n\nb"),
        ("<table><tr><td><table><tr><td>x<td>y<tr><td>1<td>2</table><td>z</table>", "x: 1; y: 2.\n\nz"),
        ("<table><tr><td>only<tr><td>one column</table>", "only\n\none column"),
        ("<table><tr><th>A<th>B<tr hidden><td>no<td>no<tr><td>1<td>2</table>", "A: 1; B: 2."),
    ],
)
def test_tables(table: str, text: str) -> None:
    assert shown(table) == text


def test_small_tables_do_not_become_large_texts() -> None:
    rows = "<tr>" + "<td rowspan=65534>x" * 100 + "<tr><td>y" * 1000
    assert len(shown(f"<table>{rows}</table>")) < 20_000
    heading = "<th>" + "long " * 1000
    assert len(shown(f"<table><tr>{heading}{heading}" + "<tr><td>1<td>2" * 1000 + "</table>")) < 30_000


pieces = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<table>",
        "<tr>",
        "<td>",
        "<th>",
        "</td>",
        "</table>",
        "<div>",
        "</div>",
        "<li>",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<title>",
        "<br>",
        "<p",
        "hidden>",
        "<style>",
        "</style>",
        "&amp;",
        "&eacute",
        "&#0;",
        "&#x110000;",
        "<",
        ">",
        "</",
        "<!",
        "<a='\">",
        "'",
        '"',
        "=",
        "word",
        "東京",
        "�",
        "<svg/>",
        "<pre>",
        "\n",
    ]
)


@given(st.lists(pieces | st.text(max_size=3), max_size=40).map("".join))
def test_any_page_is_read_and_leads_back_to_its_characters(markup: str) -> None:
    text = write(Page(tokens(markup)).blocks)
    for index, character in enumerate(text.text):
        for source in text.source.sources(Span(index, index + 1)):
            if len(source) == 1 and not character.isspace():
                assert source.of(markup) == character


@pytest.mark.parametrize(
    "markup",
    [
        "<div><p>" * 50_000,
        "<div></p>" * 50_000,
        "<b hidden>" * 100_000,
        "x" * 1_000_000,
        "<" * 200_000,
        "<a " * 600_000,
        "<!--" * 500_000,
        "<![CDATA[" * 200_000,
        "&" * 1_000_000,
        "<a b='" * 300_000,
        "<script>" * 200_000,
        "<title>" * 200_000,
        "<table>" * 100_000,
        "<table>" + "<tr><td>x<td>y" * 50_000,
        "<table><tr>" + "<th colspan=1000 rowspan=1000>x" * 500,
        "<p " + "a " * 500_000 + ">x",
    ],
    ids=lambda markup: markup[:12],
)
def test_long_and_deep_pages(markup: str) -> None:
    shown(markup)  # in time that would not do if it grew with the square of the size
