"""transformers' Trainer, as a run here sets it up: planned batches in their order, and measurements on dev."""

from collections.abc import Callable
from math import ceil, cos, pi
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Sampler, SequentialSampler
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from relex_kg.errors import TrainingError
from relex_kg.extract.precision import has_bfloat16
from relex_kg.training.dev import Dev, DevScores
from relex_kg.training.examples import TrainingBatch
from relex_kg.training.interpolation import Interpolation
from relex_kg.training.mixture import PlannedBatches
from relex_kg.training.objective import Objective
from relex_kg.training.recipe import Recipe

Tell = Callable[[int, float | None, DevScores | None], None]


class RelexTrainer(Trainer):
    """Trains on planned batches; with ``dev``, keeps the weights of the step that did best on it.

    Args:
        objective: the model with its loss.
        recipe: how to train.
        batches: what to train on.
        interpolation: where between the weights of before and after those lie that are measured.
        dev: what to measure on, if anything.
        folder: where checkpoints go.
        steps: how many batches to take.
        tell: hears the step and either the mean loss since last time or the scores on dev.
    """

    def __init__(
        self,
        objective: Objective,
        recipe: Recipe,
        batches: PlannedBatches,
        interpolation: Interpolation,
        *,
        dev: Dev | None,
        folder: Path,
        steps: int,
        tell: Tell,
    ) -> None:
        super().__init__(
            model=objective,
            args=_arguments(recipe, folder, steps, measured=dev is not None),
            train_dataset=batches,
            eval_dataset=dev and dev.records,  # only so that it knows that there is one
            data_collator=_only_batch,
            optimizers=_optimizers(objective, recipe, steps),
            callbacks=[_Reporter(tell), *([EarlyStoppingCallback(recipe.patience)] if dev else [])],
        )
        self.pop_callback(PrinterCallback)
        self._dev = dev
        self._objective = objective
        self._interpolation = interpolation

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Scores on dev, under the names that the Trainer finds the best step by."""
        assert self._dev is not None
        scores = self._dev.score(self._interpolation.of(self._objective.model))
        metrics = {"eval_mean": scores.mean, "eval_entities": scores.entities}
        if scores.relations is not None:
            metrics["eval_relations"] = scores.relations
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def best(self) -> tuple[int, DevScores]:
        """The step whose weights were kept, and its scores; only after training with dev."""
        step = self.state.best_global_step or 0
        entry = next(entry for entry in self.state.log_history if entry["step"] == step and "eval_mean" in entry)
        return step, _scores(entry)

    def last_loss(self) -> float:
        """The mean loss of the last steps that were reported."""
        return next(float(entry["loss"]) for entry in reversed(self.state.log_history) if "loss" in entry)

    def training_step(self, *arguments: Any, **named: Any) -> Tensor:
        loss = super().training_step(*arguments, **named)
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the loss of step {self.state.global_step + 1} is {loss.item()}, not a number to learn from",
                cause="the learning rates are too high for this data, or mixed precision is too coarse for this model",
                fix="begin a run with a recipe of lower encoder_rate and head_rate, or with bfloat16: false",
            )
        return loss

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        # The plan has its own order, and each pass over the data its turn
        return SequentialSampler(self.train_dataset)  # type: ignore[arg-type]


class _Reporter(TrainerCallback):
    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step >= state.max_steps:
            control.should_log = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            self._tell(state.global_step, float(logs["loss"]), None)
        if logs and "eval_mean" in logs:
            self._tell(state.global_step, None, _scores(logs))


def _scores(logs: dict[str, float]) -> DevScores:
    return DevScores(logs["eval_entities"], logs.get("eval_relations"))


def _arguments(recipe: Recipe, folder: Path, steps: int, *, measured: bool) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    between = ceil(steps / recipe.evaluations) if measured else recipe.save_steps
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,  # an item of the dataset is a whole batch
        save_steps=between,
        save_total_limit=2,
        eval_strategy="steps" if measured else "no",
        eval_steps=between,
        load_best_model_at_end=measured,
        metric_for_best_model="mean" if measured else None,
        greater_is_better=True if measured else None,
        restore_callback_states_from_checkpoint=True,  # how long dev has not gained
        logging_steps=min(10, ceil(steps / 20)),
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=recipe.seed,
        max_grad_norm=1.0,
        bf16=recipe.bfloat16 and _fast_bfloat16(),
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
    )


def _fast_bfloat16() -> bool:
    """Whether the machine multiplies bfloat16 matrices itself; where it does not, they are slower than float32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return has_bfloat16()


def _optimizers(objective: Objective, recipe: Recipe, steps: int) -> tuple[AdamW, LambdaLR]:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in objective.named_parameters():
        rate = recipe.encoder_rate if name.startswith("model.encoder.") else recipe.head_rate
        decay = recipe.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    optimizer = AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()], fused=True
    )
    rising = max(1, round(steps * recipe.warmup))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        fallen = 0.5 * (1 + cos(pi * (step - rising) / max(1, steps - rising)))
        return recipe.floor + (1 - recipe.floor) * fallen

    return optimizer, LambdaLR(optimizer, factor)


def _only_batch(items: list[TrainingBatch]) -> dict[str, TrainingBatch]:
    return {"batch": items[0]}
