from hypothesis import given
from hypothesis import strategies as st

from relex_kg.source_map import Place, SourceMap
from relex_kg.spans import Span
from relex_kg.text.mapped import MappedText, TextBuilder

LUMEN = "Lumen &amp; **Sons**"


def built(source: str, moves: list[tuple[str, int]]) -> MappedText:
    """A text made from ``source`` by keeping, changing, dropping and inserting stretches of it."""
    builder = TextBuilder()
    start = 0
    for move, length in moves:
        end = min(len(source), start + length)
        if move == "copy":
            builder.copy(source[start:end], start)
        elif move == "replace" and end > start:
            builder.replace(source[start:end].upper() + "!" * (end - start == 1), start, end)
        elif move == "insert":
            builder.insert("·" * length)
        start = start if move == "insert" else end
    return builder.build()


moves = st.lists(st.tuples(st.sampled_from(["copy", "replace", "drop", "insert"]), st.integers(1, 5)), max_size=12)


def lumen() -> MappedText:
    builder = TextBuilder()
    builder.copy("Lumen ", 0)
    builder.replace("&", 6, 11)
    builder.copy(" ", 11)
    builder.copy("Sons", 14)
    return builder.build()


def test_markup_between_words_is_in_their_source() -> None:
    text = lumen()
    assert text.text == "Lumen & Sons"
    assert [span.of(LUMEN) for span in text.source.sources(Span(0, 12))] == ["Lumen &amp; **Sons"]
    assert [span.of(LUMEN) for span in text.source.sources(Span(6, 7))] == ["&amp;"]
    assert [span.of(LUMEN) for span in text.source.sources(Span(9, 11))] == ["on"]


def test_what_was_inserted_or_stands_elsewhere_parts_stretches() -> None:
    builder = TextBuilder()
    builder.copy("Name", 10)
    builder.insert(": ")
    builder.copy("Ann", 20)
    builder.copy("!", 3)
    source = builder.build().source
    assert source.sources(Span(0, 10)) == (Span(10, 14), Span(20, 23), Span(3, 4))
    assert source.sources(Span(4, 6)) == ()


def test_places() -> None:
    first, second, third = (Place(Span(start, start + 4), f"page {start}", start) for start in (0, 4, 8))
    source = SourceMap.identity(12).located([first, second, third])
    assert source.places_of(Span(2, 5)) == (first, second)
    assert source.places_of(Span(4, 8)) == (second,)
    assert source.places_of(Span(11, 12)) == (third,)


@given(st.text("abc", max_size=30), moves)
def test_a_copied_character_leads_to_itself(source: str, steps: list[tuple[str, int]]) -> None:
    text = built(source, steps)
    for index, character in enumerate(text.text):
        (*stretches,) = text.source.sources(Span(index, index + 1))
        if character.islower():
            assert [span.of(source) for span in stretches] == [character]
        elif character == "·":
            assert stretches == []
        else:
            assert len(stretches) == 1


@given(st.text("abc", max_size=30), moves, moves)
def test_two_steps_lead_as_far_as_one_after_the_other(
    source: str, first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    earlier = built(source, first)
    later = built(earlier.text, second)
    composed = later.after(earlier).source
    for index, character in enumerate(later.text):
        reached = {
            place
            for middle in later.source.sources(Span(index, index + 1))
            for end in earlier.source.sources(middle)
            for place in range(end.start, end.end)
        }
        direct = {place for span in composed.sources(Span(index, index + 1)) for place in range(span.start, span.end)}
        assert reached <= direct
        if character.islower():
            assert reached == direct


@given(st.text("abc", max_size=30), moves.map(lambda steps: [step for step in steps if step[0] != "insert"]))
def test_positions_in_the_text(source: str, steps: list[tuple[str, int]]) -> None:
    text = built(source, steps)
    for index in range(len(text.text)):
        (stretch,) = text.source.sources(Span(index, index + 1))
        if len(stretch) == 1 and text.text[index].islower():
            assert text.source.position(stretch.start) == index
    positions = [text.source.position(offset) for offset in range(len(source) + 1)]
    assert positions == sorted(positions)
    assert max(positions, default=0) <= len(text.text)
