"""The Prefect flows, on a real temporary server: what they report, what they retry, and what they refuse."""

import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from prefect.artifacts import Artifact
from prefect.client.base import PrefectHttpxSyncClient

from flows import build_graph as building
from flows.build_graph import build_graph
from flows.evaluate_extractor import evaluate_extractor
from flows.reports import escaped, plain
from flows.train_extractor import main as train_from_arguments
from flows.train_extractor import train_extractor
from relex_kg.canon.decisions import Decisions
from relex_kg.canon.resolver import Resolver
from relex_kg.cli import main as command_line
from relex_kg.cli.build import build
from relex_kg.errors import DataError, RelexError, SchemaError, StoreAccessError, StoreUnreachableError
from relex_kg.evaluation.measuring import PUBLISHED, document, evaluate
from relex_kg.evaluation.survey import survey
from relex_kg.extract.extractor import Extractor
from relex_kg.graph.connect import open_store
from relex_kg.graph.memory import MemoryStore
from relex_kg.ontology import Schema
from relex_kg.pipeline import Pipeline
from relex_kg.settings import BuildOptions, Settings
from relex_kg.training.choices import SEED
from relex_kg.training.recipe import Recipe

CHECKOUT = Path(__file__).resolve().parents[2]
MODEL = CHECKOUT / "tests/fixtures/reference/token-none-rnn0-bert"
SCHEMA = """
name: test
entities:
  Person: {label: person, threshold: 0.2}
  Company: {label: organization, threshold: 0.2}
relations:
  WORKS_FOR: {label: works for, head: [Person], tail: [Company], threshold: 0.2}
"""

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings(
        "ignore:Field name .schema. in .Build_GraphModel.:UserWarning"
    ),  # as build_graph.py does
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    file = tmp_path_factory.mktemp("schema") / "test.yaml"
    file.write_text(SCHEMA)
    return file


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    (folder / "lamp.txt").write_text("Ines Duarte designs lamps for Lumen Works. She lives in Porto.\n")
    (folder / "mill.md").write_text("# The mill\n\nTomas Heller runs the mill for Heller & Sons near Brno.\n")
    (folder / "broken.jsonl").write_text('{"text": "no end\n')
    (folder / "plan.xyz").write_text("not a format that is read")
    return folder


@pytest.fixture(scope="module")
def run(schema, documents):
    """Runs the flow on the documents and returns its final state."""

    def run(store, **changes):
        given = {"schema": str(schema), "model": str(MODEL), "documents_per_task": 1} | changes
        return build_graph([str(documents)], store=store and str(store), return_state=True, **given)

    return run


@pytest.fixture(scope="module")
def built(prefect_server, run, tmp_path_factory):
    """A store in a folder, the state of the run that filled it, and the page that the run left."""
    store = tmp_path_factory.mktemp("store") / "graph"
    state = run(store)
    return store, state, Artifact.get(building.ARTIFACT)


def in_memory(monkeypatch, store):
    """Every store that a flow opens is ``store``; returns the names that were opened."""
    opened = []

    def open_memory(self, name):
        opened.append(name)
        return store

    monkeypatch.setattr(Settings, "open_store", open_memory)
    return opened


def test_builds_the_graph_that_the_pipeline_builds(built, schema, documents):
    store, state, _ = built
    memory = MemoryStore()
    pipeline = Pipeline(
        schema=Schema.load(schema),
        extractor=Extractor.from_pretrained(MODEL),
        resolver=Resolver(Decisions.none()),
        store=memory,
    )
    expected = plain(pipeline.build([documents]))
    assert {**state.result(), "seconds": None} == {**expected, "seconds": None}
    with open_store(str(store), heap="512m") as opened:
        assert opened.counts() == memory.counts()
    assert memory.counts().mentions > 0


def test_a_broken_document_is_counted_and_the_run_completes(built):
    _, state, _ = built
    report = state.result()
    assert (report["added"], report["failed"], report["skipped"]) == (2, 1, 1)
    assert [failure["uri"].rpartition("/")[2] for failure in report["failures"]] == ["broken.jsonl#L1"]
    assert state.is_completed()
    assert state.message == "Documents: 2 added, 0 updated, 0 unchanged, 1 failed, 1 skipped"


