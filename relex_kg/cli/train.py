"""``relex-kg train``: a model of your own, from annotated text."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, listed, note, pairs, progress, say
from relex_kg.cli.opening import quieten_libraries

if TYPE_CHECKING:
    from relex_kg.training.recipe import Recipe


def train(
    data: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATA...]", help="Annotated files, under --data-root; every record is drawn once."),
    ] = None,
    *,
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A YAML file that says what to train on and how, instead of DATA."),
    ] = None,
    data_root: Annotated[Path, typer.Option(metavar="DIR", help="Where the data files' paths start.")] = Path(),
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="The model to go on from, or a folder with a bare encoder. Without it: the bundled model.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the new model.")] = Path("relex-model"),
    max_steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")] = None,
    as_json: options.Json = False,
) -> None:
    """Train a model, or fine-tune the bundled one, on annotated text.

    The format of the data is in docs/data-format.md. The new model is a folder
    that --model takes everywhere. A run that was stopped, however hard, goes on
    from its last step when started again with the same arguments.

    Examples:

      relex-kg train letters.jsonl --out my-model
      relex-kg train --recipe recipe.yaml --data-root data/ --from my-encoder/
      relex-kg extract letter.txt --entities ship,port --model my-model
    """
    plan = _plan(data or [], recipe, data_root)
    quieten_libraries()
    from relex_kg.extract.checkpoint import BUNDLED
    from relex_kg.training.loop import Progress
    from relex_kg.training.loop import train as run

    with progress() as show:

        def tell(now: Progress) -> None:
            show(f"Train (loss {now.loss:.3f})", now.step, now.steps)

        report = run(plan, data=data_root, start=start or BUNDLED, out=out, on_progress=tell, max_steps=max_steps)
    if report.resumed:
        note("Went on from an earlier run's last step.")
    if as_json:
        emit({"model": str(out), **asdict(report)})
        return
    rows = {
        "Model": harmless(str(out)),
        "Steps": f"{report.steps:,}",
        "Loss": f"{report.loss:.4f}",
        "Records": listed(dict(report.records)),
        "Seconds": f"{report.seconds:.0f}",
    }
    say(pairs(rows))


def _plan(data: list[str], recipe: Path | None, data_root: Path) -> "Recipe":
    from relex_kg.training.data import read_records
    from relex_kg.training.recipe import Recipe

    if bool(data) == (recipe is not None):
        raise typer.BadParameter("give data files, or --recipe" + (", not both" if data else ""))
    if recipe is not None:
        return Recipe.load(recipe)
    return Recipe(data={name: sum(1 for _ in read_records(data_root / name)) for name in data})
