"""The folder of a new model while it is trained: whose steps lie in it, and which of them is whole."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from torch import nn

from relex_kg.errors import DataError, TrainingError

_STEPS = "steps"
_RUN = "run.json"
_STATE = "trainer_state.json"  # the Trainer writes it last of all the files that a run goes on from
_MODEL = "model.safetensors"
_BLOCK = 1 << 20

Run = Mapping[str, object]


class RunFolder:
    """Where one run keeps its steps and puts its model.

    ``steps/run.json`` says which run the steps are of. A finished run leaves its model and no steps.
    """

    def __init__(self, out: Path) -> None:
        self._out = out.resolve()
        self.steps = self._out / _STEPS

    def claim(self, run: Run) -> None:
        """Make the folder this run's.

        Args:
            run: what decides the outcome, as JSON holds it; each key names a part to people.

        Raises:
            TrainingError: it holds a model or the steps of another run, or cannot be written.
        """
        try:
            self._refuse_another(json.loads(json.dumps(run)))
            self.steps.mkdir(parents=True, exist_ok=True)
            (self.steps / _RUN).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise unwritable(self._out, error) from error

    def _refuse_another(self, run: Run) -> None:
        if not any(self.steps.glob("checkpoint-*")):
            if (self._out / _MODEL).exists():
                raise TrainingError(
                    f"{self._out} already holds a model", fix="give another folder with --out, or delete this one"
                )
            return
        before = _read(self.steps / _RUN)
        other = [name for name in run if run[name] != before.get(name)]
        if other:
            raise TrainingError(
                f"{self.steps} holds the steps of another run: {' and '.join(other)} changed since",
                fix=f"to go on with that run, start it as before; to begin this one, give another folder with --out "
                f"or delete {self.steps}",
            )

    def last_step(self) -> Path | None:
        """The newest checkpoint that was written to its end; a run that was killed may leave one that was not."""
        numbered = sorted(self.steps.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        return next((path for path in reversed(numbered) if _read(path / _STATE)), None)

    def finish(self) -> None:
        """Remove the steps."""
        shutil.rmtree(self.steps)


def unwritable(out: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{out} cannot be written ({error})",
        cause="the path is not a folder, the disk is full, or a right is missing",
        fix="give a folder with --out that you may write to; a run goes on from its last step",
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    hasher = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error})", fix="check the path") from error
    return hasher.hexdigest()


def weights_digest(model: nn.Module) -> str:
    """SHA-256 of a model's weights, with their names."""
    hasher = sha256()
    for name, value in model.state_dict().items():
        hasher.update(name.encode())
        hasher.update(value.detach().cpu().contiguous().numpy().tobytes())
    return hasher.hexdigest()


def _read(path: Path) -> dict[str, object]:
    """A JSON object; an empty one where the file is missing or was not written to its end."""
    with suppress(FileNotFoundError, ValueError):
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict):
            return value
    return {}
