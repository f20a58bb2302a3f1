"""The page that travels with a trained model: what it was made from, how, and how well it did on dev."""

import shlex
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.training.dev import DevScores
from relex_kg.training.recipe import Recipe
from relex_kg.training.report import DevReport, TrainingReport


def model_card(recipe: Recipe, report: TrainingReport, *, start: str | Path, max_steps: int | None) -> str:
    """The page, as Markdown."""
    from_bundled = start == BUNDLED
    parts = [
        "# A relation extraction model",
        f"A GLiNER-Relex model, trained with relex-kg {version('relex-kg')} from "
        f"{'its bundled model' if from_bundled else f'`{start}`'} in {report.steps:,} steps.",
        "## Data",
        _table(
            ("file", "records", "drawn"),
            ((f"`{name}`", f"{count:,}", f"{report.drawn[name]:,}") for name, count in report.records.items()),
        ),
        *(_dev_section(recipe, report.dev) if report.dev else ()),
        "## Recipe",
        "The file `recipe.yaml` beside this page repeats the run; DATA is the folder that its paths start at:",
        "    " + _command(None if from_bundled else start, max_steps),
        _table(
            ("setting", "value"),
            ((name, f"`{value}`") for name, value in recipe.model_dump(mode="json").items() if name != "data"),
        ),
        "## Use",
        '    relex-kg extract "Ada met Bea." --entities person --relations met --model FOLDER',
    ]
    return "\n\n".join(parts) + "\n"


def _dev_section(recipe: Recipe, dev: DevReport) -> list[str]:
    stopped = "; training stopped early, for later steps did no better" if dev.stopped_early else ""
    return [
        "## Results",
        f"F1 in percent on `{recipe.dev}`, micro-averaged over its types, thresholds 0.5. The weights are those of the "
        f"step that did best on it (step {dev.best_step:,}{stopped}), so the second line flatters a little.",
        _table(("", "entities", "relations"), (("before", *_percent(dev.before)), ("after", *_percent(dev.after)))),
    ]


def _percent(scores: DevScores) -> tuple[str, str]:
    return f"{100 * scores.entities:.1f}", "-" if scores.relations is None else f"{100 * scores.relations:.1f}"


def _command(start: str | Path | None, max_steps: int | None) -> str:
    words = ["relex-kg", "train", "--recipe", "recipe.yaml", "--data-root", "DATA", "--out", "FOLDER"]
    words += ["--from", str(start)] if start is not None else []
    words += ["--max-steps", str(max_steps)] if max_steps is not None else []
    return shlex.join(words)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
