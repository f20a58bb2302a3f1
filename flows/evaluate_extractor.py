"""Evaluation, as a Prefect flow.

python flows/evaluate_extractor.py CoNLL04=conll04.jsonl.gz CrossRE=ai.jsonl.gz,news.jsonl.gz --model ./my-model
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

if not __package__:  # run as a script, or loaded by Prefect from its file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flows.reports import KEEP_REPORT, Report, evaluation_markdown
from relex_kg.errors import RelexError
from relex_kg.evaluation.measuring import PUBLISHED, Protocol, TypesFrom, document, evaluate
from relex_kg.evaluation.survey import Column, survey
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.extract.extractor import Extractor

ARTIFACT = "evaluate-extractor-report"
MODEL_TAG = "relex-model"


@task(name="Check files", cache_policy=NO_CACHE)
def check_files(files: list[str]) -> list[Column]:
    """Look through every file, so that a malformed one is found before the model runs."""
    return [survey(file, on_progress=lambda done: None) for file in files]


# No retries: what goes wrong in a measurement goes wrong again
@task(name="Evaluate", tags=[MODEL_TAG], cache_policy=NO_CACHE)
def evaluate_model(columns: list[Column], model: str | None, protocol: Protocol) -> Report:
    """Measure the model on every file."""
    log = get_run_logger()

    def tell(file: Path, done: int, records: int) -> None:
        log.info("%s: %d of %d records", file, done, records)

    extractor = Extractor.from_pretrained(model or BUNDLED)
    return document(protocol, evaluate(columns, extractor, protocol, on_progress=tell))


@task(name="Report", cache_policy=NO_CACHE)
def publish(report: Report) -> None:
    """Put the report where people find it."""
    create_markdown_artifact(evaluation_markdown(report), key=ARTIFACT, description=summary(report))


@flow(name="Evaluate extractor", **KEEP_REPORT)
def evaluate_extractor(
    files: list[str],
    *,
    model: str | None = None,
    types_from: TypesFrom = PUBLISHED.types_from,
    entity_threshold: float = PUBLISHED.entity_threshold,
    relation_threshold: float = PUBLISHED.relation_threshold,
    nested: bool = PUBLISHED.nested,
) -> Report:
    """Measure a model on annotated text.

    Args:
        files: annotated files; NAME=FILE,FILE makes several files one column.
        model: a checkpoint folder or hub name; the bundled model if left out.
        types_from: ask each text for all types of its file ("split"), or only its own ("record").
        entity_threshold: score that a mention must exceed.
        relation_threshold: score that a relation must exceed.
        nested: let a mention lie within another.
    """
    columns = check_files(files)
    report = evaluate_model(columns, model, Protocol(types_from, entity_threshold, relation_threshold, nested))
    publish(report)
    return report


def summary(report: Report) -> str:
    """The report in one line."""
    return f"{report['all']['records']:,} records, mean triple F1 {100 * report['mean_f1']['triples']:.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow now."""
    given = vars(_parser().parse_args(arguments))
    try:
        report = evaluate_extractor(given.pop("files"), **given)
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(summary(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Measure a model on annotated text.",
        epilog="example: python flows/evaluate_extractor.py test.jsonl.gz CrossRE=ai.jsonl.gz,news.jsonl.gz",
    )
    parser.add_argument("files", nargs="+", help="annotated text; NAME=FILE,FILE makes several files one column")
    parser.add_argument("--model", help="a checkpoint folder or hub name; default: the bundled model")
    parser.add_argument(
        "--types-from",
        choices=get_args(TypesFrom),
        default=PUBLISHED.types_from,
        help="whose types a text is asked for",
    )
    parser.add_argument("--entity-threshold", type=float, default=PUBLISHED.entity_threshold, help="of mentions")
    parser.add_argument("--relation-threshold", type=float, default=PUBLISHED.relation_threshold, help="of relations")
    parser.add_argument("--nested", action="store_true", help="let a mention lie within another")
    return parser


if __name__ == "__main__":
    sys.exit(main())
