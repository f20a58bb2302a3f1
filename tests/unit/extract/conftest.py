"""Tiny checkpoints with random weights that find something nearly everywhere (tests/fixtures/reference/README.md)."""

import json
from pathlib import Path

import pytest

from relex_kg.extract.encoding import Encoding
from relex_kg.extract.extractor import Extractor

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    return REFERENCE


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