def test_the_report_is_an_artifact(built):
    _, state, page = built
    report = state.result()
    assert page.description == state.message
    for kind in ("added", "failed", "skipped", "chunks", "mentions", "relations"):
        assert f"| {kind} | {report[kind]} |" in page.data
    assert "broken.jsonl\\#L1" in page.data
    assert "| extract |" in page.data


def test_patterns_select_and_sync_removes(schema, tmp_path, monkeypatch):
    store = MemoryStore()
    in_memory(monkeypatch, store)
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("lamp.txt", "mill.txt", "draft.txt"):
        (folder / name).write_text(f"Ines Duarte designs the {name} for Lumen Works.\n")
    given = {"schema": str(schema), "model": str(MODEL), "store": "memory", "exclude": ["draft*"]}
    report = build_graph([str(folder)], **given)
    assert (report["added"], report["skipped"]) == (2, 1)
    (folder / "mill.txt").unlink()
    report = build_graph([str(folder)], **given)
    gone = [(folder / "mill.txt").as_uri()]
    assert (report["gone"], report["removed"]) == (gone, [])
    report = build_graph([str(folder)], **given, sync=True)
    assert (report["gone"], report["removed"]) == ([], gone)
    assert [state.uri for state in store.documents().values()] == [(folder / "lamp.txt").as_uri()]


def test_a_second_run_reports_unchanged(built, run):
    store, _, _ = built
    report = run(store).result()
    assert (report["added"], report["updated"], report["unchanged"], report["settled"]) == (0, 0, 2, None)


def test_a_transient_error_is_tried_again(run, monkeypatch):
    class OnceAway(MemoryStore):
        attempts = 0

        def replace_document(self, rows):
            self.attempts += 1
            if self.attempts == 1:
                raise StoreUnreachableError("nothing answers")
            super().replace_document(rows)

    store = OnceAway()
    in_memory(monkeypatch, store)
    report = run("once-away").result()
    assert store.attempts == 3
    assert (report["added"], len(store.documents())) == (2, 2)


def test_the_report_survives_a_lost_answer(run, monkeypatch):
    """The server has the final state, its answer got lost, and Prefect's client sends the same request again."""
    once = PrefectHttpxSyncClient.send

    def twice(self, request, **options):
        if request.url.path.endswith("/set_state") and b"COMPLETED" in request.content:
            once(self, request, **options)
        return once(self, request, **options)

    monkeypatch.setattr(PrefectHttpxSyncClient, "send", twice)
    in_memory(monkeypatch, MemoryStore())
    report = run("answer-lost").result()
    assert (report["added"], report["failed"], report["skipped"]) == (2, 1, 1)


def test_a_malformed_schema_fails_at_once(run, monkeypatch, tmp_path):
    malformed = tmp_path / "malformed.yaml"
    malformed.write_text("name: x\nentities: {Person: {lable: person}}\n")
    opened = in_memory(monkeypatch, MemoryStore())
    state = run("unused", schema=str(malformed))
    assert state.is_failed()
    assert "lable" in state.message
    assert opened == []
    with pytest.raises(SchemaError, match="line 2"):
        state.result()


@pytest.mark.usefixtures("embedded_store")
def test_a_wrong_password_fails_at_once(run, monkeypatch, embedded_folder):
    attempts = []
    genuine = Settings.open_store

    def counted(self, name):
        attempts.append(name)
        return genuine(self, name)

    monkeypatch.setattr(Settings, "open_store", counted)
    monkeypatch.setenv("NEO4J_PASSWORD", "not-the-password")
    port = re.search(r"bolt\.port=(\d+)", (embedded_folder / "server.args").read_text())
    address = f"bolt://127.0.0.1:{port[1]}"
    state = run(address)
    assert state.is_failed()
    assert "refused the user or the password" in state.message
    assert attempts == [address]
    with pytest.raises(StoreAccessError):
        state.result()


