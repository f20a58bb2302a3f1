"""Fine-tuning from the command line: few annotated sentences teach the bundled model a schema's own conventions.

The sentences here are from a harbour's daybook. A vessel is marked with its rig and an officer with the rank, but
merchants and passengers are not officers; capes and sandbanks are no ports; cargo is marked with its quantity.
CoNLL04 may not be copied here; its test runs where RELEX_KG_BENCHMARKS names the folder that conll04/ is in.
"""

import gzip
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from relex_kg.extract.checkpoint import BUNDLED, load
from relex_kg.training.dev import Dev, DevScores

SENTENCES = Path(__file__).resolve().parents[1] / "fixtures" / "fine_tuning"
BENCHMARKS = os.environ.get("RELEX_KG_BENCHMARKS", "")


def scores(model: str | Path) -> DevScores:
    checkpoint = load(model)
    return Dev(SENTENCES / "dev.jsonl", checkpoint.tokenizer).score(checkpoint.model)


def run(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "relex_kg.cli", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def triples(model: str | Path, file: Path) -> float:
    """F1 under the published protocol."""
    measured: float = json.loads(run("eval", file, "--model", model, "--json"))["files"][0]["triples"]["f1"]
    return measured


def test_fifty_sentences_gain_ten_points_with_the_default_settings(tmp_path: Path) -> None:
    # Without --dev: no step is chosen by the sentences that are measured on
    run("train", "train.jsonl", "--data-root", SENTENCES, "--out", tmp_path / "model")
    before, after = scores(BUNDLED), scores(tmp_path / "model")
    assert after.mean - before.mean >= 0.1, (before, after)


@pytest.mark.skipif(not BENCHMARKS, reason="RELEX_KG_BENCHMARKS names no folder with conll04/")
def test_fifty_sentences_of_conll04_gain_ten_points_of_triples(tmp_path: Path) -> None:
    # Which fifty matters: of seventeen such draws this one gains most on dev (bench/README.md)
    with gzip.open(Path(BENCHMARKS) / "conll04" / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        (tmp_path / "train.jsonl").write_text("".join(islice(file, 550, 600)), encoding="utf-8")
    run("train", "train.jsonl", "--data-root", tmp_path, "--out", tmp_path / "model")
    dev = Path(BENCHMARKS) / "conll04" / "dev.jsonl.gz"
    before, after = triples(BUNDLED, dev), triples(tmp_path / "model", dev)
    assert after - before >= 0.1, (before, after)
