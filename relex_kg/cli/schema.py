"""``relex-kg schema``: ready schemas, and whether one of your own is right."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from relex_kg.cli import options
from relex_kg.cli.console import emit, line, pairs, say
from relex_kg.cli.opening import load_schema

if TYPE_CHECKING:
    from relex_kg.ontology import RelationType, Schema

group = typer.Typer(name="schema", no_args_is_help=True, rich_markup_mode="rich")


@group.callback()
def schema() -> None:
    """Check a schema, or list the ready ones.

    A schema is a YAML file that says which kinds of entities and relations to
    look for, and in which words to ask the model for them.

    Examples:

      relex-kg schema list
      relex-kg schema check my-schema.yaml
    """


@group.command()
def check(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[FILE|NAME]", help="As in --schema. Without it: RELEX_KG_SCHEMA, else general."),
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Check a schema, and show what it asks for.

    A mistake is told with its line and how to mend it, all mistakes at once.

    Examples:

      relex-kg schema check my-schema.yaml
      relex-kg schema check companies
    """
    schema = load_schema(source)
    if as_json:
        emit({"valid": True, "fingerprint": schema.fingerprint, "schema": schema.model_dump(mode="json")})
        return
    say(pairs({"Schema": line(schema.name), "Fingerprint": schema.fingerprint}))
    say()
    say(_entities(schema))
    if schema.relations:
        say()
        say(_relations(schema))


@group.command("list")
def ready(*, as_json: options.Json = False) -> None:
    """List the schemas that come with relex-kg.

    Each is used by its name; to begin one of your own, see docs/schemas.md.

    Example:

      relex-kg schema list
    """
    from relex_kg.ontology import Schema

    schemas = {name: Schema.load(name) for name in Schema.ready()}
    if as_json:
        emit({"schemas": [_described(name, schema) for name, schema in schemas.items()]})
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("Name")
    table.add_column("Entities", justify="right")
    table.add_column("Relations", justify="right")
    table.add_column("What for")
    for name, schema in schemas.items():
        table.add_row(name, str(len(schema.entities)), str(len(schema.relations)), line(schema.description or ""))
    say(table)


def _described(name: str, schema: "Schema") -> dict[str, object]:
    return {
        "name": name,
        "description": schema.description,
        "entities": list(schema.entities),
        "relations": list(schema.relations),
    }


def _entities(schema: "Schema") -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("Entity type", "Asked as", "Threshold"):
        table.add_column(title)
    for name, kind in schema.entities.items():
        table.add_row(name, line(kind.label), f"{kind.threshold:g}")
    return table


def _relations(schema: "Schema") -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("Relation type", "Asked as", "From", "To", "Threshold"):
        table.add_column(title)
    for name, kind in schema.relations.items():
        table.add_row(name, _asked(kind), ", ".join(kind.head), ", ".join(kind.tail), f"{kind.threshold:g}")
    return table


def _asked(kind: "RelationType") -> str:
    if kind.symmetric:
        return f"{line(kind.label)} (both ways)"
    return f"{line(kind.label)} / {line(kind.inverse)}" if kind.inverse else line(kind.label)
