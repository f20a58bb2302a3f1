"""Files cut short, with bytes changed, and spliced together: each is read or refused, and every offset holds."""

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relex_kg.spans import Span
from relex_kg.text.readers import SUFFIXES, ReadFailure, read
from relex_kg.types import Document

CASES = sorted((Path(__file__).parents[2] / "fixtures" / "cases").iterdir())
CONTENTS = [path.read_bytes() for path in CASES]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` after a few accidents."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "change", "drop", "splice", "repeat"])):
            case "cut":
                data = data[:start]
            case "change":
                data = data[:start] + draw(st.binary(min_size=1, max_size=4)) + data[start + 1 :]
            case "drop":
                data = data[:start] + data[start + draw(st.integers(1, 50)) :]
            case "splice":
                data = data[:start] + draw(st.sampled_from(CONTENTS))[: 2 * start] + data[start:]
            case "repeat":
                data = data[:start] + data[max(0, start - 100) :]
    return data


def check(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        for document in read(path):
            if isinstance(document, ReadFailure):
                assert str(document.error)
                continue
            assert isinstance(document, Document)
            assert document.text.strip()
            assert document.source_map is not None
            assert document.source_map.length == len(document.text)
            for piece, following in pairwise(document.source_map.pieces):
                assert piece.start < following.start <= len(document.text)
                assert piece.source_start <= piece.source_end
                assert not piece.copied or following.start - piece.start == piece.source_end - piece.source_start
            document.source_map.places_of(Span(0, len(document.text)))


SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
@SLOW
@given(st.data())
def test_damaged_cases(path: Path, data: st.DataObject) -> None:
    check(path.name, data.draw(damaged(path.read_bytes())))


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@SLOW
@given(st.data())
def test_bytes_of_every_name(suffix: str, data: st.DataObject) -> None:
    text = st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    check(f"a{suffix}", data.draw(st.binary(max_size=200) | text | st.sampled_from(CONTENTS)))


SIZES = {
    "one word.txt": "x" * 1_000_000,
    "marks.txt": "e" + "\u0301" * 300_000,
    "unseen.txt": "\u00ad" * 500_000 + "x",
    "words.csv": "a,b\n" + "x,y\n" * 50_000,
    "quotes.csv": '"' * 200_000,
    "nested.json": "[" * 100_000,
    "list.json": "[" + '{"text": "a"},' * 20_000 + '{"text": "b"}]',
    "mails.mbox": "From a\nSubject: b\n\nc\n\n" * 2_000,
    "headers.eml": "A: b\n" * 20_000 + "\nc",
    "paragraphs.rst": "word\n\n" * 5_000,
}


@pytest.mark.parametrize("name", SIZES)
def test_large_files(name: str) -> None:
    check(name, SIZES[name].encode())  # in time that would not do if it grew with the square of the size
