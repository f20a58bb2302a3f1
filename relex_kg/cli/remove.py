"""``relex-kg remove``: documents out of the graph."""

from dataclasses import asdict
from typing import Annotated

import typer

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, note, progress, say
from relex_kg.cli.opening import load_resolver, old_store
from relex_kg.errors import StoreError


def remove(
    uris: Annotated[
        list[str],
        typer.Argument(metavar="URI...", help="Documents' URIs, paths of files and folders, or patterns of paths."),
    ],
    *,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """Take documents out of the graph, with all that only they support.

    What other documents say as well stays, with less support; the graph is then
    the one that a build without these documents makes. The files themselves are
    not touched, and may be gone. A folder means all documents in it, a JSON
    Lines file all its own. In a pattern * stays within a folder, ** does not.
    Give the same --decisions and --aliases as to build.

    Unknown documents are reported; the exit code is 1 if all were unknown.

    Examples:

      relex-kg remove reports/2023.md
      relex-kg remove reports/drafts
      relex-kg remove 'reports/**/*.pdf'
      relex-kg remove file:///data/mails.jsonl#L12
    """
    from relex_kg.pipeline import remove as remove_documents

    resolver = load_resolver(decisions, aliases)
    with progress() as show, old_store(store, show) as opened:
        show("Remove documents", 0, None)
        report = remove_documents(opened, resolver, uris)
    if not report.removed:
        raise StoreError(
            f"the graph holds none of these documents: {', '.join(report.unknown)}",
            fix='see the ones it holds with: relex-kg query "MATCH (d:Document) RETURN d.uri"',
        )
    if as_json:
        settled = asdict(report.settled) if report.settled else None
        emit({"removed": report.removed, "unknown": report.unknown, "settled": settled})
        return
    for uri in report.removed:
        say(f"Removed {harmless(uri)}")
    for uri in report.unknown:
        note(f"Not in the graph: {uri}", style="yellow")
