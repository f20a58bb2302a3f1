"""``relex-kg eval``: how right a model is on annotated text."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, line, progress, say
from relex_kg.cli.opening import load_extractor

if TYPE_CHECKING:
    from relex_kg.evaluation import Scores
    from relex_kg.training.metrics import Counts

_MEASURES = ("entities", "relations", "triples")


class TypesFrom(StrEnum):
    """Which types each text is asked for."""

    SPLIT = "split"
    RECORD = "record"


def evaluate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Annotated text, JSON Lines, plain or .gz.")],
    *,
    model: options.Model = None,
    types_from: Annotated[
        TypesFrom, typer.Option(help="Ask each text for all types of its file (split), or only its own (record).")
    ] = TypesFrom.SPLIT,
    entity_threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="Score that a mention must exceed.")] = 0.5,
    relation_threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Score that a relation must exceed.")
    ] = 0.5,
    by_type: Annotated[bool, typer.Option("--by-type", help="Also show each type's figures.")] = False,
    as_json: options.Json = False,
) -> None:
    """Measure a model on annotated text: precision, recall and F1.

    Three measures, each micro-averaged: entities (same characters and type),
    relations (both mentions and the relation's type), and triples (the texts of
    both ends and the relation's type, the way published zero-shot figures are
    counted). The format of the files is in docs/data-format.md.

    Examples:

      relex-kg eval test.jsonl
      relex-kg eval conll04.jsonl.gz --entity-threshold 0.3 --by-type
      relex-kg eval test.jsonl --model my-model --json
    """
    from relex_kg.evaluation import evaluate as evaluate_file

    with progress() as show:
        extractor = load_extractor(model, show)
        scores = []
        for file in files:
            scores.append(
                evaluate_file(
                    file,
                    extractor,
                    types_from=types_from.value,
                    entity_threshold=entity_threshold,
                    relation_threshold=relation_threshold,
                    on_progress=partial(show, f"Read {harmless(file.name)}"),
                )
            )
    if as_json:
        emit({"files": [_document(score) for score in scores]})
        return
    for score in scores:
        say(_summary(score))
        if by_type:
            say(_types(score))


def _document(scores: "Scores") -> dict[str, Any]:
    document: dict[str, Any] = {"file": scores.file, "records": scores.records}
    for measure in _MEASURES:
        document[measure] = _figures(getattr(scores, measure))
        by_type: Mapping[str, Counts] = getattr(scores, f"{measure}_by_type")
        document[f"{measure}_by_type"] = {type: _figures(counts) for type, counts in by_type.items()}
    return document


def _figures(counts: "Counts") -> dict[str, float]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "true_positive": counts.true_positive,
        "predicted": counts.predicted,
        "gold": counts.gold,
    }


def _summary(scores: "Scores") -> Table:
    table = _table(f"{scores.file}, {scores.records:,} records", "Measure")
    for measure in _MEASURES:
        _add(table, measure, getattr(scores, measure))
    return table


def _types(scores: "Scores") -> Table:
    table = _table("by type", "Measure", "Type")
    for measure in _MEASURES:
        by_type: Mapping[str, Counts] = getattr(scores, f"{measure}_by_type")
        for type, counts in sorted(by_type.items(), key=lambda item: (-item[1].gold, item[0])):
            _add(table, measure, counts, line(type))
    return table


def _table(title: str, *names: str) -> Table:
    table = Table(title=harmless(title), title_justify="left", title_style="bold")
    for name in names:
        table.add_column(name)
    for name in ("P %", "R %", "F1 %", "right", "said", "to find"):
        table.add_column(name, justify="right")
    return table


def _add(table: Table, measure: str, counts: "Counts", *more: str) -> None:
    ratios = (f"{100 * ratio:.1f}" for ratio in (counts.precision, counts.recall, counts.f1))
    whole = (f"{number:,}" for number in (counts.true_positive, counts.predicted, counts.gold))
    table.add_row(measure, *more, *ratios, *whole)
