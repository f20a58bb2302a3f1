"""``relex-kg status``: what the graph holds."""

from collections.abc import Mapping
from dataclasses import asdict

from rich.columns import Columns
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, pairs, progress, say
from relex_kg.cli.opening import load_resolver, old_store, settings


def status(
    *,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """Show how much the graph holds.

    Counts documents, chunks, mentions, entities by type and facts by type, and
    says whether entities and facts are settled: in line with the documents.
    They are not where a run was stopped half-way, or where the reviewed merges
    or the list of aliases have changed since (give the same --decisions and
    --aliases as to build). The next build settles them.

    Example:

      relex-kg status --store relex-graph
    """
    from relex_kg.reviewing import reviewed

    resolver = load_resolver(decisions, aliases)
    target = settings().target(store)
    with progress() as show, old_store(store, show) as opened:
        name, counts = opened.name, opened.counts()
        unsettled = opened.unsettled(reviewed(resolver, opened).fingerprint)
    if as_json:
        emit({"store": target, "server": name, "settled": not unsettled, **asdict(counts)})
        return
    rows = {
        "Store": f"{harmless(target)} ({name})",
        "Documents": f"{counts.documents:,} in {counts.chunks:,} chunks",
        "Mentions": f"{counts.mentions:,} of {counts.entities:,} entities",
        "Evidence": f"{counts.evidence:,} for {counts.facts:,} facts",
        "Settled": "no; the next build brings entities and facts in line" if unsettled else "yes",
    }
    say(pairs(rows))
    tables = [
        _by_type(title, by_type)
        for title, by_type in (("Entities", counts.entities_by_type), ("Facts", counts.facts_by_type))
        if by_type
    ]
    if tables:
        say()
        say(Columns(tables, padding=(0, 4)))


def _by_type(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(title)
    table.add_column("", justify="right")
    for type, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(harmless(type), f"{count:,}")
    return table
