"""Models by name: from a real cache of the hub, without a network, and what is said when there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from relex_kg.errors import CheckpointError
from relex_kg.extract.checkpoint import load, save
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.hub import folder_of

NAME = "gnomes/tiny-relex"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture(scope="module")
def cache(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in two revisions as the hub's client keeps it: the new one is main, the old one is also v1."""
    home = tmp_path_factory.mktemp("hub")
    model = home / "models--gnomes--tiny-relex"
    original = load(reference / "token-none-rnn1-bert")
    save(original.model, original.tokenizer, model / "snapshots" / OLD)
    with torch.no_grad():
        next(original.model.pair.parameters()).add_(1.0)
    save(original.model, original.tokenizer, model / "snapshots" / NEW)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(NEW, encoding="utf-8")
    (model / "refs" / "v1").write_text(OLD, encoding="utf-8")
    return home


@pytest.fixture
def offline(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if HF_HUB_OFFLINE and HF_HUB_CACHE had been set before the client was imported, which reads them once."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("source", "revision", "commit"),
    [
        (NAME, None, NEW),
        (NAME, "main", NEW),
        (NAME, "v1", OLD),
        (NAME, OLD, OLD),
        (f"{NAME}@v1", None, OLD),
        (f"{NAME}@{NEW}", None, NEW),
        (f"{NAME}@v1", "v1", OLD),
    ],
)
def test_a_name_means_a_revision_in_the_cache(cache: Path, source: str, revision: str | None, commit: str) -> None:
    assert folder_of(source, revision, ["*"]) == cache / "models--gnomes--tiny-relex" / "snapshots" / commit


@pytest.mark.usefixtures("offline")
def test_two_revisions_are_two_models() -> None:
    old, new = (load(NAME, revision=revision).model.state_dict() for revision in ("v1", "main"))
    assert {name for name in old if not torch.equal(old[name], new[name])} == {"pair.projection.0.weight"}
    prints = [Extractor.from_pretrained(source, device="cpu").fingerprint for source in (NAME, f"{NAME}@v1")]
    assert prints[0] != prints[1]
    assert Extractor.from_pretrained(NAME, revision="v1", device="cpu").fingerprint == prints[1]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("source", "named"), [("gnomes/none", "'gnomes/none'"), (f"{NAME}@v9", f"'{NAME}' at revision 'v9'")]
)
def test_what_the_cache_lacks_is_named_when_offline(cache: Path, source: str, named: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        load(source)
    assert refused.value.what == (
        f"the model {named} is neither a folder here nor in the cache, and could not be downloaded"
    )
    assert refused.value.cause == f"HF_HUB_OFFLINE is set, and the cache {cache} lacks this model or revision"
    assert "unset HF_HUB_OFFLINE" in str(refused.value.fix)
    assert "give the path of a checkpoint folder" in str(refused.value.fix)


ANSWER = """
import sys
from relex_kg.errors import CheckpointError
from relex_kg.extract.hub import folder_of
try:
    print(folder_of(sys.argv[1], None, ["*"]))
except CheckpointError as error:
    print(error)
"""


def ask(source: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", ANSWER, source],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def test_without_a_network_the_cache_answers_and_what_it_lacks_is_said(cache: Path) -> None:
    refused = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "0"}
    assert ask(NAME, **refused).endswith(NEW)
    said = ask("gnomes/none", **refused)
    assert said.startswith("the model 'gnomes/none' is neither a folder here nor in the cache")
    assert "Likely cause: no network, or http://127.0.0.1:9 cannot be reached." in said


def test_the_environment_switches_the_network_off(cache: Path) -> None:
    assert ask(f"{NAME}@v1", HF_HUB_CACHE=str(cache), HF_HUB_OFFLINE="1").endswith(OLD)


def test_an_unfinished_download_is_not_taken_for_a_model(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(cache, tmp_path, dirs_exist_ok=True)
    (tmp_path / "models--gnomes--tiny-relex" / "snapshots" / NEW / "model.safetensors").unlink()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="has neither model\\.safetensors nor"):
        load(NAME)


@pytest.mark.parametrize(
    ("source", "revision", "cause"),
    [(f"{NAME}@v1", "v2", "'v2' was asked for at the same time"), (f"{NAME}@", None, "nothing stands behind the @")],
)
def test_a_revision_that_is_not_clear_is_refused(source: str, revision: str | None, cause: str) -> None:
    with pytest.raises(CheckpointError, match="does not say which revision") as refused:
        load(source, revision=revision)
    assert refused.value.cause == cause


def test_a_folder_has_no_revision(reference: Path) -> None:
    folder = reference / "token-none-rnn0-bert"
    with pytest.raises(CheckpointError, match="is a folder, which has no revision 'v1'"):
        load(folder, revision="v1")


def test_a_folder_may_hold_an_at(reference: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model@home"
    shutil.copytree(reference / "token-none-rnn0-bert", folder)
    assert folder_of(folder, None, ["*"]) == folder


def test_a_path_that_is_not_there_is_no_model_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no folder"):
        load(tmp_path / "not" / "there")
