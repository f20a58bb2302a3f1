import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relex_kg.errors import CapacityError
from relex_kg.ids import chunk_id, document_id
from relex_kg.sentences import sentences
from relex_kg.text.chunking import chunk
from relex_kg.types import Chunk, Document, Span

WORD_PIECES = re.compile(r"\w{1,4}|[^\w\s]")


def document(text: str) -> Document:
    return Document(document_id("file:///a.txt"), "file:///a.txt", "a", text, "text/plain")


def word_pieces(text: str) -> int:
    return len(WORD_PIECES.findall(text))


def words(text: str) -> int:
    return len(text.split())


def texts(text: str, *, capacity: int, overlap: int = 0) -> list[str]:
    return [piece.text for piece in chunk(document(text), capacity=capacity, overlap=overlap, count=words)]


def test_short_text_is_one_chunk_without_the_white_space_around_it() -> None:
    source = document("\n  Ann works at Acme.\n")
    assert chunk(source, capacity=10, overlap=2, count=words) == (
        Chunk(chunk_id(source.id, 3, 21), source.id, 0, Span(3, 21), "Ann works at Acme."),
    )


def test_chunks_end_at_sentences() -> None:
    assert texts("Ann met Bob. Bob left early. Cy stayed.", capacity=7) == [
        "Ann met Bob. Bob left early.",
        "Cy stayed.",
    ]


def test_chunks_end_at_a_paragraph_when_at_least_half_full() -> None:
    assert texts("Ann met Bob.\n\nBob left. Cy came. Di sat down.", capacity=6) == [
        "Ann met Bob.",
        "Bob left. Cy came.",
        "Di sat down.",
    ]
    assert texts("Title\n\nAnn met Bob. Bob left.", capacity=6) == ["Title\n\nAnn met Bob. Bob left."]


def test_neighbours_share_whole_sentences() -> None:
    assert texts("A1 b c d. A2 b. A3 b c d. A4 b. A5 b c d.", capacity=8, overlap=2) == [
        "A1 b c d. A2 b.",
        "A2 b. A3 b c d. A4 b.",
        "A4 b. A5 b c d.",
    ]


def test_overlap_is_at_most_half_of_the_capacity() -> None:
    assert texts("A1. A2. A3. A4. A5.", capacity=4, overlap=400) == ["A1. A2. A3. A4.", "A3. A4. A5."]


def test_sentence_longer_than_a_chunk_is_cut_between_words() -> None:
    assert texts("one two three four five six seven", capacity=4, overlap=2) == [
        "one two three four",
        "three four five six",
        "five six seven",
    ]


def test_word_of_5000_characters() -> None:
    chunks = chunk(document("a" * 5000), capacity=100, overlap=0, count=word_pieces)
    assert [word_pieces(piece.text) for piece in chunks] == [100] * 12 + [50]
    assert [piece.span.end for piece in chunks][:-1] == [piece.span.start for piece in chunks][1:]
    assert (chunks[0].span.start, chunks[-1].span.end) == (0, 5000)


def test_white_space_only_has_no_chunks() -> None:
    assert chunk(document(" \n\t\u2003\n"), capacity=5, overlap=1, count=words) == ()


@pytest.mark.parametrize("capacity", [0, -40])
def test_no_room_for_text(capacity: int) -> None:
    with pytest.raises(CapacityError, match=f"room for {capacity} tokens"):
        chunk(document("Ann."), capacity=capacity, overlap=0, count=words)


def test_no_room_for_one_character() -> None:
    with pytest.raises(CapacityError, match="one character needs 3 tokens where a chunk has room for 2"):
        chunk(document("é"), capacity=2, overlap=0, count=lambda text: 3 * len(text))


def test_negative_overlap() -> None:
    with pytest.raises(ValueError, match="not -1"):
        chunk(document("Ann."), capacity=5, overlap=-1, count=words)


def test_work_grows_with_the_text_not_with_its_square() -> None:
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return words(text)

    text = "Ann met Bob in Rome. " * 5000
    assert len(chunk(document(text), capacity=100, overlap=10, count=count)) == 278
    assert counted < 3 * len(text)


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met J. R. R. Tolkien at Acme Inc. in the U.S. on Jan. 5.", "He paid (approx. 3 EUR)."],
        ["“Really?” she asked.", "Mr. Jones left!", "It\nwent on."],
        ["A heading", "Then a text"],
        ["他在北京工作。", "他是医生！", "真的？"],
        ["مرحبا بك.", "كيف حالك؟", "نعم."],
        ["यह घर है।", "वह पेड़ है।"],
        ["Wait...", "What?!", "Version 3.5 is at www.example.org now."],
    ],
)
def test_sentences(expected: list[str]) -> None:
    gap = {"A heading": "\n \n", "他在北京工作。": ""}.get(expected[0], " ")
    text = gap.join(expected)
    assert [span.of(text) for span in sentences(text)] == expected


# Pieces that make sentences, paragraphs, graphemes and long words likely, beside any text at all.
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            (
                *(
                    "Dr.",
                    "Ann",
                    " ",
                    ". ",
                    ".\n\n",
                    "\n",
                    "U.S.",
                    "?",
                    "！",
                    "。",
                    "中文",
                    "é",
                    "e\u0301",
                    "שלום",
                    "؟ ",
                ),
                *(
                    "👩\u200d👩\u200d👧",
                    "x" * 40,
                    "\u200b",
                    "\u2029",
                    "\f",
                    "\x85",
                    "…",
                    '"',
                    ")",
                    "\ufffd",
                    "1.5",
                    ", ",
                ),
            )
        ),
        max_size=80,
    ).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, capacity=st.integers(1, 40), overlap=st.integers(0, 20), count=st.sampled_from([word_pieces, len]))
def test_what_always_holds(text: str, capacity: int, overlap: int, count) -> None:  # type: ignore[no-untyped-def]
    source = document(text)
    chunks = chunk(source, capacity=capacity, overlap=overlap, count=count)
    assert chunks == chunk(source, capacity=capacity, overlap=overlap, count=count)
    assert [piece.index for piece in chunks] == list(range(len(chunks)))
    for piece in chunks:
        assert piece.text == piece.span.of(text)
        assert piece.text.strip()
        assert count(piece.text) <= capacity
    for left, right in pairwise(chunks):
        assert left.span.start < right.span.start
        assert left.span.end < right.span.end
    covered = {position for piece in chunks for position in range(piece.span.start, piece.span.end)}
    assert all(position in covered or character.isspace() for position, character in enumerate(text))
    for sentence in sentences(text):
        fits = count(sentence.of(text)) <= capacity
        assert not fits or any(piece.span.contains(sentence) for piece in chunks)
