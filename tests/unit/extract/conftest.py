"""Tiny checkpoints with random weights that find something nearly everywhere (tests/fixtures/reference/README.md)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from relex_kg.extract.encoding import Encoding
from relex_kg.extract.extractor import Extractor

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    return REFERENCE


@pytest.fixture(scope="session")
def with_layers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A checkpoint of ``layers/``, put together from its base and what differs; the name is the folder's."""
    home = tmp_path_factory.mktemp("layers")

    def put_together(name: str) -> Path:
        folder, parts = home / name, REFERENCE / "layers" / name
        if folder.is_dir():
            return folder
        expected = json.loads((parts / "expected.json").read_text(encoding="utf-8"))
        base = REFERENCE / expected["base"]
        shutil.copytree(base, folder, ignore=shutil.ignore_patterns("*.safetensors", "*.bin", "expected.json"))
        shutil.copy(parts / "gliner_config.json", folder)
        weights = _weights(base) | load_file(parts / "weights.safetensors")
        kept = {name: value for name, value in weights.items() if name not in expected["gone"]}
        save_file(kept, folder / "model.safetensors")
        return folder

    return put_together


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    pickled = folder / "pytorch_model.bin"
    return torch.load(pickled, weights_only=True) if pickled.is_file() else load_file(folder / "model.safetensors")


@pytest.fixture(scope="session")
def token_extractor() -> Extractor:
    return Extractor.from_pretrained(REFERENCE / "token-none-rnn1-bert", device="cpu")


@pytest.fixture(scope="session")
def span_extractor() -> Extractor:
    return Extractor.from_pretrained(REFERENCE / "markerv0-gcn-rnn1-bert", device="cpu")


@pytest.fixture(scope="session")
def encoding(token_extractor: Extractor) -> Encoding:
    return token_extractor.encoding


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    texts: list[str] = json.loads((REFERENCE / "sentences.json").read_text(encoding="utf-8"))["texts"]
    return texts
