"""Checkpoints: what is saved is what is loaded, and whatever is wrong with one is said."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from relex_kg.errors import CheckpointError
from relex_kg.extract.checkpoint import load, save
from relex_kg.extract.config import Adjacency, Triples
from relex_kg.extract.model import RelexModel

Files = dict[str, bytes]


def files_in(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def copy(reference: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: Path(shutil.copytree(reference / name, tmp_path / name))


@pytest.mark.parametrize("name", ["token-none-rnn1-bert", "token-none-rnn0-deberta", "markerv0-gcn-rnn1-deberta"])
def test_what_was_saved_is_loaded_exactly(reference: Path, tmp_path: Path, name: str) -> None:
    original = load(reference / name)
    save(original.model, original.tokenizer, tmp_path / "once")
    once = load(tmp_path / "once")
    save(once.model, once.tokenizer, tmp_path / "twice")
    twice = load(tmp_path / "twice")
    assert files_in(tmp_path / "twice") == files_in(tmp_path / "once")
    assert twice.model.config == once.model.config
    weights = once.model.state_dict()
    assert weights.keys() == original.model.state_dict().keys()
    assert all(torch.equal(weights[name], value) for name, value in twice.model.state_dict().items())


@pytest.mark.parametrize("adjacency", get_args(Adjacency))
@pytest.mark.parametrize("triples", [None, *get_args(Triples)])
def test_every_relation_layer_survives_saving(
    reference: Path, tmp_path: Path, adjacency: Adjacency, triples: Triples | None
) -> None:
    original = load(reference / "token-none-rnn0-bert")
    torch.manual_seed(1)
    model = RelexModel(replace(original.model.config, adjacency=adjacency, triples=triples)).eval()
    save(model, original.tokenizer, tmp_path / "once")
    once = load(tmp_path / "once")
    save(once.model, original.tokenizer, tmp_path / "twice")
    assert files_in(tmp_path / "twice") == files_in(tmp_path / "once")
    assert once.model.config == model.config
    for before, after in zip(pair_stage(rounded(model)), pair_stage(once.model), strict=True):
        assert torch.equal(before, after)


@torch.no_grad()
def rounded(model: RelexModel) -> RelexModel:
    """The model as half precision leaves it."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())
    return model


@torch.no_grad()
def pair_stage(model: RelexModel) -> list[Tensor]:
    """Logits and adjacency of some pairs of made-up words."""
    numbers = torch.Generator().manual_seed(3)
    words, relations = (torch.randn(count, 16, generator=numbers) for count in (7, 3))
    spans, pairs = torch.tensor([[0, 1], [3, 3], [5, 6]]), torch.tensor([[0, 1], [1, 0], [2, 0]])
    logits = [model.pair_logits(words, spans, pairs, relations)]
    return logits if model.adjacency is None else [*logits, model.adjacency(model.spans(words, spans))]


