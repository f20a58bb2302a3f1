"""What little annotated text teaches: the bundled model on a data set's dev file before and after default fine-tuning.

python bench/fine_tuning.py --data DATA_ROOT
python bench/fine_tuning.py --data DATA_ROOT --set scierc --records 200 --json
python bench/fine_tuning.py --data DATA_ROOT --draws 18

The first records of the training file are given to training as ``relex-kg train`` does it without further options, and
the whole dev file as ``--dev``: strict F1 of mentions and of relations, each text asked for all types of the file, both
thresholds 0.5. With ``--draws``, the same again with the records that follow. DATA_ROOT holds the files as
``benchmarks/SET/train.jsonl.gz`` and ``dev.jsonl.gz``, in the format of docs/data-format.md. Seconds are those of the
whole run, measurements on dev included; they mean nothing on a busy machine.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean

from relex_kg.errors import RelexError
from relex_kg.extract.checkpoint import BUNDLED
from relex_kg.training.choices import recipe_for
from relex_kg.training.dev import DevScores
from relex_kg.training.loop import train

_DRAWN = "drawn.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One run. ``first`` counts the training file's records from 1; of ``best_step`` the weights were kept."""

    set: str
    first: int
    records: int
    before: DevScores
    after: DevScores
    steps: int
    best_step: int
    seconds: float

    @property
    def gains(self) -> dict[str, float]:
        """Points won: of entities, of relations, and of their mean, which training goes by."""
        return {
            "entities": 100 * (self.after.entities - self.before.entities),
            "relations": 100 * ((self.after.relations or 0.0) - (self.before.relations or 0.0)),
            "mean": 100 * (self.after.mean - self.before.mean),
        }


def measure(folder: Path, *, first: int, records: int, model: str) -> Row:
    """Fine-tune on some records of a data set's folder.

    Raises:
        RelexError: a file or the model cannot be read.
        OSError: the training file is missing.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        lines = list(_some(folder / "train.jsonl.gz", first, records))
        (work / _DRAWN).write_text("".join(lines), encoding="utf-8")
        recipe = recipe_for([_DRAWN], None, work, dev=str((folder / "dev.jsonl.gz").resolve()))
        report = train(recipe, data=work, start=model, out=work / "model")
    assert report.dev is not None
    return Row(
        set=folder.name,
        first=first,
        records=len(lines),
        before=report.dev.before,
        after=report.dev.after,
        steps=report.steps,
        best_step=report.dev.best_step,
        seconds=report.seconds,
    )


def _some(path: Path, first: int, records: int) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from islice(file, first - 1, first - 1 + records)


def _as_text(row: Row) -> str:
    drawn = f"{row.set}, {row.first} to {row.first + row.records - 1}"
    lines = [f"{drawn:<24}{'entities':>10}{'relations':>11}{'mean':>8}"]
    for name, scores in (("before", row.before), ("after", row.after)):
        relations = 100 * (scores.relations or 0.0)
        lines.append(f"{name:<24}{100 * scores.entities:>10.1f}{relations:>11.1f}{100 * scores.mean:>8.1f}")
    lines.append(_gain_line("gain", row.gains))
    lines.append(f"{row.seconds:.0f} seconds, {row.steps} steps, the best of them {row.best_step}")
    return "\n".join(lines)


def _gain_line(name: str, gains: Mapping[str, float]) -> str:
    return f"{name:<24}{gains['entities']:>+10.1f}{gains['relations']:>+11.1f}{gains['mean']:>+8.1f}"


def _mean_gain(rows: Sequence[Row]) -> str:
    return _gain_line("mean gain", {name: fmean(row.gains[name] for row in rows) for name in rows[0].gains})


def _as_json(row: Row) -> str:
    return json.dumps({**asdict(row), "gains": row.gains}, ensure_ascii=False)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fine-tune the bundled model on few records with default settings.")
    parser.add_argument("--data", type=Path, required=True, help="folder that benchmarks/ is in")
    parser.add_argument("--set", default="conll04", help="a data set's folder in benchmarks/")
    parser.add_argument("--records", type=int, default=50, help="how many to train on")
    parser.add_argument("--draws", type=int, default=1, help="how many runs, each on the records after the last one's")
    parser.add_argument(
        "--model", default=str(BUNDLED), help="a checkpoint folder or hub name; default: the bundled one"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line and run")
    given = parser.parse_args(arguments)
    folder, rows = given.data / "benchmarks" / given.set, []
    try:
        for first in range(1, 1 + given.draws * given.records, given.records):
            rows.append(measure(folder, first=first, records=given.records, model=given.model))
            print(_as_json(rows[-1]) if given.json else _as_text(rows[-1]), flush=True)
    except (RelexError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if given.draws > 1 and not given.json:
        print(_mean_gain(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
