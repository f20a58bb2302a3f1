"""Annotated files, looked through before a model reads them: that they are sound, and which types they name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from relex_kg.errors import DataError
from relex_kg.training.data import Record, read_records

_PROGRESS_EVERY = 1_000  # records


class Types(NamedTuple):
    """The types that a text is asked for, sorted."""

    entities: tuple[str, ...]
    relations: tuple[str, ...]


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
    entities: set[str] = set()
    relations: set[str] = set()
    records = 0
    for record in read_records(path):
        types = types_of(record)
        entities.update(types.entities)
        relations.update(types.relations)
        records += 1
        if records % _PROGRESS_EVERY == 0:
            on_progress(records)
    if not records:
        raise DataError(f"{path} holds no record", fix="give a file with at least one annotated text")
    if not entities:
        raise DataError(f"{path} names no entity type", fix="annotate at least one mention, or list entity_types")
    on_progress(records)
    return Survey(path, records, Types(tuple(sorted(entities)), tuple(sorted(relations))))


def types_of(record: Record) -> Types:
    """The types that a record uses or lists."""
    entities = {*(record.entity_types or ()), *(entity.type for entity in record.entities)}
    stated = (relation.type for relation in (*record.relations, *record.cluster_relations))
    relations = {*(record.relation_types or ()), *stated}
    return Types(tuple(sorted(entities)), tuple(sorted(relations)))
