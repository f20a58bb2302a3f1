"""``relex-kg explain``: why an entity has its names."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, progress, say
from relex_kg.cli.opening import load_resolver, old_store
from relex_kg.errors import StoreError

if TYPE_CHECKING:
    from relex_kg.reviewing import Explanation

_MOST_NEAR_MISSES = 10


def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or alias, in any case.")],
    *,
    type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only entities of this type.")] = None,
    store: options.Store = None,
    decisions: options.Decisions = None,
    aliases: options.Aliases = None,
    as_json: options.Json = False,
) -> None:
    """Show why an entity has its names: each pair that a rule or a decision took for one.

    Below them stand near misses: names of other entities that might be meant,
    and why they are not one with it. What is wrong is put right with
    relex-kg merge and relex-kg split. Give the same --decisions and --aliases
    as to build.

    Examples:

      relex-kg explain "Marie Curie"
      relex-kg explain IBM --type Organization --json
    """
    from relex_kg.reviewing import explain as explain_name
    from relex_kg.reviewing import reviewed

    resolver = load_resolver(decisions, aliases)
    with progress() as show, old_store(store, show) as opened:
        explanations = explain_name(opened, reviewed(resolver, opened), name, type=type)
    if not explanations:
        raise StoreError(
            f"no entity{f' of the type {type}' if type else ''} has the name '{name}'",
            fix='see the names with: relex-kg query "MATCH (e:Entity) RETURN e.name, e.type"',
        )
    if as_json:
        emit({"entities": [_as_json(explanation) for explanation in explanations]})
        return
    for number, explanation in enumerate(explanations):
        if number:
            say()
        _show(explanation)


def _show(explanation: "Explanation") -> None:
    entity = explanation.entity
    say(f"{harmless(entity.name)} ({entity.type}), {entity.mentions:,} mentions, id {entity.id}")
    if entity.external_id:
        say(f"  external_id {harmless(entity.external_id)}, from a list of names")
    say("  written " + ", ".join(f"{harmless(form)} ({count:,})" for form, count in explanation.forms.items()))
    if explanation.merges:
        table = Table(box=None, pad_edge=False, title="  one because", title_justify="left", title_style="bold")
        for column in ("  name", "is", "rule", "score", "mentions"):
            table.add_column(column, justify="right" if column in ("score", "mentions") else "left")
        for merge, count in explanation.merges:
            table.add_row(
                f"  {harmless(merge.left)}",
                harmless(merge.right),
                merge.rule,
                f"{merge.score:.2f}",
                f"{count:,}" if count else "",
            )
        say(table)
    if explanation.near_misses:
        table = Table(box=None, pad_edge=False, title="  near misses", title_justify="left", title_style="bold")
        for column in ("  name", "and", "of", "score", "why not"):
            table.add_column(column)
        for miss in explanation.near_misses[:_MOST_NEAR_MISSES]:
            of_entity = f"{harmless(miss.entity.name)} ({miss.entity.mentions:,})"
            table.add_row(f"  {harmless(miss.name)}", harmless(miss.other), of_entity, f"{miss.score:.2f}", miss.reason)
        say(table)
        if len(explanation.near_misses) > _MOST_NEAR_MISSES:
            say(f"  and {len(explanation.near_misses) - _MOST_NEAR_MISSES:,} more: --json")


def _as_json(explanation: "Explanation") -> dict[str, object]:
    return {
        "entity": asdict(explanation.entity),
        "forms": explanation.forms,
        "merges": [{**asdict(merge), "mentions": count or None} for merge, count in explanation.merges],
        "near_misses": [asdict(miss) for miss in explanation.near_misses],
    }
