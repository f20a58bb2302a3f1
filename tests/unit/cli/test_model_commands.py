"""build (dry), extract, eval and train, with a tiny model of random weights."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from relex_kg.training.data import read_records
from relex_kg.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("tiny_model")

SCHEMA = """\
name: anything
entities:
  Person: {label: person, threshold: 0.01}
relations:
  KNOWS: {label: knows, threshold: 0.01, head: [Person], tail: [Person]}
"""
RECORD = {
    "text": "Ada met Bea",
    "entities": [{"start": 0, "end": 3, "type": "person"}, {"start": 8, "end": 11, "type": "person"}],
    "relations": [{"head": 0, "tail": 1, "type": "met"}],
    "entity_types": ["person"],
    "relation_types": ["met"],
    "pairs": "all",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("Ada met Bea.")
    (folder / "b.md").write_text("Bea met Cid.")
    (folder / "picture.png").write_bytes(b"")
    return folder


def test_a_dry_run_reports_and_writes_nothing(run: Any, corpus: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = run("build", corpus, "--schema", "schema.yaml", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    lines = dict(text.split(maxsplit=1) for text in ran.out.splitlines())
    assert list(lines) == ["Store", "Documents", "Found", "Dropped", "Skipped", "Entities", "Facts", "Seconds"]
    assert lines["Store"] == "memory"
    assert lines["Documents"] == "2 added, 0 updated, 0 unchanged, 0 failed, 1 skipped"
    assert lines["Skipped"] == "1 unsupported format .png"
    assert lines["Found"].startswith("2 chunks, ")
    assert sorted(tmp_path.rglob("*")) == before


def test_build_as_json(run: Any, corpus: Path) -> None:
    document = run("build", corpus, "--schema", "schema.yaml", "--dry-run", "--json").document
    assert (document["store"], document["dry_run"], document["changed"]) == ("memory", True, True)
    assert document["documents"] == {"added": 2, "updated": 0, "unchanged": 0, "failed": 0, "skipped": 1}
    assert document["skipped"] == [{"path": str(corpus / "picture.png"), "reason": "unsupported format .png"}]
    assert document["failures"] == []
    assert document["documents"]["added"] == 2
    assert document["settled"]["entities_created"] == document["graph"]["entities"] > 0
    assert list(document["seconds"]) == ["extract", "write", "resolve"]


def test_failures_are_listed_and_the_rest_of_many_counted(run: Any, corpus: Path) -> None:
    (corpus / "c.jsonl").write_text("not JSON\n" * 25)
    ran = run("build", corpus, "--schema", "schema.yaml", "--dry-run")
    assert ran.code == 3
    failed = ran.out.partition("\nFailed:\n")[2].splitlines()
    assert len(failed) == 21
    assert failed[0].startswith(f"  {(corpus / 'c.jsonl').as_uri()}#L1: ")
    assert failed[-1] == "  and 5 more (--json lists all)"


def test_a_build_of_nothing_changes_nothing(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("build", "empty", "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith("Nothing changed.\nStore      memory\n")


def test_extract_marks_mentions_and_lists_triplets(run: Any, corpus: Path) -> None:
    ran = run("extract", corpus / "a.txt", "--schema", "schema.yaml", "--json")
    [document] = ran.document["documents"]
    assert document["text"] == "Ada met Bea."
    for mention in document["mentions"]:
        assert document["text"][mention["start"] : mention["end"]] == mention["text"]
        assert (mention["type"], mention["label"]) == ("Person", "person")
    marked, _, *table = run("extract", corpus / "a.txt", "--schema", "schema.yaml").out.splitlines()
    plain = marked
    for mention in document["mentions"]:
        assert f"[{mention['text']}: Person]" in marked
        plain = plain.replace(f"[{mention['text']}: Person]", mention["text"])
    assert plain == "Ada met Bea."
    assert len(table) == (len(document["relations"]) + 4 if document["relations"] else 1)


def test_extract_asks_in_the_words_given(run: Any) -> None:
    arguments = ("--entities", "movie star, city", "--relations", "place of birth", "--entity-threshold", "0.01")
    ran = run("extract", "Ada met Bea", *arguments, "--relation-threshold", "0.99", "--json")
    [document] = ran.document["documents"]
    assert {mention["label"] for mention in document["mentions"]} <= {"movie star", "city"}
    assert document["mentions"]
    assert document["relations"] == []


def test_extract_reads_stdin_and_reports_bad_records(run: Any, tmp_path: Path) -> None:
    assert run("extract", "-", "--json", stdin="Ada met Bea").document["documents"][0]["text"] == "Ada met Bea"
    (tmp_path / "x.jsonl").write_text('{"text": "Ada"}\nnot JSON\n')
    ran = run("extract", "x.jsonl", "--json")
    assert ran.code == 3
    assert len(ran.document["documents"]) == len(ran.document["failures"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("report.html",), 1),
        (("a text", "--relations", "knows"), 2),
        (("a text", "--schema", "general", "--entities", "person"), 2),
        (("a text", "--entities", "person,person"), 1),
        (("a text", "--model", "no/such model"), 1),
    ],
)
def test_extract_refuses_what_it_cannot_do(run: Any, arguments: tuple[str, ...], code: int) -> None:
    ran = run("extract", *arguments)
    assert (ran.code, ran.out) == (code, "")


def test_eval_measures_each_file(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    ran = run("eval", "gold.jsonl", "--json", "--entity-threshold", "0.99")
    assert ran.document["protocol"] == {
        "types_from": "split",
        "entity_threshold": 0.99,
        "relation_threshold": 0.5,
        "nested": False,
    }
    [scores] = ran.document["files"]
    assert (scores["file"], scores["records"], scores["cut"]) == ("gold.jsonl", 1, 0)
    nothing = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "true_positive": 0, "predicted": 0}
    assert scores["entities"]["by_type"] == {"person": nothing | {"gold": 2}}
    assert scores["relations"]["by_type"] == scores["triples"]["by_type"] == {"met": nothing | {"gold": 1}}
    assert scores["relations"].items() >= (nothing | {"gold": 1}).items()
    [column] = ran.document["columns"]
    assert (column["name"], column["files"], ran.document["all"]["entities"]) == (
        "gold.jsonl",
        ["gold.jsonl"],
        scores["entities"],
    )


def test_eval_shows_a_summary_the_types_and_the_sweep(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    shown = run("eval", "gold.jsonl", "--entity-threshold", "0.99", "--by-type").out.splitlines()
    titles = [number for number, text in enumerate(shown) if text and text[0] not in "┏┃┡│└"]
    assert [shown[number] for number in titles] == [
        "gold.jsonl, 1 records",
        "by type",
        "gold.jsonl, F1 % by threshold",
    ]
    assert [after - before for before, after in zip(titles, [*titles[1:], len(shown)], strict=True)] == [8, 8, 14]
    cells = [cell.strip() for cell in shown[4].split("│")]
    assert cells[1:8] == ["entities", "0.0", "0.0", "0.0", "0", "0", "2"]


def test_eval_takes_files_as_columns_and_shows_their_mean(run: Any, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(RECORD) + "\n")
    ran = run("eval", "First=a.jsonl,b.jsonl", "Second=c.jsonl", "--json", "--entity-threshold", "0.01")
    assert [one["file"] for one in ran.document["files"]] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    assert [(one["name"], one["records"]) for one in ran.document["columns"]] == [("First", 2), ("Second", 1)]
    f1 = [one["triples"]["f1"] for one in ran.document["columns"]]
    assert ran.document["mean_f1"]["triples"] == sum(f1) / 2
    assert ran.document["all"]["records"] == 3
    shown = run("eval", "First=a.jsonl,b.jsonl", "Second=c.jsonl", "--entity-threshold", "0.01").out
    assert "First, all its files, 2 records\n" in shown
    overview = shown.partition("\nF1 %\n")[2].splitlines()
    assert [text.split()[1] for text in overview[3:-1]] == ["First", "Second", "mean", "all"]


def test_eval_writes_what_it_finds(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    arguments = ("--entity-threshold", "0.01", "--relation-threshold", "0.01", "--predictions", "found.jsonl")
    ran = run("eval", "gold.jsonl", "--json", *arguments)
    [record] = read_records("found.jsonl")
    assert len(record.entities) == ran.document["all"]["entities"]["predicted"] > 0
    assert (record.id, record.text, record.entity_types) == ("gold.jsonl:1", "Ada met Bea", ("person",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.jsonl", "gold.jsonl"]


def test_eval_does_not_write_over_what_it_measures_on(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    ran = run("eval", "gold.jsonl", "--predictions", "gold.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert json.loads((tmp_path / "gold.jsonl").read_text()) == RECORD


def test_eval_says_which_line_is_wrong_before_a_model_is_loaded(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    (tmp_path / "bad.jsonl").write_text(json.dumps(RECORD) + '\n{"text": "no end\n')
    ran = run("eval", "gold.jsonl", "bad.jsonl", "--model", "no-such-model", "--predictions", "found.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: bad.jsonl, line 2: not JSON")
    assert not (tmp_path / "found.jsonl").exists()


def test_eval_says_that_predictions_cannot_be_written(run: Any, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    ran = run("eval", "gold.jsonl", "--predictions", "nowhere/found.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: nowhere/found.jsonl cannot be written")


def test_train_makes_a_model_that_the_other_commands_take(run: Any, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "gold.jsonl").write_text((json.dumps(RECORD) + "\n") * 3)
    ran = run("train", "gold.jsonl", "--from", tiny_model, "--out", "model", "--max-steps", "1", "--json")
    assert ran.code == 0
    assert {key: ran.document[key] for key in ("model", "records", "drawn", "steps", "resumed", "dev")} == {
        "model": "model",
        "records": {"gold.jsonl": 3},
        "drawn": {"gold.jsonl": 45},
        "steps": 1,
        "resumed": False,
        "dev": None,
    }
    assert re.fullmatch(r"Step 1 of 1: loss \d+\.\d{3}, \d+ s\n", ran.err)
    assert run("extract", "Ada met Bea", "--entities", "person", "--model", "model").code == 0


def test_train_measures_on_dev_and_writes_a_card_and_the_recipe(run: Any, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "gold.jsonl").write_text((json.dumps(RECORD) + "\n") * 3)
    words = {"tokenized_text": ["Ada", "met", "Bea"], "ner": [[0, 0, "person"], [2, 2, "person"]]}
    (tmp_path / "words.jsonl").write_text(json.dumps(words | {"relations": [[0, 1, "met"]]}) + "\n")
    options = ("--from", tiny_model, "--dev", "gold.jsonl", "--epochs", "2", "--seed", "5", "--out")
    ran = run("train", "gold.jsonl", "words.jsonl", *options, "model")
    assert ran.code == 0
    lines = dict(text.split(maxsplit=1) for text in ran.out.splitlines())
    assert (lines["Records"], lines["Read"]) == ("3 gold.jsonl, 1 words.jsonl", "6 gold.jsonl, 2 words.jsonl")
    assert ran.err.startswith("Before training: dev entities F1 ")
    assert "(best step: " in ran.out
    recipe = Recipe.load(tmp_path / "model" / "recipe.yaml")
    assert (recipe.data, recipe.dev, recipe.evaluations) == ({"gold.jsonl": 6, "words.jsonl": 2}, "gold.jsonl", 6)
    card = (tmp_path / "model" / "README.md").read_text()
    assert "| `words.jsonl` | 1 | 2 |" in card
    assert "F1 in percent on `gold.jsonl`" in card
    assert "| seed | `5` |" in card
    assert not (tmp_path / "model" / "steps").exists()
    again = run("train", "--recipe", "model/recipe.yaml", "--from", tiny_model, "--out", "again")
    assert again.code == 0
    assert (tmp_path / "again/model.safetensors").read_bytes() == (tmp_path / "model/model.safetensors").read_bytes()


def test_train_puts_no_model_over_another(run: Any, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(RECORD) + "\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"years of work")
    ran = run("train", "gold.jsonl", "--from", tiny_model, "--out", "model")
    assert (ran.code, ran.out) == (1, "")
    assert "already holds a model.\nFix: give another folder with --out" in ran.err
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == b"years of work"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("gold.jsonl", "--recipe", "recipe.yaml"),
        ("--recipe", "recipe.yaml", "--epochs", "3"),
        ("gold.jsonl", "--patience", "2"),
    ],
)
def test_train_takes_data_or_a_recipe(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("train", *arguments).code == 2


def test_train_says_which_file_is_missing(run: Any) -> None:
    ran = run("train", "gold.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: gold.jsonl cannot be read")
