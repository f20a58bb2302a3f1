"""Annotated files, looked through before a model reads them: that they are sound, and which types they name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relex_kg.errors import DataError
from relex_kg.training.data import Record, read_records
from relex_kg.training.record_types import Types, types_of

_PROGRESS_EVERY = 1_000  # records


@dataclass(frozen=True, slots=True)
class Survey:
    """An annotated file that was looked through and is sound: how many records, and all types that they name."""

    path: Path
    records: int
    types: Types


@dataclass(frozen=True, slots=True)
class Column:
    """Files whose figures are added to one, as a column of a table of benchmarks is."""

    name: str
    files: tuple[Survey, ...]


def survey(argument: str, *, on_progress: Callable[[int], None]) -> Column:
    """Look through the files of one column, so that a malformed line is found before the model runs.

    Args:
        argument: a file, or ``NAME=FILE,FILE`` for several that make one column.
        on_progress: hears how many records of the current file were looked through.

    Raises:
        DataError: a file cannot be read, is malformed, holds no record, or names no entity type.
    """
    name, equals, files = argument.partition("=")
    if Path(argument).exists() or not equals:
        return Column(argument, (_survey(Path(argument), on_progress),))
    return Column(name, tuple(_survey(Path(file), on_progress) for file in files.split(",")))


def _survey(path: Path, on_progress: Callable[[int], None]) -> Survey:
    records = 0

    def counted() -> Iterator[Record]:
        nonlocal records
        for record in read_records(path):
            yield record
            records += 1
            if records % _PROGRESS_EVERY == 0:
                on_progress(records)

    types = types_of(counted())
    if not records:
        raise DataError(f"{path} holds no record", fix="give a file with at least one annotated text")
    if not types.entities:
        raise DataError(f"{path} names no entity type", fix="annotate at least one mention, or list entity_types")
    on_progress(records)
    return Survey(path, records, types)
