"""The command line run in this process, on a graph that an open store holds."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from relex_kg.cli.app import app
from relex_kg.graph.store import Store
from relex_kg.settings import Settings

TINY = Path(__file__).resolve().parents[2] / "fixtures" / "reference" / "token-none-rnn0-bert"
VARIABLES = (
    "NEO4J_URI",
    "NEO4J_USERNAME",
    "NEO4J_PASSWORD",
    "NEO4J_DATABASE",
    "RELEX_KG_STORE",
    "RELEX_KG_HEAP",
    "RELEX_KG_SCHEMA",
    "RELEX_KG_MODEL",
    "RELEX_KG_DECISIONS",
    "RELEX_KG_ALIASES",
    "FORCE_COLOR",
)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Run:
    def run(*arguments: str | Path, stdin: str | None = None) -> Ran:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def tiny_model(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with random weights that finds something everywhere, as the one to use by default."""
    monkeypatch.setenv("RELEX_KG_MODEL", str(TINY))
    return TINY


@pytest.fixture
def graph(
    embedded_store: Store, say: Callable[..., Any], settle: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A small graph in an open store, which every command finds where it looks for one."""
    for document in embedded_store.documents():
        embedded_store.remove_document(document)
    for decision in embedded_store.decisions():
        embedded_store.forget_decision(decision.id)
    embedded_store.replace_document(say("file:///a.txt", ("Ada", "WORKS_FOR", "Engines Ltd")))
    embedded_store.replace_document(
        say("file:///b.txt", ("Ada", "WORKS_FOR", "Engines Ltd"), ("Bea", "MARRIED_TO", "Ada"))
    )
    settle(embedded_store)
    monkeypatch.setenv("RELEX_KG_STORE", "bolt://graph.example.org")
    monkeypatch.setattr(Settings, "open_store", lambda settings, store=None: nullcontext(embedded_store))
    return embedded_store
