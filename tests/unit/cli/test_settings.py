import pytest

from relex_kg.errors import SettingsError
from relex_kg.graph import connect
from relex_kg.settings import BuildOptions, Settings


def test_the_store_named_on_the_spot_wins_then_the_environment_then_a_folder_right_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().target() == "relex-graph"
    monkeypatch.setenv("NEO4J_URI", "bolt://one")
    assert Settings().target() == "bolt://one"
    monkeypatch.setenv("RELEX_KG_STORE", "two")
    assert Settings().target() == "two"
    assert Settings().target("three") == "three"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD", "RELEX_KG_STORE", "RELEX_KG_SCHEMA"):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert settings.target() == "relex-graph"
    assert (settings.neo4j_username, settings.neo4j_password, settings.graph_schema) == ("neo4j", None, "general")


def test_a_server_is_given_the_user_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("USERNAME", "ada"), ("PASSWORD", "secret"), ("DATABASE", "graphs")):
        monkeypatch.setenv(f"NEO4J_{name}", value)
    given = {}
    monkeypatch.setattr(connect, "open_store", lambda target, **options: given.update(target=target, **options))
    Settings().open_store("bolt://one")
    assert given == {
        "target": "bolt://one",
        "username": "ada",
        "password": "secret",
        "database": "graphs",
        "heap": "1g",
    }


def test_the_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "secret")
    assert "secret" not in repr(Settings())


def test_a_wrong_value_in_the_environment_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEX_KG_WINDOW", "wide")
    with pytest.raises(SettingsError, match="the environment variable RELEX_KG_WINDOW has a wrong value"):
        BuildOptions.chosen()


def test_a_build_works_with_what_it_is_given_then_the_environment_then_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert BuildOptions.chosen().precision == "float32"
    monkeypatch.setenv("RELEX_KG_PRECISION", "int8")
    monkeypatch.setenv("RELEX_KG_WINDOW", "50")
    chosen = BuildOptions.chosen(window=70, include=["*.md"])
    assert (chosen.precision, chosen.window, chosen.schema, chosen.include) == ("int8", 70, "general", ("*.md",))