def test_fails_when_every_document_failed(schema, monkeypatch, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    in_memory(monkeypatch, MemoryStore())
    state = build_graph([str(tmp_path)], schema=str(schema), store="all", model=str(MODEL), return_state=True)
    assert state.is_failed()
    assert "All 1 documents failed" in state.message
    assert "empty.txt is empty" in state.message


def test_a_document_that_goes_while_the_flow_runs_is_a_failure(schema, monkeypatch, tmp_path):
    (tmp_path / "stays.txt").write_text("Ines Duarte designs lamps.")
    (tmp_path / "goes.txt").write_text("Tomas Heller runs a mill.")

    class Removing(MemoryStore):
        def replace_document(self, rows):
            (tmp_path / "stays.txt").unlink(missing_ok=True)
            super().replace_document(rows)

    in_memory(monkeypatch, Removing())
    report = build_graph([str(tmp_path)], schema=str(schema), store="going", model=str(MODEL), documents_per_task=1)
    assert (report["added"], report["failed"]) == (1, 1)
    assert "can no longer be read" in report["failures"][0]["error"]


def test_takes_every_option_of_the_command_line():
    options = set(inspect.signature(build).parameters) - {"as_json"}
    assert set(inspect.signature(build_graph.fn).parameters) == options | {"documents_per_task"}
    assert {field.name for field in fields(BuildOptions)} == options - {"paths"}
    assert set(vars(building._parser().parse_args(["p"]))) == options | {"documents_per_task", "serve"}


def test_heeds_the_environment_and_the_options_as_the_command_line_does(run, schema, monkeypatch):
    opened = in_memory(monkeypatch, MemoryStore())
    monkeypatch.setenv("RELEX_KG_SCHEMA", str(schema))
    monkeypatch.setenv("RELEX_KG_MODEL", str(MODEL))
    monkeypatch.setenv("NEO4J_URI", "bolt://of-the-environment")
    report = run(None, schema=None, model=None, include=["*.md"]).result()
    assert opened == ["bolt://of-the-environment"]
    assert (report["added"], report["failed"]) == (1, 0)


def test_a_dry_run_writes_nowhere(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = run(None, dry_run=True).result()
    assert (report["added"], report["failed"]) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_an_address_with_a_password_is_refused_before_anything_keeps_it(capsys, monkeypatch):
    monkeypatch.setattr(building, "build_graph", None)
    assert building.main(["reports", "--store", "neo4j://ada:s3cret@localhost"]) == 1
    assert "s3cret" not in (said := capsys.readouterr().err)
    assert "holds a user or a password" in said


def test_names_and_errors_cannot_become_markup():
    assert escaped("<b>|`x`\n[a](b)") == r"\<b\>\|\`x\` \[a\]\(b\)"


def test_the_script_runs_without_a_server(schema, documents, tmp_path):
    command = [sys.executable, CHECKOUT / "flows/build_graph.py", documents, "--schema", schema, "--model", MODEL]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }
    done = subprocess.run(
        [*command, "--store", tmp_path / "graph"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Documents: 2 added, 0 updated, 0 unchanged, 1 failed, 1 skipped"


def test_trains_and_reports(tmp_path):
    record = {
        "text": "Ines Duarte works for Lumen.",
        "entities": [{"start": 0, "end": 11, "type": "person"}, {"start": 22, "end": 27, "type": "organization"}],
        "relations": [{"head": 0, "tail": 1, "type": "works for"}],
        "entity_types": ["person", "organization"],
        "relation_types": ["works for"],
        "pairs": "all",
    }
    (tmp_path / "data.jsonl").write_text(json.dumps(record) + "\n")
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "model"
    recipe.write_text("data: {data.jsonl: 2}\nbfloat16: false\ndev: data.jsonl\n")
    report = train_extractor(recipe=str(recipe), data_root=str(tmp_path), start=str(MODEL), out=str(out), max_steps=1)
    assert report["steps"] == report["dev"]["best_step"] == 1
    assert Extractor.from_pretrained(out).fingerprint
    page = Artifact.get("train-extractor-report").data
    assert "| steps | 1 |" in page
    assert "## F1 on dev at the best step, 1" in page
    assert "## F1 on dev before training" in page


def test_training_without_its_recipe_says_so(tmp_path):
    with pytest.raises(RelexError, match="cannot be read"):
        train_extractor(recipe=str(tmp_path / "none.yaml"), start=str(MODEL), out=str(tmp_path / "model"))


def test_fine_tunes_on_files_with_the_recipe_of_the_command_line(annotated, monkeypatch):
    monkeypatch.chdir(annotated)
    files, choices = ["a.jsonl", "b.jsonl"], {"dev": "a.jsonl", "patience": 1, "epochs": 3, "seed": 5}
    report = train_extractor(files, start=str(MODEL), out="tuned", max_steps=1, **choices)
    assert (report["records"], report["drawn"]) == (dict.fromkeys(files, 1), dict.fromkeys(files, 3))
    assert report["dev"]["before"]
    words = [word for name, value in choices.items() for word in (f"--{name}", str(value))]
    command = ["relex-kg", "train", *files, *words, "--from", str(MODEL), "--out", "by-command", "--max-steps", "1"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        command_line()
    assert not ended.value.code
    for name in ("recipe.yaml", "README.md"):
        assert Path("tuned", name).read_text() == Path("by-command", name).read_text()


def test_the_training_script_takes_files_from_their_folder(annotated, capsys):
    arguments = ["b.jsonl", "--data-root", str(annotated), "--from", str(MODEL), "--out", str(annotated / "tuned")]
    assert train_from_arguments([*arguments, "--epochs", "2", "--max-steps", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"{annotated / 'tuned'}: 1 steps, loss ")
    recipe = Recipe.load(annotated / "tuned" / "recipe.yaml")
    assert (recipe.data, recipe.seed) == ({"b.jsonl": 2}, SEED)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "it is not clear what to train on. Fix: give data files, or --recipe."),
        (["a.jsonl", "--recipe", "r.yaml"], "Fix: give data files, or --recipe, not both."),
        (["--recipe", "r.yaml", "--epochs", "3"], "--recipe leaves no choice of --epochs."),
        (["a.jsonl", "--epochs", "0"], "--epochs is 0. Fix: give at least 1."),
        (["gone.jsonl"], "gone.jsonl cannot be read"),
    ],
)
def test_the_training_script_says_what_is_wrong(arguments, said, capsys):
    assert train_from_arguments(arguments) == 1
    assert said in capsys.readouterr().err


@pytest.fixture
def annotated(tmp_path):
    """Two files of one record."""
    record = {
        "text": "Ines Duarte works for Lumen.",
        "entities": [{"start": 0, "end": 11, "type": "person"}, {"start": 22, "end": 27, "type": "organization"}],
        "relations": [{"head": 0, "tail": 1, "type": "works for"}],
        "pairs": "all",
    }
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record) + "\n")
    return tmp_path


