"""Recipes: what a file may say, and what is wrong with it otherwise."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from relex_kg.errors import DataError
from relex_kg.training.choices import PATIENCE
from relex_kg.training.recipe import Recipe


def load(folder: Path, text: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return Recipe.load(path)


def test_a_file_of_data_alone_is_a_recipe(tmp_path: Path) -> None:
    assert load(tmp_path, "data:\n  a.jsonl: 3\n  b/c.jsonl.gz: 500\n") == Recipe(
        data={"a.jsonl": 3, "b/c.jsonl.gz": 500}
    )


def test_everything_can_be_set(tmp_path: Path) -> None:
    changed = Recipe(
        data={"a": 1}, phrases=("p.tsv",), rename=0.25, seed=7, head_rate=0.002, pair_context=True, bfloat16=False
    )
    assert load(tmp_path, changed.model_dump_json()) == changed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data: {}", "data: Dictionary should have at least 1 item"),
        ("seed: 3", "data: Field required"),
        ("data: {a: many}", r"data\.a: Input should be a valid integer"),
        ("data: {a: 1}\nrename: 1.5", "rename: Input should be less than or equal to 1"),
        ("data: {a: 1}\nlearning_rate: 3", "learning_rate: Extra inputs are not permitted"),
        ("- a", "Input should be a valid dictionary"),
        ("", "Input should be a valid dictionary"),
    ],
)
def test_a_recipe_that_is_not_valid_is_refused_key_by_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=rf"recipe\.yaml is not valid: .*{said}"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["data: {a: 1", "data: !!python/object:os.system {}", "a: 1\na: 2"])
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"recipe\.yaml cannot be read"):
        load(tmp_path, text)


def test_a_missing_file_and_one_that_is_not_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.yaml cannot be read"):
        Recipe.load(tmp_path / "gone.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\0")
    with pytest.raises(DataError, match=r"binary\.yaml cannot be read"):
        Recipe.load(tmp_path / "binary.yaml")


def test_a_recipe_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Recipe(data={"a": 1}).seed = 5


def fine_tuning(records: dict[str, int], epochs: int | None = None) -> Recipe:
    return Recipe.fine_tuning(records, epochs=epochs, dev="d.jsonl", patience=2, seed=5)


@pytest.mark.parametrize(
    ("records", "epochs"), [(0, 15), (1, 15), (50, 15), (200, 8), (800, 4), (1250, 3), (5000, 3), (10**6, 3)]
)
def test_the_more_records_the_fewer_passes(records: int, epochs: int) -> None:
    recipe = fine_tuning({"a.jsonl": records, "b.jsonl": 0})
    assert recipe.data == {"a.jsonl": records * epochs, "b.jsonl": 0}


def test_all_files_count_and_a_number_of_passes_is_taken_as_it_is() -> None:
    assert fine_tuning({"a.jsonl": 150, "b.jsonl": 50}).data == {"a.jsonl": 1200, "b.jsonl": 400}
    assert fine_tuning({"a.jsonl": 150, "b.jsonl": 50}, epochs=2).data == {"a.jsonl": 300, "b.jsonl": 100}


def test_a_run_that_gains_nothing_after_its_first_measurement_stops_long_before_its_end() -> None:
    assert (fine_tuning({"a.jsonl": 50}).evaluations, PATIENCE) == (6, 3)
