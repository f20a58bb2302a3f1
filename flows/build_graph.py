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
from typing import Any, cast, get_args

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.exceptions import FailedRun
from prefect.runtime import flow_run, task_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff

if not __package__:  # run as a script, or loaded by Prefect from its file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flows.reports import KEEP_REPORT, Report, markdown, plain, summary
from flows.resources import shared
from relex_kg.errors import ReadError, RelexError, StoreBusyError, StoreUnreachableError
from relex_kg.ids import DocumentId
from relex_kg.pipeline import Change, RunReport
from relex_kg.settings import BuildOptions
from relex_kg.text.readers import ReadFailure, read
from relex_kg.types import Precision

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
def find_documents(paths: list[str], options: BuildOptions) -> tuple[list[Reference], RunReport]:
    """The documents that the graph lacks or has in another state, and a report of all others."""
    report = RunReport()
    with _timed("read", report):
        changes = shared().pipeline(options).find([Path(path) for path in paths], report, selection=options.selection)
        references = [
            Reference(str(change.file), change.document.id, change.document.uri, change.new, change.metadata_only)
            for change in changes
        ]
    return references, report


@task(name="Extract and write documents", task_run_name=_batch_name, tags=[MODEL_TAG], **_STAGE)
def ingest_documents(batch: list[Reference], options: BuildOptions) -> RunReport:
    """Extract what the documents say and write it. Done again, it leaves the same graph."""
    report = RunReport()
    shared().pipeline(options).ingest(_reread(batch, report), report)
    return report


@task(name="Remove documents whose files are gone", **_STAGE)
def remove_gone(gone: list[str], options: BuildOptions) -> RunReport:
    """Take documents out of the graph."""
    report = RunReport(gone=gone)
    shared().pipeline(options).remove_gone(report)
    return report


@task(name="Resolve entities and facts", **_STAGE)
def resolve(options: BuildOptions) -> RunReport:
    """Bring entities and facts in line with the documents."""
    report = RunReport()
    report.settled = shared().pipeline(options).settle(report)
    return report


@task(name="Report", cache_policy=NO_CACHE)
def publish(report: Report) -> None:
    """Put the report where people find it."""
    create_markdown_artifact(markdown(report), key=ARTIFACT, description=summary(report))


@flow(name="Build graph", task_runner=_ONE_AT_A_TIME, **KEEP_REPORT)
def build_graph(
    paths: list[str],
    *,
    schema: str | None = None,
    store: str | None = None,
    model: str | None = None,
    precision: Precision | None = None,
    window: int | None = None,
    decisions: str | None = None,
    aliases: str | None = None,
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    sync: bool = False,
    dry_run: bool = False,
    documents_per_task: int = 32,
) -> Report:
    """Bring the graph in line with documents; documents elsewhere stay as they are.

    All options but the last are those of ``relex-kg build``, with the same values where one is left out: those of the
    environment (``RELEX_KG_SCHEMA``, ``NEO4J_URI`` and so on), then the defaults.

    Args:
        paths: files, or folders with files.
        schema: a schema file, or the name of a ready schema.
        store: a folder, or a server's address; user and password come from the environment.
        model: a checkpoint folder or hub name; the bundled model if left out.
        precision: how the model calculates.
        window: about how many tokens the model reads at once.
        decisions: a file of reviewed merges.
        aliases: a list of things with their names.
        include: in folders, read only what matches one of these patterns.
        exclude: in folders, leave out what matches one of these patterns.
        sync: documents under ``paths`` whose files are gone leave the graph.
        dry_run: build in memory alone and report.
        documents_per_task: how many documents are read, extracted and written in one task.
    """
    _check_task_runner(dry_run=dry_run)
    options = BuildOptions.chosen(
        schema=schema,
        store=f"memory of run {flow_run.id}" if dry_run else store,
        model=model,
        precision=precision,
        window=window,
        decisions=decisions,
        aliases=aliases,
        include=include,
        exclude=exclude,
        sync=sync,
        dry_run=dry_run,
    )
    with shared().run(options.store):
        references, report = find_documents(paths, options)
        futures = [ingest_documents.submit(batch, options) for batch in _batches(references, documents_per_task)]
        for future in futures:
            report.include(future.result())
        if options.sync and report.gone:
            gone, report.gone = report.gone, []
            report.include(remove_gone(gone, options))
        report.include(resolve(options))
    data = plain(report)
    publish(data)
    return cast("Report", _outcome(data))  # Prefect takes the state for the run, and gives callers its data


def _check_task_runner(*, dry_run: bool) -> None:
    """Refuse what cannot work where tasks run in several processes."""
    context = FlowRunContext.get()
    if context is None or isinstance(context.task_runner, ThreadPoolTaskRunner):
        return
    if dry_run:
        raise RelexError(
            "a dry run builds in the memory of one process, and this flow's tasks run in several",
            fix="leave out the task runner, or the dry run",
        )
    if not PREFECT_API_URL.value():
        raise RelexError(
            "this flow's tasks run in several processes, and no Prefect server is named for them",
            cause="each of them would start a server of its own",
            fix="run 'prefect server start', and set PREFECT_API_URL to its address, for the flow and for the workers",
        )


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
    parameters = {name: value for name, value in vars(given).items() if name not in ("paths", "serve")}
    paths = [str(path.absolute()) for path in given.paths]
    try:
        # Before Prefect keeps the parameters: an address may hold a password.
        BuildOptions.chosen(**{name: value for name, value in parameters.items() if name != "documents_per_task"})
    except RelexError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if given.serve:
        build_graph.serve(name="build-graph", cron=given.serve, parameters={"paths": paths, **parameters})
        return 0
    try:
        print(summary(build_graph(paths, **parameters)))
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
    parser.add_argument("--schema", metavar="FILE|NAME", help="what to look for (RELEX_KG_SCHEMA, else general)")
    parser.add_argument(
        "--store",
        metavar="FOLDER|ADDRESS",
        help="where the graph lives (RELEX_KG_STORE, else NEO4J_URI, else ./relex-graph)",
    )
    parser.add_argument(
        "--model", metavar="FOLDER|NAME", help="the model that reads (RELEX_KG_MODEL, else the bundled one)"
    )
    parser.add_argument(
        "--precision", choices=get_args(Precision), help="how it calculates (RELEX_KG_PRECISION, else float32)"
    )
    parser.add_argument(
        "--window", type=int, metavar="TOKENS", help="how much text to read at once (RELEX_KG_WINDOW, else 100)"
    )
    parser.add_argument("--decisions", metavar="FILE", help="reviewed merges (RELEX_KG_DECISIONS)")
    parser.add_argument("--aliases", metavar="FILE", help="things with their names (RELEX_KG_ALIASES)")
    parser.add_argument("--include", action="append", metavar="PATTERN", help="in folders, read only what matches")
    parser.add_argument("--exclude", action="append", metavar="PATTERN", help="in folders, leave out what matches")
    parser.add_argument("--sync", action="store_true", help="documents whose files are gone leave the graph")
    parser.add_argument("--dry-run", action="store_true", help="build in memory alone and report")
    parser.add_argument("--documents-per-task", type=int, default=32, metavar="N", help="(%(default)s)")
    parser.add_argument("--serve", "--cron", metavar="CRON", help='stay and run on a schedule, such as "0 6 * * *"')
    return parser


if __name__ == "__main__":
    sys.exit(main())
