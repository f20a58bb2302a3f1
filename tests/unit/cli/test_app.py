"""What holds for every command: help that teaches, --json, exit codes, nothing heavy imported in vain."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from relex_kg.cli.app import app


def _commands(command: Any, *above: str) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    for name, sub in inner.items():
        yield from _commands(sub, *above, name)
    if not inner:
        yield above


COMMANDS = list(_commands(get_command(app)))


def test_these_are_the_commands() -> None:
    assert [" ".join(command) for command in COMMANDS] == [
        "build",
        "status",
        "query",
        "export",
        "remove",
        "explain",
        "merge",
        "split",
        "decisions",
        "extract",
        "score",
        "eval",
        "train",
        "schema check",
        "schema list",
    ]


@pytest.mark.parametrize("command", [(), ("schema",), *COMMANDS], ids=" ".join)
def test_every_help_has_an_example(run: Any, command: tuple[str, ...]) -> None:
    ran = run(*command, "--help")
    assert ran.code == 0
    examples = ran.out.partition("Example")[2].partition("╭")[0]
    assert f"  relex-kg {' '.join(command)}".rstrip() in examples


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_json(run: Any, command: tuple[str, ...]) -> None:
    assert "--json" in run(*command, "--help").out


def test_the_main_help_says_what_the_exit_codes_mean(run: Any) -> None:
    shown = run("--help").out
    for code in ("0    done", "1    refused", "2    usage", "3    done, but some documents failed", "130  interrupted"):
        assert code in shown


def test_help_imports_nothing_heavy() -> None:
    script = """
import sys
from relex_kg.cli import main
sys.argv = ["relex-kg", "--help"]
try:
    main()
finally:
    heavy = {"torch", "transformers", "neo4j", "prefect", "networkx", "pydantic", "rapidfuzz"}
    print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr == "[]\n"


def test_an_unknown_command_is_a_usage_error(run: Any) -> None:
    assert run("biuld").code == 2


def test_ctrl_c_ends_cleanly_and_says_that_the_next_run_goes_on(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(source: str | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("relex_kg.cli.build.load_schema", interrupt)
    ran = run("build", ".")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "Interrupted. What was finished is kept; the same command goes on from there.\n"


def test_an_error_is_a_document_too_where_json_was_asked_for(run: Any) -> None:
    ran = run("build", "nowhere", "--json")
    assert ran.code == 1
    assert ran.document == {
        "error": {
            "kind": "ReadError",
            "what": "nowhere does not exist",
            "cause": "the path is misspelt, or the link it is leads nowhere",
            "fix": "check it with ls",
        }
    }
    assert ran.err == (
        "Error: nowhere does not exist.\n"
        "Likely cause: the path is misspelt, or the link it is leads nowhere.\n"
        "Fix: check it with ls.\n"
    )
