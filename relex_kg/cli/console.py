"""What a command says, and where: results on stdout, everything else on stderr.

Text from documents is data: markup in it is not interpreted, and control characters never reach a terminal.
"""

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from relex_kg.errors import RelexError

# Wide enough that nothing is cut or wrapped where no terminal sets a width
_UNBOUNDED = 1_000_000
# All control characters but tab and newline
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\ufffd")

Show = Callable[[str, int, int | None], None]


class _Output(Console):
    def on_broken_pipe(self) -> None:
        _leave_quietly()


def stdout() -> Console:
    """Where results go; in a pipe or a file, lines are as long as they are."""
    return _Output(width=None if sys.stdout.isatty() else _UNBOUNDED, markup=False, highlight=False, emoji=False)


def stderr() -> Console:
    """Where progress, notes and errors go."""
    width = None if sys.stderr.isatty() else _UNBOUNDED
    return Console(stderr=True, width=width, markup=False, highlight=False, emoji=False)


def harmless(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return text.translate(_CONTROLS)


def line(text: str) -> str:
    """The text on one line."""
    return " ".join(harmless(text).splitlines())


def say(*parts: RenderableType) -> None:
    """Print results for a person; where no person looks, without the blanks that fill up a table's lines."""
    console = stdout()
    if console.is_terminal:
        console.print(*parts)
        return
    with console.capture() as capture:
        console.print(*parts)
    console.print("\n".join(text.rstrip() for text in capture.get().splitlines()))


def note(text: str, *, style: str = "") -> None:
    """Print a remark beside the results."""
    stderr().print(Text(harmless(text), style=style))


def emit(document: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command run with ``--json``."""
    try:
        sys.stdout.write(json.dumps(_finite(document), ensure_ascii=False, indent=2, default=str) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()


def _finite(value: Any) -> Any:
    """JSON has no infinities and no NaN: they become text."""
    match value:
        case Mapping():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value


def _leave_quietly() -> NoReturn:
    """Whoever read our output has seen enough (``| head``); what Python still flushes at exit goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(0)


def complain(error: RelexError) -> None:
    """Print an error: what happened, why, and what to do, each on lines of its own."""
    console = stderr()
    console.print(Text.assemble(("Error: ", "bold red"), f"{harmless(error.what)}."))
    if error.cause:
        console.print(Text.assemble(("Likely cause: ", "bold"), f"{harmless(error.cause)}."))
    if error.fix:
        console.print(Text.assemble(("Fix: ", "bold"), f"{harmless(error.fix)}."))


def as_document(error: RelexError) -> dict[str, str | None]:
    """An error as JSON holds it."""
    return {"kind": type(error).__name__, "what": error.what, "cause": error.cause, "fix": error.fix}


def pairs(rows: Mapping[str, str]) -> Table:
    """A name and a value a line."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def listed(counts: Mapping[str, int]) -> str:
    """Counts in words: ``3 added, 1 updated``."""
    return ", ".join(f"{count:,} {harmless(name)}" for name, count in counts.items()) or "none"


@contextmanager
def progress() -> Iterator[Show]:
    """Bars on stderr where that is a terminal, gone when done.

    Yields:
        a function that is told a stage, how much of it is done, and how much there is (None: not known).
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def show(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
