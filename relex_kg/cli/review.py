"""``relex-kg merge``, ``split`` and ``decisions``: a reviewer's word on which names are one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, note, progress, say
from relex_kg.cli.opening import load_resolver, old_store
from relex_kg.errors import DecisionError

if TYPE_CHECKING:
    from relex_kg.canon.resolver import Resolver
    from relex_kg.graph.store import KeptDecision, Store
    from relex_kg.settlement.report import SettleReport
    from relex_kg.types import Listed

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names, as documents write them.")]
Type = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="The names' entity type; may be left out where the graph knows but one."
    ),
]
In = Annotated[
    str | None,
    typer.Option("--in", metavar="DOCUMENT", help="Only as the names are meant in this document: a file, or a URI."),
]


def merge(
    names: Names,
    *,
    type: Type = None,
    document: In = None,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """Decide that names are one entity.

    The decision is kept in the graph and wins over the rules, now and in every
    later build, whatever documents come and go. It is listed, and undone, with:
    relex-kg decisions. A decision that contradicts another one is refused.

    Examples:

      relex-kg merge "Mark Twain" "Samuel Clemens" --type Person
      relex-kg merge "the Fund" "International Monetary Fund" --in reports/may.md
    """
    resolver = load_resolver(decisions, aliases)
    _decide(store, resolver, lambda opened: _listed(opened, names, type, document), linked=True, as_json=as_json)


def split(
    names: Names,
    *,
    type: Type = None,
    document: In = None,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """Decide that no two of the names are one entity.

    With --in, one name is enough: the one of that document is then not the one
    of the others. Kept, listed and undone as those of: relex-kg merge.

    Examples:

      relex-kg split "J. Smith" "John Smith" --type Person
      relex-kg split "John Carver" --in reports/cape-town.txt
    """

    def named(opened: "Store") -> "list[Listed]":
        listed = _listed(opened, names, type, document)
        elsewhere = [replace(name, document="") for name in listed if len(listed) == 1 and document]
        return [*listed, *elsewhere]

    _decide(store, load_resolver(decisions, aliases), named, linked=False, as_json=as_json)


def list_decisions(
    *,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="ID", help="Take back this decision; the first digits do.")
    ] = None,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """List the decisions that the graph keeps, or take one back.

    Decisions of a file (--decisions) are not among them; they are undone by
    deleting their lines.

    Examples:

      relex-kg decisions
      relex-kg decisions --undo 3f2a9c1b
    """
    from relex_kg.reviewing import undo as undo_decision

    resolver = load_resolver(decisions, aliases)
    with progress() as show, old_store(store, show) as opened:
        undone = undo_decision(opened, resolver, undo) if undo else None
        decisions_of_graph = opened.decisions()
    if as_json:
        emit(
            {
                "decisions": [_as_json(decision) for decision in decisions_of_graph],
                "undone": _as_json(undone[0]) if undone else None,
                "settled": asdict(undone[1]) if undone and undone[1] else None,
            }
        )
        return
    if undone:
        say(f"Took back {_as_text(undone[0])}")
        say(_changes(undone[1]))
        return
    if not decisions_of_graph:
        note("The graph keeps no decisions.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "decided", "decision"):
        table.add_column(column)
    for decision in decisions_of_graph:
        table.add_row(decision.id[:8], decision.decided_at, harmless(_as_text(decision)))
    say(table)


def _decide(
    store: str | None, resolver: "Resolver", names: "Callable[[Store], list[Listed]]", *, linked: bool, as_json: bool
) -> None:
    from relex_kg.reviewing import decide

    with progress() as show, old_store(store, show) as opened:
        decision, settled = decide(opened, resolver, names(opened), linked=linked)
    if as_json:
        emit({"decision": _as_json(decision), "settled": asdict(settled) if settled else None})
        return
    say(f"Kept as {decision.id[:8]}: {harmless(_as_text(decision))}")
    say(_changes(settled))


def _listed(store: "Store", names: Sequence[str], type: str | None, document: str | None) -> "list[Listed]":
    from relex_kg.reviewing import types_of
    from relex_kg.text.readers import file_uri
    from relex_kg.types import Listed, collapse

    uri = "" if document is None else document if "://" in document else file_uri(Path(document))
    listed: list[Listed] = []
    for name in names:
        types = (type,) if type else types_of(store, name)
        if len(types) != 1:
            known = f"is of several types: {', '.join(types)}" if types else "is no name that the graph knows"
            raise DecisionError(f"'{name}' {known}", fix="say which is meant with --type")
        listed.append(Listed(types[0], collapse(name), uri))
    return listed


def _as_text(decision: "KeptDecision") -> str:
    names = [f"'{listed.name}'" + f" in {listed.document}" * bool(listed.document) for listed in decision.names]
    verb = "are one" if decision.linked else "are not one"
    return f"{', '.join(names[:-1])} and {names[-1]} ({decision.names[0].type}) {verb}"


def _as_json(decision: "KeptDecision") -> dict[str, Any]:
    return {"id": decision.id, **asdict(decision)}


def _changes(settled: "SettleReport | None") -> str:
    if settled is None or not settled.changed:
        return "Nothing in the graph changes by it now."
    return (
        f"Entities: {settled.entities_created:,} created, {settled.entities_updated:,} updated, "
        f"{settled.entities_deleted:,} deleted; {settled.mentions_moved:,} mentions moved"
    )
