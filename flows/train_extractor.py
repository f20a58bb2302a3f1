"""Training, as a Prefect flow.

python flows/train_extractor.py recipe.yaml --data corpora/ --start ./encoder --out ./my-model
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

from flows.reports import Report, training_markdown
from relex_kg.errors import RelexError
from relex_kg.training.loop import Progress, train
from relex_kg.training.recipe import Recipe

ARTIFACT = "train-extractor-report"
MODEL_TAG = "relex-model"


# No retries: what goes wrong in training goes wrong again. A run that was killed goes on where it was when run anew.
@task(name="Train", tags=[MODEL_TAG], cache_policy=NO_CACHE)
def train_model(recipe: str, data: str, start: str, out: str, max_steps: int | None) -> Report:
    """Train and write the checkpoint to ``out``."""
    log = get_run_logger()

    def tell(progress: Progress) -> None:
        what = f"dev {asdict(progress.dev)}" if progress.dev else f"loss {progress.loss:.4f}"
        log.info("Step %d of %d, %s, %.0f s", progress.step, progress.steps, what, progress.seconds)

    report = train(
        Recipe.load(Path(recipe)),
        data=Path(data),
        start=start,
        out=Path(out),
        on_progress=tell,
        max_steps=max_steps,
    )
    return asdict(report)


@task(name="Report", cache_policy=NO_CACHE)
def publish(report: Report, out: str) -> None:
    """Put the report where people find it."""
    create_markdown_artifact(training_markdown(report, out), key=ARTIFACT, description=summary(report))


@flow(name="Train extractor")
def train_extractor(recipe: str, data: str, start: str, out: str, max_steps: int | None = None) -> Report:
    """Train a model.

    Args:
        recipe: the recipe, a YAML file.
        data: folder that the recipe's paths start at.
        start: a checkpoint (folder or hub name) to go on from, or a folder with a bare encoder.
        out: folder of the new checkpoint.
        max_steps: stop after so many steps.
    """
    report = train_model(recipe, data, start, out, max_steps)
    publish(report, out)
    return report


def summary(report: Report) -> str:
    """The report in one line."""
    return f"{report['steps']:,} steps, loss {report['loss']:.4f}, {report['seconds']:.0f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow now."""
    given = _parser().parse_args(arguments)
    try:
        report = train_extractor(given.recipe, given.data, given.start, given.out, given.max_steps)
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{given.out}: {summary(report)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Train a model, or go on where a stopped run was.",
        epilog="example: python flows/train_extractor.py recipe.yaml --data corpora/ --start ./encoder --out ./model",
    )
    parser.add_argument("recipe", help="the recipe, a YAML file")
    parser.add_argument("--data", required=True, help="folder that the recipe's paths start at")
    parser.add_argument("--start", required=True, help="a checkpoint to go on from, or a folder with a bare encoder")
    parser.add_argument("--out", required=True, help="folder of the new checkpoint")
    parser.add_argument("--max-steps", type=int, help="stop after so many steps")
    return parser


if __name__ == "__main__":
    sys.exit(main())
