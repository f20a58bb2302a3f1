"""Training, as a Prefect flow.

python flows/train_extractor.py letters.jsonl --dev more.jsonl --out ./my-model
python flows/train_extractor.py --recipe recipe.yaml --data-root corpora/ --from ./encoder --out ./my-model
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

if not __package__:  # run as a script, or loaded by Prefect from its file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flows.reports import KEEP_REPORT, Report, training_markdown
from relex_kg.errors import RelexError
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.training.choices import PATIENCE, SEED, recipe_for
from relex_kg.training.loop import Progress, train

ARTIFACT = "train-extractor-report"
MODEL_TAG = "relex-model"


# No retries: what goes wrong in training goes wrong again. A run that was killed goes on where it was when run anew.
@task(name="Train", tags=[MODEL_TAG], cache_policy=NO_CACHE)
def train_model(
    data: list[str],
    *,
    recipe: str | None,
    data_root: str,
    start: str | None,
    out: str,
    dev: str | None,
    patience: int | None,
    epochs: int | None,
    seed: int | None,
    max_steps: int | None,
) -> Report:
    """Train and write the checkpoint to ``out``."""
    log = get_run_logger()

    def tell(progress: Progress) -> None:
        what = f"dev {asdict(progress.dev)}" if progress.dev else f"loss {progress.loss:.4f}"
        log.info("Step %d of %d, %s, %.0f s", progress.step, progress.steps, what, progress.seconds)

    report = train(
        recipe_for(data, recipe, Path(data_root), dev=dev, patience=patience, epochs=epochs, seed=seed),
        data=Path(data_root),
        start=start or BUNDLED,
        out=Path(out),
        on_progress=tell,
        max_steps=max_steps,
    )
    return asdict(report)


@task(name="Report", cache_policy=NO_CACHE)
def publish(report: Report, out: str) -> None:
    """Put the report where people find it."""
    create_markdown_artifact(training_markdown(report, out), key=ARTIFACT, description=summary(report))


@flow(name="Train extractor", **KEEP_REPORT)
def train_extractor(
    data: list[str] | None = None,
    *,
    recipe: str | None = None,
    data_root: str = ".",
    start: str | None = None,
    out: str = "relex-model",
    dev: str | None = None,
    patience: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    max_steps: int | None = None,
) -> Report:
    """Train a model, or fine-tune one on annotated files.

    Args:
        data: annotated files to fine-tune on, relative to ``data_root``.
        recipe: a YAML file that says what to train on and how, instead of ``data``.
        data_root: folder that the paths of ``data``, ``dev`` and a recipe start at.
        start: a checkpoint (folder or hub name) to go on from, or a folder with a bare encoder; the bundled model if
            left out.
        out: folder of the new checkpoint.
        dev: annotated file to measure on; the best step's weights are kept.
        patience: stop after so many measurements on ``dev`` without gain.
        epochs: how often each record of ``data`` is read.
        seed: fixes every choice.
        max_steps: stop after so many steps.
    """
    report = train_model(
        data or [],
        recipe=recipe,
        data_root=data_root,
        start=start,
        out=out,
        dev=dev,
        patience=patience,
        epochs=epochs,
        seed=seed,
        max_steps=max_steps,
    )
    publish(report, out)
    return report


def summary(report: Report) -> str:
    """The report in one line."""
    return f"{report['steps']:,} steps, loss {report['loss']:.4f}, {report['seconds']:.0f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow now."""
    given = vars(_parser().parse_args(arguments))
    try:
        report = train_extractor(**given)
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{given['out']}: {summary(report)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Train a model or fine-tune one, or go on where a stopped run was.",
        epilog="example: python flows/train_extractor.py letters.jsonl --dev more.jsonl --out ./my-model",
        allow_abbrev=False,
    )
    parser.add_argument("data", nargs="*", metavar="DATA", help="annotated files, under --data-root")
    parser.add_argument("--recipe", metavar="FILE", help="a YAML file that says what to train on, instead of DATA")
    parser.add_argument("--data-root", default=".", metavar="DIR", help="where the files' paths start (%(default)s)")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="a checkpoint to go on from, or a folder with a bare encoder (the bundled model)",
    )
    parser.add_argument("--out", default="relex-model", metavar="DIR", help="folder of the new model (%(default)s)")
    parser.add_argument("--dev", metavar="FILE", help="annotated file to measure on; the best step's weights are kept")
    parser.add_argument(
        "--patience", type=int, metavar="N", help=f"stop after N measurements without gain ({PATIENCE})"
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="how often each record of DATA is read (15 for 50, fewer for more)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help=f"the same seed, the same model ({SEED})")
    parser.add_argument("--max-steps", type=int, metavar="N", help="stop after N steps")
    return parser


if __name__ == "__main__":
    sys.exit(main())
