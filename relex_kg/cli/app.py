"""The application: which commands there are, and how each may end."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from relex_kg.cli import schema
from relex_kg.cli.build import build
from relex_kg.cli.console import as_document, complain, emit, note
from relex_kg.cli.evaluate import evaluate
from relex_kg.cli.explain import explain
from relex_kg.cli.export import export
from relex_kg.cli.extract import extract
from relex_kg.cli.options import JSON_ASKED
from relex_kg.cli.query import query
from relex_kg.cli.remove import remove
from relex_kg.cli.review import list_decisions, merge, split
from relex_kg.cli.score import score
from relex_kg.cli.status import status
from relex_kg.cli.train import train
from relex_kg.errors import RelexError

REFUSED = 1
INTERRUPTED = 130

_GO_ON = {"build", "remove", "train"}  # what was finished stays finished


class _Commands(TyperGroup):
    """Turns what a user can cause into a message and an exit code; a bug of ours stays a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RelexError as error:
            complain(error)
            if ctx.meta.get(JSON_ASKED):
                emit({"error": as_document(error)})
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt:
            goes_on = ctx.invoked_subcommand in _GO_ON
            note("Interrupted." + (" What was finished is kept; the same command goes on from there." * goes_on))
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="relex-kg",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"relex-kg {version('relex-kg')}")
        raise typer.Exit


@app.callback()
def relex_kg(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    r"""Documents in, knowledge graph out.

    One small joint model finds what any schema asks for; every edge of the
    graph is traceable to its sentence.

    Example:

      relex-kg build reports/
      relex-kg status
      relex-kg query "MATCH (a)-\[f]->(b:Entity) RETURN a.name, type(f), b.name"

    Exit codes:

      0    done
      1    refused: a mistake in what was given, or a store that said no;
           the message says what to do
      2    usage: an unknown command or option
      3    done, but some documents failed; they are listed
      130  interrupted
    """


app.command()(build)
app.command()(status)
app.command()(query)
app.command()(export)
app.command()(remove)
app.command()(explain)
app.command()(merge)
app.command()(split)
app.command("decisions")(list_decisions)
app.command()(extract)
app.command()(score)
app.command("eval")(evaluate)
app.command()(train)
app.add_typer(schema.group)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # what a terminal cannot show
    app()
