"""``relex-kg build``: documents in, graph in line with them."""

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from relex_kg.cli import options
from relex_kg.cli.console import Show, as_document, emit, harmless, listed, pairs, progress, say
from relex_kg.cli.opening import (
    load_extractor,
    new_or_old_store,
)

if TYPE_CHECKING:
    from relex_kg.graph.store import Store, Totals
    from relex_kg.pipeline import Progress, RunReport
    from relex_kg.settings import BuildOptions
    from relex_kg.settlement.report import SettleReport
    from relex_kg.text.readers import ReadFailure

SOME_FAILED = 3
_MOST_FAILURES = 20
_STAGES = {
    "read": "Read files",
    "extract": "Extract",
    "write": "Write documents",
    "resolve": "Resolve entities",
}


def build(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, folders with files, or - for JSON Lines on stdin.")
    ],
    *,
    schema: options.Schema = None,
    store: options.Store = None,
    model: options.Model = None,
    precision: options.Precision = None,
    window: options.Window = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="In folders, read only what matches, such as '*.md'. May be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="In folders, leave out what matches, such as drafts/. May be repeated."),
    ] = None,
    sync: Annotated[
        bool,
        typer.Option("--sync", help="Documents under the paths whose files are gone leave the graph."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build in memory alone and report; nothing is written anywhere.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    r"""Bring the graph in line with documents.

    Reads every document under the paths (text, Markdown, HTML, e-mail, EPUB,
    JSON Lines and more; PDF and Office files with the extra relex-kg\[files];
    all of them also as .gz), finds mentions and relations, and
    writes those of new and changed documents. Names that mean one thing then
    become one entity. Documents elsewhere stay as they are, and those whose
    files are gone are counted; to take them out: --sync. In a folder, hidden files, what a .gitignore leaves
    out, and stores of graphs are not read.

    A second run on the same documents changes nothing. A run that was stopped,
    however hard, is finished by the next. A document that cannot be read is
    reported, the graph keeps what it had of it, and the exit code is 3.

    Examples:

      relex-kg build reports/
      relex-kg build notes.md mails.jsonl --schema companies
      zcat mails.jsonl.gz | relex-kg build -
      relex-kg build reports/ --include '*.md' --exclude drafts/
      relex-kg build reports/ --sync
      relex-kg build reports/ --store neo4j://localhost:7687
      relex-kg build reports/ --schema my-schema.yaml --dry-run
    """
    from relex_kg.pipeline import Pipeline
    from relex_kg.settings import BuildOptions

    _refuse_missing(paths)
    chosen = BuildOptions.chosen(
        schema=schema,
        store=store,
        model=model,
        precision=precision.value if precision else None,
        window=window,
        decisions=str(decisions) if decisions else None,
        aliases=str(aliases) if aliases else None,
        include=include,
        exclude=exclude,
        sync=sync,
        dry_run=dry_run,
    )
    wanted, resolver = chosen.load_schema(), chosen.load_resolver()
    with progress() as show:
        extractor = load_extractor(chosen.model, precision, show)
        with _opened(chosen, show) as opened:
            pipeline = Pipeline(
                schema=wanted, extractor=extractor, resolver=resolver, store=opened, window=chosen.window_size
            )
            report = pipeline.build(
                paths, selection=chosen.selection, sync=chosen.sync, watch=lambda progress: _show(progress, show)
            )
            totals = opened.totals()
    target = "memory" if dry_run else chosen.store
    if as_json:
        emit({"store": target, "dry_run": dry_run, **_document(report), "graph": asdict(totals)})
    else:
        _summarise(report, totals, target)
    if report.failures:
        raise typer.Exit(SOME_FAILED)


def _refuse_missing(paths: list[Path]) -> None:
    """A path that does not exist is an error now, not after a model was loaded and a store started."""
    from relex_kg.text.discovery import discover

    discover([path for path in paths if not path.exists()])


def _opened(chosen: "BuildOptions", show: Show) -> AbstractContextManager["Store"]:
    return chosen.open_store() if chosen.dry_run else new_or_old_store(chosen.store, show)


def _show(progress: "Progress", show: Show) -> None:
    show(_STAGES[progress.stage], progress.done, progress.total)


def _document(report: "RunReport") -> dict[str, Any]:
    return {
        "changed": report.changed,
        "documents": report.documents(),
        **report.work(),
        "failures": [{"uri": failure.uri, "error": as_document(failure.error)} for failure in report.failures],
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in report.skipped],
        "gone": report.gone,
        "removed": report.removed,
    }


def _summarise(report: "RunReport", totals: "Totals", target: str) -> None:
    if not report.changed:
        say("Nothing changed.")
    say(pairs({"Store": harmless(target), "Documents": listed(report.documents()), **_work(report, totals)}))
    shown, rest = report.failures[:_MOST_FAILURES], report.failures[_MOST_FAILURES:]
    if shown:
        say("\nFailed:")
        for failure in shown:
            say(_failure(failure))
    if rest:
        say(f"  and {len(rest):,} more (--json lists all)")


def _work(report: "RunReport", totals: "Totals") -> dict[str, str]:
    found = {"chunks": report.chunks, "mentions": report.mentions, "relations": report.relations}
    rows = {"Found": listed(found), "Dropped": listed(report.dropped)}
    if report.skipped:
        rows["Skipped"] = listed(Counter(skip.reason for skip in report.skipped))
    if report.removed:
        rows["Removed"] = f"{len(report.removed):,} whose files are gone"
    if report.gone:
        rows["Gone"] = f"{len(report.gone):,} in the graph whose files are gone; to take them out, build with --sync"
    rows["Entities"] = f"{totals.entities:,} in the graph{_change(report.settled, 'entities')}"
    rows["Facts"] = f"{totals.facts:,} in the graph{_change(report.settled, 'facts')}"
    rows["Seconds"] = ", ".join(f"{seconds:.1f} {stage}" for stage, seconds in report.seconds.items())
    return rows


def _change(settled: "SettleReport | None", kind: str) -> str:
    if settled is None:
        return ""
    counts = asdict(settled)
    parts = {"new": "created", "changed": "updated", "gone": "deleted"}
    return f" ({listed({word: counts[f'{kind}_{name}'] for word, name in parts.items()})})"


def _failure(failure: "ReadFailure") -> Text:
    return Text(harmless(f"  {failure.uri}: {failure.error}"))
