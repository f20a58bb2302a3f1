"""``relex-kg eval``: how right a model is on annotated text."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, line, note, progress, say
from relex_kg.cli.opening import load_extractor
from relex_kg.errors import DataError

if TYPE_CHECKING:
    from relex_kg.evaluation.measuring import Listener
    from relex_kg.evaluation.scores import ColumnScores, Scores
    from relex_kg.evaluation.survey import Column
    from relex_kg.training.data import Record
    from relex_kg.training.metrics import Counts
    from relex_kg.training.record_types import Types
    from relex_kg.types import TextExtraction

_MEASURES = ("entities", "relations", "triples")


class TypesFrom(StrEnum):
    """Which types each text is asked for."""

    SPLIT = "split"
    RECORD = "record"


def evaluate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|NAME=FILE,FILE...",
            help="Annotated text, JSON Lines, plain or .gz; NAME=FILE,FILE makes several files one column.",
        ),
    ],
    *,
    model: options.Model = None,
    precision: options.Precision = None,
    types_from: Annotated[
        TypesFrom, typer.Option(help="Ask each text for all types of its file (split), or only its own (record).")
    ] = TypesFrom.SPLIT,
    entity_threshold: Annotated[float, typer.Option(min=0.01, max=1.0, help="Score that a mention must exceed.")] = 0.3,
    relation_threshold: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Score that a relation must exceed.")
    ] = 0.5,
    nested: Annotated[bool, typer.Option("--nested", help="Let a mention lie within another.")] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Also write what was found, as annotated data with a score each."),
    ] = None,
    by_type: Annotated[bool, typer.Option("--by-type", help="Also show each type's figures.")] = False,
    as_json: options.Json = False,
) -> None:
    """Measure a model on annotated text: precision, recall and F1.

    Three measures, each micro-averaged: entities (same characters and type),
    relations (both mentions and the relation's type), and triples (the texts of
    both ends and the relation's type, the way published zero-shot figures are
    counted). Each is also shown over a range of thresholds, and with its
    expected calibration error (ECE).

    The protocol is explained in docs/evaluation.md, the format of the files in
    docs/data-format.md.

    Examples:

      relex-kg eval test.jsonl
      relex-kg eval conll04.jsonl.gz --by-type --predictions found.jsonl
      relex-kg eval CoNLL04=conll04.jsonl CrossRE=ai.jsonl,news.jsonl --json
    """
    from relex_kg.evaluation.measuring import Protocol, document
    from relex_kg.evaluation.measuring import evaluate as evaluate_columns
    from relex_kg.evaluation.survey import survey

    protocol = Protocol(types_from.value, entity_threshold, relation_threshold, nested)
    with progress() as show:
        columns = [survey(file, on_progress=lambda done: show("Check the files", done, None)) for file in files]
        _check_output(predictions, columns)
        with _written(predictions) as listener:
            extractor = load_extractor(model, precision, show)
            scores = evaluate_columns(
                columns,
                extractor,
                protocol,
                on_progress=lambda file, done, of: show(f"Read {harmless(file.name)}", done, of),
                on_found=listener,
            )
    _warn(scores)
    if as_json:
        emit(document(protocol, scores))
        return
    for table in _tables(scores, by_type=by_type):
        say(table)


def _check_output(path: Path | None, columns: Sequence["Column"]) -> None:
    if (
        path is not None
        and path.exists()
        and any(path.samefile(one.path) for column in columns for one in column.files)
    ):
        raise typer.BadParameter(f"'{path}' is one of the files to measure on", param_hint="--predictions")


@contextmanager
def _written(path: Path | None) -> Iterator["Listener"]:
    """What writes predictions to a file, or nowhere; the file is there when all of them are in it."""
    if path is None:
        yield lambda record, asked, found: None
        return
    from relex_kg.evaluation.measuring import predicted_record

    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:

            def write(record: "Record", asked: "Types", found: "TextExtraction") -> None:
                json.dump(predicted_record(record, asked, found), file, ensure_ascii=False)
                file.write("\n")

            yield write
        unfinished.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error}", fix="give --predictions a file in a folder that you may write to"
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _warn(columns: Sequence["ColumnScores"]) -> None:
    for column in columns:
        for path, scores in column.files:
            if scores.cut:
                note(f"{path}: {scores.cut:,} candidates were left out because a text had too many.", style="yellow")


def _tables(columns: Sequence["ColumnScores"], *, by_type: bool) -> Iterator[Table]:
    for column in columns:
        for path, scores in column.files:
            yield _summary(path, scores)
            if by_type:
                yield _types(scores)
        if len(column.files) > 1:
            yield _summary(f"{column.name}, all its files", column.total)
        yield _sweep(column)
    if len(columns) > 1:
        yield _overview(columns)


def _summary(name: str, scores: "Scores") -> Table:
    table = _table(f"{name}, {scores.records:,} records", "Measure", last=("ECE %",))
    for measure in _MEASURES:
        measured = scores.measured(measure)
        table.add_row(measure, *_figures(measured.total), _percent(measured.calibration.error))
    return table


def _types(scores: "Scores") -> Table:
    table = _table("by type", "Measure", "Type")
    for measure in _MEASURES:
        by_type = scores.measured(measure).by_type
        for type, counts in sorted(by_type.items(), key=lambda item: (-item[1].gold, item[0])):
            table.add_row(measure, line(type), *_figures(counts))
    return table


def _sweep(column: "ColumnScores") -> Table:
    """F1 at each threshold, the other being the protocol's."""
    scores = column.total
    table = Table(title=harmless(f"{column.name}, F1 % by threshold"), title_justify="left", title_style="bold")
    table.add_column("Threshold")
    sweeps: list[Mapping[float, Counts]] = []
    for kind, measures in (("entity", _MEASURES), ("relation", _MEASURES[1:])):
        for measure in measures:
            table.add_column(f"{measure} by {kind}", justify="right")
            sweeps.append(getattr(scores.measured(measure), f"by_{kind}_threshold"))
    for threshold in sorted({threshold for sweep in sweeps for threshold in sweep}):
        table.add_row(
            f"{threshold:.1f}", *(_percent(sweep[threshold].f1) if threshold in sweep else "" for sweep in sweeps)
        )
    return table


