"""``relex-kg train``: a model of your own, from annotated text."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, listed, note, pairs, progress, say, stderr
from relex_kg.cli.opening import quieten_libraries
from relex_kg.errors import TrainingError
from relex_kg.training.choices import PATIENCE, SEED, recipe_for

if TYPE_CHECKING:
    from relex_kg.training.dev import DevScores
    from relex_kg.training.loop import Progress
    from relex_kg.training.report import DevReport, TrainingReport


def train(
    data: Annotated[
        list[str] | None, typer.Argument(metavar="[DATA...]", help="Annotated files, under --data-root.")
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
    dev: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Annotated file under --data-root, to measure on; the best step's weights are kept."
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(min=1, help=f"Stop after so many measurements on --dev without gain.  [default: {PATIENCE}]"),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="How often each record of DATA is read.  [default: 15 for 50, fewer for more]"),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help=f"The same seed, the same model.  [default: {SEED}]")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")] = None,
    as_json: options.Json = False,
) -> None:
    """Train a model, or fine-tune the bundled one, on annotated text.

    The format of the data is in docs/data-format.md, more on training in
    docs/training.md. The new model is a folder that --model takes everywhere,
    with a model card and the recipe. A run that was stopped, however hard, goes
    on from its last step when started again with the same arguments.

    Examples:

      relex-kg train letters.jsonl --out my-model
      relex-kg train letters.jsonl --dev more.jsonl --epochs 12 --out my-model
      relex-kg train --recipe recipe.yaml --data-root data/ --from my-encoder/
      relex-kg extract letter.txt --entities ship,port --model my-model
    """
    try:
        plan = recipe_for(data or [], recipe, data_root, dev=dev, patience=patience, epochs=epochs, seed=seed)
    except TrainingError as error:
        raise typer.BadParameter(f"{error.what}; {error.fix}") from error
    quieten_libraries()
    from relex_kg.extract.checkpoint import BUNDLED
    from relex_kg.training.loop import train as run

    bars = stderr().is_terminal
    with progress() as show:

        def tell(now: "Progress") -> None:
            show("Train", now.step, now.steps)
            if now.dev or (now.loss is not None and not bars):
                note(_line(now))

        report = run(plan, data=data_root, start=start or BUNDLED, out=out, on_progress=tell, max_steps=max_steps)
    _say(report, out, as_json=as_json)


def _line(now: "Progress") -> str:
    where = f"Step {now.step} of {now.steps}" if now.step else "Before training"
    what = f"dev {_scores(now.dev)}" if now.dev else f"loss {now.loss:.3f}"
    return f"{where}: {what}, {now.seconds:.0f} s"


def _scores(scores: "DevScores") -> str:
    relations = "" if scores.relations is None else f", relations F1 {100 * scores.relations:.1f}"
    return f"entities F1 {100 * scores.entities:.1f}{relations}"


def _say(report: "TrainingReport", out: Path, *, as_json: bool) -> None:
    if report.resumed:
        note("Went on from an earlier run's last step.")
    if report.dev and report.dev.after.mean < report.dev.before.mean:
        note("The new model does worse on dev than the one it was trained from.", style="yellow")
    if as_json:
        emit({"model": str(out), **asdict(report)})
        return
    rows = {
        "Model": harmless(str(out)),
        "Steps": f"{report.steps:,}",
        "Loss": f"{report.loss:.4f}",
        "Records": listed(dict(report.records)),
        "Read": listed(dict(report.drawn)),
        **(_dev_rows(report.dev) if report.dev else {}),
        "Seconds": f"{report.seconds:.0f}",
    }
    say(pairs(rows))


def _dev_rows(dev: "DevReport") -> dict[str, str]:
    stopped = ", stopped early" if dev.stopped_early else ""
    return {
        "Dev before": _scores(dev.before),
        "Dev after": f"{_scores(dev.after)} (best step: {dev.best_step:,}{stopped})",
    }
