"""score, on a small graph."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Of document b two facts, one of which the graph has; and a document that the graph has not."""
    folder = tmp_path / "gold"
    folder.mkdir()
    entities = [
        {"id": "a", "type": "Person", "names": ["Ada"]},
        {"id": "b", "type": "Person", "names": ["Bea"]},
        {"id": "y", "type": "Place", "names": ["York"]},
    ]
    married = {"head": "a", "relation": "MARRIED_TO", "tail": "b", "level": "said", "via": "sentence", "quote": "m"}
    lives = {"head": "b", "relation": "LIVES_IN", "tail": "y", "level": "said", "via": "pronoun", "quote": "She lives"}
    for name, facts in (("b", [married, lives]), ("gone", [lives])):
        content = {"doc": name, "schema": "general", "entities": entities, "facts": facts}
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_score_prints_figures_and_lists_what_is_wrong_and_missed(run: Any, gold: Path) -> None:
    ran = run("score", gold, "--list")
    assert ran.code == 0
    assert ran.err == "1 of 2 documents are not in the graph; their facts count as missed: gone\n"
    lines = [[cell.strip() for cell in line.strip("│┃").split("│")] for line in ran.out.splitlines()]
    assert ["all", "50.0", "33.3", "40.0", "1", "1", "2"] in lines
    assert ["MARRIED_TO", "100.0", "100.0", "100.0", "1", "0", "0"] in lines
    assert ["pronoun", "0.0", "2"] in lines
    assert ["b", "Ada", "WORKS_FOR", "Engines Ltd", "0.50", "Ada WORKS_FOR Engines Ltd."] in lines
    assert ["b", "Bea", "LIVES_IN", "York", "pronoun", "She lives"] in lines


def test_score_as_json(run: Any, gold: Path) -> None:
    document = run("score", gold, "--json").document
    assert document["total"] == {
        "precision": 0.5,
        "recall": pytest.approx(1 / 3),
        "f1": 0.4,
        "true_positive": 1,
        "predicted": 2,
        "gold": 3,
    }
    assert document["absent"] == ["gone"]
    assert [fact["tail"] for fact in document["wrong"]] == ["Engines Ltd"]
    assert [fact["document"] for fact in document["missed"]] == ["b", "gone"]


def test_a_folder_without_facts_is_refused(run: Any, tmp_path: Path) -> None:
    ran = run("score", tmp_path / "gone")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {tmp_path / 'gone'} holds no facts that readers listed.\n")
