"""Documents to graph, as a Prefect flow.

python flows/build_graph.py reports/ --schema companies
python flows/build_graph.py reports/ --store neo4j://localhost:7687 --serve "0 6 * * *"
"""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import FailedRun
from prefect.runtime import task_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff

if not __package__:  # run as a script, or loaded by Prefect from its file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flows.reports import KEEP_REPORT, Report, markdown, plain, summary
from flows.resources import Setup, shared
from relex_kg.errors import ReadError, RelexError, StoreBusyError, StoreUnreachableError
from relex_kg.ids import DocumentId
from relex_kg.pipeline import Change, RunReport
from relex_kg.text.discovery import Selection
from relex_kg.text.readers import ReadFailure, read

ARTIFACT = "build-graph-report"
MODEL_TAG = "relex-model"

# Prefect makes a pydantic model of the flow's parameters, and an old, unused method of such models has this name.
warnings.filterwarnings("ignore", message='Field name "schema" in "Build_GraphModel" shadows')

_TRANSIENT = (StoreUnreachableError, StoreBusyError)


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that a task is to ingest, by name."""

    file: str
    id: DocumentId
    uri: str
    new: bool
    metadata_only: bool


def is_transient(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether it may go better the next time; what a user has to mend fails at once."""
    return isinstance(state.data, _TRANSIENT)


def _batch_name() -> str:
    return f"Extract and write {len(task_run.parameters['batch'])} documents"


# No task has a cache: the store itself knows which documents are as they were, and nothing else does for certain.
_STAGE: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
}

# A model takes all of the cores or the GPU, so a second batch at the same time would only take memory.
_ONE_AT_A_TIME: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


@task(name="Find documents", **_STAGE)
def find_documents(paths: list[str], selection: Selection, setup: Setup) -> tuple[list[Reference], RunReport]:
    """The documents that the graph lacks or has in another state, and a report of all others."""
    report = RunReport()
    with _timed("read", report):
        changes = shared().pipeline(setup).find([Path(path) for path in paths], report, selection=selection)
        references = [
            Reference(str(change.file), change.document.id, change.document.uri, change.new, change.metadata_only)
            for change in changes
        ]
    return references, report


@task(name="Extract and write documents", task_run_name=_batch_name, tags=[MODEL_TAG], **_STAGE)
def ingest_documents(batch: list[Reference], setup: Setup) -> RunReport:
    """Extract what the documents say and write it. Done again, it leaves the same graph."""
    report = RunReport()
    shared().pipeline(setup).ingest(_reread(batch, report), report)
    return report


@task(name="Remove documents whose files are gone", **_STAGE)
def remove_gone(gone: list[str], setup: Setup) -> RunReport:
    """Take documents out of the graph."""
    report = RunReport(gone=gone)
    shared().pipeline(setup).remove_gone(report)
    return report


@task(name="Resolve entities and facts", **_STAGE)
def resolve(setup: Setup) -> RunReport:
    """Bring entities and facts in line with the documents."""
    report = RunReport()
    report.settled = shared().pipeline(setup).settle(report)
    return report


@task(name="Report", cache_policy=NO_CACHE)
def publish(report: Report) -> None:
    """Put the report where people find it."""
    create_markdown_artifact(markdown(report), key=ARTIFACT, description=summary(report))


@flow(name="Build graph", task_runner=_ONE_AT_A_TIME, **KEEP_REPORT)
def build_graph(
    paths: list[str],
    *,
    schema: str = "general",
    store: str = "./relex-graph",
    model: str | None = None,
    decisions: str | None = None,
    window: int | None = None,
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    sync: bool = False,
    documents_per_task: int = 32,
) -> Report:
    """Bring the graph in line with documents; documents elsewhere stay as they are.

    Args:
        paths: files, or folders with files.
        schema: a schema file, or the name of a ready schema.
        store: a folder, or a server's address; user and password come from the environment.
        model: a checkpoint folder or hub name; the bundled model if left out.
        decisions: a file of reviewed merges.
        window: about how many tokens the model reads at once; the default of ``relex-kg build`` if left out.
        include: patterns; in folders, only files that one of them matches are read.
        exclude: patterns; in folders, what one of them matches is left out.
        sync: documents under ``paths`` whose files are gone leave the graph.
        documents_per_task: how many documents are read, extracted and written in one task.
    """
    setup = Setup(schema, store, model, decisions, window)
    with shared().run(store):
        selection = Selection(tuple(include or ()), tuple(exclude or ()))
        references, report = find_documents(paths, selection, setup)
        futures = [ingest_documents.submit(batch, setup) for batch in _batches(references, documents_per_task)]
        for future in futures:
            report.include(future.result())
        if sync and report.gone:
            gone, report.gone = report.gone, []
            report.include(remove_gone(gone, setup))
        report.include(resolve(setup))
    data = plain(report)
    publish(data)
    return cast("Report", _outcome(data))  # Prefect takes the state for the run, and gives callers its data


