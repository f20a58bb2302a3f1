"""Fine-tuning from the command line: few annotated sentences teach the bundled model a schema's own conventions.

The sentences are from a harbour's daybook. A vessel is marked with its rig and an officer with the rank, but merchants
and passengers are not officers; capes and sandbanks are no ports; cargo is marked with its quantity.
"""

import subprocess
import sys
from pathlib import Path

from relex_kg.extract.checkpoint import BUNDLED, load
from relex_kg.training.dev import Dev, DevScores

SENTENCES = Path(__file__).resolve().parents[1] / "fixtures" / "fine_tuning"


def scores(model: str | Path) -> DevScores:
    checkpoint = load(model)
    return Dev(SENTENCES / "dev.jsonl", checkpoint.tokenizer).score(checkpoint.model)


def test_fifty_sentences_gain_ten_points_with_the_default_settings(tmp_path: Path) -> None:
    # Without --dev: no step is chosen by the sentences that are measured on
    command = [sys.executable, "-m", "relex_kg.cli", "train", "train.jsonl", "--data-root", SENTENCES, "--out"]
    ran = subprocess.run([*command, tmp_path / "model"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    before, after = scores(BUNDLED), scores(tmp_path / "model")
    assert after.mean - before.mean >= 0.1, (before, after)
