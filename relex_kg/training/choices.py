"""From what somebody asks of a training run to its recipe: annotated files and choices, or a file that says all."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relex_kg.errors import TrainingError
from relex_kg.training.data import read_records

if TYPE_CHECKING:
    from relex_kg.training.recipe import Recipe

PATIENCE, SEED = 3, 13
"""What is chosen where nothing is said."""


def recipe_for(
    data: Sequence[str],
    recipe: str | Path | None,
    data_root: Path,
    *,
    dev: str | None = None,
    patience: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
) -> "Recipe":
    """The recipe of a file, or one to fine-tune on annotated files.

    Args:
        data: annotated files, relative to ``data_root``; none where there is a ``recipe``.
        recipe: a YAML file; None where there are ``data``.
        data_root: folder that the paths of ``data`` start at.
        dev, patience, epochs, seed: beside ``data`` alone, as :meth:`Recipe.fine_tuning` has them.

    Raises:
        TrainingError: these do not go together, or a number is too small.
        DataError: a file cannot be read or is malformed.
    """
    _refuse_contradictions(data, recipe, {"--dev": dev, "--patience": patience, "--epochs": epochs, "--seed": seed})
    # Takes time to import, which who only looks at the command line's help need not pay
    from relex_kg.training.recipe import Recipe

    if recipe is not None:
        return Recipe.load(Path(recipe))
    return Recipe.fine_tuning(
        {name: sum(1 for _ in read_records(data_root / name)) for name in data},
        epochs=epochs,
        dev=dev,
        patience=PATIENCE if patience is None else patience,
        seed=SEED if seed is None else seed,
    )


def _refuse_contradictions(
    data: Sequence[str], recipe: str | Path | None, choices: dict[str, str | int | None]
) -> None:
    if bool(data) == (recipe is not None):
        both = ", not both" if data else ""
        raise TrainingError("it is not clear what to train on", fix=f"give data files, or --recipe{both}")
    named = [name for name, value in choices.items() if value is not None]
    if recipe is not None and named:
        raise TrainingError(f"--recipe leaves no choice of {', '.join(named)}", fix="say it in the recipe")
    if choices["--patience"] is not None and choices["--dev"] is None:
        raise TrainingError("--patience needs --dev", fix="give a file to measure on")
    for name, least in (("--patience", 1), ("--epochs", 1), ("--seed", 0)):
        value = choices[name]
        if isinstance(value, int) and value < least:
            raise TrainingError(f"{name} is {value}", fix=f"give at least {least}")
