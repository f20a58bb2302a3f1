"""Training runs: whole, broken off, and gone on with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from relex_kg.errors import CheckpointError, DataError, TrainingError
from relex_kg.extract.checkpoint import load
from relex_kg.extract.model import RelexModel
from relex_kg.training.dev import Dev, DevScores
from relex_kg.training.loop import Progress, train
from relex_kg.training.objective import Objective
from relex_kg.training.recipe import Recipe
from relex_kg.training.report import DevReport, TrainingReport

NAMES = ["Ada", "Bea", "Cyd", "Dot", "Eve", "Fay"]
Train = Callable[..., TrainingReport]


class Interrupted(Exception):  # noqa: N818 - not an error of ours
    """The process was stopped from outside."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = [
        {
            "text": f"{name} saw a {'very ' * number}big ship .",
            "entities": [
                {"start": 0, "end": 3, "type": "gnome"},
                {"start": 14 + 5 * number, "end": 18 + 5 * number, "type": "boat"},
            ],
            "relations": [{"head": 0, "tail": 1, "type": "saw"}],
            "relation_types": ["saw", "made"],
            "pairs": "all",
        }
        for number, name in enumerate(NAMES)
    ]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


@pytest.fixture
def run(data: Path, reference: Path) -> Train:
    def run(out: Path, *, recipe: dict[str, Any] | None = None, **arguments: Any) -> TrainingReport:
        fields: dict[str, Any] = {
            "data": {"a.jsonl": 6},
            "batch_tokens": 1,
            "join_tokens": 0,
            "save_steps": 1,
            "bfloat16": False,
        }
        whole = Recipe(**(fields | (recipe or {})))
        return train(whole, **({"data": data, "start": reference / "token-none-rnn0-bert", "out": out} | arguments))

    return run


@pytest.fixture
def bare(reference: Path, tmp_path: Path) -> Path:
    """The encoder of a joint model, alone."""
    joint = load(reference / "token-none-rnn0-bert")
    joint.model.encoder.save_pretrained(tmp_path / "bare")
    joint.tokenizer.save_pretrained(str(tmp_path / "bare"))
    return tmp_path / "bare"