def _outcome(report: Report) -> State[Report]:
    for failure in report["failures"]:
        get_run_logger().warning("%s: %s", failure["uri"], failure["error"])
    if report["failed"] and not (report["added"] or report["updated"] or report["unchanged"]):
        first = report["failures"][0]
        return Failed(message=f"All {report['failed']:,} documents failed; the first, {first['uri']}: {first['error']}")
    return Completed(message=summary(report), data=report)


def _batches(references: Sequence[Reference], size: int) -> Iterator[list[Reference]]:
    rest = iter(references)
    while batch := list(islice(rest, size)):
        yield batch


def _reread(batch: Sequence[Reference], report: RunReport) -> Iterator[Change]:
    """The documents of ``batch`` as they are now; one that is gone since it was found is a failure."""
    files: dict[str, dict[DocumentId, Reference]] = {}
    for reference in batch:
        files.setdefault(reference.file, {})[reference.id] = reference
    for file, wanted in files.items():
        for document in read(Path(file)):
            if isinstance(document, ReadFailure):
                continue  # counted when documents were found; a wanted one that is lost with it, below
            if document.id in wanted:
                reference = wanted.pop(document.id)
                yield Change(document, Path(file), new=reference.new, metadata_only=reference.metadata_only)
            if not wanted:
                break
        report.failures += [_gone(reference) for reference in wanted.values()]


def _gone(reference: Reference) -> ReadFailure:
    error = ReadError(
        f"{reference.uri} can no longer be read",
        cause=f"{reference.file} changed while the run went on",
        fix="run again",
    )
    return ReadFailure(reference.uri, error)


@contextmanager
def _timed(stage: str, report: RunReport) -> Iterator[None]:
    began = monotonic()
    yield
    report.seconds[stage] += monotonic() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow now, or serve it on a schedule."""
    given = _parser().parse_args(arguments)
    parameters = {
        "paths": [str(path.absolute()) for path in given.paths],
        "schema": given.schema,
        "store": given.store,
        "model": given.model,
        "decisions": given.decisions,
        "window": given.window,
        "include": given.include,
        "exclude": given.exclude,
        "sync": given.sync,
        "documents_per_task": given.documents_per_task,
    }
    if given.serve:
        build_graph.serve(name="build-graph", cron=given.serve, parameters=parameters)
        return 0
    try:
        print(summary(build_graph(**parameters)))
    except (RelexError, FailedRun) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Bring the graph in line with documents.",
        epilog='example: python flows/build_graph.py reports/ --schema companies --serve "0 6 * * *"',
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders with files")
    parser.add_argument("--schema", default="general", help="a schema file, or a ready schema's name (%(default)s)")
    parser.add_argument("--store", default="./relex-graph", help="a folder, or a server's address (%(default)s)")
    parser.add_argument("--model", help="a checkpoint folder or hub name (the bundled model)")
    parser.add_argument("--decisions", help="a file of reviewed merges")
    parser.add_argument("--window", type=int, metavar="TOKENS", help="about how much text to read at once")
    parser.add_argument("--include", action="append", metavar="PATTERN", help="in folders, read only what matches")
    parser.add_argument("--exclude", action="append", metavar="PATTERN", help="in folders, leave out what matches")
    parser.add_argument("--sync", action="store_true", help="documents whose files are gone leave the graph")
    parser.add_argument("--documents-per-task", type=int, default=32, metavar="N", help="(%(default)s)")
    parser.add_argument("--serve", "--cron", metavar="CRON", help='stay and run on a schedule, such as "0 6 * * *"')
    return parser


if __name__ == "__main__":
    sys.exit(main())