@pytest.mark.parametrize("name", ["markerv0-attention", "token-gat", "markerv0-dot-triplere", "token-none-convkb"])
def test_what_the_reference_saved_keeps_its_names(
    reference: Path, with_layers: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    folder = with_layers(name)
    original = load(folder)
    save(original.model, original.tokenizer, tmp_path)
    ours, theirs = load_file(tmp_path / "model.safetensors"), load_file(folder / "model.safetensors")
    names = {key.removeprefix("model.") for key in ours if not key.endswith(".scales")}
    assert names == {key for key in theirs if ".pooler." not in key}


def test_a_triple_scorer_of_another_width_is_named(copy: Callable[[str], Path]) -> None:
    folder = copy(SAFE)
    change_config(folder, triples_layer="PairRE")
    weights = {key: value for key, value in load_file(folder / "model.safetensors").items() if "pair_rep" not in key}
    for part in ("alpha", "beta"):
        weights[f"triples_score_layer.interaction.r_to_{part}.weight"] = torch.zeros(768, 768)
        weights[f"triples_score_layer.interaction.r_to_{part}.bias"] = torch.zeros(768)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(CheckpointError) as refused:
        load(folder)
    assert refused.value.what == (
        "the checkpoint has triples_layer = 'PairRE' of another width than its hidden_size = 16"
    )


def test_saving_rounds_to_half_precision_and_embeddings_to_a_255th_of_their_row(
    reference: Path, tmp_path: Path
) -> None:
    original = load(reference / "token-none-rnn1-bert")
    save(original.model, original.tokenizer, tmp_path)
    before, after = original.model.state_dict(), load(tmp_path).model.state_dict()
    table = "encoder.embeddings.word_embeddings.weight"
    for name in before.keys() - {table}:
        assert torch.equal(after[name], before[name].half().float()), name
    step = before[table].abs().amax(dim=1, keepdim=True) / 127
    assert ((after[table] - before[table]).abs() <= step * 0.501).all()


def test_weights_keep_the_references_names(reference: Path, tmp_path: Path) -> None:
    name = "markerv0-gcn-rnn1-deberta"
    original = load(reference / name)
    save(original.model, original.tokenizer, tmp_path)
    saved, theirs = load_file(tmp_path / "model.safetensors"), load_file(reference / name / "model.safetensors")
    names = {key.removeprefix("model.") for key in saved}
    scales = {key for key in names if key.endswith(".scales")}
    assert len(scales) == 1
    assert names - scales == theirs.keys()


def test_parts_that_the_reference_lacks_survive(reference: Path, tmp_path: Path) -> None:
    original = load(reference / "token-none-rnn0-bert")
    grown = RelexModel(replace(original.model.config, case_embedding=True, pair_context=True))
    assert grown.case is not None
    torch.nn.init.constant_(grown.case.weight, 0.25)
    save(grown, original.tokenizer, tmp_path)
    loaded = load(tmp_path).model
    assert loaded.pair_context is not None
    assert loaded.case is not None
    assert (loaded.case.weight == 0.25).all()


def test_a_loaded_model_is_ready_to_read(reference: Path) -> None:
    checkpoint = load(str(reference / "token-none-rnn0-bert"))
    assert checkpoint.folder == reference / "token-none-rnn0-bert"
    assert not checkpoint.model.training


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "gliner_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def rename_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = min(weights)
    weights["unheard_of.weight"] = weights.pop(name)
    save_file(weights, folder / "model.safetensors")


def lose_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights[next(name for name in weights if "rnn" in name)]
    save_file(weights, folder / "model.safetensors")


PICKLED, SAFE, DEBERTA = "token-none-rnn0-bert", "token-none-rnn1-bert", "token-none-rnn0-deberta"
DAMAGE: list[tuple[str, str, Callable[[Path], object], str]] = [
    ("no config", SAFE, lambda f: (f / "gliner_config.json").unlink(), "has no gliner_config.json"),
    ("config is no JSON", SAFE, lambda f: cut(f / "gliner_config.json"), "gliner_config.json is not JSON"),
    (
        "config is binary",
        SAFE,
        lambda f: (f / "gliner_config.json").write_bytes(b"\xff\0"),
        "gliner_config.json is not JS",
    ),
    (
        "config is a list",
        SAFE,
        lambda f: (f / "gliner_config.json").write_text("[]"),
        "gliner_config.json holds no JSON",
    ),
    ("config of another size", DEBERTA, lambda f: change_config(f, hidden_size=32), "have other shapes"),
    (
        "config of another kind",
        SAFE,
        lambda f: change_config(f, span_mode="markerV0"),
        "do not fit their configuration",
    ),
    (
        "encoder nameless",
        SAFE,
        lambda f: change_config(f, encoder_config={}),
        "gliner_config.json describes no encoder",
    ),
    (
        "encoder unknown",
        SAFE,
        lambda f: change_config(f, encoder_config={"model_type": "of tomorrow"}),
        "gliner_config.json describes no encoder",
    ),
    (
        "no weights",
        SAFE,
        lambda f: (f / "model.safetensors").unlink(),
        "neither model.safetensors nor pytorch_model.bin",
    ),
    ("weights cut", SAFE, lambda f: cut(f / "model.safetensors"), "model.safetensors cannot be read"),
    ("weights empty", SAFE, lambda f: (f / "model.safetensors").write_bytes(b""), "model.safetensors cannot be read"),
    ("a weight lost", SAFE, lose_a_weight, "1 missing (['context.lstm"),
    ("a weight unknown", SAFE, rename_a_weight, "weights named 'unheard_of.weight'"),
    ("pickle cut", PICKLED, lambda f: cut(f / "pytorch_model.bin"), "pytorch_model.bin cannot be read"),
    ("pickle empty", PICKLED, lambda f: (f / "pytorch_model.bin").write_bytes(b""), "pytorch_model.bin cannot be read"),
    (
        "no pickle",
        PICKLED,
        lambda f: (f / "pytorch_model.bin").write_bytes(b"no pickle"),
        "pytorch_model.bin cannot be read",
    ),
    (
        "pickle of a list",
        PICKLED,
        lambda f: torch.save([1], f / "pytorch_model.bin"),
        "pytorch_model.bin cannot be read",
    ),
    ("no tokenizer", SAFE, lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
    ("tokenizer cut", SAFE, lambda f: cut(f / "tokenizer.json"), "tokenizer in"),
]


@pytest.mark.parametrize(("name", "damage", "said"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damage_is_named_with_its_folder(
    copy: Callable[[str], Path], name: str, damage: Callable[[Path], object], said: str
) -> None:
    folder = copy(name)
    damage(folder)
    with pytest.raises(CheckpointError) as refused:
        load(folder)
    assert said in refused.value.what
    assert refused.value.fix
    if "weights named" not in said:
        assert str(folder) in refused.value.what


def test_a_pickle_that_would_run_code_is_not_run(copy: Callable[[str], Path], tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return Path.touch, (tmp_path / "it ran",)

    folder = copy(PICKLED)
    torch.save({"weight": Bomb()}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="not a file of tensors"):
        load(folder)
    assert not (tmp_path / "it ran").exists()