def weights(folder: Path) -> dict[str, Tensor]:
    return load(folder).model.state_dict()


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process be interrupted in the forward pass of a step."""
    forward, calls = Objective.forward, 0

    def interrupted(objective: Objective, batch: Any) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls == step:
            raise Interrupted
        return forward(objective, batch)

    monkeypatch.setattr(Objective, "forward", interrupted)


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(
    run: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = run(tmp_path / "unbroken", max_steps=3)
    assert (unbroken.steps, unbroken.resumed, unbroken.records, unbroken.drawn) == (
        3,
        False,
        {"a.jsonl": 6},
        {"a.jsonl": 6},
    )
    with monkeypatch.context() as patch:
        stop_at(3, patch)
        with pytest.raises(Interrupted):
            run(tmp_path / "broken", max_steps=3)
    assert not (tmp_path / "broken" / "model.safetensors").exists()
    with monkeypatch.context() as patch:
        stop_at(2, patch)  # one step is left to do, a second would be one too many
        resumed = run(tmp_path / "broken", max_steps=3)
    assert (resumed.steps, resumed.resumed) == (3, True)
    expected = weights(tmp_path / "unbroken")
    for name, value in weights(tmp_path / "broken").items():
        torch.testing.assert_close(value, expected[name], atol=1e-5, rtol=0, msg=name)


def test_training_changes_the_weights_and_lowers_the_loss(run: Train, reference: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    report = run(
        tmp_path / "out",
        recipe={"data": {"a.jsonl": 60}, "save_steps": 1000, "head_rate": 1e-2},
        on_progress=heard.append,
    )
    assert [(progress.step, progress.steps) for progress in heard] == [(step, 60) for step in range(3, 61, 3)]
    assert heard[-1].loss < heard[0].loss / 2
    assert report.steps == 60
    assert (report.records, report.drawn) == ({"a.jsonl": 6}, {"a.jsonl": 60})
    before, after = weights(reference / "token-none-rnn0-bert"), weights(tmp_path / "out")
    assert (after["token_scorer.out.weight"] - before["token_scorer.out.weight"]).abs().max() > 1e-2


def test_saved_weights_lie_between_those_of_before_and_after(run: Train, reference: Path, tmp_path: Path) -> None:
    run(tmp_path / "trained", recipe={"head_rate": 0.05}, max_steps=3)
    run(tmp_path / "between", recipe={"head_rate": 0.05, "interpolation": 0.25}, max_steps=3)
    before, trained, between = (
        weights(folder)["token_scorer.out.weight"]
        for folder in (reference / "token-none-rnn0-bert", tmp_path / "trained", tmp_path / "between")
    )
    assert (trained - before).abs().mean() > 0.01
    torch.testing.assert_close(between, 0.75 * before + 0.25 * trained, atol=1e-3, rtol=0)


def test_a_model_of_a_bare_encoder_is_saved_as_trained(run: Train, bare: Path, tmp_path: Path) -> None:
    run(tmp_path / "trained", start=bare, max_steps=2)
    run(tmp_path / "between", start=bare, recipe={"interpolation": 0.25}, max_steps=2)
    trained = weights(tmp_path / "trained")
    for name, value in weights(tmp_path / "between").items():
        torch.testing.assert_close(value, trained[name], atol=1e-6, rtol=0, msg=name)


def test_pair_layers_are_added_to_a_model_that_has_them_not(run: Train, tmp_path: Path) -> None:
    run(tmp_path / "out", recipe={"pair_context": True, "pair_attention": True}, max_steps=2)
    model = load(tmp_path / "out").model
    assert model.pair_context is not None
    assert model.pair_attention is not None
    assert model.pair_context.head_first.weight.abs().max() > 0
    assert model.pair_attention.out.weight.abs().max() > 0


def test_what_a_model_learns_beside_is_said_in_its_configuration(run: Train, tmp_path: Path) -> None:
    run(tmp_path / "names", max_steps=1)
    run(tmp_path / "more", recipe={"references": True, "split_hyphens": True}, max_steps=1)
    names, more = (load(tmp_path / name).model.config for name in ("names", "more"))
    assert (names.references, names.split_hyphens) == (False, False)
    assert (more.references, more.split_hyphens) == (True, True)


def test_a_missing_data_file_is_named_before_anything_is_written(run: Train, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jsonl"):
        run(tmp_path / "out", recipe={"data": {"gone.jsonl": 3}})
    assert not (tmp_path / "out").exists()


def test_a_malformed_record_is_named_by_line(run: Train, data: Path, tmp_path: Path) -> None:
    (data / "bad.jsonl").write_text('\n{"text": 5}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.jsonl, line 2"):
        run(tmp_path / "out", recipe={"data": {"bad.jsonl": 3}})


@pytest.mark.parametrize(("content", "draws"), [("", 3), ('{"tokenized_text": ["Ada"]}', 0)])
def test_no_records_are_no_training(run: Train, data: Path, tmp_path: Path, content: str, draws: int) -> None:
    (data / "none.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="the training data holds no record"):
        run(tmp_path / "out", recipe={"data": {"none.jsonl": draws}})


def test_a_missing_phrase_table_is_named(run: Train, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.tsv"):
        run(tmp_path / "out", recipe={"phrases": ("gone.tsv",)})


def test_a_start_that_is_no_checkpoint_is_refused(run: Train, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"has no gliner_config\.json"):
        run(tmp_path / "out", start=tmp_path / "empty")


def test_a_bare_encoder_becomes_a_joint_model(run: Train, bare: Path, reference: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", start=bare, max_steps=2)
    config = load(tmp_path / "out").model.config
    assert (config.span_mode, config.adjacency, config.rnn_layers) == ("token_level", "none", 0)
    assert config.case_embedding
    assert config.max_tokens == load(reference / "token-none-rnn0-bert").model.config.max_tokens


# -- dev ---------------------------------------------------------------------------------------------------------------


def test_dev_is_measured_with_the_weights_that_are_saved(
    run: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Tensor] = []

    def score(_: Dev, model: RelexModel) -> DevScores:
        measured.append(model.state_dict()["token_scorer.out.weight"].clone())
        return DevScores(0.1 * len(measured), None)

    monkeypatch.setattr(Dev, "score", score)
    recipe = {"dev": "a.jsonl", "evaluations": 2, "interpolation": 0.25, "head_rate": 0.05}
    run(tmp_path / "out", recipe=recipe, max_steps=2)
    assert len(measured) == 3
    saved = weights(tmp_path / "out")["token_scorer.out.weight"]
    torch.testing.assert_close(saved, measured[-1], atol=1e-3, rtol=0)
    assert (saved - measured[0]).abs().mean() > 5e-3


def test_the_best_step_on_dev_is_kept_and_training_stops_without_gain(
    run: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = iter([0.1, 0.2, 0.5, 0.4, 0.5, 0.9])  # before training, then one a step
    monkeypatch.setattr(Dev, "score", lambda dev, model: DevScores(next(means), None))
    heard: list[Progress] = []
    recipe = {"dev": "a.jsonl", "evaluations": 6, "patience": 2}
    report = run(tmp_path / "out", recipe=recipe, on_progress=heard.append)
    assert report.dev == DevReport(DevScores(0.1, None), 2, DevScores(0.5, None), stopped_early=True)
    assert report.steps == 4
    assert [(one.step, one.dev.entities) for one in heard if one.dev] == [
        (0, 0.1),
        (1, 0.2),
        (2, 0.5),
        (3, 0.4),
        (4, 0.5),
    ]
    means = iter([0.1, 0.2, 0.5, 0.4, 0.5])
    best: list[dict[str, Tensor]] = []

    def remembered(dev: Dev, model: RelexModel) -> DevScores:
        best.append({name: value.clone() for name, value in model.state_dict().items()})
        return DevScores(next(means), None)

    monkeypatch.setattr(Dev, "score", remembered)
    run(tmp_path / "again", recipe=recipe)
    kept = weights(tmp_path / "again")
    name = "token_scorer.out.weight"
    torch.testing.assert_close(kept[name], best[2][name], atol=1e-3, rtol=1e-3)
    assert (kept[name] - best[4][name]).abs().max() > (kept[name] - best[2][name]).abs().max()


def test_dev_without_an_entity_is_refused(run: Train, data: Path, tmp_path: Path) -> None:
    (data / "none.jsonl").write_text('{"tokenized_text": ["Ada"]}', encoding="utf-8")
    with pytest.raises(DataError, match=r"none\.jsonl marks no entity to measure by"):
        run(tmp_path / "out", recipe={"dev": "none.jsonl"})


# -- what a run is refused for -----------------------------------------------------------------------------------------


def test_training_data_without_an_entity_is_refused(run: Train, data: Path, tmp_path: Path) -> None:
    (data / "none.jsonl").write_text('{"tokenized_text": ["Ada"]}', encoding="utf-8")
    with pytest.raises(DataError, match="the training data marks no entity"):
        run(tmp_path / "out", recipe={"data": {"none.jsonl": 1}})


@pytest.mark.parametrize("change", ["the recipe", "the data", "the starting model", "the number of steps"])
def test_the_steps_of_another_run_are_not_gone_on_from(
    run: Train, data: Path, reference: Path, tmp_path: Path, *, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    with monkeypatch.context() as patch:
        stop_at(2, patch)
        with pytest.raises(Interrupted):
            run(tmp_path / "out", max_steps=3)
    if change == "the data":
        with (data / "a.jsonl").open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"tokenized_text": ["Gus"], "ner": [[0, 0, "gnome"]]}))
    other: dict[str, Any] = {
        "the recipe": {"recipe": {"seed": 14}},
        "the starting model": {"start": reference / "token-none-rnn1-bert"},
        "the number of steps": {"max_steps": 4},
    }.get(change, {})
    with pytest.raises(TrainingError, match=f"the steps of another run: {change} changed since") as refused:
        run(tmp_path / "out", **({"max_steps": 3} | other))
    assert "give another folder with --out or delete" in str(refused.value)


def test_a_step_that_was_not_written_to_its_end_is_passed_over(
    run: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(3, patch)
        with pytest.raises(Interrupted):
            run(tmp_path / "out", max_steps=3)
    (tmp_path / "out" / "steps" / "checkpoint-2" / "trainer_state.json").unlink()
    with monkeypatch.context() as patch:
        stop_at(3, patch)  # two steps are left to do, from the first
        assert run(tmp_path / "out", max_steps=3).resumed


def test_a_folder_that_cannot_be_written_is_named(run: Train, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"file/out cannot be written"):
        run(tmp_path / "file" / "out")


def test_a_loss_that_is_no_number_ends_the_run(run: Train, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss of step \d+ is (nan|inf), not a number") as ended:
        run(tmp_path / "out", recipe={"encoder_rate": 1e38, "head_rate": 1e38})
    assert "lower encoder_rate" in str(ended.value)


def test_the_same_seed_makes_the_same_weights(run: Train, tmp_path: Path) -> None:
    run(tmp_path / "one", max_steps=3)
    run(tmp_path / "same", max_steps=3)
    run(tmp_path / "other", max_steps=3, recipe={"seed": 14})
    one, same, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_long_labels_leave_the_text_what_room_there_is(run: Train, data: Path, tmp_path: Path) -> None:
    label = "gnome " * 30
    words = ["Ada"] * 300
    line = {"tokenized_text": words, "ner": [[0, 0, label]]}
    (data / "long.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert run(tmp_path / "out", recipe={"data": {"long.jsonl": 1}}).steps == 1
