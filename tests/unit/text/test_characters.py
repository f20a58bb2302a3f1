import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.spans import Span
from relex_kg.text.characters import clean, legible, normalise

MARKS = "\u0301\u0327\u0304\u0308"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("An\u00adge\u00adla", "Angela"),
        ("Angela\u200b Mer\u2060kel\ufeff", "Angela Merkel"),
        ("\u202aKvant\u202c \u2066GmbH\u2069\u200e", "Kvant GmbH"),
        ("Ines\u00a0Duarte\u202f20\u2009km\u3000x", "Ines Duarte 20 km x"),
        ("Ofﬁce of ﬂight, eﬀort, waﬄe", "Office of flight, effort, waffle"),
        ("Ｌｕｍｅｎ　Ｓｙｓｔｅｍｓ２", "Lumen Systems2"),
        ("Jose\u0301 Pen\u0303a", "José Peña"),
        ("\u1112\u1161\u11ab", "한"),
        ("q\u0323\u0307 q\u0307\u0323", "q̣̇ q̣̇"),
        ("Tes\u200dla \u200cx", "Tesla x"),
    ],
)
def test_read_as_a_person_reads_it(written: str, seen: str) -> None:
    assert normalise(written).text == unicodedata.normalize("NFC", seen)


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦 ❤️", "می‌خواهم", "क्‍ष", "東京！？", "x² ½ ™", "a\u2028b\tc\n"])
def test_left_as_it_is(text: str) -> None:
    assert normalise(text).text == text


def test_clean() -> None:
    assert legible("a\r\nb\rc\0\ud800") == "a\nb\nc\ufffd\ufffd"
    assert clean("a\r\nb").source.sources(Span(1, 2)) == (Span(1, 3),)


texts = st.text(st.sampled_from("aeoAﬁＬ \u00ad\u200b\u00a0한\u1112\u1161\u11abé" + MARKS), max_size=40)


@given(texts)
def test_normalised_text_is_nfc_and_stays_as_it_is(text: str) -> None:
    normalised = normalise(text).text
    assert unicodedata.is_normalized("NFC", normalised)
    assert normalise(normalised).text == normalised


@given(texts)
def test_each_character_leads_to_what_it_was_read_from(text: str) -> None:
    normalised = normalise(text)
    end = 0
    for index, character in enumerate(normalised.text):
        (source,) = normalised.source.sources(Span(index, index + 1))
        assert source.start >= end or text[source.start : source.end] in "ﬁ" or len(source) > 1
        end = source.start
        read = (
            unicodedata.normalize("NFKD", text[source.start : source.end]).replace("\u00ad", "").replace("\u200b", "")
        )
        assert unicodedata.normalize("NFKD", character)[0] in read


def test_a_million_marks() -> None:
    assert normalise("e" + MARKS * 250_000).text.startswith(unicodedata.normalize("NFC", "e\u0327\u0301")[:1])
