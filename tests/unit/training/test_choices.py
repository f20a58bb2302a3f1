"""From arguments to a recipe, and which arguments do not go together."""

from pathlib import Path
from typing import Any

import pytest

from relex_kg.errors import DataError, TrainingError
from relex_kg.training.choices import PATIENCE, SEED, recipe_for
from relex_kg.training.recipe import Recipe

LINE = '{"text": "Ada", "entities": [], "relations": [], "pairs": "all"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text(LINE * 3)
    (tmp_path / "b.jsonl").write_text(LINE)
    return tmp_path


def test_without_a_word_on_them_the_choices_are_as_ever(root: Path) -> None:
    assert recipe_for(["a.jsonl", "b.jsonl"], None, root) == Recipe.fine_tuning(
        {"a.jsonl": 3, "b.jsonl": 1}, epochs=None, dev=None, patience=PATIENCE, seed=SEED
    )


def test_every_choice_is_taken(root: Path) -> None:
    choices: dict[str, Any] = {"dev": "b.jsonl", "patience": 1, "epochs": 2, "seed": 0}
    assert recipe_for(["a.jsonl"], None, root, **choices) == Recipe.fine_tuning({"a.jsonl": 3}, **choices)


def test_a_recipe_is_taken_as_it_is(root: Path) -> None:
    (root / "recipe.yaml").write_text("data: {a.jsonl: 7}\n")
    assert recipe_for([], root / "recipe.yaml", Path("elsewhere")) == Recipe(data={"a.jsonl": 7})


@pytest.mark.parametrize(
    ("data", "recipe", "choices", "said"),
    [
        ([], None, {}, "not clear what to train on"),
        (["a.jsonl"], "recipe.yaml", {}, "not clear what to train on"),
        ([], "recipe.yaml", {"seed": 0, "dev": "b.jsonl"}, "leaves no choice of --dev, --seed"),
        (["a.jsonl"], None, {"patience": 2}, "--patience needs --dev"),
        (["a.jsonl"], None, {"dev": "b.jsonl", "patience": 0}, "--patience is 0"),
        (["a.jsonl"], None, {"epochs": 0}, "--epochs is 0"),
        (["a.jsonl"], None, {"seed": -1}, "--seed is -1"),
    ],
)
def test_what_does_not_go_together_is_refused(
    root: Path, data: list[str], recipe: str | None, choices: dict[str, Any], said: str
) -> None:
    with pytest.raises(TrainingError, match=said) as refused:
        recipe_for(data, recipe, root, **choices)
    assert refused.value.fix


def test_a_malformed_file_is_named_with_its_line(root: Path) -> None:
    (root / "b.jsonl").write_text(LINE + "no JSON\n")
    with pytest.raises(DataError, match=r"b\.jsonl, line 2: not JSON"):
        recipe_for(["a.jsonl", "b.jsonl"], None, root)