def _overview(columns: Sequence["ColumnScores"]) -> Table:
    """A row a column: the F1 of each measure, and the figures that are published."""
    from relex_kg.evaluation.scores import mean_f1, total

    table = Table(title="F1 %", title_justify="left", title_style="bold")
    table.add_column("")
    for measure in reversed(_MEASURES):
        table.add_column(measure, justify="right")
    table.add_column("records", justify="right")
    for column in columns:
        _add_row(table, column.name, column.total)
    table.add_row("mean", *(_percent(mean_f1(columns, measure)) for measure in reversed(_MEASURES)), "")
    _add_row(table, "all records", total(column.total for column in columns))
    return table


def _add_row(table: Table, name: str, scores: "Scores") -> None:
    ratios = (_percent(scores.measured(measure).total.f1) for measure in reversed(_MEASURES))
    table.add_row(line(name), *ratios, f"{scores.records:,}")


def _table(title: str, *names: str, last: Sequence[str] = ()) -> Table:
    table = Table(title=harmless(title), title_justify="left", title_style="bold")
    for name in names:
        table.add_column(name)
    for name in ("P %", "R %", "F1 %", "right", "said", "to find", *last):
        table.add_column(name, justify="right")
    return table


def _figures(counts: "Counts") -> list[str]:
    ratios = [_percent(ratio) for ratio in (counts.precision, counts.recall, counts.f1)]
    return ratios + [f"{number:,}" for number in (counts.true_positive, counts.predicted, counts.gold)]


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f}"