def test_evaluates_and_reports(annotated):
    column = f"Both={annotated}/a.jsonl,{annotated}/b.jsonl"
    report = evaluate_extractor([column, f"{annotated}/a.jsonl"], model=str(MODEL))
    columns = [survey(name, on_progress=lambda done: None) for name in (column, f"{annotated}/a.jsonl")]
    expected = evaluate(
        columns, Extractor.from_pretrained(MODEL), PUBLISHED, on_progress=lambda file, done, records: None
    )
    assert report == document(PUBLISHED, expected)
    assert [file["records"] for file in report["files"]] == [1, 1, 1]
    page = Artifact.get("evaluate-extractor-report")
    assert page.description == f"3 records, mean triple F1 {100 * report['mean_f1']['triples']:.1f} %"
    assert "| column | triples | relations | entities | records |" in page.data
    assert "\n| Both | " in page.data
    assert "\n| mean | " in page.data
    assert "| entity\\_threshold | 0.3 |" in page.data


def test_evaluation_of_a_malformed_file_says_so_before_a_model_is_loaded(annotated):
    (annotated / "b.jsonl").write_text("not JSON\n")
    with pytest.raises(DataError, match=r"b\.jsonl, line 1: not JSON"):
        evaluate_extractor([f"{annotated}/a.jsonl", f"{annotated}/b.jsonl"], model="no/such/model")
