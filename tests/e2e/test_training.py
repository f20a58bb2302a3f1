"""Training from the command line: a run that is killed ends as one that is not."""

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TINY = CHECKOUT / "tests/fixtures/reference/token-none-rnn0-bert"

# The command line, ended by the kernel's hardest signal when its first checkpoint is written
KILLED = """
import os, signal
from relex_kg.cli import main
from relex_kg.training.trainer import RelexTrainer

whole = RelexTrainer._save_checkpoint


def killed_after(*arguments, **named):
    whole(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)


RelexTrainer._save_checkpoint = killed_after
main()
"""


def run(*arguments: object, code: str | None = None) -> subprocess.CompletedProcess[str]:
    program = ["-c", code] if code else ["-m", "relex_kg.cli"]
    return subprocess.run([sys.executable, *program, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_killed_run_is_gone_on_with_and_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    lines = [
        {"tokenized_text": [name, "met", "Bea", "."], "ner": [[0, 0, "person"]], "relations": []}
        for name in ("Ada", "Cyd", "Dot", "Eve")
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text("data: {data.jsonl: 12}\nbatch_tokens: 1\njoin_tokens: 0\nsave_steps: 5\n")
    arguments = ["train", "--recipe", tmp_path / "recipe.yaml", "--data-root", tmp_path, "--from", TINY, "--out"]
    assert run(*arguments, tmp_path / "broken", code=KILLED).returncode == -9
    assert [path.name for path in (tmp_path / "broken" / "steps").glob("checkpoint-*")] == ["checkpoint-5"]
    resumed = run(*arguments, tmp_path / "broken")
    assert resumed.returncode == 0, resumed.stderr
    assert "Went on from an earlier run's last step.\n" in resumed.stderr
    assert run(*arguments, tmp_path / "unbroken").returncode == 0
    broken, unbroken = (tmp_path / name / "model.safetensors" for name in ("broken", "unbroken"))
    assert broken.read_bytes() == unbroken.read_bytes()
