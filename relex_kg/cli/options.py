"""The options that several commands share: said once, explained once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

JSON_ASKED = "relex_kg.json"


class PrecisionName(StrEnum):
    """How the model calculates."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"


def _note_json(ctx: typer.Context, asked: bool) -> bool:
    ctx.meta[JSON_ASKED] = asked  # an error is reported outside of the command, which then knows of no options
    return asked


Json = Annotated[
    bool,
    typer.Option("--json", callback=_note_json, help="Print one JSON document on stdout, and nothing else there."),
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|ADDRESS",
        help="Where the graph lives: a folder (the embedded store) or a Neo4j address such as neo4j://localhost:7687. "
        "#News behind an address keeps a graph apart: its labels begin with News. "
        "Without it: RELEX_KG_STORE, else NEO4J_URI, else ./relex-graph. A server's user is in NEO4J_USERNAME, "
        "NEO4J_PASSWORD and NEO4J_DATABASE.",
    ),
]
Schema = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|NAME",
        help="What to look for: a schema file, or the name of a ready schema (see: relex-kg schema list). "
        "Without it: RELEX_KG_SCHEMA, else general.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|NAME[@REVISION]",
        help="The model that reads: a checkpoint folder or a name on the Hugging Face hub. "
        "Without it: RELEX_KG_MODEL, else the bundled model.",
    ),
]
Precision = Annotated[
    PrecisionName | None,
    typer.Option(
        help="float32 is exact. On a CPU, bfloat16 is faster, nearly the same; int8 is the fastest, may cost quality. "
        "Without it: RELEX_KG_PRECISION, else float32."
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="TOKENS",
        help="About how much text the model reads at once, in whole sentences. Less finds more and takes longer. "
        "Without it: RELEX_KG_WINDOW, else 100.",
    ),
]
Decisions = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Reviewed merges (must_link, cannot_link), which win over the rules. "
        "Without it: RELEX_KG_DECISIONS, else none.",
    ),
]
Aliases = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A list of things (CSV or JSON Lines: id, type, name, aliases): names of one row are one entity with "
        "its id. Without it: RELEX_KG_ALIASES, else none.",
    ),
]
EntityThreshold = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Score that a mention must exceed. Default: the schema's, or 0.5."),
]
RelationThreshold = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Score that a relation must exceed. Default: the schema's, or 0.5."),
]
