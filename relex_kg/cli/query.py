"""``relex-kg query``: Cypher in, a table out."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from relex_kg.cli import options
from relex_kg.cli.console import emit, line, progress, say
from relex_kg.cli.opening import old_store
from relex_kg.cli.values import readable

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="A value for $NAME in the statement; what reads as JSON is taken as JSON (5, true), "
        "all else as text. May be repeated.",
    ),
]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds after which a query is given up.")]


def query(
    cypher: Annotated[str, typer.Argument(metavar="CYPHER", help="A statement that reads; - takes it from stdin.")],
    *,
    param: Parameters = None,
    store: options.Store = None,
    timeout: Timeout = 60.0,
    as_json: options.Json = False,
) -> None:
    r"""Ask the graph a question in Cypher.

    Entities are nodes with the label Entity and that of their type, and with a
    name; facts are the edges between them, with support (how many statements
    say so) and confidence. Mentions, evidence, chunks and documents hang on
    those. A statement may only read. On a terminal long values wrap; in a
    pipe a row is one line.

    Examples:

      relex-kg query "MATCH (a:Person)-\[f]->(b) RETURN a.name, type(f), b.name"
      relex-kg query "MATCH (d:Document) RETURN d.uri" --json
      relex-kg query "MATCH p = (:Entity {name: \$name})--() RETURN p" \
          --param name="Ada Lovelace"
    """
    statement = sys.stdin.read() if cypher == "-" else cypher
    with progress() as show, old_store(store, show) as opened:
        result = opened.query(statement, parsed(param or []), timeout=timeout)
    if as_json:
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        emit({"columns": result.columns, "rows": rows})
        return
    say(_table(result.columns, result.rows))
    say(Text(f"{len(result.rows):,} row{'' if len(result.rows) == 1 else 's'}", style="dim"))


def parsed(parameters: list[str]) -> dict[str, Any]:
    """``NAME=VALUE`` pairs as a query takes them."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"'{parameter}' is not NAME=VALUE", param_hint="--param")
        values[name.removeprefix("$")] = _value(value)
    return values


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_NARROW = 16  # columns up to this wide never wrap: names of relations, counts, scores


def _table(columns: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> Table:
    cells = [[line(readable(value)) for value in row] for row in rows]
    table = Table()
    for number, column in enumerate(columns):
        widest = max((cell_len(str(row[number])) for row in cells), default=0)
        table.add_column(line(column), no_wrap=max(widest, cell_len(column)) <= _NARROW, overflow="fold")
    for row in cells:
        table.add_row(*row)
    return table
