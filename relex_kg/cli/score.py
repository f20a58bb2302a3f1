"""``relex-kg score``: how right a graph is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, harmless, line, note, progress, say
from relex_kg.cli.opening import old_store

if TYPE_CHECKING:
    from relex_kg.evaluation.facts import FactScores
    from relex_kg.training.metrics import Counts


def score(
    gold: Annotated[Path, typer.Argument(metavar="GOLD_DIR", help="Folder of facts that readers listed, JSON files.")],
    *,
    store: options.Store = None,
    one_by_one: Annotated[
        bool, typer.Option("--list", help="Also list what is wrong and what is missed, each with its sentence.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Score the graph against facts that readers listed.

    Read twenty documents of your own, write down every fact that they state,
    build a graph of them, and this says how many of the graph's facts are
    stated (precision) and how many of the stated ones are in it (recall): in
    all, by folder, by relation and by what it takes to read them. Facts that
    the text only implies count neither way. Documents that nobody read are left
    aside.

    docs/evaluation.md shows how to write such files.

    Examples:

      relex-kg build letters/ --store letters-graph
      relex-kg score letters-facts/ --store letters-graph --list
    """
    from relex_kg.evaluation.facts import read_listed
    from relex_kg.evaluation.facts import score as score_facts

    listed = read_listed(gold)
    with progress() as show, old_store(store, show) as opened:
        show("Read the graph", 0, None)
        documents = [state.uri for state in opened.documents().values()]
        scores = score_facts(listed, opened.statements(), documents)
    if as_json:
        emit(scores.document())
        return
    if scores.absent:
        note(
            f"{len(scores.absent):,} of {len(listed):,} documents are not in the graph; their facts count as missed: "
            f"{', '.join(scores.absent[:5])}{', …' if len(scores.absent) > 5 else ''}",
            style="yellow",
        )
    for table in _tables(scores, len(listed)):
        say(table)
    if one_by_one:
        say(_wrong(scores))
        say(_missed(scores))


def _tables(scores: "FactScores", documents: int) -> Sequence[Table]:
    total = _table(f"{documents:,} documents", "Documents")
    total.add_row("all", *_figures(scores.total))
    if set(scores.by_genre) - {""}:
        for genre, counts in scores.by_genre.items():
            total.add_row(line(genre), *_figures(counts))
    total.caption = (
        f"{scores.implied:,} more are only implied and count neither way. "
        f"Mean F1 of relations stated ten times or more: {_percent(scores.macro_f1)}"
    )
    total.caption_justify = "left"
    by_relation = _table("by relation", "Relation")
    for relation, counts in _most_stated_first(scores.by_relation):
        by_relation.add_row(line(relation), *_figures(counts))
    tables = [total, by_relation]
    if scores.by_via:
        by_via = Table(title="by what it takes to read them", title_justify="left", title_style="bold")
        for name in ("Way", "R %", "stated"):
            by_via.add_column(name, justify="left" if name == "Way" else "right")
        for via, counts in _most_stated_first(scores.by_via):
            by_via.add_row(line(via), _percent(counts.recall), f"{counts.gold:,}")
        tables.append(by_via)
    return tables


def _most_stated_first(by_name: "Mapping[str, Counts]") -> "list[tuple[str, Counts]]":
    return sorted(by_name.items(), key=lambda item: (-item[1].gold, item[0]))


def _wrong(scores: "FactScores") -> Table:
    table = _listing("Wrong", "Head", "Relation", "Tail", "Score", "Where")
    for fact in scores.wrong:
        table.add_row(line(fact.document), *map(line, (fact.head, fact.relation, fact.tail)), f"{fact.score:.2f}",
                      line(fact.sentence))  # fmt: skip
    return table


def _missed(scores: "FactScores") -> Table:
    table = _listing("Missed", "Head", "Relation", "Tail", "Way", "Where")
    for fact in scores.missed:
        table.add_row(line(fact.document), *map(line, (fact.head, fact.relation, fact.tail, fact.via, fact.quote)))
    return table


def _listing(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in ("Document", *columns):
        table.add_column(name, overflow="fold")
    return table


def _table(title: str, name: str) -> Table:
    table = Table(title=harmless(title), title_justify="left", title_style="bold")
    table.add_column(name)
    for column in ("P %", "R %", "F1 %", "right", "wrong", "missed"):
        table.add_column(column, justify="right")
    return table


def _figures(counts: "Counts") -> list[str]:
    ratios = [_percent(ratio) for ratio in (counts.precision, counts.recall, counts.f1)]
    wrong, missed = counts.predicted - counts.true_positive, counts.gold - counts.true_positive
    return ratios + [f"{number:,}" for number in (counts.true_positive, wrong, missed)]


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f}"
