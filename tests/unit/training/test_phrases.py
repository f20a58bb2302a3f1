"""Other words for labels."""

import random
from pathlib import Path

import pytest

from relex_kg.errors import DataError
from relex_kg.training.phrases import Phrases, PhraseTable, Wording, entity_wording

HEADER = "label\tsame\tinverse\tmeaning\n"
ROWS = "works for\temployed by; on the staff of ;\temploys\ta job\nspouse\tmarried to\tSYMMETRIC\t\nborn in\t\t\t\n"


def table(folder: Path, rows: str = ROWS, *, rename: float = 1.0) -> PhraseTable:
    path = folder / "phrases.tsv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return PhraseTable.read([path], rename=rename)


def wordings(phrases: PhraseTable, label: str) -> set[Wording]:
    return {phrases.wording(label, random.Random(seed)) for seed in range(60)}


def test_a_label_is_asked_in_all_its_wordings_and_the_inverse_ones_backwards(tmp_path: Path) -> None:
    assert wordings(table(tmp_path), "works for") == {
        Wording("employed by", reversed=False),
        Wording("on the staff of", reversed=False),
        Wording("employs", reversed=True),
    }


def test_a_symmetric_label_has_no_backward_wording(tmp_path: Path) -> None:
    phrases = table(tmp_path)
    assert wordings(phrases, "spouse") == {Wording("married to", reversed=False)}
    assert phrases.symmetric("spouse")
    assert not phrases.symmetric("works for")


@pytest.mark.parametrize("label", ["born in", "not in the table"])
def test_a_label_without_other_words_is_asked_as_it_is(tmp_path: Path, label: str) -> None:
    assert wordings(table(tmp_path), label) == {Wording(label, reversed=False)}


def test_without_renaming_labels_stay(tmp_path: Path) -> None:
    assert wordings(table(tmp_path, rename=0.0), "works for") == {Wording("works for", reversed=False)}


def test_half_of_the_labels_are_renamed_at_one_half(tmp_path: Path) -> None:
    phrases, chance = table(tmp_path, rename=0.5), random.Random(3)
    kept = sum(phrases.wording("works for", chance).text == "works for" for _ in range(1000))
    assert 450 < kept < 550


@pytest.mark.parametrize(
    ("label", "symmetric"), [("married_to", True), ("Sibling of", True), ("located in", False), ("unrelated", False)]
)
def test_a_label_outside_the_table_is_symmetric_where_its_words_say_so(label: str, symmetric: bool) -> None:
    assert PhraseTable({}, rename=0.0).symmetric(label) is symmetric


def test_the_table_outranks_what_a_label_sounds_like() -> None:
    assert not PhraseTable({"partner": Phrases((), (), symmetric=False)}, rename=0.0).symmetric("partner")


def test_a_row_of_another_width_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"phrases\.tsv, line 3: 2 columns"):
        table(tmp_path, "a\tb\tc\td\nspouse\tmarried to\n")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the table .*gone\.tsv cannot be read"):
        PhraseTable.read([tmp_path / "gone.tsv"], rename=0.5)


def test_a_table_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phrases.tsv"
    path.write_bytes(b"label\tsame\tinverse\tmeaning\n\xff\xfe\tb\tc\td\n")
    with pytest.raises(DataError, match=r"the table .*phrases\.tsv cannot be read"):
        PhraseTable.read([path], rename=0.5)


def test_entity_labels_are_lower_case_words_and_now_and_then_others() -> None:
    said = [entity_wording("Written_Work", random.Random(seed), rename=0.35) for seed in range(200)]
    assert set(said) == {"written work", "book", "text or publication"}
    assert 100 < said.count("written work") < 160
    assert {entity_wording(" Space_Probe ", random.Random(seed), rename=0.35) for seed in range(50)} == {"space probe"}


def test_names_stay_as_they_are_where_nothing_is_renamed() -> None:
    assert {entity_wording("Loc_Geo", random.Random(seed), rename=0.0) for seed in range(50)} == {"Loc_Geo"}
